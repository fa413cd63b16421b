//! Hashing of paths to share or to check: paths → chunk hashes. Small files are hashed many at a time.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use sprat_api::{HashingView, Work};
use sprat_chunking::{FileDigest, FileId};
use sprat_store::digest::{ShareError, digest_file};
use sprat_store::disk::destination::name_at;
use sprat_store::disk::job::Job;
use sprat_store::disk::stamp::FileStamp;
use sprat_store::folder::digest::{FolderDigest, digest_folder};
use sprat_store::identify::size_of;

use tokio::task::JoinSet;

use crate::shares::holding::Holding;
use crate::state::library;
use crate::state::state_dir::StateDir;
use crate::world::Disk;

/// Paths that wait to be hashed of which a snapshot tells.
const MAX_WAITING: usize = 1000;
/// Upper bound of the files hashed in one batch. `MAX_BATCH_BYTES` bounds their total length, and only files of at most
/// `MAX_SMALL` bytes share a batch.
const MAX_BATCH: usize = 64;
const MAX_BATCH_BYTES: u64 = 16 * 1024 * 1024;
const MAX_SMALL: u64 = 1024 * 1024;

/// Queue of paths to hash, and the task that hashes. Hashing uses all cores, so one large file is hashed at a time, or many
/// small ones.
#[derive(Debug, Default)]
pub(super) struct Hasher {
    waiting: VecDeque<PathBuf>,
    /// Batch that is being hashed.
    batch: Vec<Hashing>,
    task: JoinSet<Batch>,
    /// Paths that are hashed only to check whether they still have this file ID.
    checks: HashMap<PathBuf, FileId>,
}

impl Hasher {
    /// Queues a path to be hashed.
    pub(super) fn push(&mut self, path: PathBuf) {
        self.waiting.push_back(path);
    }

    /// Queues a path to be hashed only to check whether it still has this file ID, unless it is being checked.
    pub(super) fn check(&mut self, path: PathBuf, file_id: FileId) {
        if self.checks.insert(path.clone(), file_id).is_none() {
            self.push(path);
        }
    }

    /// Returns the file ID that this path is checked for.
    pub(super) fn checked(&self, path: &Path) -> Option<FileId> {
        self.checks.get(path).copied()
    }

    /// Returns the file ID that this path was checked for; the check is over.
    pub(super) fn take_check(&mut self, path: &Path) -> Option<FileId> {
        self.checks.remove(path)
    }

    /// Returns the path that is checked for this file ID.
    pub(super) fn path_of_check(&self, file_id: FileId) -> Option<PathBuf> {
        self.checks.iter().find(|(_, checked)| **checked == file_id).map(|(path, _)| path.clone())
    }

    /// Removes a path from the queue, or stops its hashing. Returns whether it was in the queue.
    pub(super) fn cancel(&mut self, path: &Path) -> bool {
        let waiting = self.waiting.len();
        self.waiting.retain(|waiting| waiting != path);
        self.batch.iter().filter(|hashing| hashing.path == path).for_each(|hashing| hashing.job.stop());
        self.waiting.len() < waiting
    }

    /// Starts to hash the next batch of paths, if none is being hashed, and returns it. Chunk hashes are kept in `state` if
    /// `keeps` is set.
    pub(super) fn start_next(&mut self, disk: Disk, state: &Arc<StateDir>, keeps: bool) -> &[Hashing] {
        if !self.batch.is_empty() || self.waiting.is_empty() {
            return &[];
        }
        let next = self.waiting.drain(..self.waiting.len().min(MAX_BATCH));
        self.batch = next.map(|path| Hashing { path, job: Arc::new(Job::default()) }).collect();
        let (batch, state) = (self.batch.clone(), state.clone());
        disk.spawn_in(&mut self.task, move || hash_together(batch, &state, keeps));
        &self.batch
    }

    /// Waits for the end of the batch, puts the paths that did not fit back at the front of the queue, and returns the
    /// results; `None` if nothing is being hashed. Cancel safe.
    pub(super) async fn ended(&mut self) -> Option<Vec<Hashed>> {
        let Batch { mut hashed, rest } = self.task.join_next().await?.expect("hashing does not panic");
        self.batch.clear();
        let (stopped, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|hashing| hashing.job.is_stopped());
        rest.into_iter().rev().for_each(|hashing| self.waiting.push_front(hashing.path));
        hashed
            .extend(stopped.into_iter().map(|Hashing { path, .. }| Hashed { path, result: Err(ShareError::Stopped) }));
        Some(hashed)
    }

    /// Returns whether a batch is being hashed.
    pub(super) fn is_hashing(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Returns whether nothing is being hashed, and nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.batch.is_empty() && self.waiting.is_empty()
    }

    /// Stops what is being hashed; [`Hasher::ended`] waits for its end.
    pub(super) fn stop(&self) {
        self.batch.iter().for_each(|hashing| hashing.job.stop());
    }

    /// Returns the paths that are being hashed or wait for it, as snapshots show them.
    pub(super) fn views(&self, now: Instant) -> Vec<HashingView> {
        let current = self.batch.iter().map(|hashing| {
            let work = hashing.job.work(now).unwrap_or(Work { done: 0, total: 0, eta: None });
            HashingView { path: hashing.path.clone(), done: work.done, total: work.total, eta: work.eta }
        });
        let waiting = self.waiting.iter().take(MAX_WAITING);
        let waiting = waiting.map(|path| HashingView { path: path.clone(), done: 0, total: 0, eta: None });
        current.chain(waiting).collect()
    }
}

