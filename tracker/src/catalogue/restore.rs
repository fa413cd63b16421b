//! A backup in the place of a catalogue, and a look at all of one that lies in a file.

use std::fs::{self, File};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::backup::folder_of;
use super::check::check_all;
use super::error::{Fault, RestoreError};
use super::meta;
use super::place::{Place, Site, beside};
use super::schema::{self, DatabaseKind, MIGRATIONS};
use crate::operation::folder;

/// Files that SQLite keeps beside a database and that belong to that one alone.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Puts a copy of the backup `from` in the place of the catalogue `to`, and returns the number of its files; blocks. The copy
/// is looked at as a whole, and durable, before anything of the old catalogue goes. What SQLite kept beside that goes as well:
/// after a crash it would be taken for a part of the new one, and change it back.
///
/// # Errors
/// [`RestoreError`]: a tracker runs on this catalogue, or the backup is none that can be used. Then the catalogue is as it was.
pub fn restore(from: &Path, to: &Path) -> Result<usize, RestoreError> {
    let failed = |reason: Fault| RestoreError::Backup { path: from.to_owned(), reason: reason.to_string() };
    // Before the place is claimed, which makes a file where there is none.
    File::open(from).map_err(|error| failed(error.into()))?;
    let _site = Site::claim(Place::File(to.to_owned()))?;
    let to = &to.canonicalize()?;
    let partial = beside(to, format!(".{}.restored", std::process::id()));
    let copied = copy(from, &partial).map_err(failed);
    let restored = copied.and_then(|files| {
        // The log first: if this ends half way, what is left is the old file without its last changes, never the new one with
        // those of another.
        for companion in COMPANIONS {
            remove(&beside(to, companion))?;
        }
        folder::sync(folder_of(to))?;
        fs::rename(&partial, to)?;
        folder::sync(folder_of(to))?;
        Ok(files)
    });
    for left in [""].into_iter().chain(COMPANIONS) {
        // Most are not there. What cannot be removed only takes room.
        let _ = fs::remove_file(beside(&partial, left));
    }
    restored
}

/// Looks at everything in the catalogue in this file, also while a tracker works on it, and returns the number of its files.
///
/// # Errors
/// [`RestoreError::Backup`] says what is wrong with it.
pub fn check_file(path: &Path) -> Result<usize, RestoreError> {
    let look = || check_whole(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?);
    look().map_err(|fault| RestoreError::Backup { path: path.to_owned(), reason: fault.to_string() })
}

/// Copies the bytes of a backup, which nobody writes to, and checks the copy.
fn copy(from: &Path, to: &Path) -> Result<usize, Fault> {
    let mut file = folder::private_file().write(true).create_new(true).open(to)?;
    folder::give_to_owner_of(folder_of(to), &file)?;
    std::io::copy(&mut File::open(from)?, &mut file)?;
    drop(file);
    let db = Connection::open(to)?;
    let files = check_whole(&db)?;
    db.close().map_err(|(_, error)| error)?;
    File::open(to)?.sync_all()?;
    Ok(files)
}

fn check_whole(db: &Connection) -> Result<usize, Fault> {
    match schema::kind(db, MIGRATIONS)? {
        DatabaseKind::Catalogue(version) if version as usize <= MIGRATIONS.len() => {}
        DatabaseKind::Catalogue(version) => {
            let reason = format!("it was made by a newer version of this program (schema {version})");
            return Err(std::io::Error::other(reason).into());
        }
        DatabaseKind::Empty | DatabaseKind::Foreign => {
            return Err(std::io::Error::other("it is not a catalogue").into());
        }
    }
    check_all(db)?;
    Ok(usize::try_from(meta::read(db, meta::FILES)?).unwrap_or(usize::MAX))
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
