//! The one that writes: takes what waits, a group at a time, and does not give up.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::entry::Entry;
use super::error::Fault;
use super::meta;
use super::queue::{Next, Put, QueuedChange};
use super::schema::MIGRATIONS;
use super::shared::Shared;
use super::words::fold;

/// Exactness of [`Entry::last_seen`] in seconds: a file that is seen again within this time need not be written again.
pub(super) const SEEN_WITHIN: u64 = 60 * 60;
/// The greatest time that SQLite can keep.
const LAST_SECOND: u64 = i64::MAX as u64;

/// Pause after something was in the way, before it is tried again; doubled each time.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(10);

/// The writer, and what it writes to.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    shared: &'a Shared,
    file: FileState,
}

#[derive(Debug)]
enum FileState {
    Open(Connection),
    /// The file is not what was written, and nobody is connected any more.
    Damaged,
    /// Out of the way; the new one is not there yet.
    SetAside,
}

impl<'a> Writer<'a> {
    /// A writer with the connection that came from [`Site::open`](super::place::Site::open).
    pub(super) fn new(shared: &'a Shared, db: Connection) -> Self {
        Self { shared, file: FileState::Open(db) }
    }

    /// Writes what comes until the queue ends.
    pub(super) fn run(mut self) {
        loop {
            match self.shared.queue.next() {
                Next::Write(changes) => self.write(&changes),
                Next::BeginAnew(report) if report.file == self.shared.begun_anew() => {
                    self.leave(&report.damage);
                    self.write(&[]);
                }
                // Two saw the same damage; the file has been replaced since.
                Next::BeginAnew(_) => {}
                Next::End => break,
            }
        }
    }

    /// Writes these changes, whatever it takes: waits while something is in the way, and begins a new file if this one is
    /// damaged.
    fn write(&mut self, changes: &[QueuedChange]) {
        let mut wait = FIRST_RETRY;
        let mut left = false;
        loop {
            match self.try_write(changes) {
                Ok(()) => break self.say_all_is_well(),
                Err(Fault::Damaged(damage)) if !left => {
                    left = true;
                    self.leave(&damage);
                }
                // A new file is not damaged: it is the changes that cannot be.
                Err(Fault::Damaged(reason)) => {
                    tracing::error!(%reason, changes = changes.len(), "the catalogue drops changes that can't be written");
                    break;
                }
                Err(fault) => {
                    self.say_in_the_way(&fault);
                    if !self.shared.queue.pause(wait) {
                        let lost = self.shared.queue.give_up();
                        tracing::error!(error = %fault, lost, "the catalogue ends, and could not write everything");
                        return;
                    }
                    wait = (wait * 2).min(LAST_RETRY);
                }
            }
        }
        self.shared.queue.written();
    }

