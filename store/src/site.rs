//! Site of a folder under construction: `<name>.part` with `files`, which gets its name when everything is there, `parts`,
//! where what is being fetched lies, and `progress`. Everything here blocks.
//!
//! - `opening`: finds a site from before, or begins one.
//! - `placing`: what was fetched goes to its place.
//! - `syncing`: what is in its place becomes durable.
//! - [`progress`]: the record of the parts that are there.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::Trouble;
use sprat_chunking::{FileDigest, FileId};
use sprat_protocol::collection::Part;

use crate::disk::destination::{Destination, part_name};
use crate::disk::job::Job;
use crate::disk::open_dir::OpenDir;
use crate::disk::stamp::FileStamp;
use crate::disk::sync::sync_dir;
use crate::disk::trouble::trouble;
use crate::folder::Folder;
use crate::part::relocate::{move_one, relocate_as};
use crate::site::progress::Progress;

mod opening;
mod placing;
pub mod progress;
mod syncing;

/// Name of the folder in a site that becomes the finished one.
const FILES: &str = "files";
/// Name of the folder in a site that parts are fetched to.
const PARTS: &str = "parts";

/// Folder under construction, locked against other processes.
#[derive(Debug)]
pub struct Site {
    destination: Destination,
    /// Name among the numbered ones that the folder gets.
    name: String,
    /// Path that the folder gets.
    path: PathBuf,
    /// Folder in which it is built.
    work: OpenDir,
    progress: Progress,
    /// Files that are there so far; its root is `files`.
    folder: Folder,
    /// Folder `files`, open.
    files: OpenDir,
    /// Folder that parts are fetched to.
    parts_dir: Arc<OpenDir>,
    /// Paths of the files below `files`, by place in the list.
    places: Vec<PathBuf>,
    /// Folder below `files` that something was put in last: its neighbours come next.
    latest: Option<(PathBuf, OpenDir)>,
    /// Parts of each ID: the same content may be in several places.
    parts: HashMap<FileId, Vec<Part>>,
    /// Parts that are in their places, but not durable yet.
    unsynced: Vec<FileId>,
    /// Bytes of the parts that are not durable yet.
    unsynced_bytes: u64,
}

/// Knowledge of an earlier fetch towards the same folder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before {
    /// True if something was fetched. Where it is not found, its volume is away, and nothing is begun anew.
    pub begun: bool,
    /// True if all that is there is hashed again, whatever is on record.
    pub distrust: bool,
}

/// Outcome of opening a site.
#[derive(Debug)]
pub enum OpenedSite {
    /// The very folder, which is there already.
    Complete {
        /// Folder, and what is in it.
        folder: Folder,
        /// Chunk hashes of its parts.
        digests: Vec<FileDigest>,
    },
    /// Folder under construction, new or from before.
    Site(Box<Site>),
}

impl Site {
    /// Path at which the folder is expected to be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Folder with the files that are there so far.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Returns the part that this ID is of; the first, if there are several.
    pub fn part(&self, id: FileId) -> Option<&Part> {
        self.parts.get(&id)?.first()
    }

    /// Folder that parts are fetched to.
    pub fn parts_dir(&self) -> &Arc<OpenDir> {
        &self.parts_dir
    }

    /// Parts that are still to be fetched, each once, in the order of the list: ID and length in bytes.
    pub fn missing(&self) -> Vec<(FileId, u64)> {
        let mut seen = HashSet::new();
        let ids = self.folder.parts.iter().map(|part| (self.folder.id_of(part), self.folder.len_of(part)));
        ids.filter(|(id, _)| seen.insert(*id) && !self.has(*id)).collect()
    }

    /// Parts of the folder, each once: ID and length in bytes.
    pub fn lens(&self) -> impl Iterator<Item = (FileId, u64)> + '_ {
        self.parts.iter().map(|(id, parts)| (*id, self.folder.len_of(&parts[0])))
    }

    /// Returns true if this part is there.
    pub fn has(&self, id: FileId) -> bool {
        self.files_of(id).iter().all(|place| self.folder.files[*place].is_some())
    }

    /// Gives the folder its name, once everything is there.
    ///
    /// # Errors
    /// [`Trouble`]; everything stays where it was.
    pub fn finish(mut self) -> Result<Folder, Trouble> {
        self.sync()?;
        // Windows moves no folder in which another one is open.
        drop((self.files, self.latest));
        let Self { destination, name, path, work, mut folder, .. } = self;
        let failed = |error: io::Error| trouble(&path, 0, &error);
        let dir = &destination.dir;
        let mut names = destination.names_from(&name);
        let free = names.find(|name| !dir.is_taken(name)).ok_or_else(|| failed(io::ErrorKind::AlreadyExists.into()))?;
        work.rename(FILES, dir, &free).map_err(failed)?;
        sync_dir(dir.path());
        if let Err(error) = dir.remove_dir_all(part_name(&name)) {
            tracing::warn!(path = %path.display(), %error, "can't delete what is no longer needed");
        }
        folder.root = destination.path_of(&free);
        Ok(folder)
    }

    /// Deletes what was fetched towards this path, if it was of this folder.
    pub fn discard(path: &Path, id: FileId) {
        if Self::is_begun(path, id)
            && let Err(error) = OpenDir::of(path).and_then(|(dir, name)| dir.remove_dir_all(work_name(name)))
        {
            tracing::warn!(path = %path.display(), %error, "can't delete an unfinished folder");
        }
    }

    /// Moves the unfinished folder towards `path` into `dir`. Returns where the folder is expected now.
    pub fn relocate(path: &Path, dir: &Path, job: &Job) -> io::Result<PathBuf> {
        relocate_as(path, dir, |from, to| move_one(&from.as_part(), &to.as_part(), job))
    }

    /// Returns true if there is an unfinished folder of this ID towards this path.
    pub fn is_begun(path: &Path, id: FileId) -> bool {
        let work = OpenDir::of(path).and_then(|(dir, name)| dir.dir(work_name(name)));
        work.is_ok_and(|work| Progress::owner(&work) == Some(id))
    }

    /// Places in the list of the files of this part.
    pub fn files_of(&self, id: FileId) -> Vec<usize> {
        self.parts.get(&id).into_iter().flatten().flat_map(Part::files).copied().collect()
    }

    /// Returns the stamp of a file that is there in its full length.
    fn stamp(&self, place: usize) -> Option<FileStamp> {
        let stamp = FileStamp::of(&self.open_at(place, |dir, name| dir.open(name)).ok()?.metadata().ok()?);
        (stamp.len == self.folder.collection.files[place].size).then_some(stamp)
    }
}

/// Name of the folder in which one of this name is built.
fn work_name(name: &OsStr) -> String {
    part_name(&name.to_string_lossy())
}

#[cfg(test)]
mod tests;
