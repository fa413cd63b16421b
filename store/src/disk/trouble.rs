//! Errors of the disk, as a transfer tells them.

use std::io;
use std::path::Path;

use sprat_api::Trouble;

/// Returns the trouble that an error is for the transfer that met it.
pub fn trouble(path: &Path, needed: u64, error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Trouble::DiskFull { needed, dir: path.parent().unwrap_or(path).to_owned() }
        }
        _ => Trouble::Io { path: path.to_owned(), reason: error.to_string() },
    }
}
