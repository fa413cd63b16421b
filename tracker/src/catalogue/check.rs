//! Check that the file is what was written. All of it is looked at, soon after the start and then every day.
//!
//! SQLite keeps no checksums, and to look at every page before the first answer would take too long. So an answer is
//! believed because each entry in it has a checksum, and what is missing from an answer because an index lost it is
//! noticed here.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;

use super::entry::{Entry, columns};
use super::error::{Fault, ReadError};
use super::meta;
use super::readers::Pace;
use super::shared::Shared;

/// Time from the start to the first check: the peers that a restart brings back all at once are back by then.
const FIRST_CHECK: Duration = Duration::from_secs(2 * 60);
/// Time from one check to the next.
const CHECK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// A check that nobody waits for rests twice as long as it works.
const PACE: Pace = Pace::Resting(2);
/// Entries that are read in one go. As long as somebody reads, the log beside the file cannot begin anew.
const SLICE: i64 = 1000;

/// Checks the catalogue now and then, until `end` is closed.
pub(super) fn run(shared: &Shared, end: &Receiver<()>) {
    let mut wait = FIRST_CHECK;
    while end.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        match check(shared, PACE) {
            Ok(files) => tracing::debug!(files, "the catalogue is as it was written"),
            Err(error) => tracing::debug!(%error, "the check of the catalogue ended early"),
        }
        wait = CHECK_EVERY;
    }
}

/// Looks at everything at this pace, and returns how many files there are. What is damaged is reported.
pub(super) fn check(shared: &Shared, pace: Pace) -> Result<usize, ReadError> {
    shared.ask(pace, structure)?;
    let (mut files, mut after) = (0, 0);
    while let Some((read, last)) = shared.ask(pace, |db| entries(db, after))? {
        (files, after) = (files + read, last);
    }
    Ok(files)
}

/// Looks at everything in one go.
pub(super) fn check_all(db: &Connection) -> Result<(), Fault> {
    structure(db)?;
    let mut after = 0;
    while let Some((_, last)) = entries(db, after)? {
        after = last;
    }
    Ok(())
}

/// Checks that the pages are trees, that the indexes and the entries belong together, and that the index of names has
/// the names and nothing else.
fn structure(db: &Connection) -> Result<(), Fault> {
    let result: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if result != "ok" {
        return Err(Fault::damaged(result));
    }
    let count = "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM names_content)";
    let moment = db.unchecked_transaction()?;
    let (files, names): (u64, u64) = moment.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if files != names || files != meta::read(&moment, meta::FILES)? {
        return Err(Fault::damaged("files, names and their number are not equally many"));
    }
    Ok(())
}

/// Checks that some of the entries after this one are what was written, with their names in the index. Returns how many
/// it looked at and the last of them, or none at the end.
fn entries(db: &Connection, after: i64) -> Result<Option<(usize, i64)>, Fault> {
    let mut statement = db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        ", names.id IS NOT NULL FROM files LEFT JOIN names_content AS names ON names.id = files.id
         WHERE files.id > ?1 ORDER BY files.id LIMIT ?2"
    ))?;
    let mut rows = statement.query([after, SLICE])?;
    let (mut read, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        let entry = Entry::read(row)?;
        if !row.get::<_, bool>(9)? {
            return Err(Fault::damaged("a name is not in the index"));
        }
        (read, last) = (read + 1, Some(entry.id));
    }
    Ok(last.map(|last| (read, last)))
}
