//! Place of a catalogue: one file with its companions, or memory. A place is opened, locked, and set aside when it is
//! damaged.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::error::{Fault, OpenError};
use super::meta;
use super::schema::{self, DatabaseKind};
use crate::operation::folder;

/// Place of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Memory, until the catalogue is dropped.
    Memory,
    /// This file. SQLite keeps `-wal` and `-shm` beside it, and a lock is kept in `.lock`.
    File(PathBuf),
}

/// State in which a catalogue was found when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Nothing: it is new.
    New,
    /// A catalogue.
    AsItWas {
        /// Number of files in it.
        files: usize,
    },
    /// A catalogue of an older version, which was brought up to date.
    Migrated {
        /// Its schema version before.
        from: u32,
        /// Number of files in it.
        files: usize,
    },
    /// A damaged file, which was set aside; the catalogue is new.
    SetAside {
        /// Path to which the damaged file was moved.
        to: PathBuf,
        /// Damage that was found.
        reason: String,
    },
}

/// A [`Place`] that nobody else works in, for as long as this is there.
#[derive(Debug)]
pub(super) enum Site {
    Memory {
        /// The name under which this process finds it.
        uri: String,
        /// Turns of those who read and write. In memory, SQLite lets nobody read while somebody writes, and who waits
        /// is not next in turn. Here he is.
        turns: RwLock<()>,
    },
    File {
        path: PathBuf,
        _lock: File,
    },
}

/// Time for which a connection waits for another one's lock before it gives up. There is next to nothing to wait for: a
/// file is in WAL mode, and in memory everybody waits for their turn before.
const BUSY_TIMEOUT: Duration = Duration::from_millis(250);
/// Memory that a connection may use, in KiB.
const WRITER_CACHE: i64 = 16 * 1024;
const READER_CACHE: i64 = 8 * 1024;
/// Number of pages after which the log beside the file begins anew, at its beginning. SQLite's own way, to wait for a
/// moment in which nobody reads, would let it grow for as long as there is always somebody who does.
const LOG_PAGES: i32 = 1000;
/// Length to which the log is cut down, in bytes, when it had grown because somebody read for long.
const LOG_LEFT: i64 = 16 * 1024 * 1024;

impl Site {
    /// Takes possession of a place.
    ///
    /// # Errors
    /// [`OpenError::Locked`] or [`OpenError::Io`].
    pub(super) fn claim(place: Place) -> Result<Self, OpenError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = match place {
            Place::Memory => {
                let uri = format!("file:/{}?vfs=memdb", NEXT.fetch_add(1, Ordering::Relaxed));
                return Ok(Self::Memory { uri, turns: RwLock::new(()) });
            }
            Place::File(path) => path,
        };
        let failed = |source| OpenError::Io { path: path.clone(), source };
        let open = |path: &Path| {
            let file = folder::private_file().create(true).truncate(false).read(true).write(true).open(path)?;
            folder::give_to_owner_of(path.parent().unwrap_or(path), &file)?;
            Ok(file)
        };
        // SQLite would open for reading what it may not write.
        open(&path).map_err(failed)?;
        // One file has one lock, whatever leads to it.
        let path = path.canonicalize().map_err(failed)?;
        let lock = open(&beside(&path, ".lock")).map_err(failed)?;
        // SQLite gives its companions the rights of the file.
        for companion in ["", "-wal", "-shm", ".lock"] {
            if let Err(error) = folder::close_to_others(&beside(&path, companion)) {
                tracing::warn!(path = %path.display(), %error, "others may read the catalogue");
            }
        }
        match lock.try_lock() {
            Ok(()) => Ok(Self::File { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path)),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Opens what is there, with the tables that these migrations make, or sets it aside if it is damaged, and says what
    /// was done. Nobody may be connected.
    ///
    /// # Errors
    /// [`OpenError`] if it is not to be set aside, or cannot be.
    pub(super) fn open(&self, migrations: &[&str]) -> Result<(Connection, Opening), OpenError> {
        match self.try_open(migrations) {
            Ok(Ok(opened)) => Ok(opened),
            Ok(Err(refused)) => Err(refused),
            Err(Fault::Damaged(reason)) => {
                let to = self.set_aside().map_err(|error| self.failed(error.into()))?;
                let (db, _) = self.try_open(migrations).map_err(|fault| self.failed(fault))??;
                Ok((db, Opening::SetAside { to, reason }))
            }
            Err(fault) => Err(self.failed(fault)),
        }
    }

    /// A connection that only reads.
    pub(super) fn reader(&self) -> Result<Connection, Fault> {
        let db = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.pragma_update(None, "cache_size", -READER_CACHE)?;
        Ok(db)
    }

    /// Waits until nobody writes where nobody could read meanwhile.
    pub(super) fn turn_to_read(&self) -> Option<RwLockReadGuard<'_, ()>> {
        match self {
            Self::Memory { turns, .. } => Some(turns.read()),
            Self::File { .. } => None,
        }
    }

