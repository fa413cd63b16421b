//! Scheduler, which decides which chunk to request from which peer: a plain struct without sockets and without a clock.
//!
//! A chunk is missing, requested, held (received, being verified and written) or done. The rules:
//!
//! - The last chunk comes first, because it proves the length. Then a few at random, so that a new leecher has
//!   something to give; then the rarest first, ties at random. If the user wants sequential order, the last chunk comes
//!   first, then all others in the order of the file (`sequential`).
//! - A window in bytes bounds the requests outstanding with one peer. The window grows with every chunk (slow start)
//!   until the rate no longer does, then follows rate × (latency + `QUEUE_TIME`). Chunks that wait in a longer queue
//!   could come from another peer meanwhile.
//! - A peer that delivers nothing for mean + 4 × deviation of its own pace is snubbed: its requests go to others, and
//!   it gets one at a time until it delivers again. It is not dropped.
//! - When nothing is missing and a peer is idle, it duplicates the request that will take longest elsewhere. The peer
//!   that is first wins, and the other request is cancelled.
//! - If the user limits the rate, less is outstanding and nothing is duplicated (`limited`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use sprat_chunking::{Bitfield, ChunkIndex};

use crate::flow::pace::{Pace, RateMeter};

mod limited;
mod rarity;
mod sequential;

pub use limited::Limited;
use rarity::Rarity;
use sequential::Sequence;

pub use crate::wire::remote::PeerKey;

/// Time for which requests are queued at a peer, besides the latency of its answers.
const QUEUE_TIME: Duration = Duration::from_millis(250);
/// Number of chunks that are fetched at random before rarity counts.
const RANDOM_FIRST: u32 = 4;
/// Number of chunks that a window starts with and never falls below.
const MIN_WINDOW_CHUNKS: u64 = 2;

/// The bounds that a scheduler keeps.
#[derive(Clone, Copy, Debug)]
pub struct SchedulerConfig {
    /// Length of a chunk in bytes.
    pub chunk_len: u64,
    /// Upper bound of the bytes outstanding with one peer.
    pub max_window: u64,
    /// Shortest and longest time-out.
    pub timeout: (Duration, Duration),
}

/// The state of one download's requests.
#[derive(Debug)]
pub struct Scheduler {
    config: SchedulerConfig,
    chunks: Vec<Chunk>,
    missing: Rarity,
    peers: BTreeMap<PeerKey, Peer>,
    last: Option<ChunkIndex>,
    done: u32,
    limited: Option<Limited>,
    sequence: Sequence,
    rng: SmallRng,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunk {
    Missing,
    Requested { from: PeerKey, also_from: Option<PeerKey> },
    Held,
    Done,
}

#[derive(Debug)]
struct Peer {
    has: Bitfield,
    /// Tells whether this peer counts in the availability of chunks. A peer that came as a seeder does not.
    counted: bool,
    /// Requested chunks in the order of the requests, which is the order of the answers.
    outstanding: Vec<ChunkIndex>,
    window: u64,
    /// Time that a chunk took the last time that it was requested while nothing else was outstanding.
    latency: Duration,
    /// Time and chunk of the last request that was sent while nothing else was outstanding, until the chunk arrives.
    asked_alone: Option<(Instant, ChunkIndex)>,
    rate: RateMeter,
    pace: Pace,
    /// Time at which this peer last delivered, or was first asked after having been idle.
    last_progress: Instant,
    snubbed: bool,
    /// Tells that this peer had no missing chunk at the last look. A HAVE or a chunk that is missing again resets it.
    dry: bool,
    /// Time until which this peer is busy and is sent no requests.
    busy_until: Option<Instant>,
    /// Chunks that this peer has but does not give now, and when to ask for each again; not in `has` meanwhile.
    put_off: Vec<(Instant, ChunkIndex)>,
}

/// Use of a chunk that arrived.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The chunk is to be verified and written.
    Wanted {
        /// Other peer that the same chunk was requested from; that request is to be cancelled.
        cancel: Option<PeerKey>,
    },
    /// The chunk is there already, or is being verified and written.
    Superfluous,
}

