//! Queue of changes that wait to be written: bounded, in order, each file once.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use sprat_chunking::{FileId, Layout};
use sprat_protocol::PeerId;
use tokio::sync::oneshot;

/// A file that somebody has, for the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// ID of the file.
    pub file_id: FileId,
    /// Name of the file.
    pub name: String,
    /// Its length and chunk size.
    pub layout: Layout,
    /// Peer that has the file.
    pub by: PeerId,
    /// Now, in seconds since 1970 (UTC).
    pub unix_seconds: u64,
}

/// One change of the catalogue.
#[derive(Debug)]
pub(super) enum QueuedChange {
    Put(Put),
    /// Somebody has this file at this time, in seconds since 1970 (UTC).
    Touch(FileId, u64),
    Remove(FileId),
    /// Numbers that whoever uses the catalogue keeps with it, under these keys.
    Note(Vec<(String, u64)>),
    /// Whatever a test wants to do to the writer's connection.
    #[cfg(test)]
    Hook(fn(&rusqlite::Connection) -> rusqlite::Result<()>),
}

/// Error: as many changes wait as may wait. It is no fault of who brought this one; the next may find room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue has too much to write")]
pub struct Full;

/// Tells when what was asked for is on the disk.
#[derive(Debug)]
pub struct Written(oneshot::Receiver<()>);

/// The catalogue ended before it could write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue ended before this was written")]
pub struct NotWritten;

impl Written {
    /// Waits.
    ///
    /// # Errors
    /// [`NotWritten`] if it never will be.
    pub async fn wait(self) -> Result<(), NotWritten> {
        self.0.await.map_err(|_| NotWritten)
    }

    /// Waits on a thread that may block, which is none of an async runtime's own.
    ///
    /// # Errors
    /// [`NotWritten`] if it never will be.
    pub fn wait_blocking(self) -> Result<(), NotWritten> {
        self.0.blocking_recv().map_err(|_| NotWritten)
    }
}

/// Next task of the writer.
#[derive(Debug)]
pub(super) enum Next {
    /// Write these, and say so with [`Queue::written`].
    Write(Vec<QueuedChange>),
    /// Set the file aside, if it is the one that was reported.
    BeginAnew(Report),
    /// Nothing more comes.
    End,
}

/// Somebody saw that the file is damaged.
#[derive(Debug)]
pub(super) struct Report {
    /// Number of the file: how many had been begun anew before it.
    pub(super) file: u64,
    /// Damage that was seen.
    pub(super) damage: String,
}

/// The most changes in one commit: it bounds for how long one takes.
pub(super) const COMMIT_LEN: usize = 1000;

/// Changes on their way to the writer.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<Backlog>,
    changed: Condvar,
    capacity: usize,
    commit_after: Duration,
}

#[derive(Debug, Default)]
struct Backlog {
    changes: VecDeque<QueuedChange>,
    /// The number of the first of them, counted from the beginning of time.
    first: u64,
    /// Everything before this number is written.
    written: u64,
    /// The number of the last change that waits for each file.
    last_of: HashMap<FileId, u64>,
    /// Moment since when the first of them has been waiting.
    since: Option<Instant>,
    /// Those who wait until everything before a number is written.
    waiting: Vec<(u64, oneshot::Sender<()>)>,
    report: Option<Report>,
    closing: bool,
}