    /// Waits until nobody reads where nobody could write meanwhile.
    pub(super) fn turn_to_write(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        match self {
            Self::Memory { turns, .. } => Some(turns.write()),
            Self::File { .. } => None,
        }
    }

    /// Renames the file and its companions, and says to what. Nobody may be connected: who closes a connection to a file
    /// that was renamed removes the log of the one that took its place.
    pub(super) fn set_aside(&self) -> io::Result<PathBuf> {
        let Self::File { path, .. } = self else { return Ok(PathBuf::from("nowhere")) };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut names = (now..).map(|seconds| beside(path, format!(".damaged-{seconds}")));
        let to = names.find(|name| !name.exists()).expect("numbers don't end");
        // The log first: if this ends half way, what stays is the file without it, and not a log without its file.
        for companion in ["-wal", "-shm", "-journal"] {
            match fs::rename(beside(path, companion), beside(&to, companion)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(path, &to)?;
        Ok(to)
    }

    fn try_open(&self, migrations: &[&str]) -> Result<Result<(Connection, Opening), OpenError>, Fault> {
        let mut db = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let kind = schema::kind(&db, migrations)?;
        let known = u32::try_from(migrations.len()).expect("there are few migrations");
        match (kind, self) {
            (DatabaseKind::Foreign, Self::File { path, .. }) => return Ok(Err(OpenError::Foreign(path.clone()))),
            (DatabaseKind::Catalogue(found), Self::File { path, .. }) if found > known => {
                return Ok(Err(OpenError::Newer { path: path.clone(), found, known }));
            }
            _ => {}
        }
        // The file can be written, so it is its header that says otherwise.
        if db.is_readonly(MAIN_DB)? {
            return Err(Fault::damaged("its header says that it can't be written"));
        }
        schema::migrate(&db, kind, migrations)?;
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        db.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        db.pragma_update(None, "journal_size_limit", LOG_LEFT)?;
        db.wal_hook(Some(|log: &mut Wal, pages| {
            if pages >= LOG_PAGES {
                // If somebody reads for longer than one waits here, the next commit tries again.
                let _ = log.checkpoint_v2(CheckpointMode::RESTART);
            }
            Ok(())
        }))?;
        let files = usize::try_from(meta::read(&db, meta::FILES)?).unwrap_or(usize::MAX);
        let opening = match kind {
            DatabaseKind::Catalogue(version) if version < known => Opening::Migrated { from: version, files },
            DatabaseKind::Catalogue(_) => Opening::AsItWas { files },
            DatabaseKind::Empty | DatabaseKind::Foreign => Opening::New,
        };
        Ok(Ok((db, opening)))
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, Fault> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = match self {
            Self::Memory { uri, .. } => Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?,
            Self::File { path, .. } => Connection::open_with_flags(path, flags)?,
        };
        db.busy_timeout(BUSY_TIMEOUT)?;
        // What a damaged file says is not believed further than needed.
        db.pragma_update(None, "cell_size_check", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        // A commit is durable when it is done. Commits are grouped, so that is a few syncs a second.
        db.pragma_update(None, "synchronous", "full")?;
        Ok(db)
    }

    fn failed(&self, fault: Fault) -> OpenError {
        let path = match self {
            Self::Memory { uri, .. } => PathBuf::from(uri),
            Self::File { path, .. } => path.clone(),
        };
        match fault {
            Fault::Sqlite(source) => OpenError::Sqlite { path, source },
            Fault::Io(source) => OpenError::Io { path, source },
            Fault::Damaged(reason) => OpenError::Io { path, source: io::Error::other(reason) },
        }
    }
}

/// The path with this at the end of its name.
pub(super) fn beside(path: &Path, end: impl AsRef<OsStr>) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
