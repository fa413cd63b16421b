//! Sources of chunks: a whole file, small files one after another, or a part file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_chunking::ReadAt;

use crate::disk::stamp::FileStamp;
use crate::part::PartChunks;

/// Source of the bytes of a file or part.
#[derive(Clone, Debug)]
pub enum Source {
    /// File that lies where the user left it.
    Whole {
        /// Path of the file.
        path: PathBuf,
        /// Stamp that it had when it was hashed.
        stamp: FileStamp,
    },
    /// Small files of a folder.
    Bundle(Arc<Bundled>),
    /// Part file of a download under way.
    Part(Arc<PartChunks>),
    /// No source any more: the download has stopped, and its file is closed.
    Gone,
}

impl Source {
    /// Fills `bytes` with what is at `offset`; blocks. Returns a file of those that were read to which something happened, if
    /// there is one.
    ///
    /// # Errors
    /// [`ReadError`] says what stands in the way.
    pub fn fill(&self, offset: u64, bytes: &mut [u8]) -> Result<Option<PathBuf>, ReadError> {
        match self {
            Self::Gone => Err(ReadError::NotHere),
            Self::Part(file) => {
                file.read_exact_at(bytes, offset)?;
                Ok(None)
            }
            Self::Bundle(files) => files.read(offset, bytes),
            Self::Whole { path, stamp } => Ok(read_whole(path, *stamp, bytes, offset)?.then(|| path.clone())),
        }
    }
}

/// File of a folder, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFile {
    /// Path below the folder.
    pub path: PathBuf,
    /// Stamp that tells that the file is still the same.
    pub stamp: FileStamp,
}

/// Small files of a folder, read as if they were one.
#[derive(Debug)]
pub struct Bundled {
    root: PathBuf,
    /// Files of the bundle, and the offset at which each ends within it.
    files: Vec<(PlacedFile, u64)>,
}

impl Bundled {
    /// Makes a bundle of files below `root`, one after another.
    pub fn new(root: PathBuf, files: impl IntoIterator<Item = PlacedFile>) -> Self {
        let mut end = 0;
        let files = files.into_iter().map(|file| {
            end += file.stamp.len;
            (file, end)
        });
        Self { root, files: files.collect() }
    }

    /// Fills `buf` from `start` on; blocks. Returns a file of those that were read to which something happened, if there is
    /// one.
    pub fn read(&self, start: u64, mut buf: &mut [u8]) -> Result<Option<PathBuf>, ReadError> {
        let (mut offset, mut touched) = (start, None);
        let first = self.files.partition_point(|(_, end)| *end <= start);
        for (placed, end) in &self.files[first..] {
            if buf.is_empty() {
                return Ok(touched);
            }
            let path = self.root.join(&placed.path);
            let within = offset - (end - placed.stamp.len);
            let (part, rest) = buf.split_at_mut(((end - offset) as usize).min(buf.len()));
            if read_whole(&path, placed.stamp, part, within)? {
                touched = Some(path);
            }
            offset += part.len() as u64;
            buf = rest;
        }
        if buf.is_empty() { Ok(touched) } else { Err(ReadError::NotHere) }
    }
}

/// Fills `bytes` with what is at `offset` of a file that had this stamp; blocks. Returns whether anything happened to it since.
pub fn read_whole(path: &Path, stamp: FileStamp, bytes: &mut [u8], offset: u64) -> Result<bool, ReadError> {
    let changed = || ReadError::Changed(path.to_owned());
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => changed(),
        _ => ReadError::Io(error),
    })?;
    file.read_exact_at(bytes, offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => changed(),
        _ => ReadError::Io(error),
    })?;
    let now = FileStamp::of(&file.metadata()?);
    if now.len == stamp.len { Ok(!stamp.is_untouched(&now)) } else { Err(changed()) }
}

/// Reason why a chunk could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Chunk is not here.
    #[error("the chunk is not here")]
    NotHere,
    /// File is no longer what was shared.
    #[error("{} was changed or removed", .0.display())]
    Changed(PathBuf),
    /// Disk gave an error.
    #[error(transparent)]
    Io(#[from] io::Error),
}
