//! Download of one file, from its ID to the verified file. One task owns it; [`Download::next`] lists every event that
//! can reach that task.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use sprat_api::{TransferState, Trouble};
use sprat_chunking::{Bitfield, ChunkHashes, ChunkIndex, ChunkSize, FileId, Layout, PutError, ReadAt};
use sprat_protocol::collection::MAX_COLLECTION;
use sprat_protocol::link::MAX_HINTS;
use sprat_protocol::{Collection, FileName, Link, PeerAddr, PeerId};
use sprat_store::disk::destination::{Destination, name_at};
use sprat_store::disk::job::Job;
use sprat_store::disk::open_dir::OpenDir;
use sprat_store::disk::stamp::FileStamp;
use sprat_store::disk::trouble::trouble;
use sprat_store::folder::list::List;
use sprat_store::part::{Opened, PartChunks, PartFile};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::discovery::candidates::{Candidate, Candidates};
use crate::discovery::trackers::query::{Asking, Known};
use crate::download::env::Env;
use crate::download::status::{Figures, Status};
use crate::download::watching::Progress;
use crate::peers::asked::{Claim, FromPeer};
use crate::peers::connection::Connection;
use crate::shares::holding::Holding;
use crate::wire::handshake::ConnectError;
use crate::wire::remote::PeerKey;
use crate::world::clock;

pub(crate) mod env;
mod fetch;
pub(crate) mod folder;
mod learn;
mod limits;
mod peers;
pub(crate) mod right;
pub mod scheduler;
mod shown;
pub(crate) mod status;
pub(crate) mod task;
pub(crate) mod watching;

/// Number of events of peers that may wait for this download; beyond it, the sockets are not read.
const INBOX_LEN: usize = 32;
/// Number of chunks that are verified and written at once; beyond it, neither the inbox nor the sockets are read.
const MAX_WRITES: usize = 4;
/// Number of peers that are dialled at once.
const MAX_DIALS: usize = 8;

/// Order to download a file: its link, and the place that it goes to.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Link to the file: its ID, and hints that help to find it.
    pub(crate) link: Link,
    /// Number of addresses at the end of `link.peers` that the user added later.
    pub(crate) added_peers: usize,
    /// Folder that the file goes to.
    pub(crate) dir: PathBuf,
    /// Name that the user chose for the file, or that it has from an earlier run, if any.
    pub(crate) name: Option<FileName>,
}

impl Order {
    /// Adds an address of a peer that may have the file. If the link is full, this removes the oldest address that the
    /// user added, or the last address of the link itself if the user added none.
    pub(crate) fn add_peer(&mut self, addr: PeerAddr) {
        let peers = &mut self.link.peers;
        if peers.contains(&addr) {
            return;
        }
        if peers.len() >= MAX_HINTS {
            let oldest = peers.len().saturating_sub(self.added_peers);
            peers.remove(oldest.min(peers.len() - 1));
            self.added_peers = self.added_peers.saturating_sub(1);
        }
        peers.push(addr);
        self.added_peers += 1;
    }
}

/// Controls of a running download, for its owner.
#[derive(Clone, Debug)]
pub(crate) struct Reins {
    /// Makes the download try all trackers and peers again at once.
    pub(crate) hurry: Arc<Notify>,
    /// Addresses that the user added since the download began.
    pub(crate) added_peers: watch::Receiver<Vec<PeerAddr>>,
    /// Stops the download.
    pub(crate) stop: CancellationToken,
}

impl Reins {
    /// Creates a job on the disk that ends when the download is stopped.
    pub(crate) fn job(&self) -> Job {
        let stop = self.stop.clone();
        Job::until(move || stop.is_cancelled())
    }
}

/// Folder that a download belongs to, for the download of a part.
#[derive(Clone, Debug)]
pub(crate) struct PartOf {
    /// Holding that serves the list of the folder.
    pub(crate) holding: Arc<Holding>,
    /// Directory that the parts are written to.
    pub(crate) dir: Arc<OpenDir>,
    /// Peers that may have the folder. Trackers are asked for the folder, not for its parts.
    pub(crate) known: watch::Receiver<Arc<Known>>,
}

