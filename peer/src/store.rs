//! Where the chunks of a download go: `<name>.part`, written in place, and beside it `<name>.part.sprat`, which says whose
//! chunks these are and which of them are there. When all are there, the file gets its name.
//!
//! - `sidecar`: `<name>.part.sprat`.
//! - `chunk_store`: verify, write, make durable, record.
//! - `storage`: what that needs of a file.
//! - `relocate`: to another folder.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use same_file::Handle;
use sprat_chunking::{Bitfield, ChunkHashes, ChunkSize, FileId, Layout};
use sprat_protocol::FileName;

use crate::job::Job;
use crate::share::{FileStamp, digest_file};
use crate::snapshot::Trouble;
use crate::store::chunk_store::ChunkStore;
use crate::store::sidecar::Sidecar;
use crate::store::storage::{SharedFile, Storage};

pub(crate) use crate::store::relocate::{move_one, relocate, relocate_as};

pub(crate) mod chunk_store;
mod relocate;
pub(crate) mod sidecar;
mod storage;

/// The most numbered names that are tried beside a name that is taken.
pub(crate) const MAX_NUMBER: u32 = 10_000;

/// From how many files on the whole file system is synced: it takes what others wrote as well.
#[cfg(target_os = "linux")]
const SYNC_TOGETHER: usize = 64;
/// How many bytes a disk must take before it counts as having room again.
const PROBE_LEN: usize = 1024 * 1024;

/// Where a file is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The folder; made if it is not there.
    pub(crate) dir: PathBuf,
    /// The name that it gets if nothing has it yet.
    pub(crate) name: FileName,
}

/// An unfinished file on disk, locked against other processes.
#[derive(Debug)]
pub(crate) struct PartFile {
    destination: Destination,
    /// The name among the numbered ones that this is the part file of.
    path: PathBuf,
    chunks: Arc<PartChunks>,
    /// Whether it was made just now, so that there is nothing in it.
    is_new: bool,
}

/// The chunks of an unfinished file on disk.
pub(crate) type PartChunks = ChunkStore<SharedFile, SharedFile>;

/// What opening finds.
#[derive(Debug)]
pub(crate) enum Opened {
    /// The very file is there already, under this path.
    Complete(PathBuf, FileStamp),
    /// A part file, new or from before; [`PartFile::check`] says what is in it.
    Part(PartFile),
}

impl PartFile {
    /// Opens the part file of this ID in the destination's folder, or, unless something was fetched before, makes one beside
    /// whatever is there; blocks.
    ///
    /// # Errors
    /// [`Trouble`] on this machine.
    pub(crate) fn open(
        destination: Destination,
        hashes: ChunkHashes,
        layout: Layout,
        begun: bool,
    ) -> Result<Opened, Trouble> {
        let dir = &destination.dir;
        if !begun {
            fs::create_dir_all(dir).map_err(|error| trouble(dir, layout.len(), &error))?;
        }
        for number in 1..=MAX_NUMBER {
            let path = numbered(&destination, number);
            if let Some(stamp) = same_file(&path, &hashes) {
                // A crash between the two steps of finishing leaves the part file as a second name of this one.
                Self::discard(&path, hashes.file_id());
                return Ok(Opened::Complete(path, stamp));
            }
            let part = part_path(&path);
            let failed = |error: io::Error| trouble(&part, layout.len(), &error);
            let sidecar = Sidecar::read(&part);
            let is_new = !is_taken(&part);
            let file = match sidecar {
                Some(sidecar) if sidecar.hashes != hashes => None,
                Some(_) if !is_new => reopen(&part).map_err(failed)?,
                Some(_) => {
                    // What it has on record is no longer there.
                    Sidecar::remove(&part);
                    begin(&part, layout, &hashes).map_err(failed)?
                }
                None if is_taken(&path) || !is_new || !Sidecar::is_free(&part) => None,
                None if begun => return Err(failed(io::Error::other("what was fetched so far is not there"))),
                None => begin(&part, layout, &hashes).map_err(failed)?,
            };
            if let Some(data) = file {
                let record = SharedFile::new(Sidecar::open(&part).map_err(failed)?);
                let slots_at = Sidecar::len(hashes.num_chunks()) as u64;
                let chunks = Arc::new(ChunkStore::open(data, record, slots_at, hashes, layout));
                return Ok(Opened::Part(Self { destination, path, chunks, is_new }));
            }
        }
        let full = io::Error::other("too many files of that name are there");
        Err(trouble(&destination.dir.join(destination.name.as_str()), layout.len(), &full))
    }

