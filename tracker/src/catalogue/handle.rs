//! The catalogue, as the rest of the tracker sees it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use sprat_chunking::FileId;

use super::entry::Entry;
use super::error::{Fault, OpenError, ReadError};
use super::place::{Opening, Place, Site};
use super::prune::{self, Pass, Retention};
use super::queue::{Full, Put, Queue, QueuedChange, Written};
use super::rarity::Rarity;
use super::readers::{Pace, Readers};
use super::schema::MIGRATIONS;
use super::search::{self, Matches};
use super::shared::Shared;
use super::words::Words;
use super::writer::Writer;
use super::{check, meta};

/// Settings of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Number of changes that may wait to be written.
    pub queue: usize,
    /// Time for which a change waits for others, to be written together.
    pub commit_after: Duration,
    /// Number of searches that run at a time; others wait.
    pub readers: usize,
    /// Time for which a question waits for its turn, and then the time that it may take.
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
    pub(super) shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    checker: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
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

    /// Says whether so many changes more find room.
    pub fn has_room(&self, changes: usize) -> bool {
        self.shared.queue.has_room(changes)
    }

    /// Adds a file, or gives it another name or layout. Keeps when it was first seen, and by whom.
    ///
    /// # Errors
    /// [`Full`] if there is no room; never waits.
    pub fn put(&self, put: Put) -> Result<(), Full> {
        self.shared.queue.push(QueuedChange::Put(put))
    }

    /// Removes a file, durably once that is [`Written`].
    ///
    /// # Errors
    /// [`Full`] if there is no room; never waits.
    pub fn remove(&self, file_id: FileId) -> Result<Written, Full> {
        self.shared.queue.push(QueuedChange::Remove(file_id))?;
        Ok(self.flush())
    }

    /// Keeps these numbers under these keys, all of them or none, and not before everything that was put before.
    ///
    /// # Errors
    /// [`Full`] if there is no room; never waits.
    pub fn note(&self, numbers: Vec<(String, u64)>) -> Result<(), Full> {
        self.shared.queue.push(QueuedChange::Note(numbers))
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

    /// Finds the entry of a file; blocks for at most twice the [deadline](Settings::deadline).
    ///
    /// # Errors
    /// [`ReadError`] if the catalogue cannot answer now.
    pub fn entry(&self, file_id: FileId) -> Result<Option<Entry>, ReadError> {
        self.ask(|db| Entry::find(db, file_id))
    }

    /// Goes a step on with a pass over the catalogue that forgets what need not be kept, and is not held by somebody now:
    /// `are_alive` says that of each of some files. What is alive is noted as seen `now`, in seconds since 1970 (UTC).
    /// Blocks for some milliseconds, and for as long as `are_alive` does.
    ///
    /// A pass begins with [`Pass::default`] and goes on until it is done. A step that finds no room in the queue does
    /// nothing more, so the next one should come a little later.
    ///
    /// # Errors
    /// [`ReadError`] if the catalogue cannot answer now.
    pub fn prune(
        &self,
        pass: Pass,
        retention: &Retention,
        now: u64,
        are_alive: impl FnOnce(&[FileId]) -> Vec<bool>,
    ) -> Result<Pass, ReadError> {
        prune::step(&self.shared, pass, retention, now, are_alive)
    }

    /// Looks at all that is kept, without a rest, and returns how many files there are; blocks for seconds. What is damaged
    /// is set aside.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if it is damaged, another if it could not all be looked at.
    pub fn check(&self) -> Result<usize, ReadError> {
        check::check(&self.shared, Pace::Steady)
    }

    /// Counts the files.
    pub fn len(&self) -> usize {
        self.shared.files.load(Ordering::Relaxed)
    }

    /// Says whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts the changes that wait to be written.
    pub fn waiting(&self) -> usize {
        self.shared.queue.len()
    }

    /// Counts the commits since the catalogue was opened.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// Counts the damaged files that were replaced since the catalogue was opened. Whenever this grows, the catalogue
    /// is empty, and whoever knows of files that somebody has should put them again.
    pub fn begun_anew(&self) -> u64 {
        self.shared.begun_anew()
    }

    /// Returns what keeps the catalogue from writing, as long as something does.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble.lock().clone()
    }

    /// Estimates how rare trigrams are. Without that a search takes longer, and finds the same.
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

    pub(super) fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, ReadError> {
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
