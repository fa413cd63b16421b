//! The catalogue: what the files are called that were ever registered, for SEARCH. Kept in SQLite, so that it is there at
//! once after a restart.
//!
//! In reading order:
//!
//! - this file: [`Catalogue`], what the rest of the tracker sees.
//! - `words`: what somebody looks for, and how well a name answers. `rarity`: by which part of it the index finds it
//!   soonest. `page`: the best of those that do.
//! - `search`: what the database is asked for that. `readers`: the connections that are asked.
//! - `queue`: what waits to be written. `writer`: the one thread that writes.
//! - `entry`: one file, with its checksum; `meta`: numbers about all. `schema`: the tables, and their versions.
//! - `place`: where all that is kept, and what becomes of it when it is damaged. `check`: how that is noticed.
//! - `prune`: what is forgotten. `backup`: a copy while it runs. `error`: what goes wrong.
//!
//! # What holds
//!
//! - **Nobody waits for the disk.** A change goes into a bounded queue; [`Catalogue::put`] says at once whether it found
//!   room. One thread writes what came within a tenth of a second, at most a thousand changes, in one commit. What is
//!   committed is durable. A crash loses at most the changes that were not.
//! - **A search costs the same whatever the words are.** It looks at the newest 2,000 names that the index finds, or at
//!   the newest 10,000 of all if every word is shorter than three characters, and ends when its time is over
//!   ([`Settings::deadline`]). Only within those are the best shown first, and only a rare word finds files of any age.
//!   [`Matches::all`] tells whether something may be missing.
//! - **What is answered is what was written.** Every entry has a checksum, which is looked at whenever it is read. At the
//!   start the header, the schema and their versions are held against what they must be, which is quick. All pages, all
//!   indexes and all entries are checked two minutes later, with rests, and then every day: until then a damaged index may
//!   leave a file out of an answer, but not put a wrong one in.
//! - **Damage ends one file, not the tracker.** A damaged file is renamed to `<name>.damaged-<seconds since 1970>`, with
//!   its log, and an empty catalogue takes its place. What is alive can be put again: see [`Catalogue::begun_anew`].
//! - **A full disk loses nothing.** What could not be written is tried again until it can be; meanwhile the queue fills.
//!   [`Catalogue::trouble`] says what is in the way.

mod backup;
mod check;
mod entry;
mod error;
mod meta;
mod page;
mod place;
mod prune;
mod queue;
mod rarity;
mod readers;
mod schema;
mod search;
#[cfg(test)]
mod tests;
mod words;
mod writer;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use sprat_chunking::FileId;

pub use backup::backup;
pub use entry::Entry;
pub use error::{BackupError, OpenError, ReadError};
pub use page::Page;
pub use place::{Opening, Place};
pub use prune::{Pass, Retention};
pub use queue::{Full, NotWritten, Put, Written};
pub use search::{Found, Matches};
pub use words::{Rank, Words};

use error::Fault;
use place::Site;
use queue::{Change, Queue, Report};
use rarity::Rarity;
use readers::{NoAnswer, Pace, Readers};
use schema::MIGRATIONS;
use writer::Writer;

/// How a catalogue works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many changes may wait to be written.
    pub queue: usize,
    /// How long a change waits for others, to be written together.
    pub commit_after: Duration,
    /// How many searches run at a time; others wait.
    pub readers: usize,
    /// How long a question waits for its turn, and then how long it may take.
    pub deadline: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queue: 20_000,
            commit_after: Duration::from_millis(100),
            readers: 2,
            deadline: Duration::from_millis(40),
        }
    }
}