    /// The chunk hashes of an unfinished download of this ID, if one is at the destination.
    pub(crate) fn remembered(destination: &Destination, file_id: FileId) -> Option<(ChunkHashes, Layout)> {
        let paths = (1..=MAX_NUMBER).map(|number| numbered(destination, number));
        let taken = paths
            .map(|path| (is_taken(&path), part_path(&path)))
            .map_while(|(named, part)| (named || is_taken(&part)).then_some(part));
        let mut sidecars = taken.map(|part| Sidecar::read(&part));
        let mine = sidecars.find_map(|sidecar| sidecar.filter(|sidecar| sidecar.hashes.file_id() == file_id))?;
        let layout = Layout::new(mine.size, mine.hashes.chunk_size()).ok()?;
        (layout.num_chunks() == mine.hashes.num_chunks()).then_some((mine.hashes, layout))
    }

    /// Which chunks are there; hashes on all cores what is not on record, and blocks.
    ///
    /// # Errors
    /// [`Trouble`] if the part file cannot be read.
    pub(crate) fn check(&self, job: &Job) -> Result<Bitfield, Trouble> {
        if self.is_new {
            return Ok(Bitfield::empty(self.chunks.hashes().num_chunks()));
        }
        self.chunks.check(job).map_err(|error| trouble(&self.part(), self.layout().len(), &error))
    }

    /// Looks whether what is written gets to the part file's path: a file that was removed, or whose volume was unmounted, takes
    /// bytes all the same; blocks.
    ///
    /// # Errors
    /// If something else is there, or nothing.
    pub(crate) fn is_in_place(&self) -> io::Result<()> {
        let is_here = Handle::from_path(self.part())? == self.chunks.data().handle()?;
        if is_here { Ok(()) } else { Err(io::Error::other("something else is in its place")) }
    }

    /// Believes nothing that is on record.
    pub(crate) fn distrust(&self) {
        self.chunks.distrust();
    }

    /// Where chunks are written to and served from.
    pub(crate) fn chunks(&self) -> Arc<PartChunks> {
        self.chunks.clone()
    }

    /// How the file is cut; its length is a claim until the last chunk is there.
    pub(crate) fn layout(&self) -> Layout {
        self.chunks.layout()
    }

