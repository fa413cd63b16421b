//! Locks on files, and folders made durable.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Locks a file against other processes; a file system without locks gets none.
pub fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Makes a rename durable, where folders can be synced.
pub fn sync_dir(dir: &Path) {
    #[cfg(unix)]
    if let Err(error) = File::open(dir).and_then(|dir| dir.sync_all()) {
        tracing::debug!(dir = %dir.display(), %error, "can't sync the folder");
    }
    #[cfg(not(unix))]
    let _ = dir;
}
