//! Looks at the disk: whether files of the last run are still there and unchanged, and whether trouble is over.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sprat_chunking::{FileDigest, FileId};
use sprat_store::disk::destination::name_at;
use sprat_store::disk::stamp::FileStamp;
use sprat_store::folder::Folder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::shares::holding::Holding;
use crate::state::library;
use crate::state::library::{Place, Record};
use crate::state::state_dir::StateDir;
use crate::world::{Disk, clock};

/// Records that are checked before the receiver is asked whether to go on. `MANY` is the number of records that is
/// worth a thread for each core.
const AT_ONCE: usize = 1024;
const MANY: usize = 64;
/// Minimum time between two reports of results. Results are grouped so that trackers are told of many files at once.
const TOGETHER: Duration = Duration::from_millis(250);

/// Tasks that look whether the trouble that stopped a transfer is over.
#[derive(Debug, Default)]
pub(super) struct Looker {
    tasks: JoinSet<(FileId, bool)>,
}

impl Looker {
    /// Starts a look, which blocks.
    pub(super) fn look(&mut self, disk: Disk, file_id: FileId, is_over: impl FnOnce() -> bool + Send + 'static) {
        disk.spawn_in(&mut self.tasks, move || (file_id, is_over()));
    }

    /// Waits for the end of a look: the transfer, and whether its trouble is over; `None` if there is no look. Cancel safe.
    pub(super) async fn looked(&mut self) -> Option<(FileId, bool)> {
        Some(self.tasks.join_next().await?.expect("looking does not panic"))
    }
}

/// Task that looks at the complete files and folders of the last run.
#[derive(Debug)]
pub(super) struct Restorer {
    task: JoinSet<()>,
    /// Transfers that were not looked at yet.
    pub(super) restoring: HashSet<FileId>,
    found: mpsc::UnboundedSender<Vec<Restored>>,
    restored: mpsc::UnboundedReceiver<Vec<Restored>>,
}

impl Default for Restorer {
    fn default() -> Self {
        let (found, restored) = mpsc::unbounded_channel();
        Self { task: JoinSet::new(), restoring: HashSet::new(), found, restored }
    }
}

impl Restorer {
    /// Starts to look at files and folders.
    pub(super) fn start(&mut self, disk: Disk, state: Arc<StateDir>, records: Vec<Record>) {
        self.restoring.extend(records.iter().map(|record| record.file_id));
        let found = self.found.clone();
        disk.spawn_in(&mut self.task, move || look_at_all(&state, &records, &found));
    }

    /// Waits for the next results. Cancel safe.
    pub(super) async fn restored(&mut self) -> Option<Vec<Restored>> {
        self.restored.recv().await
    }

    /// Ends the look. Results that were not taken are dropped.
    pub(super) async fn end(&mut self) {
        self.restored.close();
        while self.task.join_next().await.is_some() {}
    }
}

/// Complete file or folder of the last run, with the result of its check.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) file_id: FileId,
    pub(super) path: PathBuf,
    /// Contents of the folder, if it is one and its list could be read.
    pub(super) folder: Option<Arc<Folder>>,
    pub(super) found: Found,
}

#[derive(Debug)]
pub(super) enum Found {
    /// Unchanged file, with its kept chunk hashes.
    File(Box<Holding>),
    /// Unchanged folder: the holding of its list, and the chunk hashes of its parts.
    Folder(Arc<Holding>, Vec<FileDigest>),
    /// Lost or damaged chunk hashes or list: the file or folder has to be hashed again.
    Unhashed,
    /// Changed or missing file or folder.
    Changed,
}

/// Checks all records and reports the results in groups, until the receiver is closed; blocks.
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

/// Checks the records on all cores. Results are in the order of the records.
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
            let name = name_at(&path).to_string();
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
        let list = library::keep_list(state, &bytes).ok()?;
        let list = Holding::list(name_at(&path).to_string(), list);
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
