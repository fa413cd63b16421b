//! One download, from an ID to a verified file: one task owns it, and [`Download::next`] lists every event that can reach
//! it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use sprat_chunking::{Bitfield, ChunkHashes, ChunkIndex, ChunkSize, FileId, Layout, PutError};
use sprat_protocol::{FileName, Link, PeerAddr};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::candidates::{Candidate, Candidates};
use crate::connection::{Claim, Connection, FromPeer};
use crate::node::Node;
use crate::pool::{self, ConnectError};
use crate::scheduler::PeerKey;
use crate::share::FileStamp;
use crate::snapshot::{TransferState, Trouble};
use crate::status::Status;
use crate::store::{Destination, Opened, PartFile, assumed_chunk_size};

mod fetch;
mod learn;
mod limits;
mod peers;

/// How many events of peers may wait for this download; more stop the sockets.
const INBOX_LEN: usize = 32;
/// How many chunks are verified and written at once; more stop the inbox, and so the sockets.
const MAX_WRITES: usize = 4;
/// How many peers are dialled at once.
const MAX_DIALS: usize = 8;

/// What is to be downloaded, and where to.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// What, and what helps to find it.
    pub(crate) link: Link,
    /// The folder.
    pub(crate) dir: PathBuf,
    /// The name, if the user chose one.
    pub(crate) name: Option<FileName>,
}

/// A download that runs.
pub(crate) struct Download {
    node: Arc<Node>,
    order: Order,
    status: Arc<Status>,
    /// What the network calls the file, until the user or the link did.
    heard_name: Option<String>,
    chunk_size: ChunkSize,
    /// Ways of cutting the file that led nowhere: chunk size and number of chunks.
    doubted: Vec<(ChunkSize, u32)>,
    candidates: Candidates,
    peers: BTreeMap<PeerKey, Remote>,
    inbox: (mpsc::Sender<FromPeer>, mpsc::Receiver<FromPeer>),
    visitors: (mpsc::Sender<Arc<Connection>>, mpsc::Receiver<Arc<Connection>>),
    dials: JoinSet<(Candidate, Result<Arc<Connection>, ConnectError>)>,
    queries: JoinSet<peers::Found>,
    /// The trackers that have not answered yet.
    asking: Vec<Url>,
    writes: JoinSet<Written>,
    /// At most one: what was written is made durable while more arrives, so that little is left to wait for at the end.
    syncs: JoinSet<std::io::Result<()>>,
    /// Work on the disk under way, awaited before this download ends.
    disk: TaskTracker,
    next_query: Instant,
    /// How often trackers were asked.
    queried: u32,
    /// Whether every tracker was asked once, so that "nobody" means something.
    asked: bool,
    hurry: Arc<Notify>,
    stop: CancellationToken,
    rng: SmallRng,
}

/// A peer that is connected and was told that this file is wanted.
#[derive(Debug)]
struct Remote {
    connection: Arc<Connection>,
    /// What it is known as: a link may name its address, and a tracker its peer ID.
    candidates: Vec<Candidate>,
    claim: Option<Claim>,
}

/// A chunk that went through the store.
#[derive(Debug)]
struct Written {
    from: Arc<Connection>,
    index: ChunkIndex,
    len: u64,
    result: Result<Layout, PutError>,
}

/// What reaches a download, besides what only concerns who is connected.
#[derive(Debug)]
enum Happening {
    /// A peer has something to say.
    Peer(FromPeer),
    /// A chunk went through the store.
    Written(Written),
    /// What was written up to some moment is durable.
    Synced(std::io::Result<()>),
    /// The deadline has passed.
    Deadline,
    /// Somebody came or went.
    Network,
}

/// How fetching ended.
#[derive(Debug)]
enum Fetched {
    /// Every chunk is verified and written, which proves the layout.
    All(Layout),
    /// Nothing came for long, while others cut the file differently.
    Doubt {
        /// Whether any chunk ever fitted.
        anything_verified: bool,
    },
}

/// A finished download.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Where the file is.
    pub(crate) path: PathBuf,
    /// What tells that it is still the same.
    pub(crate) stamp: FileStamp,
    /// Its chunk hashes.
    pub(crate) hashes: ChunkHashes,
    /// How it is cut.
    pub(crate) layout: Layout,
}

/// Why a download ended without its file.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was asked to stop.
    Stopped,
    /// Trouble on this machine.
    Trouble(Trouble),
}