impl Scheduler {
    /// Creates a scheduler for `chunks`, which are all chunks of a file. All but those in `done` are missing.
    pub fn new(
        config: SchedulerConfig,
        chunks: impl Iterator<Item = ChunkIndex>,
        done: &Bitfield,
        rng: SmallRng,
    ) -> Self {
        let mut missing = Rarity::new(done.len());
        let mut states = Vec::with_capacity(done.len() as usize);
        let chunks: Vec<ChunkIndex> = chunks.collect();
        let last = chunks.last().copied();
        for index in chunks.iter().copied() {
            states.push(if done.has(index) { Chunk::Done } else { Chunk::Missing });
            if !done.has(index) {
                missing.insert(index);
            }
        }
        Self {
            config,
            chunks: states,
            missing,
            peers: BTreeMap::new(),
            last,
            done: done.count(),
            limited: None,
            sequence: Sequence::new(chunks),
            rng,
        }
    }

    /// Returns whether every chunk is done.
    pub fn is_done(&self) -> bool {
        self.done as usize == self.chunks.len()
    }

    /// Returns whether any request is outstanding.
    pub fn is_busy(&self) -> bool {
        self.peers.values().any(|peer| !peer.outstanding.is_empty())
    }

    /// Numbers of the chunks that are requested, or being verified and written.
    pub fn under_way(&self) -> impl Iterator<Item = u32> {
        let states = (0..).zip(&self.chunks);
        states.filter(|(_, state)| matches!(state, Chunk::Requested { .. } | Chunk::Held)).map(|(number, _)| number)
    }

    /// Sets the chunks that a peer has, in place of those it told before. The peer can be asked from now on.
    pub fn peer_has(&mut self, now: Instant, key: PeerKey, has: Bitfield) {
        self.peer_uncounted(key);
        let counted = !has.is_full();
        if counted {
            has.ones().for_each(|index| self.missing.gained(index));
        }
        let window = MIN_WINDOW_CHUNKS * self.config.chunk_len;
        let peer = self.peers.entry(key).or_insert_with(|| Peer {
            has: Bitfield::empty(0),
            counted,
            outstanding: Vec::new(),
            window,
            latency: Duration::ZERO,
            asked_alone: None,
            rate: RateMeter::new(now),
            pace: Pace::default(),
            last_progress: now,
            snubbed: false,
            dry: false,
            busy_until: None,
            put_off: Vec::new(),
        });
        peer.put_off.clear();
        (peer.has, peer.counted, peer.dry) = (has, counted, false);
    }