    fn try_write(&mut self, changes: &[QueuedChange]) -> Result<(), Fault> {
        let shared = self.shared;
        let db = self.db()?;
        let _turn = shared.site.turn_to_write();
        let commit = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut files = shared.files.load(Ordering::Relaxed);
        for change in changes {
            files = files.saturating_add_signed(apply(&commit, change)?);
        }
        meta::write(&commit, meta::FILES, files as u64)?;
        commit.commit()?;
        shared.files.store(files, Ordering::Relaxed);
        shared.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// The connection. Sets the damaged file aside and begins a new one if that is still to be done.
    fn db(&mut self) -> Result<&mut Connection, Fault> {
        let shared = self.shared;
        if let FileState::Damaged = self.file {
            let to = shared.site.set_aside()?;
            tracing::error!(to = %to.display(), "the damaged catalogue was set aside; a new one begins");
            self.file = FileState::SetAside;
        }
        if let FileState::SetAside = self.file {
            let (db, _) = shared.site.open(MIGRATIONS).map_err(|error| Fault::Io(io::Error::other(error)))?;
            self.file = FileState::Open(db);
            shared.files.store(0, Ordering::Relaxed);
            shared.begun_anew.fetch_add(1, Ordering::Relaxed);
            shared.readers.reopen();
        }
        let FileState::Open(db) = &mut self.file else { unreachable!("it was opened just now") };
        Ok(db)
    }

    /// Has everybody leave the damaged file.
    fn leave(&mut self, damage: &str) {
        tracing::error!(%damage, "the catalogue is damaged");
        self.shared.readers.close();
        self.file = FileState::Damaged;
    }

    fn say_in_the_way(&self, fault: &Fault) {
        if self.shared.trouble.lock().replace(fault.to_string()).is_none() {
            tracing::error!(error = %fault, "the catalogue can't write; it keeps what is to be written and tries again");
        }
    }

    fn say_all_is_well(&self) {
        if self.shared.trouble.lock().take().is_some() {
            tracing::info!("the catalogue can write again");
        }
    }
}

/// Makes a change; returns by how much the number of files changed.
fn apply(db: &Connection, change: &QueuedChange) -> Result<isize, Fault> {
    match change {
        QueuedChange::Put(change) => put(db, change),
        QueuedChange::Touch(file_id, unix_seconds) => {
            if let Some(entry) = Entry::find(db, *file_id)? {
                seen(db, entry, *unix_seconds)?;
            }
            Ok(0)
        }
        QueuedChange::Remove(file_id) => match Entry::find(db, *file_id)? {
            Some(entry) => remove(db, entry.id).map(|()| -1),
            None => Ok(0),
        },
        QueuedChange::Note(numbers) => {
            numbers.iter().try_for_each(|(key, value)| meta::write(db, &meta::of_user(key), *value)).map(|()| 0)
        }
        #[cfg(test)]
        QueuedChange::Hook(hook) => Ok(hook(db).map(|()| 0)?),
    }
}

fn put(db: &Connection, put: &Put) -> Result<isize, Fault> {
    let unix_seconds = put.unix_seconds.min(LAST_SECOND);
    let Some(before) = Entry::find(db, put.file_id)? else {
        let id: i64 =
            db.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM files")?.query_row([], |row| row.get(0))?;
        let Put { file_id, ref name, layout, by: first_by, .. } = *put;
        let entry = Entry {
            id,
            file_id,
            name: name.clone(),
            layout,
            first_seen: unix_seconds,
            first_by,
            last_seen: unix_seconds,
        };
        entry.insert(db)?;
        db.prepare_cached("INSERT INTO names (rowid, folded) VALUES (?1, ?2)")?.execute((id, fold(name)))?;
        return Ok(1);
    };
    if (&before.name, before.layout) == (&put.name, put.layout) {
        return seen(db, before, unix_seconds).map(|()| 0);
    }
    if before.name != put.name {
        one(db
            .prepare_cached("UPDATE names SET folded = ?2 WHERE rowid = ?1")?
            .execute((before.id, fold(&put.name)))?)?;
    }
    let last_seen = before.last_seen.max(unix_seconds);
    Entry { name: put.name.clone(), layout: put.layout, last_seen, ..before }.update(db)?;
    Ok(0)
}

/// Notes that somebody has a file at this time, unless that is known well enough.
fn seen(db: &Connection, entry: Entry, unix_seconds: u64) -> Result<(), Fault> {
    let last_seen = unix_seconds.min(LAST_SECOND);
    if last_seen < entry.last_seen.saturating_add(SEEN_WITHIN) {
        return Ok(());
    }
    Entry { last_seen, ..entry }.update(db)
}

fn remove(db: &Connection, id: i64) -> Result<(), Fault> {
    one(db.prepare_cached("DELETE FROM names WHERE rowid = ?1")?.execute([id])?)?;
    one(db.prepare_cached("DELETE FROM files WHERE id = ?1")?.execute([id])?)
}

/// Holds that exactly one row was changed.
fn one(rows: usize) -> Result<(), Fault> {
    if rows == 1 { Ok(()) } else { Err(Fault::damaged("the index and the entries do not belong together")) }
}