impl From<Trouble> for Ended {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Download {
    /// A download that [`Download::run`] runs. `hurry` makes it try everybody again at once, `stop` ends it.
    pub(crate) fn new(
        node: Arc<Node>,
        order: Order,
        status: Arc<Status>,
        hurry: Arc<Notify>,
        stop: CancellationToken,
    ) -> Self {
        let now = Instant::now();
        let chunk_size = assumed_chunk_size(order.link.size);
        let mut candidates = Candidates::default();
        for peer in &order.link.peers {
            candidates.add(now, Candidate::Address(peer.clone()), vec![peer.clone()]);
        }
        Self {
            node,
            order,
            status,
            heard_name: None,
            chunk_size,
            doubted: Vec::new(),
            candidates,
            peers: BTreeMap::new(),
            inbox: mpsc::channel(INBOX_LEN),
            visitors: mpsc::channel(INBOX_LEN),
            dials: JoinSet::new(),
            queries: JoinSet::new(),
            asking: Vec::new(),
            writes: JoinSet::new(),
            syncs: JoinSet::new(),
            disk: TaskTracker::new(),
            next_query: now,
            queried: 0,
            asked: false,
            hurry,
            stop,
            rng: SmallRng::seed_from_u64(rand::random()),
        }
    }

    /// Runs until the file is there, it is stopped, or this machine is in trouble. What was verified is kept in any case.
    pub(crate) async fn run(mut self) -> Result<Finished, Ended> {
        let stop = self.stop.clone();
        let result = tokio::select! {
            biased;
            () = stop.cancelled() => Err(Ended::Stopped),
            result = self.go() => result,
        };
        // Chunks that are being written get to the disk, and the part file is let go of, before anybody deletes or moves the
        // file or opens it again.
        while self.writes.join_next().await.is_some() {}
        while self.syncs.join_next().await.is_some() {}
        self.disk.close();
        self.disk.wait().await;
        for remote in self.peers.values() {
            remote.connection.cancel_all(&self.order.link.file_id);
            remote.connection.forget(&self.order.link.file_id);
            if result.is_err() {
                self.status.disconnected(&remote.connection.peer_id);
            }
        }
        result
    }

    /// The download from top to bottom.
    async fn go(&mut self) -> Result<Finished, Ended> {
        let mut remembered = self.remembered().await;
        loop {
            let (hashes, layout) = match remembered.take() {
                Some(remembered) => remembered,
                None => self.learn().await,
            };
            self.chunk_size = hashes.chunk_size();
            let part = match self.open(hashes.clone(), layout).await? {
                Opened::Complete(path, stamp) => return self.found(path, stamp, hashes),
                Opened::Part(part) => Arc::new(part),
            };
            let has = self.check(&part).await?;
            match self.fetch(&part, &hashes, has).await? {
                Fetched::All(layout) => return self.complete(part, hashes, layout).await,
                Fetched::Doubt { anything_verified } => self.doubt(&part, &hashes, anything_verified).await,
            }
        }
    }

    /// What an earlier run knew of this file, so that no peer has to tell it again.
    async fn remembered(&mut self) -> Option<(ChunkHashes, Layout)> {
        let name = self.order.name.clone().or_else(|| self.order.link.name.as_deref().map(FileName::clean))?;
        let (destination, file_id) = (Destination { dir: self.order.dir.clone(), name }, self.order.link.file_id);
        self.on_disk(move || PartFile::remembered(&destination, file_id)).await
    }

    async fn open(&mut self, hashes: ChunkHashes, layout: Layout) -> Result<Opened, Trouble> {
        self.set_state(TransferState::Checking);
        let destination = Destination { dir: self.order.dir.clone(), name: self.name() };
        self.on_disk(move || PartFile::open(destination, hashes, layout)).await
    }

