//! Folders and files on a disk that only the tracker's own user may read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes the names in a folder durable: a new name is durable only when its folder is.
#[cfg(unix)]
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Does nothing: a folder cannot be synced like a file on this system.
#[cfg(not(unix))]
pub(crate) fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Creates a folder that only this user enters, and those above it that are missing likewise. One that exists is closed to others
/// if it is empty or has this file, and so is nobody else's.
///
/// # Errors
/// It cannot be created.
pub fn create_private(folder: &Path, with: &str) -> io::Result<()> {
    if let Ok(mut files) = fs::read_dir(folder) {
        if (folder.join(with).exists() || files.next().is_none())
            && let Err(error) = close_to_others(folder)
        {
            tracing::warn!(folder = %folder.display(), %error, "others may enter the data folder");
        }
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Options that create files which only this user reads and writes, whatever its `umask`.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes the rights that others have away from a file that exists; does nothing where there is none.
#[cfg(unix)]
pub(crate) fn close_to_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    match fs::metadata(path) {
        Ok(metadata) if metadata.mode() & 0o077 != 0 => {
            fs::set_permissions(path, fs::Permissions::from_mode(metadata.mode() & 0o700))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Does nothing: on this system a file has the rights of its folder.
#[cfg(not(unix))]
pub(crate) fn close_to_others(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Gives a file to the owner of its folder. Root may change a file beside a tracker that runs as somebody else, who
/// must be able to read it.
#[cfg(unix)]
pub(crate) fn give_to_owner_of(folder: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let (owner, ours) = (fs::metadata(folder)?, file.metadata()?);
    if (owner.uid(), owner.gid()) == (ours.uid(), ours.gid()) || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}

/// Does nothing: a file belongs to whoever made it on this system.
#[cfg(not(unix))]
pub(crate) fn give_to_owner_of(_folder: &Path, _file: &File) -> io::Result<()> {
    Ok(())
}
