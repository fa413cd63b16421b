//! A copy of the catalogue in one file, also while a tracker works on it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::check::check_all;
use super::error::{BackupError, Fault};
use super::place::beside;
use super::schema::{self, DatabaseKind, MIGRATIONS};
use crate::operation::folder;

/// Copies the catalogue in the file `from` into the new file `to`; blocks. The copy is one moment of the catalogue, also
/// when another process writes to it meanwhile. It is looked at as a whole, and durable, before it gets its name.
///
/// [`restore`](super::restore()) brings it back.
///
/// # Errors
/// [`BackupError`]. Then there is no file `to`, unless there was one before.
pub fn backup(from: &Path, to: &Path) -> Result<(), BackupError> {
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    match schema::kind(&source, MIGRATIONS) {
        Ok(DatabaseKind::Catalogue(_)) => {}
        Ok(DatabaseKind::Empty | DatabaseKind::Foreign) => return Err(BackupError::NotACatalogue(from.to_owned())),
        Err(fault) => return Err(fault.into()),
    }
    let partial = beside(to, format!(".{}.partial", std::process::id()));
    let copied = copy(&source, &partial).and_then(|()| Ok(publish(&partial, to)?));
    for left in ["", "-wal", "-shm", "-journal"] {
        // Most are not there. What cannot be removed only takes room.
        let _ = fs::remove_file(beside(&partial, left));
    }
    copied
}

/// Copies every page, and checks the copy.
fn copy(source: &Connection, to: &Path) -> Result<(), BackupError> {
    folder::private_file().write(true).create_new(true).open(to)?;
    let mut copy = Connection::open(to)?;
    // In one step, in which the source does not change for this connection, whoever writes to it. In several, the copy
    // would begin anew with each commit between them.
    if Backup::new(source, &mut copy)?.step(-1)? != StepResult::Done {
        return Err(io::Error::from(io::ErrorKind::ResourceBusy).into());
    }
    check_all(&copy)?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(File::open(to)?.sync_all()?)
}

/// Gives a finished file its name unless that is taken. The name is claimed with an empty file, which is then replaced: a
/// rename alone would replace whatever is there.
fn publish(partial: &Path, to: &Path) -> io::Result<()> {
    folder::private_file().write(true).create_new(true).open(to)?;
    fs::rename(partial, to).inspect_err(|_| {
        let _ = fs::remove_file(to);
    })?;
    folder::sync(folder_of(to))
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl From<Fault> for BackupError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged(reason) => Self::Damaged(reason),
            Fault::Sqlite(error) => Self::Sqlite(error),
            Fault::Io(error) => Self::Io(error),
        }
    }
}
