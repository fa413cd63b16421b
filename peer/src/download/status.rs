//! Status of one transfer: written by the task that runs it, read for snapshots.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Mutex, MutexGuard};
use sprat_api::{PeerView, TransferState, Work};
use sprat_chunking::FileId;
use sprat_protocol::{FileName, PeerId};
use sprat_store::disk::job::Job;
use tokio::sync::Notify;

use crate::download::watching::Watching;
use crate::flow::pace::RateMeter;
use crate::shares::holding::Holding;
use crate::wire::remote::{Remote, Said};
use crate::world::changes::Changes;
use crate::world::clock;

/// Number of peers that are shown for one transfer. Peers that are connected or delivered chunks stay longest.
const MAX_PEERS: usize = 500;

/// Status of one transfer.
#[derive(Debug)]
pub(crate) struct Status {
    inner: Mutex<Inner>,
    /// Place where every change is noted, if the transfer is in the engine's list. Rates are not noted: they are
    /// measured when they are read.
    listed: Option<(FileId, Arc<Changes>)>,
    /// Folder that this transfer is a part of; its status follows the changes of this one.
    folder: Option<Arc<Status>>,
    /// Wakes the folder when the state of one of its parts changes.
    pub(crate) parts_changed: Notify,
    watching: Watching,
}

#[derive(Debug)]
struct Inner {
    figures: Figures,
    /// Time at which the current state began.
    since: Instant,
    /// Verified bytes and chunks that the folder counts for this part.
    counted: (u64, u32),
    down: RateMeter,
    up: RateMeter,
    /// Bytes uploaded as of the last snapshot, from which the upload rate is measured.
    uploaded: u64,
    peers: BTreeMap<PeerId, Peer>,
    /// Job on the disk, while the transfer is being checked or moved.
    work: Option<Arc<Job>>,
}

/// A peer of this transfer.
#[derive(Debug)]
struct Peer {
    view: PeerView,
    down: RateMeter,
    up: RateMeter,
}

/// Facts that are known of a transfer.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) state: TransferState,
    pub(crate) name: String,
    /// Name that the file is fetched under, once a download has decided on it. It keeps its number, so that the file is
    /// found again even if the name without a number is free by then.
    pub(crate) ordered_name: Option<FileName>,
    pub(crate) path: PathBuf,
    pub(crate) size: Option<u64>,
    /// Number of files, if the transfer is a folder.
    pub(crate) files: Option<u32>,
    pub(crate) num_chunks: u32,
    pub(crate) chunks_done: u32,
    pub(crate) verified: u64,
    pub(crate) downloaded: u64,
    /// Tells whether chunks were fetched that the next run has to find again. The list of a folder does not count: it
    /// is kept elsewhere.
    pub(crate) begun: bool,
    /// Tells whether everything on disk is still to be hashed again, whatever is on record.
    pub(crate) distrust: bool,
}

/// Part of a snapshot that is measured when the snapshot is taken, besides the figures.
#[derive(Debug)]
pub(crate) struct Moving {
    pub(crate) down_rate: u64,
    pub(crate) up_rate: u64,
    pub(crate) eta: Option<Duration>,
    pub(crate) work: Option<Work>,
    pub(crate) peers: Vec<PeerView>,
    /// Tells whether the snapshot will change soon though nothing happens: rates fall, or work goes on.
    pub(crate) is_changing: bool,
}

impl Status {
    /// Creates the status of a transfer of which nothing else is known.
    pub(crate) fn new(state: TransferState, name: String, path: PathBuf, size: Option<u64>) -> Self {
        let figures = Figures {
            state,
            name,
            ordered_name: None,
            path,
            size,
            files: None,
            num_chunks: 0,
            chunks_done: 0,
            verified: 0,
            downloaded: 0,
            begun: false,
            distrust: false,
        };
        let now = clock::now();
        let (down, up) = (RateMeter::new(now), RateMeter::new(now));
        let inner = Mutex::new(Inner {
            figures,
            since: now,
            counted: (0, 0),
            down,
            up,
            uploaded: 0,
            peers: BTreeMap::new(),
            work: None,
        });
        Self { inner, listed: None, folder: None, parts_changed: Notify::new(), watching: Watching::default() }
    }

    /// Makes this the status of a transfer in the engine's list, whose changes are noted in `changes`.
    pub(crate) fn listed(mut self, file_id: FileId, changes: &Arc<Changes>) -> Self {
        self.listed = Some((file_id, changes.clone()));
        self
    }

