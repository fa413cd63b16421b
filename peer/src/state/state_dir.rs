//! State directory: its lock, which admits one engine at a time, the identity, and the paths of other files.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use sprat_protocol::Identity;
use sprat_store::disk::atomic::{make_private_dir, replace};

use crate::state::needed::Needed;

/// State directory that this engine has locked. The lock is released when the process ends, in whatever way.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    /// Files and bundles that the lists of folders in the directory need; counted at the first use.
    pub(crate) needed: Mutex<Option<Needed>>,
    _lock: File,
}

impl StateDir {
    /// Creates the directory if it is missing, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        let failed = |source| StateError::Io { path: path.to_owned(), source };
        make_private_dir(path).map_err(failed)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), needed: Mutex::default(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Returns the path of a file in the directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reads this peer's key, which is generated at the first start and kept from then on.
    pub(crate) fn identity(&self) -> Result<Identity, StateError> {
        let path = self.file("identity.key");
        let failed = |source| StateError::Io { path: path.clone(), source };
        match fs::read(&path) {
            Ok(bytes) => {
                let seed = bytes.as_slice().try_into();
                let reason = format!("a key has {} bytes, not {}", Identity::SEED_LEN, bytes.len());
                seed.map(Identity::from_seed).map_err(|_| StateError::Damaged { path, reason })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let identity = Identity::generate()?;
                replace(&path, identity.seed()).map_err(failed)?;
                Ok(identity)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// Reason why a state directory cannot be used. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Lock held by another engine.
    #[error("another Sprat is running on {}; close it, or choose another folder with --state-dir", .0.display())]
    Locked(PathBuf),
    /// Failure to read or write a file or folder.
    #[error("can't use the state folder {}: {source}", path.display())]
    Io {
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// Damaged file in the directory.
    #[error("{} is damaged: {reason}; move it away and start again", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// Description of the damage.
        reason: String,
    },
    /// Lack of randomness for a new identity.
    #[error(transparent)]
    NoRandomness(#[from] sprat_protocol::identity::NoRandomness),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let first = StateDir::open(&path).unwrap().identity().unwrap().peer_id();
        assert_eq!(StateDir::open(&path).unwrap().identity().unwrap().peer_id(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(path.join("identity.key")).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn one_engine_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let held = StateDir::open(dir.path()).unwrap();
        assert!(matches!(StateDir::open(dir.path()), Err(StateError::Locked(_))));
        drop(held);
        assert!(StateDir::open(dir.path()).is_ok());
    }

    #[test]
    fn a_damaged_identity_is_named_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("identity.key"), "short").unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert!(matches!(state.identity(), Err(StateError::Damaged { .. })));
        assert_eq!(fs::read(dir.path().join("identity.key")).unwrap(), b"short");
    }
}
