//! Hashing of a file: its path → its chunk hashes. The file stays where it lies; no copy of it is made.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sprat_chunking::{ChunkSize, FileDigest, Layout, SplitError, split};

use crate::disk::stamp::FileStamp;

/// Hashes the file at `path` on all cores; blocks. `progress` is told the bytes done so far, by any thread, and may end
/// the work with `Break`.
///
/// # Errors
/// [`ShareError`] says what stands in the way.
pub fn digest_file(
    path: &Path,
    progress: impl Fn(u64) -> ControlFlow<()> + Sync,
) -> Result<(FileDigest, FileStamp), ShareError> {
    let failed = |source| ShareError::Read { path: path.to_owned(), source };
    let file = open_regular(path)?;
    let stamp = FileStamp::of(&file.metadata().map_err(failed)?);
    let layout = Layout::new(stamp.len, ChunkSize::for_len(stamp.len))
        .map_err(|_| ShareError::TooLong { path: path.to_owned() })?;
    let done = AtomicU64::new(0);
    let digest = split(&file, layout, |_, chunk| {
        progress(done.fetch_add(chunk.len() as u64, Ordering::Relaxed) + chunk.len() as u64)
    })
    .map_err(|error| match error {
        SplitError::Shorter => ShareError::Changed { path: path.to_owned() },
        SplitError::Stopped => ShareError::Stopped,
        SplitError::Read(source) => failed(source),
    })?;
    // By name, not by handle: a file that was replaced meanwhile is not the one that was hashed either.
    if FileStamp::of(&fs::metadata(path).map_err(failed)?) != stamp {
        return Err(ShareError::Changed { path: path.to_owned() });
    }
    Ok((digest, stamp))
}

/// Opens a file that has contents of a fixed length: no folder, and no pipe or device, which would never end.
fn open_regular(path: &Path) -> Result<File, ShareError> {
    let failed = |source| ShareError::Read { path: path.to_owned(), source };
    // Looked at before it is opened: opening a pipe waits for its other end.
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(ShareError::Folder { path: path.to_owned() });
    }
    if !metadata.is_file() {
        return Err(ShareError::NotAFile { path: path.to_owned() });
    }
    File::open(path).map_err(failed)
}

/// Reason why a file or folder cannot be shared. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// File cannot be read.
    #[error("can't read {}: {source}; check the path and your permission to read it", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error that the system gives.
        source: io::Error,
    },
    /// Folder where a file was expected.
    #[error("{} is a folder, not a file", path.display())]
    Folder {
        /// Path of it.
        path: PathBuf,
    },
    /// Name in a folder that cannot be told to others.
    #[error("the name of {} is no Unicode; rename it first", path.display())]
    Name {
        /// Path of it.
        path: PathBuf,
    },
    /// Folder with more in it than can be listed.
    #[error(transparent)]
    List(#[from] sprat_protocol::CollectionError),
    /// Pipe, socket or device where a file was expected.
    #[error("{} is not an ordinary file; save what it holds to one first", path.display())]
    NotAFile {
        /// Path of it.
        path: PathBuf,
    },
    /// File that is longer than any file can be here.
    #[error("{} is longer than 1 TiB, the most that one file can have; split it first", path.display())]
    TooLong {
        /// Path of the file.
        path: PathBuf,
    },
    /// File that changed while it was hashed.
    #[error("{} was changed while it was read; wait until nothing writes to it, then try again", path.display())]
    Changed {
        /// Path of the file.
        path: PathBuf,
    },
    /// Hashing was stopped by the user.
    #[error("stopped")]
    Stopped,
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn digest(path: &Path) -> Result<(FileDigest, FileStamp), ShareError> {
        digest_file(path, |_| ControlFlow::Continue(()))
    }

    #[test]
    fn progress_ends_with_the_length() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 700_001]).unwrap();
        let most = AtomicU64::new(0);
        let (digest, stamp) = digest_file(file.path(), |done| {
            most.fetch_max(done, Ordering::Relaxed);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!((most.into_inner(), stamp.len, digest.layout.num_chunks()), (700_001, 700_001, 3));
    }

    #[test]
    fn a_file_that_changes_while_it_is_hashed_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 300_000]).unwrap();
        let grown = digest_file(file.path(), |_| {
            fs::OpenOptions::new().append(true).open(file.path()).unwrap().write_all(b"more").unwrap();
            ControlFlow::Continue(())
        });
        assert!(matches!(grown, Err(ShareError::Changed { .. })), "{grown:?}");
        let cut = digest_file(file.path(), |_| {
            fs::OpenOptions::new().write(true).open(file.path()).unwrap().set_len(1).unwrap();
            ControlFlow::Continue(())
        });
        assert!(matches!(cut, Err(ShareError::Changed { .. })), "{cut:?}");
    }

    #[test]
    fn what_is_no_file_is_refused_with_its_reason() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(digest(dir.path()), Err(ShareError::Folder { .. })));
        assert!(matches!(digest(&dir.path().join("nothing")), Err(ShareError::Read { .. })));
        #[cfg(unix)]
        assert!(matches!(digest(Path::new("/dev/null")), Err(ShareError::NotAFile { .. })));
        let stopped = tempfile::NamedTempFile::new().unwrap();
        stopped.as_file().set_len(300_000).unwrap();
        let result = digest_file(stopped.path(), |_| ControlFlow::Break(()));
        assert!(matches!(result, Err(ShareError::Stopped)), "{result:?}");
        stopped.as_file().set_len((1 << 40) + 1).unwrap();
        assert!(matches!(digest(stopped.path()), Err(ShareError::TooLong { .. })));
    }
}
