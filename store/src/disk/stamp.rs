//! Stamps of files, which tell without reading that a file is still the one that was hashed.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Stamp of a file, which tells without reading that it is still the one that was hashed. Two are equal if length and time of
/// modification are.
#[derive(Clone, Copy, Debug)]
pub struct FileStamp {
    /// Length in bytes.
    pub len: u64,
    /// Time of the last modification, where the file system knows.
    pub modified: Option<SystemTime>,
    /// Time of the last change of anything about the file, in nanoseconds since 1970, where that is known. Unlike the time of
    /// modification, nobody can set it; but a new name or permission changes it too.
    pub changed: Option<i128>,
}

impl PartialEq for FileStamp {
    fn eq(&self, other: &Self) -> bool {
        (self.len, self.modified) == (other.len, other.modified)
    }
}

impl Eq for FileStamp {}

impl FileStamp {
    /// Returns the stamp of the file that this metadata describes.
    pub fn of(metadata: &Metadata) -> Self {
        Self { len: metadata.len(), modified: metadata.modified().ok(), changed: changed(metadata) }
    }

    /// Returns true if nothing at all happened to the file that has the stamp `now`, as far as is known.
    pub fn is_untouched(&self, now: &Self) -> bool {
        self == now && self.changed.zip(now.changed).is_none_or(|(then, now)| then == now)
    }

    /// Returns true if a file at `path`, and no link to one, still has this stamp.
    pub fn is_still_of(&self, path: &Path) -> bool {
        self.still_of(path).is_some()
    }

    /// Returns the stamp that a record names: a length in bytes, and a time of modification as [`FileStamp::nanos`] gives it.
    pub fn recorded(len: u64, modified: Option<u64>) -> Self {
        let modified = modified.map(|nanos| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos));
        Self { len, modified, changed: None }
    }

    /// Time of the last modification, in nanoseconds since 1970, where that is known.
    pub fn nanos(&self) -> Option<u64> {
        let since = self.modified.and_then(|modified| modified.duration_since(SystemTime::UNIX_EPOCH).ok());
        since.and_then(|since| u64::try_from(since.as_nanos()).ok())
    }

    /// Returns the stamp that the file at `path` has now, if it still has this one.
    pub fn still_of(&self, path: &Path) -> Option<Self> {
        let metadata = fs::symlink_metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self::of(&metadata)).filter(|now| now == self)
    }
}

/// Returns the time of the inode's last change, which Unix has.
fn changed(metadata: &Metadata) -> Option<i128> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some(i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}