/// A running download.
pub(crate) struct Download {
    env: Env,
    order: Order,
    /// Tells whether chunks were fetched before. If they are not found, their volume is taken to be away, and the
    /// download does not start from scratch.
    begun: bool,
    /// Tells whether everything on disk is still to be hashed again, whatever is on record.
    distrust: bool,
    status: Arc<Status>,
    /// Folder that the file is a part of, if any.
    folder: Option<PartOf>,
    /// Name that peers or trackers gave the file; used if neither the user nor the link names it.
    heard_name: Option<String>,
    chunk_size: ChunkSize,
    /// Ways of cutting the file that failed: chunk size and number of chunks.
    doubted: Vec<(ChunkSize, u32)>,
    candidates: Candidates,
    peers: BTreeMap<PeerKey, Remote>,
    inbox: (mpsc::Sender<FromPeer>, mpsc::Receiver<FromPeer>),
    visitors: (mpsc::Sender<PeerId>, mpsc::Receiver<PeerId>),
    dials: JoinSet<(Candidate, Result<Arc<Connection>, ConnectError>)>,
    asking: Asking,
    writes: JoinSet<Written>,
    /// Sync under way, at most one. It makes written chunks durable and records them while more arrive, so that little
    /// is left to wait for at the end.
    syncs: JoinSet<std::io::Result<()>>,
    /// Store that chunks are written to, and the holding that serves them, while chunks are fetched.
    fetching: Option<(Arc<PartChunks>, Arc<Holding>)>,
    /// Work on the disk under way, awaited before this download ends.
    disk: TaskTracker,
    /// Receiver that tells whether somebody watches this transfer.
    watched: watch::Receiver<bool>,
    reins: Reins,
    rng: SmallRng,
}

/// A connected peer that was told that this file is wanted.
#[derive(Debug)]
struct Remote {
    connection: Arc<Connection>,
    /// Candidates that led to this peer: a link may name its address, and a tracker its peer ID.
    candidates: Vec<Candidate>,
    /// Addresses that were last named for this peer since it connected.
    named: Vec<PeerAddr>,
    claim: Option<Claim>,
    /// In chunks of which size it was last asked what it has.
    asked: ChunkSize,
}

/// Outcome of verifying and writing one chunk.
#[derive(Debug)]
struct Written {
    from: Arc<Connection>,
    index: ChunkIndex,
    len: u64,
    result: Result<Layout, PutError>,
}

/// Event that reaches a download. Events that only concern connections are handled before, as [`Happening::Network`].
#[derive(Debug)]
enum Happening {
    /// News of a peer.
    Peer(FromPeer),
    /// A chunk was verified and written, or could not be.
    Written(Written),
    /// A sync of written chunks ended.
    Synced(std::io::Result<()>),
    /// The deadline has passed.
    Deadline,
    /// Candidates, connections or watchers changed; the change is handled already.
    Network,
}

/// Outcome of [`Download::fetch`].
#[derive(Debug)]
enum Fetched {
    /// Every chunk is verified and written, which proves the layout.
    All(Layout),
    /// No chunk came for long, while other peers cut the file differently.
    Doubt {
        /// Tells whether any chunk was ever verified.
        anything_verified: bool,
    },
}

/// A finished download.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Path of the file.
    pub(crate) path: PathBuf,
    /// Stamp that shows later whether the file is unchanged.
    pub(crate) stamp: FileStamp,
    /// Chunk hashes of the file.
    pub(crate) hashes: ChunkHashes,
    /// Layout of the file: its length and chunk size.
    pub(crate) layout: Layout,
}

/// Result of a download.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The file, at its final path.
    File(Finished),
    /// The list of a folder's files, which are still to be fetched.
    List(List),
}