    /// Notes that a peer has another chunk.
    pub fn peer_got(&mut self, key: PeerKey, index: ChunkIndex) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        if peer.has.insert(index) && peer.counted {
            self.missing.gained(index);
        }
        peer.dry = false;
    }

    /// Removes a peer. Chunks that were requested from this peer alone are missing again.
    pub fn peer_gone(&mut self, key: PeerKey) {
        self.peer_uncounted(key);
        let Some(peer) = self.peers.remove(&key) else { return };
        peer.outstanding.into_iter().for_each(|index| self.release(key, index));
    }

    /// Picks the chunks to request from this peer now, in this order, and marks them as requested.
    pub fn requests(&mut self, now: Instant, key: PeerKey) -> Vec<ChunkIndex> {
        self.put_off_no_longer(now, key);
        let mut picked = Vec::new();
        if self.peers.get(&key).is_none_or(|peer| peer.is_well_supplied(self.config)) {
            return picked;
        }
        while let Some(index) = self.pick(now, key) {
            let peer = self.peers.get_mut(&key).expect("a peer that a chunk was picked for is there");
            if peer.outstanding.is_empty() {
                peer.last_progress = now;
                peer.asked_alone = Some((now, index));
            }
            peer.outstanding.push(index);
            picked.push(index);
        }
        picked
    }

    /// Notes that a chunk of `len` bytes arrived from a peer that was asked for it. Returns the use of the chunk.
    pub fn arrived(&mut self, now: Instant, key: PeerKey, index: ChunkIndex, len: u64) -> Arrival {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.delivered(now, index, len, self.config);
        }
        let before = self.chunks[index.as_usize()];
        match before {
            Chunk::Held | Chunk::Done => return Arrival::Superfluous,
            Chunk::Missing => {
                self.missing.remove(index);
            }
            Chunk::Requested { .. } => {}
        }
        self.chunks[index.as_usize()] = Chunk::Held;
        let cancel = match before {
            Chunk::Requested { from, also_from } => [Some(from), also_from].into_iter().flatten().find(|k| *k != key),
            _ => None,
        };
        if let Some(other) = cancel.and_then(|other| self.peers.get_mut(&other)) {
            other.outstanding.retain(|i| *i != index);
        }
        Arrival::Wanted { cancel }
    }

    /// Notes that a held chunk is verified and on disk.
    pub fn stored(&mut self, index: ChunkIndex) {
        debug_assert_eq!(self.chunks[index.as_usize()], Chunk::Held);
        self.chunks[index.as_usize()] = Chunk::Done;
        self.done += 1;
    }

    /// Makes a held chunk missing again, because it did not match its hash or could not be written.
    pub fn discarded(&mut self, index: ChunkIndex) {
        debug_assert_eq!(self.chunks[index.as_usize()], Chunk::Held);
        self.make_missing(index);
    }

    /// Notes that a peer is busy and did not give this chunk: the peer is sent no requests for `wait`.
    pub fn busy(&mut self, now: Instant, key: PeerKey, index: ChunkIndex, wait: Duration) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.outstanding.retain(|i| *i != index);
            peer.busy_until = Some(now + wait);
        }
        self.release(key, index);
    }

    /// Notes that a peer does not give this chunk now: it is asked for other chunks, but not for this one for `wait`.
    pub fn put_off(&mut self, now: Instant, key: PeerKey, index: ChunkIndex, wait: Duration) {
        self.rejected(key, index);
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.put_off.push((now + wait, index));
        }
    }

    /// Notes that a peer does not have this chunk after all, so that it is not asked for it again.
    pub fn rejected(&mut self, key: PeerKey, index: ChunkIndex) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        peer.outstanding.retain(|i| *i != index);
        if peer.has.remove(index) && peer.counted {
            self.missing.lost(index);
        }
        self.release(key, index);
    }

    /// Snubs peers that stopped delivering, so that their requests go to others. Returns the snubbed peers.
    pub fn time_out(&mut self, now: Instant) -> Vec<PeerKey> {
        let late = |peer: &Peer| !peer.outstanding.is_empty() && peer.deadline(self.config) <= now;
        let snubbed: Vec<PeerKey> = self.peers.iter().filter(|(_, peer)| late(peer)).map(|(key, _)| *key).collect();
        for key in &snubbed {
            let peer = self.peers.get_mut(key).expect("it was just found");
            peer.snubbed = true;
            peer.window = MIN_WINDOW_CHUNKS * self.config.chunk_len;
            peer.last_progress = now;
            peer.rate = RateMeter::new(now);
            let outstanding = std::mem::take(&mut peer.outstanding);
            outstanding.into_iter().for_each(|index| self.release(*key, index));
        }
        snubbed
    }

    /// Time at which [`Scheduler::time_out`] or [`Scheduler::requests`] has something to do even without an event.
    pub fn next_deadline(&self) -> Option<Instant> {
        let deadlines = self.peers.values().filter(|peer| !peer.outstanding.is_empty());
        let late = deadlines.map(|peer| peer.deadline(self.config));
        let put_off = self.peers.values().flat_map(|peer| peer.put_off.iter().map(|(until, _)| *until));
        late.chain(self.peers.values().filter_map(|peer| peer.busy_until)).chain(put_off).min()
    }

    /// Makes chunks whose time of being put off is over available from this peer again.
    fn put_off_no_longer(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        let (over, waiting) = peer.put_off.drain(..).partition(|(until, _)| *until <= now);
        peer.put_off = waiting;
        let over: Vec<(Instant, ChunkIndex)> = over;
        over.into_iter().for_each(|(_, index)| self.peer_got(key, index));
    }

    /// Picks the next chunk for this peer, and marks it as requested from this peer.
    fn pick(&mut self, now: Instant, key: PeerKey) -> Option<ChunkIndex> {
        let peer = self.peers.get_mut(&key)?;
        if peer.busy_until.is_some_and(|until| now < until) {
            return None;
        }
        peer.busy_until = None;
        if !peer.has_room(self.config) || self.is_budget_spent() {
            return None;
        }
        if let Some(index) = self.pick_missing(key) {
            self.missing.remove(index);
            self.chunks[index.as_usize()] = Chunk::Requested { from: key, also_from: None };
            return Some(index);
        }
        self.pick_duplicate(key)
    }

    fn pick_missing(&mut self, key: PeerKey) -> Option<ChunkIndex> {
        if self.missing.is_empty() || self.peers.get(&key).is_none_or(|peer| peer.dry) {
            return None;
        }
        let first = if self.sequence.is_on { self.first_missing(key) } else { None };
        let peer = self.peers.get_mut(&key)?;
        // A request that timed out may still be outstanding at the connection; asking twice is harmless.
        let wanted = |index| peer.has.has(index);
        let last = self.last.filter(|last| self.chunks[last.as_usize()] == Chunk::Missing && wanted(*last));
        let index = last.or_else(|| {
            if self.sequence.is_on {
                first
            } else if self.done < RANDOM_FIRST {
                self.missing.any(&mut self.rng, wanted)
            } else {
                self.missing.rarest(&mut self.rng, wanted)
            }
        });
        peer.dry = index.is_none();
        index
    }

    /// Picks a chunk to request a second time (endgame): only for an idle peer, only when nothing is missing, from at
    /// most two peers for one chunk, and only if this peer would be sooner.
    fn pick_duplicate(&mut self, key: PeerKey) -> Option<ChunkIndex> {
        let me = self.peers.get(&key)?;
        if !self.missing.is_empty() || !me.outstanding.is_empty() || me.snubbed || self.is_limit_reached() {
            return None;
        }
        let mine = me.expected_wait(1, self.config);
        let others = self.peers.iter().filter(|(other, _)| **other != key);
        let theirs = others.flat_map(|(_, peer)| {
            peer.outstanding
                .iter()
                .enumerate()
                .map(|(place, index)| (peer.expected_wait(place + 1, self.config), *index))
        });
        let slower = theirs.filter(|(wait, index)| {
            let sole = matches!(self.chunks[index.as_usize()], Chunk::Requested { also_from: None, .. });
            sole && me.has.has(*index) && *wait > mine
        });
        let (_, index) = slower.max_by(|a, b| a.0.total_cmp(&b.0))?;
        if let Chunk::Requested { also_from, .. } = &mut self.chunks[index.as_usize()] {
            *also_from = Some(key);
        }
        Some(index)
    }

    /// Ends the request of this chunk from this peer. The chunk is missing again unless another peer was asked too.
    fn release(&mut self, key: PeerKey, index: ChunkIndex) {
        if let Chunk::Requested { from, also_from } = self.chunks[index.as_usize()] {
            match (from == key, also_from) {
                (true, None) => self.make_missing(index),
                (true, Some(other)) => {
                    self.chunks[index.as_usize()] = Chunk::Requested { from: other, also_from: None };
                }
                (false, also) if also == Some(key) => {
                    self.chunks[index.as_usize()] = Chunk::Requested { from, also_from: None };
                }
                (false, _) => {}
            }
        }
    }

    fn make_missing(&mut self, index: ChunkIndex) {
        self.chunks[index.as_usize()] = Chunk::Missing;
        self.sequence.missing_again(index);
        self.missing.insert(index);
        self.peers.values_mut().for_each(|peer| peer.dry = false);
    }

    /// Removes the chunks of a leecher from the availability. Those of a seeder were never counted.
    fn peer_uncounted(&mut self, key: PeerKey) {
        if let Some(peer) = self.peers.get(&key).filter(|peer| peer.counted) {
            peer.has.ones().for_each(|index| self.missing.lost(index));
        }
    }

    /// Sets the rate limit to keep to from now on; None lifts it.
    pub fn set_limited(&mut self, limited: Option<Limited>) {
        self.limited = limited;
    }

    /// Excuses a peer for not delivering until `until`, because this side held its bytes back.
    pub fn held_back(&mut self, key: PeerKey, until: Instant) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.last_progress = peer.last_progress.max(until);
        }
    }

    /// Sets whether chunks are fetched in the order of the file from now on, or the rarest first. Outstanding requests
    /// stay as they are.
    pub fn set_sequential(&mut self, sequential: bool) {
        self.sequence.is_on = sequential;
    }

    /// Returns whether as much is outstanding with all peers together as the rate limit lets in for some time.
    fn is_budget_spent(&self) -> bool {
        let outstanding = || self.peers.values().map(|peer| peer.outstanding.len()).sum();
        self.limited.is_some_and(|limited| limited.is_spent(outstanding(), self.config.chunk_len))
    }

    /// Returns whether the rate limit holds peers back, so that a duplicate request would only make all chunks later.
    fn is_limit_reached(&self) -> bool {
        self.limited.is_some_and(|limited| limited.is_reached)
    }

    /// Finds the first missing chunk, in the order of the file, that this peer has.
    fn first_missing(&mut self, key: PeerKey) -> Option<ChunkIndex> {
        let (has, chunks) = (&self.peers.get(&key)?.has, &self.chunks);
        self.sequence.first_missing(has, |index| chunks[index.as_usize()] == Chunk::Missing)
    }
}

