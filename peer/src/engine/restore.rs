//! What the last run wrote down comes back: at once in the list, and served as soon as somebody looked whether it is still there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sprat_api::{TransferState, Trouble};
use sprat_chunking::{FileDigest, FileId};
use sprat_store::disk::stamp::FileStamp;
use sprat_store::folder::Folder;
use sprat_store::whole::Whole;
use tokio::sync::mpsc;

use super::run::Running;
use crate::download::status::Status;
use crate::engine::transfer::Transfer;
use crate::shares::folder::serve;
use crate::shares::holding::Holding;
use crate::state::library;
use crate::state::library::{Library, Place, Record};
use crate::state::state_dir::StateDir;
use crate::world::clock;

/// Records that are looked at before somebody is asked whether to go on, and how many of them are worth a thread for each core.
const AT_ONCE: usize = 1024;
const MANY: usize = 64;
/// What was found meanwhile is told together, so that trackers are, too.
const TOGETHER: Duration = Duration::from_millis(250);

/// Something that was wholly here in the last run, and what became of it.
#[derive(Debug)]
pub(super) struct Restored {
    file_id: FileId,
    path: PathBuf,
    /// What it is, if it is a folder.
    folder: Option<Arc<Folder>>,
    found: Found,
}

#[derive(Debug)]
enum Found {
    /// A file as it was.
    File(Box<Holding>),
    /// A folder as it was: its list, and the chunk hashes of its parts.
    Folder(Arc<Holding>, Vec<FileDigest>),
    /// It is as it was, but something of what was kept of it is lost.
    Unhashed,
    /// It is not, or not there.
    Changed,
}

impl Running {
    /// Brings back what the last run wrote down. Nothing is looked for on the disk yet.
    pub(super) fn restore(&mut self, found: mpsc::UnboundedSender<Vec<Restored>>) {
        let mut whole = Vec::new();
        for record in Library::load(&self.state).transfers {
            let (path, what) = match record.place.clone() {
                Place::Wanted(wanted) => {
                    self.restore_wanted(&record, wanted);
                    continue;
                }
                Place::Whole { path, len, modified } => {
                    (path.clone(), Whole::File(path, FileStamp::recorded(len, modified)))
                }
                // Whatever it is now, it stays in the list.
                Place::Folder { path } => (path.clone(), Whole::Folder(Arc::new(Folder::unknown(path)))),
            };
            self.restore_whole(&record, &path, what);
            whole.push(record);
        }
        let state = self.state.clone();
        self.node.world.disk.spawn_in(&mut self.restorers, move || look_at_all(&state, &whole, &found));
    }

    fn restore_whole(&mut self, record: &Record, path: &Path, whole: Whole) {
        let size = match &whole {
            Whole::File(_, stamp) => Some(stamp.len),
            Whole::Folder(_) => None,
        };
        let state = if record.paused { TransferState::Paused } else { TransferState::Checking };
        let status = Status::new(state, Self::name_of(path), path.to_owned(), size);
        let mut transfer = Transfer::new(record.file_id, None, status, &self.node.holdings.changes);
        (transfer.added, transfer.paused, transfer.is_download) = (record.added, record.paused, record.is_download);
        transfer.whole = Some(whole);
        self.restoring.insert(record.file_id);
        self.transfers.push(transfer);
    }

    /// Somebody looked: what is still as it was is served from now on.
    pub(super) fn restored(&mut self, all: Vec<Restored>) {
        all.into_iter().for_each(|restored| self.restored_one(restored));
        self.stale = true;
    }

