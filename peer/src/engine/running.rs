//! State of a running engine. The main loop is in `run`; the other files of this room have the methods, by subject.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use sprat_chunking::FileId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Interval;

use crate::download::Ended;
use crate::download::task::Done;
use crate::engine::hashing::{Batch, Hashing};
use crate::engine::looking::Restored;
use crate::engine::moving::Moved;
use crate::engine::parts::Parts;
use crate::engine::publisher::Publisher;
use crate::engine::transfer::Transfer;
use crate::engine::transfers::Transfers;
use crate::engine::watched::Watched;
use crate::state::state_dir::StateDir;
use crate::world::asked::Asked;

/// Schedule of the writes of the transfer list.
#[derive(Debug, Default)]
pub(super) struct Saving {
    /// Set if the list changed since the last write.
    pub(super) is_due: bool,
    /// Earliest time of the next write.
    pub(super) not_before: Option<Instant>,
}

/// State of a running engine, owned by its task.
pub(super) struct Running {
    pub(super) parts: Parts,
    pub(super) state: Arc<StateDir>,
    pub(super) download_dir: PathBuf,
    pub(super) transfers: Transfers,
    /// Paths that wait to be hashed; `hashing` is the batch that is being hashed.
    pub(super) to_hash: VecDeque<PathBuf>,
    pub(super) hashing: Vec<Hashing>,
    pub(super) hashers: JoinSet<Batch>,
    pub(super) downloads: JoinSet<(FileId, Result<Done, Ended>)>,
    /// Checks whether the trouble that stopped a transfer is over.
    pub(super) looks: JoinSet<(FileId, bool)>,
    pub(super) moves: JoinSet<Moved>,
    /// Checks of the files of the last run. `restoring` has the transfers that are not checked yet.
    pub(super) restorers: JoinSet<()>,
    pub(super) restoring: HashSet<FileId>,
    pub(super) restored: mpsc::UnboundedReceiver<Vec<Restored>>,
    /// Paths that are hashed only to check whether they still have this file ID.
    pub(super) rechecks: HashMap<PathBuf, FileId>,
    /// Set during shutdown: no download is started any more.
    pub(super) ending: bool,
    /// Number of downloads that may run at once.
    pub(super) active_downloads: usize,
    /// Addresses of this machine at the last look; `addresses_looked_at` is the timer of the looks.
    pub(super) addresses: Vec<IpAddr>,
    pub(super) addresses_looked_at: Interval,
    pub(super) commands: mpsc::Receiver<Asked>,
    pub(super) sources_changed: mpsc::Receiver<(FileId, PathBuf)>,
    pub(super) publisher: Publisher,
    /// Set if something changed since the last snapshot.
    pub(super) stale: bool,
    /// Set if a command arrived since the last snapshot: every command is answered with a snapshot.
    pub(super) commanded: bool,
    /// Transfer whose detail is in the snapshots.
    pub(super) watched: Option<Watched>,
    /// Set if the list of transfers is kept for the next run.
    pub(super) keeps: bool,
    pub(super) saving: Saving,
    /// Removed transfers that are still on the disk, each with whether its downloaded data is deleted too.
    pub(super) to_forget: Vec<(Transfer, bool)>,
    /// Writes and deletions on the disk without a result. Shutdown waits for them, so that none is lost.
    pub(super) chores: JoinSet<()>,
}
