//! What all tasks of one engine share.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use rand::SeedableRng;
use rand::rngs::{SmallRng, StdRng};
use sprat_api::Event;
use sprat_chunking::FileId;
use sprat_protocol::name::clean_line;
use sprat_protocol::tls::TlsConfigs;
use sprat_protocol::wire::{Hello, WIRE_VERSION};
use sprat_protocol::{Identity, PeerId};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::discovery::hints::Hints;
use crate::discovery::tracker::trackers::Trackers;
use crate::flow::buffers::BufferPool;
use crate::flow::limits::Limits;
use crate::flow::rate_limit::RateLimit;
use crate::flow::settings::Settings;
use crate::flow::upload_slots::UploadSlots;
use crate::peers::pool::Pool;
use crate::shares::holding::Holdings;
use crate::wire::remote::MAX_SAID;
use crate::world::World;
use crate::world::address::reachable_at;
use crate::world::http::AGENT;

/// Shared by the tasks of one engine. Locks within are held for a few instructions, never across an await.
#[derive(Debug)]
pub(crate) struct Node {
    /// Who this peer is.
    pub(crate) peer_id: PeerId,
    /// What it signs with.
    pub(crate) identity: Identity,
    /// How it proves who it is, and keeps what is said to itself.
    pub(crate) tls: TlsConfigs,
    /// What the person calls it.
    pub(crate) display_name: RwLock<String>,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// What it lives in.
    pub(crate) world: World,
    /// What its choices at random are drawn from.
    pub(crate) dice: Mutex<StdRng>,
    /// What it may use.
    pub(crate) limits: Limits,
    /// What it has.
    pub(crate) holdings: Holdings,
    /// What is being fetched, by itself or for a folder: no ID is fetched twice at once.
    pub(crate) fetching: Mutex<HashSet<FileId>>,
    /// Who it is connected with.
    pub(crate) pool: Pool,
    /// Whom it tells and asks.
    pub(crate) trackers: Trackers,
    /// Buffers for chunks.
    pub(crate) buffers: BufferPool,
    /// What holds the sending of chunks back, all transfers together.
    pub(crate) upload_rate: RateLimit,
    /// Who is sent chunks.
    pub(crate) upload_slots: UploadSlots,
    /// What holds the receiving of chunks back, all transfers together.
    pub(crate) download_rate: RateLimit,
    /// What the user set for single transfers.
    pub(crate) settings: Settings,
    /// What front ends are told after the next snapshot.
    pub(crate) untold: Mutex<Vec<Event>>,
    /// Something that a snapshot shows has changed.
    pub(crate) changed: Notify,
    /// Shared files found changed while they were served.
    pub(crate) source_changed: mpsc::Sender<(FileId, PathBuf)>,
    /// The tasks, awaited by the engine before it ends.
    pub(crate) tasks: TaskTracker,
    /// Ends them.
    pub(crate) stop: CancellationToken,
}

/// The right to fetch a file, which one task has at a time: peers are listened to by file.
#[derive(Debug)]
pub(crate) struct Fetching {
    node: Arc<Node>,
    file_id: FileId,
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.node.fetching.lock().remove(&self.file_id);
    }
}

impl Node {
    /// The right to fetch this file, unless another task has it.
    pub(crate) fn fetching(self: &Arc<Self>, file_id: FileId) -> Option<Fetching> {
        let is_free = self.fetching.lock().insert(file_id);
        is_free.then(|| Fetching { node: self.clone(), file_id })
    }

    /// Randomness for one task's choices.
    pub(crate) fn rng(&self) -> SmallRng {
        SmallRng::from_rng(&mut *self.dice.lock())
    }

    /// Has front ends told of this after the next snapshot.
    pub(crate) fn emit(&self, event: Event) {
        self.untold.lock().push(event);
        self.changed.notify_one();
    }

    /// Takes what was emitted since the last call.
    pub(crate) fn untold(&self) -> Vec<Event> {
        std::mem::take(&mut self.untold.lock())
    }

    /// The person calls it so from now on.
    pub(crate) fn set_display_name(&self, name: &str) {
        *self.display_name.write() = clean_line(name, MAX_SAID);
    }

    /// How this peer greets.
    pub(crate) fn hello(&self) -> Hello {
        let (name, port) = (self.display_name.read().clone(), self.listen.port());
        Hello { version: WIRE_VERSION, peer_id: self.peer_id, agent: AGENT.to_owned(), port, name }
    }

    /// Where others can reach this peer, now.
    pub(crate) fn reachable_at(&self) -> Vec<SocketAddr> {
        reachable_at(self.listen, || self.world.network.addresses())
    }

    /// What every link that is handed to others says: the trackers, and this peer's own addresses, so that two people on one
    /// network need no tracker.
    pub(crate) fn hints(&self) -> Hints {
        let peers = self.reachable_at().into_iter().take(4).map(Into::into).collect();
        Hints { trackers: self.trackers.urls(), peers }
    }

    /// Runs a task that the engine awaits before it ends, and that is dropped when the engine stops.
    pub(crate) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }
}
