//! Moving what was downloaded to another folder, also to another file system; everything here blocks. Nothing that is there is
//! replaced, and nothing is gone from where it was before it is where it goes to.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sprat_chunking::FileId;

use super::{PartFile, is_of};
use crate::disk::destination::{Destination, name_at, part_name};
use crate::disk::job::Job;
use crate::disk::open_dir::OpenDir;
use crate::disk::sync::sync_dir;
use crate::part::sidecar;
use crate::part::sidecar::Sidecar;

/// Number of bytes that are copied at once.
const STEP: u64 = 4 * 1024 * 1024;

/// Entry of a folder: a file or another folder, or the name for one.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    dir: &'a OpenDir,
    name: OsString,
}

/// Moves a file or folder into `dir`, under its name or, if that is taken, the next number of it.
pub fn relocate(from: &Path, dir: &Path, job: &Job) -> io::Result<PathBuf> {
    relocate_as(from, dir, |from, to| move_one(from, to, job))
}

impl PartFile {
    /// Moves what was fetched towards `path` into `dir`, if it was of this file. Returns where the file is expected now.
    pub fn relocate(path: &Path, dir: &Path, file_id: FileId, job: &Job) -> io::Result<PathBuf> {
        relocate_as(path, dir, |from, to| {
            let part = from.part();
            if !is_of(from.dir, &part, file_id) {
                return Ok(());
            }
            // Neither is of use without the other, so the sidecar is in both places until the chunks are in one.
            let [had, copied] =
                [from, to].map(|entry| Entry { dir: entry.dir, name: sidecar::name_of(&entry.part()).into() });
            let moved =
                copy(&had, &copied, &Job::default()).and_then(|()| move_one(&from.as_part(), &to.as_part(), job));
            let left = if moved.is_ok() { from } else { to };
            if !Sidecar::is_free(left.dir, &left.part()) {
                Sidecar::remove(left.dir, &left.part());
            }
            moved
        })
    }
}

/// Finds the first number of the name of `from` that is free in `dir`, and has it moved there.
pub fn relocate_as(
    from: &Path,
    dir: &Path,
    move_to: impl Fn(&Entry<'_>, &Entry<'_>) -> io::Result<()>,
) -> io::Result<PathBuf> {
    fs::create_dir_all(dir)?;
    if from.parent() == Some(dir) {
        return Ok(from.to_owned());
    }
    let (there, name) = OpenDir::of(from)?;
    let destination = Destination { dir: OpenDir::at(dir)?.into(), name: name_at(from) };
    let to = &*destination.dir;
    let is_free = |name: &String| {
        let part = part_name(name);
        !to.is_taken(name) && !to.is_taken(&part) && Sidecar::is_free(to, &part)
    };
    let free = destination.names().find(is_free).ok_or(io::ErrorKind::AlreadyExists)?;
    move_to(&Entry { dir: &there, name: name.to_owned() }, &Entry { dir: to, name: free.clone().into() })?;
    sync_dir(dir);
    Ok(destination.path_of(&free))
}

/// Moves a file or folder to where nothing is. Only what has to be copied tells `job` how far it is, and can be stopped: then
/// it is where it was, and `Interrupted` is the error.
pub fn move_one(from: &Entry<'_>, to: &Entry<'_>, job: &Job) -> io::Result<()> {
    if job.is_stopped() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let renamed = match from.dir.is_dir(&from.name) {
        true => from.dir.rename(&from.name, to.dir, &to.name),
        false => from.dir.rename_to_new(&from.name, to.dir, &to.name),
    };
    match renamed {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        done => return done,
    }
    copy_over(from, to, job)
}

/// Moves a file or folder to another file system.
fn copy_over(from: &Entry<'_>, to: &Entry<'_>, job: &Job) -> io::Result<()> {
    job.expect(from.len()?);
    copy(from, to, job).inspect_err(|_| {
        // What was copied so far is of no use; the original is untouched.
        let _ = to.remove();
    })?;
    from.remove()
}

