//! The folder in which an engine keeps its identity and its lock.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::terminal::failure::Failure;

/// The engine's folder: the user's, or one that is removed at the end, so that several `sprat` run side by side.
///
/// A download goes on from the `.part` files beside its target; it needs nothing of this folder.
pub(crate) enum StateDir {
    /// `--state-dir`.
    Given(PathBuf),
    /// Gone when this is dropped.
    Temporary(TempDir),
}

impl StateDir {
    /// The given folder, or a new temporary one.
    pub(crate) fn new(given: Option<&Path>) -> Result<Self, Failure> {
        match given {
            Some(path) => Ok(Self::Given(path.to_owned())),
            None => Self::temporary(),
        }
    }

    /// A new temporary folder.
    pub(crate) fn temporary() -> Result<Self, Failure> {
        tempfile::Builder::new().prefix("sprat-").tempdir().map(Self::Temporary).map_err(|error| {
            let dir = std::env::temp_dir();
            Failure::failed(format!(
                "can't make a temporary folder in {}: {error}; name one with --state-dir",
                dir.display()
            ))
        })
    }

    /// Path of the folder.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Temporary(dir) => dir.path(),
        }
    }
}
