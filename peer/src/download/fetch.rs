//! Second part of a download: schedules, requests, verifies and writes chunks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use sprat_api::{Event, TransferState, Trouble};
use sprat_chunking::{Bitfield, ChunkHashes, ChunkIndex, Layout, PutError};
use sprat_protocol::wire::RejectReason;
use sprat_store::disk::trouble::trouble;
use sprat_store::part::PartFile;

use super::{Download, Fetched, Happening, Written};
use crate::download::scheduler::{Arrival, Scheduler, SchedulerConfig};
use crate::flow::buffers::Buffer;
use crate::peers::asked::{FromPeer, PeerNews};
use crate::shares::holding::Holding;
use crate::wire::remote::PeerKey;
use crate::world::clock;

/// Time for which a busy peer is left alone if it names none.
const BUSY: Duration = Duration::from_millis(500);

/// Time until a chunk that a peer could not give is requested from it again.
const UNWELL: Duration = Duration::from_secs(10);
/// Number of written bytes after which a sync makes them durable.
const SYNC_EVERY: u64 = 64 * 1024 * 1024;
/// Time after which a sync makes written bytes durable even if they are few.
const SYNC_AFTER: Duration = Duration::from_secs(30);
/// Interval of checks, while chunks arrive, whether the part file is still at its path.
const LOOK_AFTER: Duration = Duration::from_millis(500);

/// A download whose chunk hashes are known.
struct Fetch<'a> {
    download: &'a mut Download,
    part: &'a Arc<PartFile>,
    hashes: &'a ChunkHashes,
    /// Holding that serves the verified chunks to others meanwhile.
    holding: Arc<Holding>,
    scheduler: Scheduler,
    layout: Layout,
    /// Bytes written since the last sync began.
    unsynced: u64,
    synced_at: Instant,
    /// Time of the last check whether the part file is still at its path.
    looked_at: Instant,
    /// Time at which the last chunk was stored, or fetching began.
    progress_at: Instant,
    /// Time at which the chunks under way were last shown to whoever watches.
    shown_at: Option<Instant>,
}

impl Download {
    /// Fetches the chunks that are not in `has`, and serves those that are, until all are verified and written. Returns
    /// the layout, whose length is then proven, or [`Fetched::Doubt`] if the chunk hashes led nowhere.
    ///
    /// # Errors
    /// [`Trouble`] if a chunk cannot be written.
    pub(super) async fn fetch(
        &mut self,
        part: &Arc<PartFile>,
        hashes: &ChunkHashes,
        has: Bitfield,
    ) -> Result<Fetched, Trouble> {
        let layout = part.layout();
        let limits = &self.env.limits;
        let config = SchedulerConfig {
            chunk_len: u64::from(layout.chunk_size().bytes()),
            max_window: limits.window_bytes,
            timeout: limits.request_timeout,
        };
        let rng = SmallRng::from_rng(&mut self.rng);
        let scheduler = Scheduler::new(config, layout.indices(), &has, rng);
        let holding = Holding::part(self.name().to_string(), hashes.clone(), layout, has, part.chunks());
        let holding = Arc::new(match &self.folder {
            Some(folder) => holding.part_of(&folder.holding),
            None => holding,
        });
        self.fetching = Some((part.chunks(), holding.clone()));
        holding.announce_visitors(self.visitors.0.clone());
        self.env.holdings.insert(holding.clone());
        self.env.asker.trackers.kick();
        let now = clock::now();
        let fetch = Fetch {
            download: self,
            part,
            hashes,
            holding,
            scheduler,
            layout,
            unsynced: 0,
            synced_at: now,
            looked_at: now,
            progress_at: now,
            shown_at: None,
        };
        fetch.run().await
    }
}