impl Entry<'_> {
    /// Name of the entry while it is not finished yet.
    pub fn part(&self) -> String {
        part_name(&self.name.to_string_lossy())
    }

    /// Entry of the name that it has while it is not finished yet.
    pub fn as_part(&self) -> Self {
        Entry { dir: self.dir, name: self.part().into() }
    }

    /// Bytes of the file, or of all files in the folder, that [`copy`] copies.
    fn len(&self) -> io::Result<u64> {
        if self.dir.is_dir(&self.name) {
            let dir = self.dir.dir(&self.name)?;
            return dir.names()?.into_iter().map(|name| Entry { dir: &dir, name }.len()).sum();
        }
        if self.dir.is_file(&self.name) { Ok(self.dir.open(&self.name)?.metadata()?.len()) } else { Ok(0) }
    }

    fn remove(&self) -> io::Result<()> {
        match self.dir.is_dir(&self.name) {
            true => self.dir.remove_dir_all(&self.name),
            false => self.dir.remove_file(&self.name),
        }
    }
}

/// Copies a file or folder with its times, durably. Links are not followed, and not copied.
fn copy(from: &Entry<'_>, to: &Entry<'_>, job: &Job) -> io::Result<()> {
    if from.dir.is_dir(&from.name) {
        let (dir, to) = (from.dir.dir(&from.name)?, to.dir.new_dir(&to.name)?);
        for name in dir.names()? {
            copy(&Entry { dir: &dir, name: name.clone() }, &Entry { dir: &to, name }, job)?;
        }
        sync_dir(to.path());
    } else if from.dir.is_file(&from.name) {
        let (mut file, mut copied) = (from.dir.open(&from.name)?, to.dir.create(&to.name)?);
        copy_bytes(&mut file, &mut copied, job)?;
        copied.set_modified(file.metadata()?.modified()?)?;
        copied.sync_all()?;
    }
    Ok(())
}

/// Copies a file step by step, so that `job` is told the progress.
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
        let open = OpenDir::at(dir.path()).unwrap();
        let [first, second] = ["a", "b"].map(|name| Entry { dir: &open, name: name.into() });
        let stopped = job();
        stopped.stop();
        let error = copy_over(&first, &second, &stopped).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        assert!(!to.exists(), "no half-made copy is left");
        assert_eq!(fs::read(from.join("c/d")).unwrap().len() as u64, STEP + 1);
        assert_eq!(move_one(&first, &second, &stopped).unwrap_err().kind(), io::ErrorKind::Interrupted);
        let whole = job();
        copy_over(&first, &second, &whole).unwrap();
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
        let (path, there) = (from.path().join("a"), OpenDir::at(from.path()).unwrap());
        let layout = Layout::new(50_000, ChunkSize::MIN).unwrap();
        let digest = sprat_chunking::split(&[1; 50_000][..], layout, |_, _| ControlFlow::Continue(())).unwrap();
        Sidecar::write(&there, "a.part", 50_000, &digest.hashes, 100).unwrap();
        let id = digest.file_id();
        // What is not there cannot be moved, as little as what the other disk has no room for.
        assert!(PartFile::relocate(&path, to.path(), id, &job()).is_err());
        assert!(Sidecar::read(&there, "a.part").is_some());
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
        fs::write(from.path().join("a.part"), "the chunks").unwrap();
        assert_eq!(PartFile::relocate(&path, to.path(), id, &job()).unwrap(), to.path().join("a"));
        assert_eq!(fs::read_dir(&from).unwrap().count(), 0);
        assert_eq!(fs::read(to.path().join("a.part")).unwrap(), b"the chunks");
        assert!(Sidecar::read(&OpenDir::at(to.path()).unwrap(), "a.part").is_some());
    }

    #[test]
    fn a_copy_has_everything_and_the_times() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        fs::create_dir_all(from.join("c/d")).unwrap();
        fs::write(from.join("c/e"), "e").unwrap();
        let open = OpenDir::at(dir.path()).unwrap();
        let [first, second] = ["a", "b"].map(|name| Entry { dir: &open, name: name.into() });
        copy(&first, &second, &job()).unwrap();
        assert_eq!(fs::read(to.join("c/e")).unwrap(), b"e");
        assert!(to.join("c/d").is_dir());
        let time = |path: &Path| fs::metadata(path.join("c/e")).unwrap().modified().unwrap();
        assert_eq!(time(&from), time(&to));
    }
}