/// Every file that was registered and not forgotten since.
///
/// Dropping it writes what still waits, if that can be written at once, and ends its threads; that blocks.
#[derive(Debug)]
pub struct Catalogue {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    checker: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

/// What the threads share.
#[derive(Debug)]
struct Shared {
    site: Site,
    queue: Queue,
    readers: Readers,
    rarity: RwLock<Arc<Rarity>>,
    deadline: Duration,
    files: AtomicUsize,
    commits: AtomicU64,
    begun_anew: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Catalogue {
    /// Opens the catalogue that is kept in this place, or makes one, and says what was found.
    ///
    /// # Errors
    /// [`OpenError`]. A damaged file is no error: it is set aside.
    pub fn open(place: Place, settings: &Settings) -> Result<(Self, Opening), OpenError> {
        let in_memory = place == Place::Memory;
        let site = Site::claim(place)?;
        let (db, opening) = site.open(MIGRATIONS)?;
        let files = match opening {
            Opening::AsItWas { files } | Opening::Migrated { files, .. } => files,
            Opening::New | Opening::SetAside { .. } => 0,
        };
        let shared = Arc::new(Shared {
            site,
            queue: Queue::new(settings.queue, settings.commit_after),
            // One more than asked for, for the check.
            readers: Readers::new(settings.readers.max(1) + 1),
            rarity: RwLock::default(),
            deadline: settings.deadline,
            files: AtomicUsize::new(files),
            commits: AtomicU64::new(0),
            begun_anew: AtomicU64::new(0),
            trouble: Mutex::new(None),
        });
        let writer = start_writer(&shared, db);
        let checker = (!in_memory).then(|| start_checker(&shared));
        Ok((Self { shared, writer: Some(writer), checker }, opening))
    }

    /// Whether so many changes more find room.
    pub fn has_room(&self, changes: usize) -> bool {
        self.shared.queue.has_room(changes)
    }

    /// Adds a file, or gives it another name or layout. Keeps when it was first seen, and by whom.
    ///
    /// # Errors
    /// [`Full`] if there is no room; never waits.
    pub fn put(&self, put: Put) -> Result<(), Full> {
        self.shared.queue.push(Change::Put(put))
    }

    /// Notes that somebody has a file, now, in seconds since 1970 (UTC). Does nothing if the catalogue does not have it.
    ///
    /// # Errors
    /// [`Full`] if there is no room; never waits.
    pub fn touch(&self, file_id: FileId, unix_seconds: u64) -> Result<(), Full> {
        self.shared.queue.push(Change::Touch(file_id, unix_seconds))
    }

    /// Removes a file, durably once that is [`Written`].
    ///
    /// # Errors
    /// [`Full`] if there is no room; never waits.
    pub fn remove(&self, file_id: FileId) -> Result<Written, Full> {
        self.shared.queue.push(Change::Remove(file_id))?;
        Ok(self.flush())
    }

    /// Keeps these numbers under these keys, all of them or none, and not before everything that was put before.
    ///
    /// # Errors
    /// [`Full`] if there is no room; never waits.
    pub fn note(&self, numbers: Vec<(String, u64)>) -> Result<(), Full> {
        self.shared.queue.push(Change::Note(numbers))
    }

    /// The number that was kept under this key, if there is one; blocks for at most twice the
    /// [deadline](Settings::deadline).
    ///
    /// # Errors
    /// [`ReadError`] if the catalogue cannot answer now.
    pub fn noted(&self, key: &str) -> Result<Option<u64>, ReadError> {
        self.ask(|db| meta::find(db, &meta::of_user(key)))
    }

    /// Tells when everything before this is durable.
    pub fn flush(&self) -> Written {
        self.shared.queue.flush()
    }

    /// The files whose names have all of these words, the newest first; blocks for at most twice the
    /// [deadline](Settings::deadline).
    ///
    /// # Errors
    /// [`ReadError`] if the catalogue cannot answer now.
    pub fn search(&self, words: &Words) -> Result<Matches, ReadError> {
        let rarity = self.rarity();
        self.ask(|db| search::search(db, words, &rarity))
    }

    /// What is known of a file; blocks for at most twice the [deadline](Settings::deadline).
    ///
    /// # Errors
    /// [`ReadError`] if the catalogue cannot answer now.
    pub fn entry(&self, file_id: FileId) -> Result<Option<Entry>, ReadError> {
        self.ask(|db| Entry::find(db, file_id))
    }

    /// Looks at all that is kept, without a rest, and returns how many files there are; blocks for seconds. What is damaged
    /// is set aside.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if it is damaged, another if it could not all be looked at.
    pub fn check(&self) -> Result<usize, ReadError> {
        check::check(&self.shared, Pace::Steady)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.shared.files.load(Ordering::Relaxed)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many changes wait to be written.
    pub fn waiting(&self) -> usize {
        self.shared.queue.len()
    }

    /// How many commits there were since it was opened.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// How often a damaged file was replaced since it was opened. Whenever this grows, the catalogue is empty, and who
    /// knows of files that somebody has should put them again.
    pub fn begun_anew(&self) -> u64 {
        self.shared.begun_anew()
    }

    /// What keeps it from writing, as long as something does.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble.lock().clone()
    }

    /// How rare trigrams are. Without that a search takes longer, and finds the same.
    fn rarity(&self) -> Arc<Rarity> {
        let known = self.shared.rarity.read().clone();
        let files = self.len();
        if known.is_good_for(files) {
            return known;
        }
        let Ok(sample) = self.ask(|db| Rarity::sample(db, files)) else { return known };
        let sample = Arc::new(sample);
        *self.shared.rarity.write() = sample.clone();
        sample
    }

    fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, ReadError> {
        self.shared.ask(Pace::Within(self.shared.deadline), question)
    }
}

impl Drop for Catalogue {
    fn drop(&mut self) {
        self.shared.readers.close();
        if let Some((end, checker)) = self.checker.take() {
            drop(end);
            // It only fails if it panicked, which was reported then.
            let _ = checker.join();
        }
        self.shared.queue.close();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Shared {
    /// Asks a reader. What it finds damaged is reported to the writer.
    fn ask<T>(&self, pace: Pace, question: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, ReadError> {
        let mut file = 0;
        let answer = self.readers.ask(&self.site, pace, |db| {
            // As long as somebody reads, the file is not replaced.
            file = self.begun_anew();
            question(db)
        });
        answer.map_err(|no_answer| match no_answer {
            NoAnswer::Busy => ReadError::Busy,
            NoAnswer::Closed => ReadError::Failed("it is being replaced, or ends".to_owned()),
            NoAnswer::Fault(Fault::Damaged(damage)) => {
                self.queue.report(Report { file, damage: damage.clone() });
                ReadError::Damaged(damage)
            }
            NoAnswer::Fault(fault) => ReadError::Failed(fault.to_string()),
        })
    }

    fn begun_anew(&self) -> u64 {
        self.begun_anew.load(Ordering::Acquire)
    }
}

fn start_writer(shared: &Arc<Shared>, db: Connection) -> JoinHandle<()> {
    let shared = shared.clone();
    let writer = thread::Builder::new().name("catalogue writer".into());
    writer.spawn(move || Writer::new(&shared, db).run()).expect("a process can start a thread")
}

fn start_checker(shared: &Arc<Shared>) -> (mpsc::Sender<()>, JoinHandle<()>) {
    let shared = shared.clone();
    let (end, ended) = mpsc::channel();
    let checker = thread::Builder::new().name("catalogue check".into());
    let checker = checker.spawn(move || check::run(&shared, &ended)).expect("a process can start a thread");
    (end, checker)
}
