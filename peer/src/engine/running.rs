//! State of a running engine. The main loop is in `run`; the other files of this room have the methods, by subject.

use std::net::IpAddr;
use std::path::PathBuf;

use sprat_chunking::FileId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Interval;

use crate::download::Ended;
use crate::download::task::Done;
use crate::engine::hashing::Hasher;
use crate::engine::keeping::Keeper;
use crate::engine::looking::{Looker, Restorer};
use crate::engine::moving::Mover;
use crate::engine::parts::Parts;
use crate::engine::publisher::Publisher;
use crate::engine::transfers::Transfers;
use crate::engine::watched::Watched;
use crate::world::asked::Asked;

/// State of a running engine, owned by its task.
pub(super) struct Running {
    pub(super) parts: Parts,
    pub(super) download_dir: PathBuf,
    pub(super) transfers: Transfers,
    pub(super) downloads: JoinSet<(FileId, Result<Done, Ended>)>,
    pub(super) hasher: Hasher,
    pub(super) looker: Looker,
    pub(super) restorer: Restorer,
    pub(super) mover: Mover,
    pub(super) keeper: Keeper,
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
}
