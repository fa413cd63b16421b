//! Catalogues for tests, and names to fill them with.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::PeerId;
use tempfile::TempDir;

use crate::catalogue::handle::{Catalogue, Settings};
use crate::catalogue::place::{Opening, Place};
use crate::catalogue::queue::{Full, Put, QueuedChange};
use crate::catalogue::words::Words;

/// Time of the tests, in seconds since 1970.
pub(super) const NOW: u64 = 1_790_000_000;

/// Settings with which only a flush makes a commit, and a slow machine is no reason for an early answer.
pub(super) fn settings() -> Settings {
    let (commit_after, deadline) = (Duration::from_secs(3600), Duration::from_secs(60));
    Settings { commit_after, deadline, ..Settings::default() }
}

pub(super) fn in_memory() -> Catalogue {
    Catalogue::open(Place::Memory, &settings()).unwrap().0
}

pub(super) fn open(path: &Path) -> (Catalogue, Opening) {
    Catalogue::open(Place::File(path.to_owned()), &settings()).unwrap()
}

/// A place for a file, until the directory is dropped.
pub(super) fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("catalogue.db");
    (dir, path)
}

pub(super) fn id(number: u32) -> FileId {
    format!("{number:064x}").parse().unwrap()
}

pub(super) fn layout(len: u64) -> Layout {
    Layout::new(len, ChunkSize::DEFAULT).unwrap()
}

pub(super) fn put(number: u32, name: &str) -> Put {
    let by = PeerId::new([number.to_le_bytes()[0]; 32]);
    Put { file_id: id(number), name: name.to_owned(), layout: layout(number.into()), by, unix_seconds: NOW }
}

impl Catalogue {
    /// Puts files with these names and the numbers from 0 on, and waits until they are written.
    pub(super) fn fill<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) {
        for (number, name) in (0..).zip(names) {
            if !self.has_room(1) {
                self.flush().wait_blocking().unwrap();
            }
            self.put(put(number, name.as_ref())).unwrap();
        }
        self.flush().wait_blocking().unwrap();
    }

    /// Notes that somebody has a file at this time, as a pass over the catalogue does.
    pub(super) fn touch(&self, file_id: FileId, unix_seconds: u64) -> Result<(), Full> {
        self.shared.queue.push(QueuedChange::Touch(file_id, unix_seconds))
    }

    pub(super) fn hook(&self, hook: fn(&Connection) -> rusqlite::Result<()>) {
        self.shared.queue.push(QueuedChange::Hook(hook)).unwrap();
    }

    /// The names with these words, the newest first.
    pub(super) fn names(&self, words: &str) -> Vec<String> {
        self.search(&Words::new(words)).unwrap().files.into_iter().map(|file| file.name).collect()
    }
}

/// Waits for what another thread will do.
pub(super) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(60), "waited in vain for: {what}");
        std::thread::yield_now();
    }
}

/// The names of the files in a directory, in order.
pub(super) fn files_in(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