    fn restored_one(&mut self, Restored { file_id, path, folder, found }: Restored) {
        // The user may have done something with it meanwhile.
        let is_asked = self.restoring.remove(&file_id) && !self.rechecks.contains_key(&path);
        let Some(transfer) = self.transfer(file_id).filter(|transfer| is_asked && !transfer.moving) else { return };
        if transfer.whole.as_ref().is_none_or(|whole| whole.path() != path) {
            return;
        }
        let paused = transfer.paused;
        if let Some(folder) = &folder {
            transfer.whole = Some(Whole::Folder(folder.clone()));
        }
        match (found, folder) {
            (Found::File(holding), _) => self.serve_whole(Arc::from(holding)),
            (Found::Folder(list, digests), Some(folder)) => {
                for (part, digest) in folder.parts.iter().zip(digests) {
                    serve(&self.node.holdings, &self.node.settings, &folder, part, Some(digest), &list);
                }
                self.serve_folder(file_id, folder, &list);
            }
            // It is hashed again, and nobody has to do anything.
            (Found::Unhashed | Found::Folder(..), _) => return self.check_whole(file_id, path),
            // Its volume may only be away for a while.
            (Found::Changed, _) => return self.stopped_for(file_id, Trouble::SourceChanged { path }),
        }
        if paused {
            self.pause(file_id);
        }
    }
}

/// Looks whether everything is still there, until nobody wants to know any more; blocks.
fn look_at_all(state: &StateDir, records: &[Record], found: &mpsc::UnboundedSender<Vec<Restored>>) {
    let (mut together, mut told) = (Vec::new(), clock::now());
    for some in records.chunks(AT_ONCE) {
        if found.is_closed() {
            return;
        }
        together.extend(look_on_all_cores(state, some));
        if clock::now() >= told + TOGETHER {
            let _ = found.send(std::mem::take(&mut together));
            told = clock::now();
        }
    }
    let _ = found.send(together);
}

/// What became of these, in their order.
fn look_on_all_cores(state: &StateDir, records: &[Record]) -> Vec<Restored> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let look = |records: &[Record]| records.iter().filter_map(|record| look_at(state, record)).collect();
    if cores == 1 || records.len() < MANY {
        return look(records);
    }
    thread::scope(|scope| {
        let parts = records.chunks(records.len().div_ceil(cores));
        let lookers: Vec<_> = parts.map(|part| scope.spawn(move || look(part))).collect();
        let looked = lookers.into_iter().map(|looker| looker.join().expect("looking does not panic"));
        looked.collect::<Vec<Vec<Restored>>>().into_iter().flatten().collect()
    })
}

fn look_at(state: &StateDir, record: &Record) -> Option<Restored> {
    match record.place.clone() {
        Place::Whole { path, len, modified } => {
            Some(look_at_file(state, record.file_id, path, FileStamp::recorded(len, modified)))
        }
        Place::Folder { path } => Some(look_at_folder(state, record.file_id, path)),
        Place::Wanted(_) => None,
    }
}

fn look_at_file(state: &StateDir, file_id: FileId, path: PathBuf, stamp: FileStamp) -> Restored {
    let now = std::fs::metadata(&path).map(|metadata| FileStamp::of(&metadata));
    let found = if let Ok(now) = now
        && now == stamp
    {
        library::kept_hashes(state, file_id).map_or(Found::Unhashed, |(hashes, layout)| {
            let name = Running::name_of(&path);
            Found::File(Box::new(Holding::whole(name, hashes, layout, path.clone(), now)))
        })
    } else {
        Found::Changed
    };
    Restored { file_id, path, folder: None, found }
}

fn look_at_folder(state: &StateDir, file_id: FileId, path: PathBuf) -> Restored {
    let Some((folder, bytes)) = library::kept_folder(state, file_id, &path) else {
        return Restored { file_id, path, folder: None, found: Found::Unhashed };
    };
    let kept = |folder: &Folder| {
        let list = library::keep_list(state, Running::name_of(&path), &bytes).ok()?;
        let digest = |part| {
            let (hashes, layout) = library::kept_hashes(state, folder.id_of(part))?;
            Some(FileDigest { layout, hashes })
        };
        let digests: Option<Vec<FileDigest>> = folder.parts.iter().map(digest).collect();
        Some(Found::Folder(Arc::new(list), digests?))
    };
    let (found, folder) = match folder.renewed() {
        Ok(folder) => (kept(&folder).unwrap_or(Found::Unhashed), folder),
        Err(folder) => (Found::Changed, folder),
    };
    Restored { file_id, path, folder: Some(Arc::new(folder)), found }
}
