//! Part file of a download, which its chunks go to: `<name>.part`, written in place, and beside it `<name>.part.sprat`, which
//! says whose chunks these are and which of them are there. When all are there, the file gets its name.
//!
//! - `sidecar`: `<name>.part.sprat`.
//! - `chunk_store`: verify, write, make durable, record.
//! - `storage`: what that needs of a file.
//! - `relocate`: to another folder.

use std::fs;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use same_file::Handle;
use sprat_api::Trouble;
use sprat_chunking::{Bitfield, ChunkHashes, FileId, Layout};

use crate::digest::digest_file;
use crate::disk::destination::{Destination, name_at, part_name};
use crate::disk::job::Job;
use crate::disk::open_dir::OpenDir;
use crate::disk::stamp::FileStamp;
use crate::disk::sync::{lock, sync_dir};
use crate::disk::trouble::trouble;
use crate::part::chunk_store::ChunkStore;
use crate::part::sidecar::Sidecar;
use crate::part::storage::{SharedFile, Storage};

pub mod chunk_store;
pub mod relocate;
pub mod sidecar;
pub mod storage;

/// Number of bytes that a disk must take before it counts as having room again.
const PROBE_LEN: usize = 1024 * 1024;

/// Unfinished file on disk, locked against other processes.
#[derive(Debug)]
pub struct PartFile {
    destination: Destination,
    /// Name among the numbered ones that the finished file is expected to get.
    name: String,
    /// Path that the finished file is expected to get.
    path: PathBuf,
    chunks: Arc<PartChunks>,
    /// True if the part file was made just now, so that there is nothing in it.
    is_new: bool,
}

/// Chunks of an unfinished file on disk.
pub type PartChunks = ChunkStore<SharedFile, SharedFile>;

/// Outcome of opening a part file.
#[derive(Debug)]
pub enum Opened {
    /// The very file, which is there already under this path.
    Complete(PathBuf, FileStamp),
    /// Part file, new or from before; [`PartFile::check`] says what is in it.
    Part(PartFile),
}

impl PartFile {
    /// Opens the part file of this ID in the destination's folder, or, unless something was fetched before, makes one beside
    /// whatever is there; blocks.
    ///
    /// # Errors
    /// [`Trouble`] on this machine.
    pub fn open(destination: Destination, hashes: ChunkHashes, layout: Layout, begun: bool) -> Result<Opened, Trouble> {
        let dir = &destination.dir;
        for name in destination.names() {
            let path = destination.path_of(&name);
            if let Some(stamp) = same_file(&path, &hashes) {
                // A crash between the two steps of finishing leaves the part file as a second name of this one.
                discard_in(dir, &part_name(&name), hashes.file_id());
                return Ok(Opened::Complete(path, stamp));
            }
            let part = part_name(&name);
            let failed = |error: io::Error| trouble(&destination.path_of(&part), layout.len(), &error);
            let sidecar = Sidecar::read(dir, &part);
            let is_new = !dir.is_taken(&part);
            let file = match sidecar {
                Some(sidecar) if sidecar.hashes != hashes => None,
                Some(_) if !is_new => reopen(dir, &part).map_err(failed)?,
                Some(_) => {
                    // What it has on record is no longer there.
                    Sidecar::remove(dir, &part);
                    begin(dir, &part, layout, &hashes).map_err(failed)?
                }
                None if dir.is_taken(&name) || !is_new || !Sidecar::is_free(dir, &part) => None,
                None if begun => return Err(failed(io::Error::other("what was fetched so far is not there"))),
                None => begin(dir, &part, layout, &hashes).map_err(failed)?,
            };
            if let Some(data) = file {
                let record = SharedFile::new(Sidecar::open(dir, &part).map_err(failed)?);
                let slots_at = Sidecar::len(hashes.num_chunks()) as u64;
                let chunks = Arc::new(ChunkStore::open(data, record, slots_at, hashes, layout));
                return Ok(Opened::Part(Self { destination, name, path, chunks, is_new }));
            }
        }
        let full = io::Error::other("too many files of that name are there");
        Err(trouble(&destination.path_of(destination.name.as_str()), layout.len(), &full))
    }