/// Reason why a download ended without its file.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The download was asked to stop.
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
    /// Creates a download, which [`Download::run`] runs.
    pub(crate) fn new(env: Env, order: Order, status: Arc<Status>, folder: Option<PartOf>, reins: Reins) -> Self {
        let (now, file_id, rng) = (clock::now(), order.link.file_id, env.dice.rng());
        let chunk_size = order.link.size.map_or(ChunkSize::DEFAULT, ChunkSize::for_len);
        let watched = status.watching().subscribe();
        let Figures { begun, distrust, .. } = status.figures();
        let mut candidates = Candidates::default();
        for peer in &order.link.peers {
            candidates.add(now, Candidate::Address(peer.clone()), vec![peer.clone()]);
        }
        Self {
            env,
            order,
            begun,
            distrust,
            status,
            folder,
            heard_name: None,
            chunk_size,
            doubted: Vec::new(),
            candidates,
            peers: BTreeMap::new(),
            inbox: mpsc::channel(INBOX_LEN),
            visitors: mpsc::channel(INBOX_LEN),
            dials: JoinSet::new(),
            asking: Asking::new(file_id),
            writes: JoinSet::new(),
            syncs: JoinSet::new(),
            fetching: None,
            disk: TaskTracker::new(),
            watched,
            reins,
            rng,
        }
    }

    /// Runs until the file is complete, the download is stopped, or this machine is in trouble. Verified chunks are
    /// kept in any case.
    pub(crate) async fn run(mut self) -> Result<Outcome, Ended> {
        let stop = self.reins.stop.clone();
        let result = tokio::select! {
            biased;
            () = stop.cancelled() => Err(Ended::Stopped),
            result = self.go() => result,
        };
        // Chunks that are being written reach the disk, and the part file is released, before anybody deletes, moves or
        // reopens the file.
        self.settle().await;
        self.disk.close();
        self.disk.wait().await;
        for remote in self.peers.values() {
            remote.connection.cancel_all(&self.order.link.file_id);
            remote.connection.forget(&self.order.link.file_id);
            if result.is_err() {
                self.status.disconnected(&remote.connection.remote.peer_id);
            }
        }
        result
    }

    /// Waits for chunks that are being written, makes them durable and records them, so that they are not hashed again.
    async fn settle(&mut self) {
        let mut written = Vec::new();
        while let Some(chunk) = self.writes.join_next().await {
            written.extend(chunk.ok());
        }
        while self.syncs.join_next().await.is_some() {}
        let Some((chunks, holding)) = self.fetching.take() else { return };
        let (mut has, mut layout) = (holding.has(), holding.layout());
        for Written { from, index, len, result } in written {
            if let Ok(known) = result {
                self.status.stored(&from.remote, len);
                layout = if Some(index) == known.last() { known } else { layout };
                has.insert(index);
            }
        }
        self.status.watching().reached(self.file_id(), Progress::Some(has.clone()));
        let recording = self.env.disk.spawn_among(&self.disk, move || chunks.checkpoint(&has, layout, true));
        if let Err(error) = recording.await.expect("work on the disk does not panic") {
            // Chunks that are not on record are hashed again by the next run.
            tracing::warn!(file_id = %self.file_id(), %error, "can't write down what is there");
        }
    }

    /// Steps of the download, from top to bottom.
    async fn go(&mut self) -> Result<Outcome, Ended> {
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
                Fetched::All(layout) => {
                    if let Some(list) = self.list(&part, layout).await? {
                        return Ok(Outcome::List(list));
                    }
                    return self.complete(part, hashes, layout).await;
                }
                Fetched::Doubt { anything_verified } => self.doubt(&part, &hashes, anything_verified).await,
            }
        }
    }

    /// Chunk hashes and layout that an earlier run recorded, so that no peer has to send them again.
    async fn remembered(&mut self) -> Option<(ChunkHashes, Layout)> {
        let name = self.order.name.clone().or_else(|| self.order.link.name.as_deref().map(FileName::clean))?;
        let (destination, file_id) = (self.destination(name, true), self.order.link.file_id);
        self.on_disk(move || PartFile::remembered(&destination().ok()?, file_id)).await
    }

    async fn open(&mut self, hashes: ChunkHashes, layout: Layout) -> Result<Opened, Trouble> {
        self.set_state(TransferState::Checking);
        let begun = self.begun;
        let destination = self.destination(self.name(), begun);
        self.on_disk(move || PartFile::open(destination()?, hashes, layout, begun)).await
    }

    /// Returns a function that opens the destination of a file of this name; the function blocks.
    fn destination(&self, name: FileName, begun: bool) -> impl FnOnce() -> Result<Destination, Trouble> + use<> {
        let (parts, dir) = (self.folder.as_ref().map(|folder| folder.dir.clone()), self.order.dir.clone());
        move || match parts {
            Some(dir) => Ok(Destination { dir, name }),
            None => Destination::at(&dir, name, begun),
        }
    }

    /// Finds the chunks that are on disk already.
    async fn check(&mut self, part: &Arc<PartFile>) -> Result<Bitfield, Trouble> {
        let name = name_at(part.path());
        self.status.update(|figures| {
            figures.name = name.to_string();
            figures.ordered_name = Some(name);
            figures.path = part.path().to_owned();
            figures.size = Some(part.layout().len());
            figures.num_chunks = part.layout().num_chunks();
        });
        if std::mem::take(&mut self.distrust) {
            part.distrust();
        }
        let job = Arc::new(self.reins.job());
        self.status.works(job.clone());
        self.env.news.changed();
        let checking = part.clone();
        let has = self.on_disk(move || checking.check(&job)).await?;
        if !self.reins.stop.is_cancelled() {
            self.status.update(|figures| figures.distrust = false);
        }
        let verified = has.ones().map(|index| part.layout().chunk_len(index) as u64).sum();
        self.status.checked(verified, has.count());
        self.env.news.changed();
        Ok(has)
    }

    /// Gives up chunk hashes that led nowhere while other peers cut the file differently: the peer that sent them may
    /// have lied. Other chunk hashes are tried next. Verified chunks stay on disk, in case these hashes were right
    /// after all.
    async fn doubt(&mut self, part: &Arc<PartFile>, hashes: &ChunkHashes, anything_verified: bool) {
        self.settle().await;
        tracing::warn!(file_id = %self.file_id(), num_chunks = hashes.num_chunks(), "nobody has a chunk that fits; asking anew");
        self.begun = false;
        self.status.update(|figures| figures.begun = false);
        self.doubted.push((hashes.chunk_size(), hashes.num_chunks()));
        match &self.folder {
            Some(folder) => self.env.holdings.remove_part(&self.file_id(), &folder.holding),
            None => self.env.holdings.remove(&self.file_id()),
        }
        if !anything_verified {
            let part = part.clone();
            self.on_disk(move || part.remove()).await;
        }
        // Answers to earlier requests go to the old inbox and are lost with it.
        self.inbox = mpsc::channel(INBOX_LEN);
        for remote in self.peers.values_mut() {
            (remote.claim, remote.asked) = (None, self.chunk_size);
            remote.connection.cancel_all(&self.order.link.file_id);
            remote.connection.want(self.order.link.file_id, self.chunk_size, self.inbox.0.clone());
        }
    }

    /// Reads the file as the list of a folder's files; None if it is no such list. The part file is removed when the
    /// folder is begun in its stead, after the list was kept elsewhere.
    async fn list(&mut self, part: &Arc<PartFile>, layout: Layout) -> Result<Option<List>, Ended> {
        if self.folder.is_some() || layout.len() > MAX_COLLECTION || (layout.len() as usize) < Collection::HEAD_LEN {
            return Ok(None);
        }
        let (reading, name, file_id) = (part.clone(), self.name(), self.file_id());
        let list = self.on_disk(move || read_list(&reading, layout, name)).await?;
        if list.is_some() {
            self.settle().await;
            self.env.holdings.remove(&file_id);
            // No file of the folder itself is on disk yet.
            self.status.update(|figures| figures.begun = false);
        }
        Ok(list)
    }

    /// Gives the file its final name, once every chunk is verified and written.
    async fn complete(&mut self, part: Arc<PartFile>, hashes: ChunkHashes, layout: Layout) -> Result<Outcome, Ended> {
        self.set_state(TransferState::Checking);
        // The parts of a folder are made durable together.
        let durable = self.folder.is_none();
        let (path, stamp) = self.on_disk(move || part.finish(layout, durable)).await?;
        self.fetching = None;
        Ok(Outcome::File(Finished { path, stamp, hashes, layout }))
    }

    /// Runs blocking work on a thread for it, and handles news of peers meanwhile: an inbox that is not read would stop
    /// whole connections.
    async fn on_disk<T: Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let mut work = self.env.disk.spawn_among(&self.disk, work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done.expect("work on the disk does not panic"),
                happening = self.next(None) => self.meanwhile(happening),
            }
        }
    }

    /// Returns the outcome for a file that was complete on disk before the download began.
    fn found(&self, path: PathBuf, stamp: FileStamp, hashes: ChunkHashes) -> Result<Outcome, Ended> {
        let layout = Layout::new(stamp.len, hashes.chunk_size()).expect("a file that was hashed has a layout");
        Ok(Outcome::File(Finished { path, stamp, hashes, layout }))
    }

    /// Name that the file gets: the user's, else the link's, else the network's, else the file ID.
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
            self.env.news.changed();
        }
    }

    /// Asks trackers and dials candidates as they are due, then waits for the next event, at most until `deadline`.
    async fn next(&mut self, deadline: Option<Instant>) -> Happening {
        self.ask_trackers();
        self.dial();
        let wake = [deadline, self.dial_deadline(), self.next_question()].into_iter().flatten().min();
        let wake = wake.unwrap_or_else(|| clock::now() + Duration::from_secs(60));
        tokio::select! {
            biased;
            Some(written) = self.writes.join_next() => Happening::Written(written.expect("writing does not panic")),
            Some(news) = self.inbox.1.recv(), if self.writes.len() < MAX_WRITES => Happening::Peer(news),
            Some(synced) = self.syncs.join_next() => Happening::Synced(synced.expect("syncing does not panic")),
            Some(dialled) = self.dials.join_next() => self.dialled(dialled.expect("dialling does not panic")),
            Some(found) = self.asking.answer() => self.found_peers(&found),
            known = news(&mut self.folder) => self.known(&known),
            Some(visitor) = self.visitors.1.recv() => self.visited(visitor),
            () = self.reins.hurry.notified() => self.hurried(),
            Ok(()) = self.reins.added_peers.changed() => self.peers_added(),
            Ok(()) = self.watched.changed() => Happening::Network,
            () = sleep_until(wake.into()) => Happening::Deadline,
        }
    }
}