    /// Makes this the status of a part of `folder`.
    pub(crate) fn part_of(mut self, folder: &Arc<Self>) -> Self {
        self.folder = Some(folder.clone());
        self
    }

    /// Details for whoever watches this transfer, or the folder that it is a part of.
    pub(crate) fn watching(&self) -> &Watching {
        self.folder.as_ref().map_or(&self.watching, |folder| folder.watching())
    }

    /// Locks the status and notes that it changes. A reader of the note waits for the lock, and so for the change.
    fn changing(&self) -> MutexGuard<'_, Inner> {
        let inner = self.inner.lock();
        self.note();
        inner
    }

    fn note(&self) {
        if let Some((file_id, changes)) = &self.listed {
            changes.note(*file_id);
        }
    }

    /// Returns a copy of the figures.
    pub(crate) fn figures(&self) -> Figures {
        self.inner.lock().figures.clone()
    }

    /// Time since which the transfer waits for peers, if it does.
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        let inner = self.inner.lock();
        (inner.figures.state == TransferState::Waiting).then_some(inner.since)
    }

    /// Sets the state. Returns whether it changed.
    pub(crate) fn set_state(&self, state: TransferState) -> bool {
        let mut inner = self.inner.lock();
        let is_new = inner.figures.state != state;
        inner.figures.state = state;
        if is_new {
            self.note();
            (inner.since, inner.work) = (clock::now(), None);
        }
        drop(inner);
        if let Some(folder) = self.folder.as_ref().filter(|_| is_new) {
            folder.parts_changed.notify_one();
        }
        is_new
    }

    /// Sets the job on the disk that the current state is about.
    pub(crate) fn works(&self, job: Arc<Job>) {
        self.changing().work = Some(job);
    }

    /// Job on the disk that the current state is about, if any.
    pub(crate) fn work(&self) -> Option<Arc<Job>> {
        self.inner.lock().work.clone()
    }

    /// Sets the bytes and chunks that a check found on disk.
    pub(crate) fn checked(&self, verified: u64, chunks_done: u32) {
        let mut inner = self.changing();
        let figures = &mut inner.figures;
        (figures.verified, figures.chunks_done) = (verified, chunks_done);
        figures.begun |= verified > 0;
        let before = std::mem::replace(&mut inner.counted, (verified, chunks_done));
        drop(inner);
        if let Some(folder) = &self.folder {
            folder.recount(before, (verified, chunks_done));
        }
    }

    /// Replaces the bytes and chunks of one part in the sums of the folder: `before` by `now`.
    pub(crate) fn recount(&self, before: (u64, u32), now: (u64, u32)) {
        self.update(|figures| {
            figures.verified = (figures.verified + now.0).saturating_sub(before.0);
            figures.chunks_done = figures.chunks_done.saturating_add(now.1).saturating_sub(before.1);
        });
    }

    /// Changes the figures, and notes the change.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.changing().figures);
    }

    /// Notes that a peer of this transfer is connected.
    pub(crate) fn connected(&self, remote: &Remote, complete: bool) {
        if let Some(folder) = &self.folder {
            folder.connected(remote, complete);
        }
        let mut inner = self.changing();
        if let Some(peer) = inner.peer(remote) {
            (peer.view.connected, peer.view.complete, peer.view.addr) = (true, complete, remote.addr);
            peer.says(&remote.said);
        }
    }

    /// Notes that a peer of this transfer is gone.
    pub(crate) fn disconnected(&self, peer_id: &PeerId) {
        if let Some(folder) = &self.folder {
            folder.disconnected(peer_id);
        }
        if let Some(peer) = self.changing().peers.get_mut(peer_id) {
            (peer.view.connected, peer.view.last_seen) = (false, since_1970());
        }
    }

    /// Counts a chunk from this peer that is verified and on disk.
    pub(crate) fn stored(&self, from: &Remote, bytes: u64) {
        if let Some(folder) = &self.folder {
            folder.stored(from, bytes);
        }
        let mut inner = self.changing();
        let now = clock::now();
        inner.down.add(now, bytes);
        let figures = &mut inner.figures;
        figures.chunks_done += 1;
        figures.verified += bytes;
        figures.downloaded += bytes;
        figures.begun = true;
        inner.counted = (inner.counted.0 + bytes, inner.counted.1 + 1);
        if let Some(peer) = inner.peer(from) {
            peer.view.chunks_down += 1;
            peer.view.bytes_down += bytes;
            peer.down.add(now, bytes);
        }
    }

    /// Rates, time left and peers, as of `now`.
    pub(crate) fn moving(&self, now: Instant, holding: Option<&Holding>) -> Moving {
        let mut inner = self.inner.lock();
        let uploaded = holding.map_or(0, |holding| holding.uploaded.load(std::sync::atomic::Ordering::Relaxed));
        let sent = uploaded.saturating_sub(inner.uploaded);
        inner.uploaded = uploaded;
        inner.up.add(now, sent);
        inner.down.roll(now);
        let rate = inner.down.bytes_per_second();
        let left = inner.figures.size.map(|size| size.saturating_sub(inner.figures.verified));
        let downloading = inner.figures.state == TransferState::Downloading && rate > 0.0;
        let eta = left.filter(|_| downloading).and_then(|left| Duration::try_from_secs_f64(left as f64 / rate).ok());
        let is_work = matches!(inner.figures.state, TransferState::Checking | TransferState::Moving);
        let job = inner.work.as_ref().filter(|_| is_work);
        // A job that has just begun is work already, though its amount is not known yet.
        let (is_working, work) = (job.is_some(), job.and_then(|job| job.work(now)));
        let up_rate = inner.up.bytes_per_second() as u64;
        let peers = inner.peers(now, holding);
        let still =
            [&inner.down, &inner.up].into_iter().chain(inner.peers.values().flat_map(|peer| [&peer.down, &peer.up]));
        let is_changing = is_working || !still.into_iter().all(RateMeter::is_still);
        Moving { down_rate: rate as u64, up_rate, eta, work, peers, is_changing }
    }
}