    /// Finds out what is on disk already.
    async fn check(&mut self, part: &Arc<PartFile>) -> Result<Bitfield, Trouble> {
        let name = part.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.status.update(|figures| {
            figures.name = name;
            figures.ordered_name = Some(self.name());
            figures.path = part.path().to_owned();
            figures.size = Some(part.layout().len());
            figures.num_chunks = part.layout().num_chunks();
        });
        let (checking, status) = (part.clone(), self.status.clone());
        let (node, stop) = (self.node.clone(), self.stop.clone());
        let progress = move |done| {
            status.update(|figures| figures.verified = done);
            node.changed.notify_one();
            if stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let has = self.on_disk(move || checking.check(progress)).await?;
        let verified = has.ones().map(|index| part.layout().chunk_len(index) as u64).sum();
        self.status.update(|figures| (figures.verified, figures.chunks_done) = (verified, has.count()));
        self.node.changed.notify_one();
        Ok(has)
    }

    /// The chunk hashes led nowhere, while others cut the file differently: whoever told them may have lied. Another way is
    /// tried; what was verified stays on disk, in case that this one was right after all.
    async fn doubt(&mut self, part: &PartFile, hashes: &ChunkHashes, anything_verified: bool) {
        tracing::warn!(file_id = %self.file_id(), num_chunks = hashes.num_chunks(), "nobody has a chunk that fits; asking anew");
        self.doubted.push((hashes.chunk_size(), hashes.num_chunks()));
        self.node.holdings.remove(&self.file_id());
        if !anything_verified {
            let (path, file_id) = (part.path().to_owned(), self.file_id());
            self.on_disk(move || PartFile::discard(&path, file_id)).await;
        }
        // Answers to what was asked before are for nobody any more.
        self.inbox = mpsc::channel(INBOX_LEN);
        for remote in self.peers.values_mut() {
            remote.claim = None;
            remote.connection.cancel_all(&self.order.link.file_id);
            remote.connection.want(self.order.link.file_id, self.chunk_size, self.inbox.0.clone());
        }
    }

    /// Every chunk is verified and written: gives the file its name.
    async fn complete(&mut self, part: Arc<PartFile>, hashes: ChunkHashes, layout: Layout) -> Result<Finished, Ended> {
        self.set_state(TransferState::Checking);
        let (path, stamp) = self.on_disk(move || part.finish(layout)).await?;
        Ok(Finished { path, stamp, hashes, layout })
    }

    /// Runs what blocks on a thread that may, and meanwhile listens to peers: who is not listened to would stop a whole
    /// connection.
    async fn on_disk<T: Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let mut work = self.disk.spawn_blocking(work);
        loop {
            tokio::select! {
                done = &mut work => return done.expect("work on the disk does not panic"),
                happening = self.next(None) => self.meanwhile(happening),
            }
        }
    }

    /// The very file was there before the download began.
    fn found(&self, path: PathBuf, stamp: FileStamp, hashes: ChunkHashes) -> Result<Finished, Ended> {
        let layout = Layout::new(stamp.len, hashes.chunk_size()).expect("a file that was hashed has a layout");
        Ok(Finished { path, stamp, hashes, layout })
    }

    /// The name that the file gets: the user's word before the link's before the network's.
    fn name(&self) -> FileName {
        let heard = self.order.link.name.as_ref().or(self.heard_name.as_ref());
        let unheard = || FileName::clean(&self.order.link.file_id.to_string());
        self.order.name.clone().or_else(|| heard.map(|name| FileName::clean(name))).unwrap_or_else(unheard)
    }

    fn file_id(&self) -> FileId {
        self.order.link.file_id
    }

    fn set_state(&self, state: TransferState) {
        if self.status.set_state(state) {
            self.node.changed.notify_one();
        }
    }

    /// Waits for whatever comes next, at most until `deadline`.
    async fn next(&mut self, deadline: Option<Instant>) -> Happening {
        self.ask_trackers();
        self.dial();
        let wake = [deadline, self.dial_deadline(), Some(self.next_query)].into_iter().flatten().min();
        let wake = wake.unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
        tokio::select! {
            biased;
            Some(written) = self.writes.join_next() => Happening::Written(written.expect("writing does not panic")),
            Some(news) = self.inbox.1.recv(), if self.writes.len() < MAX_WRITES => Happening::Peer(news),
            Some(synced) = self.syncs.join_next() => Happening::Synced(synced.expect("syncing does not panic")),
            Some(dialled) = self.dials.join_next() => self.dialled(dialled.expect("dialling does not panic")),
            Some(found) = self.queries.join_next() => self.found_peers(found.expect("asking does not panic")),
            Some(visitor) = self.visitors.1.recv() => self.visited(visitor),
            () = self.hurry.notified() => self.hurried(),
            () = sleep_until(wake.into()) => Happening::Deadline,
        }
    }
}

/// How a peer's address in a link or a tracker's answer is dialled.
fn addresses(addresses: &[std::net::SocketAddr]) -> Vec<PeerAddr> {
    addresses.iter().copied().map(PeerAddr::from).collect()
}

/// Dials one candidate.
async fn dial_one(
    node: Arc<Node>,
    candidate: Candidate,
    addresses: Vec<PeerAddr>,
) -> (Candidate, Result<Arc<Connection>, ConnectError>) {
    let expected = match &candidate {
        Candidate::Peer(peer_id) => Some(*peer_id),
        Candidate::Address(_) => None,
    };
    let connected = pool::connect(&node, expected, &addresses).await;
    (candidate, connected)
}
