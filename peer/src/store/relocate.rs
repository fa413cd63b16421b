//! Moving what was downloaded to another folder, also to another file system; everything here blocks. Nothing that is there is
//! replaced, and nothing is gone from where it was before it is where it goes to.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sprat_chunking::FileId;

use super::{Destination, MAX_NUMBER, PartFile, is_taken, name_at, numbered, part_path, rename_to_new, sync_dir};
use crate::job::Job;
use crate::store::sidecar::{self, Sidecar};

/// How many bytes are copied at once.
const STEP: u64 = 4 * 1024 * 1024;

/// Moves a file or folder into `dir`, under its name or, if that is taken, the next number of it.
pub(crate) fn relocate(from: &Path, dir: &Path, job: &Job) -> io::Result<PathBuf> {
    relocate_as(from, dir, |from, to| move_one(from, to, job))
}

impl PartFile {
    /// Moves what was fetched towards `path` into `dir`, if it was of this file. Returns where the file is expected now.
    pub(crate) fn relocate(path: &Path, dir: &Path, file_id: FileId, job: &Job) -> io::Result<PathBuf> {
        let mine = Sidecar::read(&part_path(path)).is_some_and(|sidecar| sidecar.hashes.file_id() == file_id);
        relocate_as(path, dir, |from, to| {
            if !mine {
                return Ok(());
            }
            // Neither is of use without the other, so the sidecar is in both places until the chunks are in one.
            let sidecars = [from, to].map(|path| sidecar::path_of(&part_path(path)));
            let copied = copy(&sidecars[0], &sidecars[1], &Job::default());
            let moved = copied.and_then(|()| move_one(&part_path(from), &part_path(to), job));
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

/// Moves a file or folder to a path where nothing is. Only what has to be copied tells `job` how far it is, and can be stopped:
/// then it is where it was, and `Interrupted` is the error.
pub(crate) fn move_one(from: &Path, to: &Path, job: &Job) -> io::Result<()> {
    if job.is_stopped() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let is_dir = fs::symlink_metadata(from)?.is_dir();
    let renamed = if is_dir { fs::rename(from, to) } else { rename_to_new(from, to) };
    match renamed {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        done => return done,
    }
    copy_over(from, to, job)
}

/// Moves a file or folder to another file system.
fn copy_over(from: &Path, to: &Path, job: &Job) -> io::Result<()> {
    let is_dir = fs::symlink_metadata(from)?.is_dir();
    job.expect(len_of(from)?);
    copy(from, to, job).inspect_err(|_| {
        // What was copied so far is of no use; the original is untouched.
        let _ = if is_dir { fs::remove_dir_all(to) } else { fs::remove_file(to) };
    })?;
    if is_dir { fs::remove_dir_all(from) } else { fs::remove_file(from) }
}

/// Bytes of the file, or of all files in the folder, that [`copy`] copies.
fn len_of(path: &Path) -> io::Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() {
        return fs::read_dir(path)?.map(|entry| len_of(&entry?.path())).sum();
    }
    Ok(if metadata.is_file() { metadata.len() } else { 0 })
}

/// Copies a file or folder with its times, durably. Links are not followed, and not copied.
fn copy(from: &Path, to: &Path, job: &Job) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()), job)?;
        }
        sync_dir(to);
    } else if metadata.is_file() {
        let mut copied = File::create_new(to)?;
        copy_bytes(&mut File::open(from)?, &mut copied, job)?;
        copied.set_modified(metadata.modified()?)?;
        copied.sync_all()?;
    }
    Ok(())
}

/// Copies step by step, so that it can be told how far it is.
fn copy_bytes(from: &mut File, to: &mut File, job: &Job) -> io::Result<()> {
    loop {
        let copied = io::copy(&mut from.take(STEP), to)?;
        if job.advance(copied).is_break() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if copied == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use sprat_chunking::{ChunkSize, Layout};

    use super::*;

    fn job() -> Job {
        Job::default()
    }

    #[test]
    fn a_copy_that_is_stopped_leaves_everything_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        fs::create_dir_all(from.join("c")).unwrap();
        fs::write(from.join("c/d"), vec![1; STEP as usize + 1]).unwrap();
        fs::write(from.join("e"), "e").unwrap();
        let stopped = job();
        stopped.stop();
        let error = copy_over(&from, &to, &stopped).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        assert!(!to.exists(), "no half-made copy is left");
        assert_eq!(fs::read(from.join("c/d")).unwrap().len() as u64, STEP + 1);
        assert_eq!(move_one(&from, &to, &stopped).unwrap_err().kind(), io::ErrorKind::Interrupted);
        let whole = job();
        copy_over(&from, &to, &whole).unwrap();
        let work = whole.work(std::time::Instant::now()).unwrap();
        assert_eq!((work.done, work.total), (STEP + 2, STEP + 2));
        assert!(!from.exists() && to.join("c/d").exists());
    }

    #[test]
    fn nothing_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a.txt"), dir.path().join("below"));
        fs::create_dir(&to).unwrap();
        fs::write(to.join("a.txt"), "theirs").unwrap();
        fs::write(&from, "mine").unwrap();
        assert_eq!(relocate(&from, &to, &job()).unwrap(), to.join("a (2).txt"));
        assert!(!from.exists());
        assert_eq!(fs::read(to.join("a.txt")).unwrap(), b"theirs");
        assert_eq!(relocate(&to.join("a.txt"), &to, &job()).unwrap(), to.join("a.txt"), "it is there already");
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
        assert!(PartFile::relocate(&path, to.path(), id, &job()).is_err());
        assert!(Sidecar::read(&part_path(&path)).is_some());
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
        fs::write(part_path(&path), "the chunks").unwrap();
        assert_eq!(PartFile::relocate(&path, to.path(), id, &job()).unwrap(), to.path().join("a"));
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
        copy(&from, &to, &job()).unwrap();
        assert_eq!(fs::read(to.join("c/e")).unwrap(), b"e");
        assert!(to.join("c/d").is_dir());
        let time = |path: &Path| fs::metadata(path.join("c/e")).unwrap().modified().unwrap();
        assert_eq!(time(&from), time(&to));
    }
}
