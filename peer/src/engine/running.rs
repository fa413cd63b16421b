//! A running engine: what it owns. Its loop is in `run`; the other files of this room have what it does, subject by subject.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use sprat_api::Command;
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

/// When the list of transfers is written down.
#[derive(Debug, Default)]
pub(super) struct Saving {
    /// Whether it changed since it was written down.
    pub(super) is_due: bool,
    /// Time before which it is not written down again.
    pub(super) not_before: Option<Instant>,
}

/// A running engine.
pub(super) struct Running {
    pub(super) parts: Parts,
    pub(super) state: Arc<StateDir>,
    pub(super) download_dir: PathBuf,
    pub(super) transfers: Transfers,
    /// Paths that wait to be hashed, and those that are.
    pub(super) to_hash: VecDeque<PathBuf>,
    pub(super) hashing: Vec<Hashing>,
    pub(super) hashers: JoinSet<Batch>,
    pub(super) downloads: JoinSet<(FileId, Result<Done, Ended>)>,
    /// Looks whether the trouble that stopped a transfer is over.
    pub(super) looks: JoinSet<(FileId, bool)>,
    pub(super) moves: JoinSet<Moved>,
    /// Looks whether what was here in the last run still is, and what of it was not looked at yet.
    pub(super) restorers: JoinSet<()>,
    pub(super) restoring: HashSet<FileId>,
    pub(super) restored: mpsc::UnboundedReceiver<Vec<Restored>>,
    /// Paths that are hashed only to see whether they are still these.
    pub(super) rechecks: HashMap<PathBuf, FileId>,
    /// Whether it is about to end: nothing is started any more.
    pub(super) ending: bool,
    /// How many downloads run at once.
    pub(super) active_downloads: usize,
    /// This machine's addresses when they were looked at last, and when they are looked at.
    pub(super) addresses: Vec<IpAddr>,
    pub(super) addresses_looked_at: Interval,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) sources_changed: mpsc::Receiver<(FileId, PathBuf)>,
    pub(super) publisher: Publisher,
    /// Whether something changed since the last snapshot.
    pub(super) stale: bool,
    /// Whether a front end asked for something since then: it is answered with a snapshot in any case.
    pub(super) commanded: bool,
    /// The transfer whose detail snapshots carry.
    pub(super) watched: Option<Watched>,
    /// Whether the list of transfers outlives this run.
    pub(super) keeps: bool,
    pub(super) saving: Saving,
    /// What was removed and is still to leave the disk; whether with what was downloaded.
    pub(super) to_forget: Vec<(Transfer, bool)>,
    /// Work on the disk that nobody waits for: one after another would be enough, none may be lost.
    pub(super) chores: JoinSet<()>,
}