    /// Reads the chunk hashes of an unfinished download of this ID, if one is at the destination.
    pub fn remembered(destination: &Destination, file_id: FileId) -> Option<(ChunkHashes, Layout)> {
        let dir = &destination.dir;
        let taken = destination
            .names()
            .map(|name| (dir.is_taken(&name), part_name(&name)))
            .map_while(|(named, part)| (named || dir.is_taken(&part)).then_some(part));
        let mut sidecars = taken.map(|part| Sidecar::read(dir, &part));
        let mine = sidecars.find_map(|sidecar| sidecar.filter(|sidecar| sidecar.hashes.file_id() == file_id))?;
        let layout = Layout::new(mine.size, mine.hashes.chunk_size()).ok()?;
        (layout.num_chunks() == mine.hashes.num_chunks()).then_some((mine.hashes, layout))
    }

    /// Returns the chunks that are there; hashes on all cores what is not on record, and blocks.
    ///
    /// # Errors
    /// [`Trouble`] if the part file cannot be read.
    pub fn check(&self, job: &Job) -> Result<Bitfield, Trouble> {
        if self.is_new {
            return Ok(Bitfield::empty(self.chunks.hashes().num_chunks()));
        }
        self.chunks.check(job).map_err(|error| trouble(&self.part_path(), self.layout().len(), &error))
    }

    /// Checks that what is written gets to the part file's path: a file that was removed, or whose volume was unmounted, takes
    /// bytes all the same; blocks.
    ///
    /// # Errors
    /// If something else is there, or nothing.
    pub fn is_in_place(&self) -> io::Result<()> {
        let is_here = Handle::from_path(self.part_path())? == self.chunks.data().handle()?;
        if is_here { Ok(()) } else { Err(io::Error::other("something else is in its place")) }
    }

    /// Stops believing what is on record.
    pub fn distrust(&self) {
        self.chunks.distrust();
    }

    /// Store that chunks are written to and served from.
    pub fn chunks(&self) -> Arc<PartChunks> {
        self.chunks.clone()
    }

    /// Layout of the file; its length is a claim until the last chunk is there.
    pub fn layout(&self) -> Layout {
        self.chunks.layout()
    }