    /// Where the finished file is expected to be.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Every chunk is there: makes that durable, unless somebody else sees to that, and gives the file its name; blocks. Where that
    /// name was taken in the meantime it gets the next free number. Returns the path.
    ///
    /// # Errors
    /// [`Trouble`]; the part file stays, and nothing is lost.
    pub(crate) fn finish(&self, layout: Layout, durable: bool) -> Result<(PathBuf, FileStamp), Trouble> {
        let part = self.part();
        let failed = |error: &io::Error| trouble(&part, 0, error);
        let data = self.chunks.data();
        data.set_len(layout.len()).map_err(|error| failed(&error))?;
        if durable {
            data.sync().map_err(|error| failed(&error))?;
        }
        for path in std::iter::once(self.path.clone()).chain((1..=MAX_NUMBER).map(|n| numbered(&self.destination, n))) {
            match rename_to_new(&part, &path) {
                Ok(()) => {
                    Sidecar::remove(&part);
                    if durable {
                        sync_dir(&self.destination.dir);
                    }
                    return Ok((path, data.stamp().map_err(|error| failed(&error))?));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Err(failed(&io::ErrorKind::AlreadyExists.into()))
    }

    /// Whether a download towards this path, which trouble stopped, could go on now: its folder is there and takes bytes, and so is
    /// what was fetched, if anything was; blocks. A volume that is away leaves an empty folder where it was, which is not where to
    /// start anew.
    pub(crate) fn could_go_on(path: &Path, file_id: FileId, begun: bool) -> bool {
        let part = part_path(path);
        let mine =
            || is_taken(&part) && Sidecar::read(&part).is_some_and(|sidecar| sidecar.hashes.file_id() == file_id);
        let Some(dir) = path.parent() else { return false };
        let ready = if begun { mine() } else { fs::create_dir_all(dir).is_ok() };
        if !ready {
            return false;
        }
        let probe = dir.join(format!(".sprat-probe-{}", &file_id.to_string()[..16]));
        let file = OpenOptions::new().write(true).create_new(true).open(&probe);
        let taken = file.and_then(|mut file| file.write_all(&vec![0; PROBE_LEN]).and_then(|()| file.sync_all()));
        fs::remove_file(&probe).is_ok() && taken.is_ok()
    }

    /// Deletes what was downloaded towards this path, if it was of this file; blocks. Returns whether it was.
    pub(crate) fn discard(path: &Path, file_id: FileId) -> bool {
        let part = part_path(path);
        if Sidecar::read(&part).is_none_or(|sidecar| sidecar.hashes.file_id() != file_id) {
            return false;
        }
        if let Err(error) = fs::remove_file(&part) {
            tracing::warn!(path = %part.display(), %error, "can't delete an unfinished file");
        }
        Sidecar::remove(&part);
        true
    }

    /// The same for whatever number of a name it was downloaded towards.
    pub(crate) fn discard_numbered(destination: &Destination, file_id: FileId) -> bool {
        let paths = (1..=MAX_NUMBER).map(|number| (number, numbered(destination, number)));
        let mut taken = paths.take_while(|(number, path)| *number == 1 || is_taken(path) || is_taken(&part_path(path)));
        taken.any(|(_, path)| Self::discard(&path, file_id))
    }

    fn part(&self) -> PathBuf {
        part_path(&self.path)
    }
}

/// What an error means for the transfer that met it.
pub(crate) fn trouble(path: &Path, needed: u64, error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Trouble::DiskFull { needed, dir: path.parent().unwrap_or(path).to_owned() }
        }
        _ => Trouble::Io { path: path.to_owned(), reason: error.to_string() },
    }
}

/// The path that a destination's number gives; 1 is the name itself.
pub(crate) fn numbered(destination: &Destination, number: u32) -> PathBuf {
    match number {
        1 => destination.dir.join(destination.name.as_str()),
        number => destination.dir.join(destination.name.numbered(number)),
    }
}

/// The name of what is at this path.
pub(crate) fn name_at(path: &Path) -> FileName {
    FileName::clean(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

/// Where what is not finished yet lies.
pub(crate) fn part_path(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Whether anything is there, a dangling link included.
pub(crate) fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The stamp of the file at `path`, if it is byte for byte the one that `hashes` are of.
fn same_file(path: &Path, hashes: &ChunkHashes) -> Option<FileStamp> {
    let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let layout = Layout::new(metadata.len(), hashes.chunk_size()).ok()?;
    if layout.num_chunks() != hashes.num_chunks() {
        return None;
    }
    let (digest, stamp) = digest_file(path, |_| ControlFlow::Continue(())).ok()?;
    (digest.file_id() == hashes.file_id()).then_some(stamp)
}

/// A new part file with its sidecar, unless another process was faster.
fn begin(part: &Path, layout: Layout, hashes: &ChunkHashes) -> io::Result<Option<SharedFile>> {
    Sidecar::write(part, layout.len(), hashes, PartChunks::record_len(hashes.num_chunks()))?;
    let file = create(part, layout);
    if let (Ok(Some(_)), Some(dir)) = (&file, part.parent()) {
        sync_dir(dir);
    }
    file
}

/// A new part file, unless another process was faster.
fn create(part: &Path, layout: Layout) -> io::Result<Option<SharedFile>> {
    let file = match OpenOptions::new().read(true).write(true).create_new(true).open(part) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(error),
    };
    let prepared = lock(&file).and_then(|()| file.set_len(layout.len()));
    if let Err(error) = prepared {
        let _ = fs::remove_file(part);
        Sidecar::remove(part);
        return Err(error);
    }
    Ok(Some(SharedFile::new(file)))
}

/// The part file from before, unless it is a link, or another process is at work on it.
fn reopen(part: &Path) -> io::Result<Option<SharedFile>> {
    if !fs::symlink_metadata(part).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let file = OpenOptions::new().read(true).write(true).open(part)?;
    match lock(&file) {
        Ok(()) => Ok(Some(SharedFile::new(file))),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// One process at a time; a file system without locks gets none.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Gives `from` the name `to` unless that is taken. A plain rename would replace what is there; a second link does not.
/// Where the file system has no links, the name is first claimed with an empty file, which is then replaced.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            OpenOptions::new().write(true).create_new(true).open(to)?;
            fs::rename(from, to).inspect_err(|_| {
                let _ = fs::remove_file(to);
            })
        }
    }
}

/// Makes a rename durable, where folders can be synced.
pub(crate) fn sync_dir(dir: &Path) {
    #[cfg(unix)]
    if let Err(error) = File::open(dir).and_then(|dir| dir.sync_all()) {
        tracing::debug!(dir = %dir.display(), %error, "can't sync the folder");
    }
    #[cfg(not(unix))]
    let _ = dir;
}

/// Makes these files below `root` durable; blocks. Linux can sync a whole file system at once, which for thousands of small files
/// takes a fraction of the time that one after another takes.
pub(crate) fn sync_files(root: &Path, files: &[PathBuf]) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if files.len() >= SYNC_TOGETHER {
        return Ok(rustix::fs::syncfs(File::open(root)?)?);
    }
    let mut dirs = BTreeSet::from([root]);
    for file in files {
        OpenOptions::new().write(true).open(file)?.sync_all()?;
        dirs.extend(file.parent());
    }
    dirs.into_iter().for_each(sync_dir);
    Ok(())
}

/// The chunk size that a download starts with when nobody told it another.
pub(crate) fn assumed_chunk_size(size: Option<u64>) -> ChunkSize {
    size.map_or(ChunkSize::DEFAULT, ChunkSize::for_len)
}

#[cfg(test)]
mod tests;
