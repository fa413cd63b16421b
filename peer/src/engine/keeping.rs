//! State that an engine keeps for its next run: the transfer list and the bans are written, and the state of removed
//! transfers is deleted, one task at a time in the background.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sprat_chunking::FileId;
use sprat_store::part::PartFile;
use sprat_store::site::Site;
use sprat_store::whole::Whole;
use tokio::task::JoinSet;

use crate::engine::transfer::Transfer;
use crate::engine::transfers::Transfers;
use crate::flow::settings::Settings;
use crate::state::library;
use crate::state::library::Library;
use crate::state::state_dir::StateDir;
use crate::world::{Disk, clock};

/// Time between two writes of the transfer list for each transfer in it. `LONGEST_UNSAVED` is the upper bound for the
/// whole list.
const UNSAVED: Duration = Duration::from_micros(50);
const LONGEST_UNSAVED: Duration = Duration::from_secs(5);

/// Writer of an engine's state, and the tasks that write and delete.
#[derive(Debug)]
pub(super) struct Keeper {
    /// State directory, locked by this engine.
    pub(super) state: Arc<StateDir>,
    /// Set if state is kept for the next run.
    pub(super) keeps: bool,
    /// Set if the transfer list changed since its last write.
    is_due: bool,
    /// Earliest time of the next write of the transfer list.
    not_before: Option<Instant>,
    /// Removed transfers that are still on the disk, each with whether its downloaded data is deleted too.
    to_forget: Vec<(Transfer, bool)>,
    /// Writes and deletions without a result. Shutdown waits for them, so that none is lost.
    tasks: JoinSet<()>,
}

impl Keeper {
    /// Creates a keeper of this state directory.
    pub(super) fn new(state: StateDir, keeps: bool) -> Self {
        let (tasks, to_forget) = (JoinSet::new(), Vec::new());
        Self { state: Arc::new(state), keeps, is_due: false, not_before: None, to_forget, tasks }
    }

    /// Starts to write to the state directory, if state is kept.
    pub(super) fn keep(&mut self, disk: Disk, write: impl FnOnce(&StateDir) + Send + 'static) {
        if self.keeps {
            let state = self.state.clone();
            disk.spawn_in(&mut self.tasks, move || write(&state));
        }
    }

    /// Starts work on the disk whose result nobody waits for.
    pub(super) fn spawn(&mut self, disk: Disk, work: impl FnOnce() + Send + 'static) {
        disk.spawn_in(&mut self.tasks, work);
    }

    /// Marks the transfer list as changed. [`Keeper::write_next`] writes it when the last write has ended and is long enough
    /// ago.
    pub(super) fn save(&mut self) {
        self.is_due = self.keeps;
    }

    /// Returns the time when a changed transfer list may be written again.
    pub(super) fn next_save(&self) -> Option<Instant> {
        (self.is_due && self.tasks.is_empty()).then_some(self.not_before?)
    }

    /// Takes a removed transfer, whose state is deleted by [`Keeper::forget_next`], and its downloaded data too if
    /// `delete_data`.
    pub(super) fn forget(&mut self, transfer: Transfer, delete_data: bool) {
        self.to_forget.push((transfer, delete_data));
    }

    /// Writes a due transfer list to the disk. A long list takes long, so it is written less
    /// often. `at_once` is set at shutdown.
    pub(super) fn write_next(&mut self, disk: Disk, transfers: &Transfers, settings: &Settings, at_once: bool) {
        let now = clock::now();
        let is_due = self.is_due && (at_once || self.not_before.is_none_or(|at| at <= now));
        if !is_due {
            return;
        }
        let wait = u32::try_from(transfers.len()).map_or(LONGEST_UNSAVED, |len| UNSAVED * len);
        (self.is_due, self.not_before) = (false, Some(now + wait.min(LONGEST_UNSAVED)));
        let library =
            Library { transfers: transfers.iter().filter_map(|transfer| transfer.record(settings)).collect() };
        self.keep(disk, move |state| library.save(state));
    }

    /// Deletes what is on the disk of the transfers removed since the last call, all in one task: their state, and the
    /// downloaded data where the user asked for that.
    pub(super) fn forget_next(&mut self, disk: Disk, transfers: &Transfers) {
        if self.to_forget.is_empty() {
            return;
        }
        let gone = std::mem::take(&mut self.to_forget);
        // A complete file, unlike a folder, has no parts that other transfers might need.
        let is_alone = |transfer: &Transfer| matches!(transfer.whole, Some(Whole::File(..)));
        let others: HashSet<FileId> = match gone.iter().all(|(transfer, _)| is_alone(transfer)) {
            true => HashSet::new(),
            false => transfers.iter().map(|other| other.file_id).collect(),
        };
        let state = self.state.clone();
        self.spawn(disk, move || {
            for (transfer, delete_data) in gone {
                library::forget(&state, transfer.file_id, &others);
                if delete_data && transfer.is_download {
                    delete(&transfer);
                }
            }
        });
    }

    /// Returns whether nothing is being written or deleted.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits for the end of a write or deletion; `None` if there is none. Cancel safe.
    pub(super) async fn ended(&mut self) -> Option<()> {
        self.tasks.join_next().await?.expect("work on the disk does not panic");
        Some(())
    }
}

/// Deletes downloaded data. Files that were changed since are kept.
fn delete(transfer: &Transfer) {
    match &transfer.whole {
        Some(whole) => whole.delete(),
        None => {
            let path = transfer.status.figures().path;
            PartFile::discard(&path, transfer.file_id);
            Site::discard(&path, transfer.file_id);
        }
    }
}