impl Inner {
    fn peer(&mut self, remote: &Remote) -> Option<&mut Peer> {
        let peer_id = remote.peer_id;
        if self.peers.len() >= MAX_PEERS && !self.peers.contains_key(&peer_id) {
            self.peers.retain(|_, peer| peer.view.connected || peer.view.chunks_down > 0);
            if self.peers.len() >= MAX_PEERS {
                return None;
            }
        }
        Some(self.peers.entry(peer_id).or_insert_with(|| Peer::new(remote)))
    }

    /// Views of the peers of this transfer, after the bytes sent to each were brought up to date.
    fn peers(&mut self, now: Instant, holding: Option<&Holding>) -> Vec<PeerView> {
        let seen = since_1970();
        for (_, recipient) in holding.map(Holding::uploaded_to).unwrap_or_default() {
            if let Some(peer) = self.peer(&recipient.remote) {
                peer.up.add(now, recipient.bytes.saturating_sub(peer.view.bytes_up));
                peer.view.bytes_up = recipient.bytes;
                let was_connected = std::mem::replace(&mut peer.view.connected, !recipient.remote.is_gone());
                if was_connected {
                    peer.view.last_seen = seen;
                }
                peer.says(&recipient.remote.said);
            }
        }
        self.peers.values_mut().map(|peer| peer.view(now, seen)).collect()
    }
}

impl Peer {
    fn new(remote: &Remote) -> Self {
        let Remote { peer_id, addr, said: Said { agent, name }, .. } = remote.clone();
        let now = clock::now();
        let view = PeerView {
            peer_id,
            addr,
            agent,
            name,
            connected: true,
            last_seen: since_1970(),
            complete: false,
            chunks_down: 0,
            bytes_down: 0,
            bytes_up: 0,
            down_rate: 0,
            up_rate: 0,
        };
        Self { view, down: RateMeter::new(now), up: RateMeter::new(now) }
    }

    /// Notes the program and the name that the peer says of itself, if they changed.
    fn says(&mut self, said: &Said) {
        if (&self.view.agent, &self.view.name) != (&said.agent, &said.name) {
            Said { agent: self.view.agent, name: self.view.name } = said.clone();
        }
    }

    /// View of the peer for a snapshot, where `seen` is the time in seconds since 1970.
    fn view(&mut self, now: Instant, seen: u64) -> PeerView {
        self.down.roll(now);
        self.up.roll(now);
        self.view.down_rate = self.down.bytes_per_second() as u64;
        self.view.up_rate = self.up.bytes_per_second() as u64;
        if self.view.connected {
            self.view.last_seen = seen;
        }
        self.view.clone()
    }
}

/// Current time in seconds since 1970.
pub(crate) fn since_1970() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
