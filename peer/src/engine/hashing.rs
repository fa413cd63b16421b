//! Hashing of paths to share: paths → chunk hashes. Small files are hashed many at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_chunking::FileDigest;
use sprat_store::digest::{ShareError, digest_file};
use sprat_store::disk::destination::name_at;
use sprat_store::disk::job::Job;
use sprat_store::disk::stamp::FileStamp;
use sprat_store::folder::digest::{FolderDigest, digest_folder};
use sprat_store::identify::size_of;

use crate::shares::holding::Holding;
use crate::state::library;
use crate::state::state_dir::StateDir;

/// Upper bound of the files hashed in one batch. `MAX_BATCH_BYTES` bounds their total length, and only files of at most
/// `MAX_SMALL` bytes share a batch.
pub(super) const MAX_BATCH: usize = 64;
const MAX_BATCH_BYTES: u64 = 16 * 1024 * 1024;
const MAX_SMALL: u64 = 1024 * 1024;

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
