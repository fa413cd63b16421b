//! Folders on a disk.

use std::io;
use std::path::Path;

/// Makes the names in a folder durable: a new name is durable only when its folder is.
#[cfg(unix)]
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Does nothing: a folder cannot be synced like a file on this system.
#[cfg(not(unix))]
pub(crate) fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}
