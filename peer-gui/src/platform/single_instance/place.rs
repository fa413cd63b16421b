//! The place of the first window: a lock that only one holds, and the address of its socket.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, tokio as local};
use sprat_peer::make_private_dir;

/// Place of the only window on a state directory. Whoever drops it makes room for the next one.
#[derive(Debug)]
pub struct Place {
    _lock: File,
    state_dir: PathBuf,
    /// Directory of the socket, if it is not in the state directory.
    #[cfg(unix)]
    _elsewhere: Option<tempfile::TempDir>,
}

/// Error of [`Place::take`]: another window has the place.
#[derive(Debug)]
pub(super) struct Occupied {
    /// Address on which the other window listens, as far as is known.
    pub(super) address: io::Result<String>,
}

impl Place {
    /// Takes the place, if nobody has it. Creates the state directory if it is not there.
    pub(super) fn take(state_dir: &Path) -> io::Result<Result<Self, Occupied>> {
        make_private_dir(state_dir)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(state_dir.join("window.lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Ok(Self {
                _lock: lock,
                state_dir: state_dir.to_owned(),
                #[cfg(unix)]
                _elsewhere: None,
            })),
            Err(TryLockError::WouldBlock) => Ok(Err(Occupied { address: fs::read_to_string(address(state_dir)) })),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Listens, and writes down the address. To be called in a runtime.
    pub(super) fn listen(&mut self) -> io::Result<local::Listener> {
        let name = self.socket()?;
        let socket = ListenerOptions::new().name(name.as_str().to_fs_name::<GenericFilePath>()?).create_tokio()?;
        let (address, new) = (address(&self.state_dir), self.state_dir.join("window.address.new"));
        fs::write(&new, name)?;
        fs::rename(new, address)?;
        Ok(socket)
    }

    /// Finds a free path in a directory that only this user can enter.
    #[cfg(unix)]
    fn socket(&mut self) -> io::Result<String> {
        use std::os::unix::fs::PermissionsExt as _;
        /// Shortest limit of a socket's path: that of macOS, less the zero at its end.
        const LONGEST: usize = 103;
        let mut dir = std::path::absolute(&self.state_dir)?.join("window");
        if socket_in(&dir).as_os_str().len() > LONGEST {
            let base = directories::BaseDirs::new();
            let runtime_dir = base.as_ref().and_then(directories::BaseDirs::runtime_dir).map(Path::to_owned);
            let parent = runtime_dir.unwrap_or_else(std::env::temp_dir);
            let elsewhere = tempfile::Builder::new().prefix("sprat-").tempdir_in(parent)?;
            dir = elsewhere.path().to_owned();
            self._elsewhere = Some(elsewhere);
        } else {
            make_private_dir(&dir)?;
        }
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700))?;
        match fs::remove_file(socket_in(&dir)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let path = socket_in(&dir).into_os_string();
        path.into_string().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8"))
    }

    /// Makes up the name of a pipe that nobody can guess. A pipe can be written to by this user and by administrators
    /// only, unless told otherwise.
    #[cfg(windows)]
    fn socket(&mut self) -> io::Result<String> {
        Ok(format!(r"\\.\pipe\sprat-{:032x}", rand::random::<u128>()))
    }
}

/// Path of the socket's address. The address is not in the lock's file: on some systems a file that is locked cannot be
/// read.
fn address(state_dir: &Path) -> PathBuf {
    state_dir.join("window.address")
}

#[cfg(unix)]
fn socket_in(dir: &Path) -> PathBuf {
    dir.join("socket")
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_socket_of_a_killed_process_is_replaced_and_only_its_owner_reaches_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("window")).unwrap();
        drop(std::os::unix::net::UnixListener::bind(dir.path().join("window/socket")).unwrap());
        assert!(dir.path().join("window/socket").exists());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let mut place = Place::take(dir.path()).unwrap().unwrap();
        let _socket = place.listen().unwrap();
        let Err(Occupied { address }) = Place::take(dir.path()).unwrap() else { panic!("it is taken") };
        let address = PathBuf::from(address.unwrap());
        assert_eq!(address, dir.path().join("window/socket"));
        assert!(std::os::unix::net::UnixStream::connect(&address).is_ok());
        let mode = fs::metadata(address.parent().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_directory_elsewhere_goes_with_the_place() {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let mut place = Place::take(&dir.path().join("d".repeat(200))).unwrap().unwrap();
        let socket = place.listen().unwrap();
        let elsewhere = place._elsewhere.as_ref().unwrap().path().to_owned();
        let mode = fs::metadata(&elsewhere).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop((socket, place));
        assert!(!elsewhere.exists());
    }
}
