//! Errors of a catalogue, told apart by what is done about them.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;
use rusqlite::types::FromSqlError;

/// The catalogue cannot be opened, and should not be set aside either.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on it.
    #[error("another tracker is running on the catalogue {}", .0.display())]
    Locked(PathBuf),
    /// A newer program made it.
    #[error(
        "the catalogue {} was made by a newer version of this program (schema {found}, this one knows up to {known})",
        path.display()
    )]
    Newer {
        /// Path of the file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest schema version that this program knows.
        known: u32,
    },
    /// The file is another program's database.
    #[error("{} is a database, but not a catalogue; give the catalogue another place", .0.display())]
    Foreign(PathBuf),
    /// The file cannot be read or written.
    #[error("can't open the catalogue {}: {source}", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// SQLite cannot read or write it.
    #[error("can't open the catalogue {}: {source}", path.display())]
    Sqlite {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        source: rusqlite::Error,
    },
}

/// The catalogue cannot answer now.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// All readers were busy for as long as a question may take.
    #[error("the catalogue is busy")]
    Busy,
    /// The file is damaged; it is being set aside, and a new one begun.
    #[error("the catalogue is damaged and is being replaced: {0}")]
    Damaged(String),
    /// The catalogue cannot be read.
    #[error("the catalogue can't be read: {0}")]
    Failed(String),
}

/// Reason why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup never replaces a file.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The file is no catalogue.
    #[error("{} is not a catalogue", .0.display())]
    NotACatalogue(PathBuf),
    /// The catalogue that is to be copied is damaged.
    #[error("the catalogue is damaged, so there is no backup of it: {0}")]
    Damaged(String),
    /// The backup cannot be written.
    #[error("can't write the backup: {0}")]
    Io(#[from] io::Error),
    /// SQLite cannot read the one or write the other.
    #[error("can't write the backup: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Reason why no backup takes the place of a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The place is taken, or cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup cannot be read, or is not whole.
    #[error("{} cannot be used: {reason}", path.display())]
    Backup {
        /// Path of the backup.
        path: PathBuf,
        /// Fault that was found in it.
        reason: String,
    },
    /// The place cannot be written to.
    #[error("can't write the catalogue: {0}")]
    Io(#[from] io::Error),
}

/// Reason why something could not be done with the database: the one split that matters is whether its content can be
/// believed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The database holds what nobody wrote.
    #[error("{0}")]
    Damaged(String),
    /// Something around it is in the way: the disk is full, cannot be read, or the like.
    #[error(transparent)]
    Sqlite(rusqlite::Error),
    /// The same, outside SQLite.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Fault {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    /// Says whether the time for the question was over.
    pub(super) fn is_interrupt(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted))
    }
}

impl From<rusqlite::Error> for Fault {
    /// Tells damage from other faults. A fault that does not come from around the database can only come from its
    /// content: the statements are tested, so a table that is not there, a value of another type or a broken constraint
    /// are damage as well.
    fn from(error: rusqlite::Error) -> Self {
        let around = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::OutOfMemory
                    | ErrorCode::ReadOnly
                    | ErrorCode::PermissionDenied
                    | ErrorCode::OperationInterrupted
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::DiskFull
                    | ErrorCode::CannotOpen
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::NoLargeFileSupport
            )
        );
        if around { Self::Sqlite(error) } else { Self::Damaged(error.to_string()) }
    }
}

impl From<FromSqlError> for Fault {
    fn from(error: FromSqlError) -> Self {
        Self::Damaged(error.to_string())
    }
}