    /// Path at which the finished file is expected to be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finishes a file of which every chunk is there: makes it durable if `durable`, and gives it its name; blocks. Where that
    /// name was taken in the meantime it gets the next free number. Returns the path.
    ///
    /// # Errors
    /// [`Trouble`]; the part file stays, and nothing is lost.
    pub fn finish(&self, layout: Layout, durable: bool) -> Result<(PathBuf, FileStamp), Trouble> {
        let failed = |error: &io::Error| trouble(&self.part_path(), 0, error);
        let part = part_name(&self.name);
        let (dir, data) = (&self.destination.dir, self.chunks.data());
        data.set_len(layout.len()).map_err(|error| failed(&error))?;
        if durable {
            data.sync().map_err(|error| failed(&error))?;
        }
        for name in self.destination.names_from(&self.name) {
            match dir.rename_to_new(&part, dir, &name) {
                Ok(()) => {
                    Sidecar::remove(dir, &part);
                    if durable {
                        sync_dir(dir.path());
                    }
                    return Ok((self.destination.path_of(&name), data.stamp().map_err(|error| failed(&error))?));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Err(failed(&io::ErrorKind::AlreadyExists.into()))
    }

    /// Returns true if a download towards this path, which trouble stopped, could go on now: its folder is there and takes
    /// bytes, and so is what was fetched, if anything was; blocks. A volume that is away leaves an empty folder where it was,
    /// which is not where to start anew.
    pub fn could_go_on(path: &Path, file_id: FileId, begun: bool) -> bool {
        let Ok(Destination { dir, name }) = Destination::of(path, begun) else { return false };
        let part = part_name(name.as_str());
        if begun && !(dir.is_taken(&part) && is_of(&dir, &part, file_id)) {
            return false;
        }
        let probe = format!(".sprat-probe-{}", &file_id.to_string()[..16]);
        let taken =
            dir.create(&probe).and_then(|mut file| file.write_all(&vec![0; PROBE_LEN]).and_then(|()| file.sync_all()));
        dir.remove_file(&probe).is_ok() && taken.is_ok()
    }

    /// Deletes the part file; blocks.
    pub fn remove(&self) {
        discard_in(&self.destination.dir, &part_name(&self.name), self.chunks.hashes().file_id());
    }

    /// Deletes what was downloaded towards this path, if it was of this file; blocks. Returns whether it was.
    pub fn discard(path: &Path, file_id: FileId) -> bool {
        OpenDir::of(path).is_ok_and(|(dir, _)| discard_in(&dir, &part_name(name_at(path).as_str()), file_id))
    }

    /// Deletes what was downloaded towards any number of a name, if it was of this file; blocks. Returns whether it was.
    pub fn discard_numbered(destination: &Destination, file_id: FileId) -> bool {
        let dir = &destination.dir;
        let names = destination.names().enumerate();
        let mut taken = names.take_while(|(at, name)| *at == 0 || dir.is_taken(name) || dir.is_taken(part_name(name)));
        taken.any(|(_, name)| discard_in(dir, &part_name(&name), file_id))
    }

    fn part_path(&self) -> PathBuf {
        self.destination.path_of(&part_name(&self.name))
    }
}

/// Returns true if this part file is of this file.
fn is_of(dir: &OpenDir, part: &str, file_id: FileId) -> bool {
    Sidecar::read(dir, part).is_some_and(|sidecar| sidecar.hashes.file_id() == file_id)
}

/// Deletes a part file if it is of this file. Returns whether it was.
fn discard_in(dir: &OpenDir, part: &str, file_id: FileId) -> bool {
    let mine = is_of(dir, part, file_id);
    if mine {
        if let Err(error) = dir.remove_file(part) {
            tracing::warn!(dir = %dir.path().display(), part, %error, "can't delete an unfinished file");
        }
        Sidecar::remove(dir, part);
    }
    mine
}

/// Returns the stamp of the file at `path`, if it is byte for byte the one that `hashes` are of.
fn same_file(path: &Path, hashes: &ChunkHashes) -> Option<FileStamp> {
    let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let layout = Layout::new(metadata.len(), hashes.chunk_size()).ok()?;
    if layout.num_chunks() != hashes.num_chunks() {
        return None;
    }
    let (digest, stamp) = digest_file(path, |_| ControlFlow::Continue(())).ok()?;
    (digest.file_id() == hashes.file_id()).then_some(stamp)
}

/// Makes a part file with its sidecar, unless another process was faster.
fn begin(dir: &OpenDir, part: &str, layout: Layout, hashes: &ChunkHashes) -> io::Result<Option<SharedFile>> {
    Sidecar::write(dir, part, layout.len(), hashes, PartChunks::record_len(hashes.num_chunks()))?;
    let file = create(dir, part, layout);
    if let Ok(Some(_)) = &file {
        sync_dir(dir.path());
    }
    file
}

/// Makes a part file, unless another process was faster.
fn create(dir: &OpenDir, part: &str, layout: Layout) -> io::Result<Option<SharedFile>> {
    let file = match dir.create(part) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(error),
    };
    let prepared = lock(&file).and_then(|()| file.set_len(layout.len()));
    if let Err(error) = prepared {
        let _ = dir.remove_file(part);
        Sidecar::remove(dir, part);
        return Err(error);
    }
    Ok(Some(SharedFile::new(file)))
}

/// Opens the part file from before, unless it is a link, or another process is at work on it.
fn reopen(dir: &OpenDir, part: &str) -> io::Result<Option<SharedFile>> {
    if !dir.is_file(part) {
        return Ok(None);
    }
    let file = dir.open_to_write(part)?;
    match lock(&file) {
        Ok(()) => Ok(Some(SharedFile::new(file))),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
