//! Folder that stays open. Entries in it are reached from there and never through a link, so that whoever can write in a
//! download folder, and swaps a folder in it for a link, has nothing written elsewhere.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::disk::stamp::FileStamp;

/// Open folder. Names are those of single entries in it.
#[derive(Debug)]
pub struct OpenDir {
    dir: Dir,
    path: PathBuf,
}

impl OpenDir {
    /// Opens a folder that the user chose; links on the way there are the user's own.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { dir: Dir::open_ambient_dir(path, ambient_authority())?, path: path.to_owned() })
    }

    /// Opens the folder that this path leads into. Returns the name in there too.
    pub fn of(path: &Path) -> io::Result<(Self, &OsStr)> {
        let (dir, name) = path.parent().zip(path.file_name()).ok_or(io::ErrorKind::InvalidInput)?;
        Ok((Self::at(dir)?, name))
    }

    /// Path of the folder when it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a folder in it.
    pub fn dir(&self, name: impl AsRef<Path>) -> io::Result<Self> {
        let path = self.path.join(&name);
        Ok(Self { dir: self.dir.open_dir_nofollow(name)?, path })
    }

    /// Makes a folder in it, which must not be there, and opens that.
    pub fn new_dir(&self, name: impl AsRef<Path>) -> io::Result<Self> {
        self.dir.create_dir(&name)?;
        self.dir(name)
    }

    /// Opens the folder at this path below it, and makes whatever is missing on the way.
    pub fn dir_below(&self, below: &Path) -> io::Result<Self> {
        self.walk(below, |dir, name| match dir.dir(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => dir.new_dir(name),
            opened => opened,
        })
    }

    /// Opens the folder at this path below it, all of which must be there.
    pub fn dir_at(&self, below: &Path) -> io::Result<Self> {
        self.walk(below, |dir, name| dir.dir(name))
    }

    fn walk(&self, below: &Path, step: impl Fn(&Self, &OsStr) -> io::Result<Self>) -> io::Result<Self> {
        let mut dir = Self { dir: self.dir.try_clone()?, path: self.path.clone() };
        for component in below.components() {
            let Component::Normal(name) = component else { return Err(io::ErrorKind::InvalidInput.into()) };
            dir = step(&dir, name)?;
        }
        Ok(dir)
    }

    /// Returns true if anything has this name, a dangling link included.
    pub fn is_taken(&self, name: impl AsRef<Path>) -> bool {
        self.dir.symlink_metadata(name).is_ok()
    }

    /// Returns true if a file, and no link to one, has this name.
    pub fn is_file(&self, name: impl AsRef<Path>) -> bool {
        self.dir.symlink_metadata(name).is_ok_and(|metadata| metadata.is_file())
    }

    /// Returns true if a folder, and no link to one, has this name.
    pub fn is_dir(&self, name: impl AsRef<Path>) -> bool {
        self.dir.symlink_metadata(name).is_ok_and(|metadata| metadata.is_dir())
    }

    /// Names of all that is in the folder.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        self.dir.entries()?.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// Opens a file, and no link to one, for reading.
    pub fn open(&self, name: impl AsRef<Path>) -> io::Result<File> {
        self.open_with(name.as_ref(), OpenOptions::new().read(true))
    }

    /// Opens a file, and no link to one, for reading and writing.
    pub fn open_to_write(&self, name: impl AsRef<Path>) -> io::Result<File> {
        self.open_with(name.as_ref(), OpenOptions::new().read(true).write(true))
    }

    /// Makes a file, which must not be there, for reading and writing.
    pub fn create(&self, name: impl AsRef<Path>) -> io::Result<File> {
        let mut options = OpenOptions::new();
        Ok(self.dir.open_with(name, options.read(true).write(true).create_new(true))?.into_std())
    }

    /// Makes a file with these bytes in place of what has the name. Returns its stamp.
    pub fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) -> io::Result<FileStamp> {
        let mut file = self.create_anew(name)?;
        file.write_all(bytes)?;
        Ok(FileStamp::of(&file.metadata()?))
    }

    /// Makes a file in place of what has the name, with the bytes of another file from where that is read next.
    pub fn copy(&self, name: impl AsRef<Path>, from: &mut File) -> io::Result<()> {
        io::copy(from, &mut self.create_anew(name)?).map(drop)
    }

    /// Moves what has this name to another folder, in place of what has that name there.
    pub fn rename(&self, name: impl AsRef<Path>, to: &Self, as_name: impl AsRef<Path>) -> io::Result<()> {
        self.dir.rename(name, &to.dir, as_name)
    }

    /// Gives a file another name, also in another folder, unless that is taken. A plain rename would replace what is there; a
    /// second link does not. Where the file system has no links, the name is first claimed with an empty file, which is then
    /// replaced.
    pub fn rename_to_new(&self, name: impl AsRef<Path>, to: &Self, as_name: impl AsRef<Path>) -> io::Result<()> {
        match self.dir.hard_link(&name, &to.dir, &as_name) {
            Ok(()) => self.dir.remove_file(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(_) => {
                to.create(&as_name)?;
                self.rename(name, to, &as_name).inspect_err(|_| {
                    let _ = to.remove_file(as_name);
                })
            }
        }
    }

    /// Deletes a file, or a link.
    pub fn remove_file(&self, name: impl AsRef<Path>) -> io::Result<()> {
        self.dir.remove_file(name)
    }

    /// Deletes a folder with everything in it; of a link nothing but itself.
    pub fn remove_dir_all(&self, name: impl AsRef<Path>) -> io::Result<()> {
        self.dir.remove_dir_all(name)
    }

    fn open_with(&self, name: &Path, options: &mut OpenOptions) -> io::Result<File> {
        // Looked at before it is opened: opening a pipe waits for its other end.
        if !self.dir.symlink_metadata(name)?.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        Ok(self.dir.open_with(name, options.follow(FollowSymlinks::No))?.into_std())
    }

    /// Makes a file in place of what has the name: that may have other names elsewhere, under which it must not change.
    fn create_anew(&self, name: impl AsRef<Path>) -> io::Result<File> {
        match self.create(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.remove_file(&name)?;
                self.create(name)
            }
            created => created,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_is_reached_through_a_link() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("file"), "theirs").unwrap();
        let open = OpenDir::at(dir.path()).unwrap();
        symlink(outside.path(), dir.path().join("dir")).unwrap();
        symlink(outside.path().join("file"), dir.path().join("file")).unwrap();
        assert!(open.dir("dir").is_err() && open.dir_below("dir/below".as_ref()).is_err());
        assert!(open.open("file").is_err() && open.open_to_write("file").is_err() && open.create("file").is_err());
        assert!(open.is_taken("dir") && !open.is_dir("dir") && !open.is_file("file"));
        open.write("file", b"mine").unwrap();
        open.remove_dir_all("dir").unwrap();
        assert_eq!(fs::read(outside.path().join("file")).unwrap(), b"theirs");
        assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"mine");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_stays_the_same_whatever_is_put_at_its_path() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let open = OpenDir::at(dir.path()).unwrap().new_dir("a").unwrap();
        fs::rename(dir.path().join("a"), dir.path().join("b")).unwrap();
        symlink(outside.path(), dir.path().join("a")).unwrap();
        open.write("file", b"mine").unwrap();
        open.dir_below("c/d".as_ref()).unwrap();
        assert!(dir.path().join("b/file").exists() && dir.path().join("b/c/d").exists());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_name_of_a_file_keeps_its_bytes() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("file"), "theirs").unwrap();
        fs::hard_link(outside.path().join("file"), dir.path().join("file")).unwrap();
        OpenDir::at(dir.path()).unwrap().write("file", b"mine").unwrap();
        assert_eq!(fs::read(outside.path().join("file")).unwrap(), b"theirs");
    }
}