impl Fetch<'_> {
    async fn run(mut self) -> Result<Fetched, Trouble> {
        let known: Vec<PeerKey> = self.download.peers.keys().copied().collect();
        known.into_iter().for_each(|key| self.peer_told(key));
        while !self.scheduler.is_done() {
            self.show_state();
            let doubt_at = self.doubt_at();
            if doubt_at.is_some_and(|at| at <= clock::now()) {
                return Ok(Fetched::Doubt { anything_verified: self.holding.has().count() > 0 });
            }
            let show_at = self.download.show_requested(&self.scheduler, self.hashes, &mut self.shown_at);
            let deadline = [self.scheduler.next_deadline(), doubt_at, show_at].into_iter().flatten().min();
            match self.download.next(deadline).await {
                Happening::Peer(FromPeer { key, news }) => self.heard(key, news),
                Happening::Written(written) => self.written(written)?,
                Happening::Synced(synced) => self.synced(synced)?,
                Happening::Deadline => self.time_out(),
                Happening::Network => {}
            }
        }
        Ok(Fetched::All(self.layout))
    }

    /// Time at which to doubt the chunk hashes, if no chunk comes until then and a connected peer cuts the file
    /// differently. A list of tree nodes one level off hashes up to the ID too, but nobody has a chunk for it.
    fn doubt_at(&self) -> Option<Instant> {
        let own = (self.hashes.chunk_size(), self.hashes.num_chunks());
        let mut claims = self.download.peers.values().filter_map(|remote| remote.claim.as_ref());
        let disagreed = claims.any(|claim| (claim.chunk_size, claim.num_chunks) != own);
        let progress_at =
            || self.download.held_back_until().map_or(self.progress_at, |held| held.max(self.progress_at));
        disagreed.then(|| progress_at() + self.download.env.limits.doubt_after)
    }

    fn heard(&mut self, key: PeerKey, news: PeerNews) {
        match news {
            PeerNews::Has(claim) => {
                self.download.heard(key, claim);
                self.peer_told(key);
            }
            PeerNews::Got(numbers) => {
                for index in numbers.into_iter().filter_map(|number| self.hashes.index(number)) {
                    self.scheduler.peer_got(key, index);
                }
                self.request(key);
            }
            PeerNews::Chunk(index, chunk) if self.hashes.index(index.get()).is_some() => {
                self.arrived(key, index, chunk);
            }
            PeerNews::Rejected(Some(index), reason, retry_after) if self.hashes.index(index.get()).is_some() => {
                self.rejected(key, Some(index), reason, retry_after);
            }
            PeerNews::Rejected(None, reason, retry_after) => self.rejected(key, None, reason, retry_after),
            PeerNews::Gone => {
                self.scheduler.peer_gone(key);
                self.download.part_with(key);
                self.request_everywhere();
            }
            PeerNews::Hashes(..) | PeerNews::Chunk(..) | PeerNews::Rejected(..) => {}
        }
    }

    /// Handles a peer's claim: if it is of this file in these chunks, requests chunks from the peer.
    fn peer_told(&mut self, key: PeerKey) {
        let Some(remote) = self.download.peers.get(&key) else { return };
        let Some(claim) = &remote.claim else { return };
        if claim.chunk_size != self.hashes.chunk_size() && claim.bits.is_none() {
            // A seeder serves any chunk size; this one was asked before the right chunk size was known.
            let (connection, inbox) = (remote.connection.clone(), self.download.inbox.0.clone());
            if let Some(remote) = self.download.peers.get_mut(&key) {
                (remote.claim, remote.asked) = (None, self.hashes.chunk_size());
            }
            connection.want(self.hashes.file_id(), self.hashes.chunk_size(), inbox);
            return;
        }
        let num_chunks = self.hashes.num_chunks();
        if claim.num_chunks != num_chunks || claim.chunk_size != self.hashes.chunk_size() {
            tracing::debug!(peer = %remote.connection.remote.peer_id, ?claim.num_chunks, "a peer cuts the file differently");
            return;
        }
        let has = match &claim.bits {
            None => Ok(Bitfield::full(num_chunks)),
            Some(bits) => Bitfield::from_bytes(bits, num_chunks),
        };
        match has {
            Ok(has) => {
                self.scheduler.peer_has(clock::now(), key, has);
                self.request(key);
            }
            Err(error) => {
                tracing::warn!(peer = %remote.connection.remote.peer_id, %error, "a peer sent nonsense");
                remote.connection.close();
            }
        }
    }

    /// Requests as many chunks from this peer as its window allows.
    fn request(&mut self, key: PeerKey) {
        let Some(remote) = self.download.peers.get(&key) else { return };
        self.scheduler.set_limited(self.download.limited());
        self.scheduler.set_sequential(self.download.env.flow.settings.is_sequential(&self.hashes.file_id()));
        for index in self.scheduler.requests(clock::now(), key) {
            remote.connection.request_chunk(self.hashes.file_id(), self.hashes.chunk_size(), index);
        }
    }

    fn request_everywhere(&mut self) {
        let keys: Vec<PeerKey> = self.download.peers.keys().copied().collect();
        keys.into_iter().for_each(|key| self.request(key));
    }

    /// Handles a chunk that arrived: a wanted chunk goes through the store, which verifies it before writing.
    fn arrived(&mut self, key: PeerKey, index: ChunkIndex, chunk: Buffer) {
        let len = chunk.len() as u64;
        let arrival = self.scheduler.arrived(clock::now(), key, index, len);
        let Arrival::Wanted { cancel } = arrival else {
            self.request(key);
            return;
        };
        if let Some(other) = cancel.and_then(|other| self.download.peers.get(&other)) {
            other.connection.cancel(&self.hashes.file_id(), index);
        }
        let Some(from) = self.download.peers.get(&key).map(|remote| remote.connection.clone()) else {
            self.scheduler.discarded(index);
            return;
        };
        let (chunks, layout, part) = (self.part.chunks(), self.layout, self.part_to_look_at());
        self.download.env.disk.spawn_in(&mut self.download.writes, move || {
            let in_place = part.map_or(Ok(()), |part| part.is_in_place());
            let result = in_place.map_err(PutError::Write).and_then(|()| chunks.put(layout, index, &chunk));
            Written { from, index, len, result }
        });
        self.request(key);
        cancel.into_iter().for_each(|other| self.request(other));
    }

    /// Returns the part file if a check of its path is due.
    fn part_to_look_at(&mut self) -> Option<Arc<PartFile>> {
        let now = clock::now();
        let due = now >= self.looked_at + LOOK_AFTER;
        if due {
            self.looked_at = now;
        }
        due.then(|| self.part.clone())
    }

    /// Handles the outcome of verifying and writing a chunk.
    fn written(&mut self, Written { from, index, len, result }: Written) -> Result<(), Trouble> {
        match result {
            Ok(layout) => {
                self.layout = if Some(index) == layout.last() { layout } else { self.layout };
                self.scheduler.stored(index);
                self.holding.gained(index, self.layout);
                self.download.status.stored(&from.remote, len);
                if let Some(remote) = self.download.peers.get(&from.key) {
                    remote.candidates.iter().for_each(|candidate| self.download.candidates.delivered(candidate));
                }
                self.download.env.news.changed();
                self.unsynced += len;
                self.progress_at = clock::now();
                self.sync();
            }
            Err(PutError::Mismatch) => {
                let (file_id, peer_id) = (self.hashes.file_id(), from.remote.peer_id);
                tracing::warn!(%file_id, %index, peer = %peer_id, "a chunk didn't match its hash; its sender is banned");
                self.download.env.news.emit(Event::BadChunk { file_id, index: index.get(), peer_id });
                self.download.env.peers.pool.ban(peer_id);
                self.scheduler.discarded(index);
                self.request_everywhere();
            }
            Err(PutError::Write(error)) => {
                self.scheduler.discarded(index);
                return Err(self.disk_trouble(&error));
            }
        }
        Ok(())
    }

    /// Starts a sync if one is due and none is running, to make written chunks durable and record them.
    fn sync(&mut self) {
        let due = self.unsynced >= SYNC_EVERY || clock::now() >= self.synced_at + SYNC_AFTER;
        if due && self.download.syncs.is_empty() {
            (self.unsynced, self.synced_at) = (0, clock::now());
            let (chunks, has, layout) = (self.part.chunks(), self.holding.has(), self.layout);
            self.download.env.disk.spawn_in(&mut self.download.syncs, move || chunks.checkpoint(&has, layout, false));
        }
    }

    fn synced(&self, synced: std::io::Result<()>) -> Result<(), Trouble> {
        synced.map_err(|error| self.disk_trouble(&error))
    }

    /// Trouble that an error of the disk means, with the number of bytes that are still to be written.
    fn disk_trouble(&self, error: &std::io::Error) -> Trouble {
        let verified = self.download.status.figures().verified;
        trouble(self.part.path(), self.layout.len().saturating_sub(verified), error)
    }

    fn rejected(
        &mut self,
        key: PeerKey,
        index: Option<ChunkIndex>,
        reason: RejectReason,
        retry_after: Option<Duration>,
    ) {
        match (index, reason) {
            // Answer to a CANCEL: the scheduler has given the chunk to another peer already.
            (_, RejectReason::Cancelled) => {}
            (Some(index), RejectReason::Busy) => {
                self.scheduler.busy(clock::now(), key, index, retry_after.unwrap_or(BUSY));
            }
            (Some(index), RejectReason::Elsewhere) => {
                self.scheduler.put_off(clock::now(), key, index, retry_after.unwrap_or(BUSY));
            }
            (None, _) | (_, RejectReason::NotShared) => {
                self.scheduler.peer_gone(key);
                self.download.part_with(key);
            }
            (Some(index), RejectReason::Invalid) => self.scheduler.rejected(key, index),
            // Any other reason may be temporary.
            (Some(index), _) => self.scheduler.put_off(clock::now(), key, index, retry_after.unwrap_or(UNWELL)),
        }
        self.request_everywhere();
    }

    /// Gives the requests of peers that stopped delivering to other peers.
    fn time_out(&mut self) {
        self.download.excuse_held_back(&mut self.scheduler);
        let snubbed = self.scheduler.time_out(clock::now());
        for remote in snubbed.iter().filter_map(|key| self.download.peers.get(key)) {
            tracing::debug!(peer = %remote.connection.remote.peer_id, "a peer stopped delivering");
            remote.connection.cancel_all(&self.hashes.file_id());
        }
        // Other peers choose first: the snubbed ones get what is left.
        let keys: Vec<PeerKey> = self.download.peers.keys().copied().filter(|key| !snubbed.contains(key)).collect();
        keys.into_iter().chain(snubbed).for_each(|key| self.request(key));
    }

    fn show_state(&self) {
        let moving = self.scheduler.is_busy() || !self.download.writes.is_empty();
        let state = match moving {
            true => TransferState::Downloading,
            false if self.download.is_searching() => TransferState::Searching,
            false => TransferState::Waiting,
        };
        self.download.set_state(state);
    }
}