/// Waits until other peers are known that may have the folder of this download; forever if it has no folder.
async fn news(folder: &mut Option<PartOf>) -> Arc<Known> {
    let Some(folder) = folder else { return std::future::pending().await };
    match folder.known.changed().await {
        Ok(()) => folder.known.borrow_and_update().clone(),
        // The sender is gone: no news will come.
        Err(_) => std::future::pending().await,
    }
}

/// Reads the list of a folder's files from this file; None if it is no valid list. Blocks.
fn read_list(part: &PartFile, layout: Layout, name: FileName) -> Result<Option<List>, Trouble> {
    let failed = |error: std::io::Error| trouble(part.path(), 0, &error);
    let chunks = part.chunks();
    let mut head = [0; Collection::HEAD_LEN];
    chunks.read_exact_at(&mut head, 0).map_err(failed)?;
    if !Collection::begins_like_one(&head) {
        return Ok(None);
    }
    let mut bytes = vec![0; layout.len() as usize];
    chunks.read_exact_at(&mut bytes, 0).map_err(failed)?;
    Ok(Collection::parse(&bytes).ok().map(|collection| List { collection, bytes, name }))
}

/// Dials one candidate.
async fn dial_one(
    env: Env,
    candidate: Candidate,
    addresses: Vec<PeerAddr>,
) -> (Candidate, Result<Arc<Connection>, ConnectError>) {
    let expected = match &candidate {
        Candidate::Peer(peer_id) => Some(*peer_id),
        Candidate::Address(_) => None,
    };
    let connected = env.peers.connect(expected, &addresses).await;
    (candidate, connected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_address_that_the_user_added_makes_room() {
        let addr = |n: usize| format!("10.0.0.1:{}", n + 1).parse::<PeerAddr>().unwrap();
        let mut link = Link::new(FileId::new([1; 32]));
        link.peers = (0..MAX_HINTS - 2).map(addr).collect();
        let mut order = Order { link, added_peers: 0, dir: PathBuf::new(), name: None };
        for n in [0, 100, 101, 100, 102] {
            order.add_peer(addr(n));
        }
        assert_eq!((order.link.peers.len(), order.added_peers), (MAX_HINTS, 2));
        assert_eq!(order.link.peers[MAX_HINTS - 2..], [addr(101), addr(102)]);
        // A link that is full of its own addresses loses its last one.
        order.added_peers = 0;
        order.add_peer(addr(103));
        assert_eq!((order.link.peers.len(), order.added_peers), (MAX_HINTS, 1));
        assert_eq!(order.link.peers[MAX_HINTS - 2..], [addr(101), addr(103)]);
    }
}
