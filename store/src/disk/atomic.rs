//! Files and folders that only this user can read, written wholly or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::disk::sync::sync_dir;

/// Writes a file that only this user can read, wholly or not at all: a reader never sees half of it, nor does the next start
/// after a crash. The name is durable when this returns.
///
/// # Errors
/// What the system says; the file is then what it was before.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, true)?;
    sync_dir(path.parent().unwrap_or(path));
    Ok(())
}

/// Writes, as [`replace`] does, a file that may be lost in a power cut, or have any content after it: its reader can tell.
///
/// # Errors
/// What the system says; the file is then what it was before.
pub fn replace_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, false)
}

fn put(path: &Path, bytes: &[u8], sync: bool) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    if sync {
        file.sync_all()?;
    }
    fs::rename(&new, path)
}

/// Makes a directory that only this user can enter, and those above it, if they are not there.
///
/// # Errors
/// What the system says.
pub fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_wholly_whatever_an_earlier_try_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        fs::write(dir.path().join("state.new"), "half of").unwrap();
        for bytes in ["first", "2"] {
            replace(&path, bytes.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), bytes);
        }
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        replace(&path, b"before").unwrap();
        fs::create_dir(dir.path().join("state.new")).unwrap();
        assert!(replace(&path, b"after").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"before");
    }
}