/// Path that is being hashed, or waits in the same batch.
#[derive(Clone, Debug)]
pub(super) struct Hashing {
    pub(super) path: PathBuf,
    pub(super) job: Arc<Job>,
}

/// Result of hashing one batch.
#[derive(Debug)]
pub(super) struct Batch {
    /// Results in the order of the paths.
    pub(super) hashed: Vec<Hashed>,
    /// Paths that did not fit into this batch.
    pub(super) rest: Vec<Hashing>,
}

/// Result of hashing one path.
#[derive(Debug)]
pub(super) struct Hashed {
    pub(super) path: PathBuf,
    pub(super) result: Result<Digest, ShareError>,
}

/// Hashes of a file or of a folder.
#[derive(Debug)]
pub(super) enum Digest {
    File(FileDigest, FileStamp),
    /// Hashes of a folder's files, and the holding that serves the folder's list.
    Folder(Box<(FolderDigest, Holding)>),
}

/// Hashes the first path, and the following ones while they are small files that fit into the batch; blocks.
pub(super) fn hash_together(batch: Vec<Hashing>, state: &StateDir, keeps: bool) -> Batch {
    let (mut hashed, mut bytes) = (Vec::with_capacity(batch.len()), 0);
    let mut batch = batch.into_iter();
    while let Some(Hashing { path, job }) = batch.next() {
        // An absolute path stays right if the working directory changes later.
        let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        let (is_folder, size) = (absolute.is_dir(), size_of(&absolute));
        let is_small = !is_folder && size <= MAX_SMALL;
        let fits = is_small && bytes + size <= MAX_BATCH_BYTES;
        if !hashed.is_empty() && !fits {
            let rest = std::iter::once(Hashing { path, job }).chain(batch).collect();
            return Batch { hashed, rest };
        }
        bytes += size;
        job.expect(size);
        let result = match () {
            () if job.is_stopped() => Err(ShareError::Stopped),
            () if is_folder => hash_folder(&absolute, &job, state, keeps),
            () => hash_file(&absolute, &job, state, keeps),
        };
        hashed.push(Hashed { path, result });
        if !is_small {
            break;
        }
    }
    Batch { hashed, rest: batch.collect() }
}

fn hash_file(path: &Path, job: &Job, state: &StateDir, keeps: bool) -> Result<Digest, ShareError> {
    let (digest, stamp) = digest_file(path, |done| job.at(done))?;
    if keeps {
        library::keep_hashes(state, &digest.hashes, digest.layout);
    }
    Ok(Digest::File(digest, stamp))
}

fn hash_folder(path: &Path, job: &Job, state: &StateDir, keeps: bool) -> Result<Digest, ShareError> {
    let digest = digest_folder(path, |done| job.at(done))?;
    if keeps {
        digest.digests.iter().for_each(|digest| library::keep_hashes(state, &digest.hashes, digest.layout));
    }
    let list = library::keep_list(state, &digest.bytes);
    let list = list.map_err(|source| ShareError::Read { path: path.to_owned(), source })?;
    let list = Holding::list(name_at(path).to_string(), list);
    Ok(Digest::Folder(Box::new((digest, list))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashing(path: PathBuf) -> Hashing {
        Hashing { path, job: Arc::default() }
    }

    fn numbers(dir: &Path, paths: impl Iterator<Item = PathBuf>) -> Vec<String> {
        paths.map(|path| path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn small_files_are_hashed_together_and_what_is_large_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(&dir.path().join("state")).unwrap();
        std::fs::create_dir(dir.path().join("4")).unwrap();
        for (name, len) in [("0", 5), ("1", 7), ("2", MAX_SMALL + 1), ("3", 1)] {
            std::fs::File::create(dir.path().join(name)).unwrap().set_len(len).unwrap();
        }
        let mut left: Vec<Hashing> = (0..5).map(|n| hashing(dir.path().join(n.to_string()))).collect();
        left[1].job.stop();
        let mut together = Vec::new();
        while !left.is_empty() {
            let Batch { hashed, rest } = hash_together(left, &state, false);
            let stopped = hashed.iter().filter(|hashed| matches!(hashed.result, Err(ShareError::Stopped))).count();
            together.push((numbers(dir.path(), hashed.into_iter().map(|hashed| hashed.path)), stopped));
            left = rest;
        }
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let expected = [(names(&["0", "1"]), 1), (names(&["2"]), 0), (names(&["3"]), 0), (names(&["4"]), 0)];
        assert_eq!(together, expected);
    }

    #[test]
    fn so_many_bytes_are_hashed_together_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(&dir.path().join("state")).unwrap();
        let path = dir.path().join("file");
        std::fs::File::create(&path).unwrap().set_len(MAX_SMALL).unwrap();
        let fit = (MAX_BATCH_BYTES / MAX_SMALL) as usize;
        let batch = hash_together((0..=fit).map(|_| hashing(path.clone())).collect(), &state, false);
        assert_eq!((batch.hashed.len(), batch.rest.len()), (fit, 1));
    }
}
