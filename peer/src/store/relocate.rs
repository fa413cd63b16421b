//! Moving what was downloaded to another folder, also to another file system; everything here blocks. Nothing that is there is
//! replaced, and nothing is gone from where it was before it is where it goes to.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sprat_chunking::FileId;

use super::{Destination, MAX_NUMBER, PartFile, is_taken, name_at, numbered, part_path, rename_to_new, sync_dir};
use crate::store::sidecar::{self, Sidecar};

/// Moves a file or folder into `dir`, under its name or, if that is taken, the next number of it.
pub(crate) fn relocate(from: &Path, dir: &Path) -> io::Result<PathBuf> {
    relocate_as(from, dir, move_one)
}

impl PartFile {
    /// Moves what was fetched towards `path` into `dir`, if it was of this file. Returns where the file is expected now.
    pub(crate) fn relocate(path: &Path, dir: &Path, file_id: FileId) -> io::Result<PathBuf> {
        let mine = Sidecar::read(&part_path(path)).is_some_and(|sidecar| sidecar.hashes.file_id() == file_id);
        relocate_as(path, dir, |from, to| {
            if !mine {
                return Ok(());
            }
            // Neither is of use without the other, so the sidecar is in both places until the chunks are in one.
            let sidecars = [from, to].map(|path| sidecar::path_of(&part_path(path)));
            let moved = copy(&sidecars[0], &sidecars[1]).and_then(|()| move_one(&part_path(from), &part_path(to)));
            let left = if moved.is_ok() { from } else { to };
            if !Sidecar::is_free(&part_path(left)) {
                Sidecar::remove(&part_path(left));
            }
            moved
        })
    }
}

/// Finds the first number of the name of `from` that is free in `dir`, and has it moved there.
pub(crate) fn relocate_as(
    from: &Path,
    dir: &Path,
    move_to: impl Fn(&Path, &Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    fs::create_dir_all(dir)?;
    if from.parent() == Some(dir) {
        return Ok(from.to_owned());
    }
    let destination = Destination { dir: dir.to_owned(), name: name_at(from) };
    let is_free = |to: &PathBuf| !is_taken(to) && !is_taken(&part_path(to)) && Sidecar::is_free(&part_path(to));
    let to = (1..=MAX_NUMBER).map(|number| numbered(&destination, number)).find(is_free);
    let to = to.ok_or(io::ErrorKind::AlreadyExists)?;
    move_to(from, &to)?;
    sync_dir(dir);
    Ok(to)
}

/// Moves a file or folder to a path where nothing is.
pub(crate) fn move_one(from: &Path, to: &Path) -> io::Result<()> {
    let is_dir = fs::symlink_metadata(from)?.is_dir();
    let renamed = if is_dir { fs::rename(from, to) } else { rename_to_new(from, to) };
    match renamed {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        done => return done,
    }
    copy(from, to).inspect_err(|_| {
        // What was copied so far is of no use; the original is untouched.
        let _ = if is_dir { fs::remove_dir_all(to) } else { fs::remove_file(to) };
    })?;
    if is_dir { fs::remove_dir_all(from) } else { fs::remove_file(from) }
}

/// Copies a file or folder with its times, durably. Links are not followed, and not copied.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        sync_dir(to);
    } else if metadata.is_file() {
        let mut copied = File::create_new(to)?;
        io::copy(&mut File::open(from)?, &mut copied)?;
        copied.set_modified(metadata.modified()?)?;
        copied.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use sprat_chunking::{ChunkSize, Layout};

    use super::*;

    #[test]
    fn nothing_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a.txt"), dir.path().join("below"));
        fs::create_dir(&to).unwrap();
        fs::write(to.join("a.txt"), "theirs").unwrap();
        fs::write(&from, "mine").unwrap();
        assert_eq!(relocate(&from, &to).unwrap(), to.join("a (2).txt"));
        assert!(!from.exists());
        assert_eq!(fs::read(to.join("a.txt")).unwrap(), b"theirs");
        assert_eq!(relocate(&to.join("a.txt"), &to).unwrap(), to.join("a.txt"), "it is there already");
    }

    #[test]
    fn a_part_file_that_cannot_be_moved_keeps_its_sidecar() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = from.path().join("a");
        let layout = Layout::new(50_000, ChunkSize::MIN).unwrap();
        let digest = sprat_chunking::split(&[1; 50_000][..], layout, |_, _| ControlFlow::Continue(())).unwrap();
        Sidecar::write(&part_path(&path), 50_000, &digest.hashes, 100).unwrap();
        let id = digest.file_id();
        // What is not there cannot be moved, as little as what the other disk has no room for.
        assert!(PartFile::relocate(&path, to.path(), id).is_err());
        assert!(Sidecar::read(&part_path(&path)).is_some());
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
        fs::write(part_path(&path), "the chunks").unwrap();
        assert_eq!(PartFile::relocate(&path, to.path(), id).unwrap(), to.path().join("a"));
        assert_eq!(fs::read_dir(&from).unwrap().count(), 0);
        let there = part_path(&to.path().join("a"));
        assert!(fs::read(&there).unwrap() == b"the chunks" && Sidecar::read(&there).is_some());
    }

    #[test]
    fn a_copy_has_everything_and_the_times() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        fs::create_dir_all(from.join("c/d")).unwrap();
        fs::write(from.join("c/e"), "e").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("c/e")).unwrap(), b"e");
        assert!(to.join("c/d").is_dir());
        let time = |path: &Path| fs::metadata(path.join("c/e")).unwrap().modified().unwrap();
        assert_eq!(time(&from), time(&to));
    }
}