impl Queue {
    /// Room for `capacity` changes, which wait for others for at most `commit_after`.
    pub(super) fn new(capacity: usize, commit_after: Duration) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), capacity, commit_after }
    }

    /// Counts the changes that are not written yet.
    pub(super) fn len(&self) -> usize {
        self.state.lock().len()
    }

    /// Says whether so many changes more find room.
    pub(super) fn has_room(&self, changes: usize) -> bool {
        self.len() + changes <= self.capacity
    }

    /// Adds a change, in place of one of the same file that still waits where that comes to the same.
    pub(super) fn push(&self, change: QueuedChange) -> Result<(), Full> {
        let mut state = self.state.lock();
        let Some(change) = state.merge(change) else { return Ok(()) };
        if state.len() >= self.capacity {
            return Err(Full);
        }
        state.push(change);
        if state.changes.len() == 1 || state.changes.len() == COMMIT_LEN {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Tells when everything that was added so far is written; it need not wait for more.
    pub(super) fn flush(&self) -> Written {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        let end = state.end();
        state.waiting.push((end, sender));
        state.tell_waiting();
        self.changed.notify_one();
        Written(receiver)
    }

    /// Has the writer set the file aside.
    pub(super) fn report(&self, report: Report) {
        self.state.lock().report.get_or_insert(report);
        self.changed.notify_one();
    }

    /// Ends the queue once it is empty.
    pub(super) fn close(&self) {
        self.state.lock().closing = true;
        self.changed.notify_one();
    }

    /// Waits for what is to be done next.
    pub(super) fn next(&self) -> Next {
        let mut state = self.state.lock();
        loop {
            if let Some(report) = state.report.take() {
                return Next::BeginAnew(report);
            }
            let due = state.since.map(|since| since + self.commit_after);
            let Some(due) = due else {
                if state.closing {
                    return Next::End;
                }
                self.changed.wait(&mut state);
                continue;
            };
            let enough = state.changes.len() >= COMMIT_LEN || !state.waiting.is_empty() || state.closing;
            if enough || Instant::now() >= due {
                return Next::Write(state.take());
            }
            self.changed.wait_until(&mut state, due);
        }
    }

    /// Says that everything that was taken is written.
    pub(super) fn written(&self) {
        let mut state = self.state.lock();
        state.written = state.first;
        state.tell_waiting();
    }

    /// Forgets everything, what was taken too. Returns how many changes that were.
    pub(super) fn give_up(&self) -> usize {
        let mut state = self.state.lock();
        let lost = state.len();
        *state = Backlog { first: state.end(), written: state.end(), closing: state.closing, ..Backlog::default() };
        lost
    }

    /// Waits for so long, or until the queue is to end. Returns whether it goes on.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let mut state = self.state.lock();
        let until = Instant::now() + time;
        while !state.closing {
            if self.changed.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        !state.closing
    }
}

impl Backlog {
    /// The number after the last change.
    fn end(&self) -> u64 {
        self.first + self.changes.len() as u64
    }

    /// Counts the changes that are not written, also those that were taken.
    fn len(&self) -> usize {
        usize::try_from(self.end() - self.written).expect("it is bounded")
    }

    fn push(&mut self, change: QueuedChange) {
        if let Some(file_id) = change.file_id() {
            self.last_of.insert(file_id, self.end());
        }
        self.since.get_or_insert_with(Instant::now);
        self.changes.push_back(change);
    }

    /// Puts the change into the one before it of the same file. Returns it if there is none, or if both are needed.
    fn merge(&mut self, change: QueuedChange) -> Option<QueuedChange> {
        let number = change.file_id().and_then(|file_id| self.last_of.get(&file_id));
        let Some(before) = number.and_then(|number| self.changes.get_mut((number - self.first) as usize)) else {
            return Some(change);
        };
        match (before, change) {
            (QueuedChange::Put(before), QueuedChange::Put(put)) => {
                *before = Put { by: before.by, unix_seconds: before.unix_seconds, ..put };
            }
            (QueuedChange::Put(_) | QueuedChange::Remove(_), QueuedChange::Touch(..)) => {}
            (QueuedChange::Remove(_), put @ QueuedChange::Put(_)) => return Some(put),
            (before, change) => *before = change,
        }
        None
    }

    fn take(&mut self) -> Vec<QueuedChange> {
        let count = self.changes.len().min(COMMIT_LEN);
        let taken: Vec<QueuedChange> = self.changes.drain(..count).collect();
        self.first += count as u64;
        let first = self.first;
        for file_id in taken.iter().filter_map(QueuedChange::file_id) {
            if self.last_of.get(&file_id).is_some_and(|last| *last < first) {
                self.last_of.remove(&file_id);
            }
        }
        if self.changes.is_empty() {
            self.since = None;
        }
        taken
    }

    fn tell_waiting(&mut self) {
        let written = self.written;
        for (_, sender) in self.waiting.extract_if(.., |(number, _)| *number <= written) {
            // Who does not wait any more need not know.
            let _ = sender.send(());
        }
    }
}

impl QueuedChange {
    fn file_id(&self) -> Option<FileId> {
        match self {
            Self::Put(put) => Some(put.file_id),
            Self::Touch(file_id, _) | Self::Remove(file_id) => Some(*file_id),
            Self::Note(_) => None,
            #[cfg(test)]
            Self::Hook(_) => None,
        }
    }
}