impl Peer {
    fn has_room(&self, config: SchedulerConfig) -> bool {
        let outstanding = self.outstanding.len() as u64 * config.chunk_len;
        if self.snubbed { self.outstanding.is_empty() } else { outstanding + config.chunk_len <= self.window }
    }

    /// Returns whether enough is outstanding that asking can wait: many requests at once cost less than one at a time.
    fn is_well_supplied(&self, config: SchedulerConfig) -> bool {
        let outstanding = self.outstanding.len() as u64 * config.chunk_len;
        outstanding > 8 * config.chunk_len && outstanding > self.window / 4 * 3
    }

    fn deadline(&self, config: SchedulerConfig) -> Instant {
        self.last_progress + self.pace.timeout(config.timeout)
    }

    /// Seconds until the request at this place of the peer's queue is answered. A peer of unknown rate counts as slow,
    /// and a snubbed peer as slower than any.
    fn expected_wait(&self, place: usize, config: SchedulerConfig) -> f64 {
        if self.snubbed {
            return f64::INFINITY;
        }
        let rate = self.rate.bytes_per_second();
        if rate > 0.0 { place as f64 * config.chunk_len as f64 / rate } else { place as f64 * 10.0 }
    }

    fn delivered(&mut self, now: Instant, index: ChunkIndex, len: u64, config: SchedulerConfig) {
        self.outstanding.retain(|i| *i != index);
        if let Some((asked, _)) = self.asked_alone.take_if(|(_, alone)| *alone == index) {
            self.latency = now.saturating_duration_since(asked);
        }
        self.pace.arrived(now.saturating_duration_since(self.last_progress));
        self.last_progress = now;
        self.snubbed = false;
        let least = MIN_WINDOW_CHUNKS * config.chunk_len;
        let most = config.max_window.max(least);
        if self.rate.add(now, len).is_growing() {
            self.window = (self.window + config.chunk_len).min(most);
        } else {
            let target = self.rate.bytes_per_second() * (self.latency + QUEUE_TIME).as_secs_f64();
            self.window = (target as u64).clamp(least, most);
        }
    }
}

#[cfg(test)]
mod tests;
