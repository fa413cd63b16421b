//! All swarms, by file.

use std::hash::{BuildHasher, RandomState};

use parking_lot::{Mutex, MutexGuard};
use rand::SeedableRng;
use rand::rngs::{SmallRng, StdRng};
use sprat_chunking::FileId;

use super::counts::Counts;
use super::handles::Handle;
use super::one::Swarm;
use super::peer::Held;
use super::shard::{MAX_FILES, NUM_SHARDS, Shard, shard_of};
use crate::config::Limits;
use crate::model::error::FileRefusal;
use crate::model::holding::{Accepted, Share, Totals};

/// The swarms, in shards that are locked one at a time, so that questions for different files seldom wait for each other.
pub(super) struct Files {
    limits: Limits,
    /// Strangers choose file IDs, so the hash has a key.
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    counts: Counts,
}

/// Outcome of adding a file to those of a peer.
pub(super) struct Joined {
    pub(super) accepted: Accepted,
    /// The file, if the peer did not hold it before.
    pub(super) added: Option<Handle>,
}

/// Progress of a walk through all files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    shard: usize,
    block: usize,
}

impl Files {
    pub(super) fn new(limits: Limits, rng: &mut StdRng) -> Self {
        // All draw the same numbers, so that it does not matter for a test in which shard a file is.
        let rng = SmallRng::from_rng(rng);
        Self {
            limits: Limits { files: limits.files.min(MAX_FILES), ..limits },
            hasher: RandomState::new(),
            shards: (0..NUM_SHARDS).map(|number| Mutex::new(Shard::new(number, rng.clone()))).collect(),
            counts: Counts::default(),
        }
    }

    pub(super) fn totals(&self, peers: usize) -> Totals {
        self.counts.totals(peers)
    }

    /// Looks at the swarm of a file, if somebody holds it. All else that is asked of its shard waits meanwhile.
    pub(super) fn look<T>(&self, file_id: FileId, look: impl FnOnce(&Swarm, &mut SmallRng) -> T) -> Option<T> {
        let (hash, mut shard) = self.lock(file_id);
        let file = shard.find(hash, file_id)?;
        let (swarm, rng) = shard.swarm_and_rng(file)?;
        Some(look(swarm, rng))
    }

    /// Some files, each with somebody who holds it, and the place after them; none after the last one.
    pub(super) fn block(&self, mut place: Cursor) -> Option<(Vec<(FileId, Handle)>, Cursor)> {
        while let Some(shard) = self.shards.get(place.shard) {
            let shard = shard.lock();
            if let Some(block) = shard.block(place.block) {
                let holder = |swarm: &Swarm| Some((swarm.file_id(), *swarm.members().list().first()?));
                return Some((block.filter_map(holder).collect(), Cursor { block: place.block + 1, ..place }));
            }
            place = Cursor { shard: place.shard + 1, block: 0 };
        }
        None
    }

    /// Adds a file to those of a peer, or replaces what the peer said of it before. The peer's files
    /// are locked.
    pub(super) fn join(&self, peer: Handle, held: &Held, share: Share) -> Result<Joined, FileRefusal> {
        let Share { file_id, claim, complete } = share;
        let (hash, mut shard) = self.lock(file_id);
        let known = shard.find(hash, file_id);
        let swarm = known.and_then(|file| shard.swarm(file));
        let was_seeder = swarm.and_then(|swarm| swarm.members().is_seeder(peer));
        let before = swarm.map(|swarm| swarm.claim().clone());
        if was_seeder.is_none() {
            self.make_room(held, swarm)?;
        }
        let file = known.unwrap_or_else(|| shard.insert(hash, Swarm::new(file_id, claim.clone())));
        let swarm = shard.swarm_mut(file).expect("this is the handle of a swarm in this shard");
        swarm.put(peer, claim, complete);
        self.counts.change(was_seeder.unwrap_or(false), complete);
        let claim = swarm.claim();
        let accepted =
            Accepted { chunk_size: claim.layout.chunk_size(), is_news: before.is_none_or(|before| *claim != before) };
        Ok(Joined { accepted, added: was_seeder.is_none().then_some(file) })
    }

    /// Makes a seeder of a peer, whose files are locked. Returns whether it holds the file at all.
    pub(super) fn complete(&self, peer: Handle, file_id: FileId) -> bool {
        let (hash, mut shard) = self.lock(file_id);
        let swarm = shard.find(hash, file_id).and_then(|file| shard.swarm_mut(file));
        let was_seeder = swarm.and_then(|swarm| swarm.complete(peer));
        self.counts.change(was_seeder.unwrap_or(true), true);
        was_seeder.is_some()
    }

    /// Takes a peer, whose files are locked, out of a swarm. Returns which file that was, if the peer held it.
    pub(super) fn leave(&self, peer: Handle, file_id: FileId) -> Option<Handle> {
        let (hash, mut shard) = self.lock(file_id);
        let file = shard.find(hash, file_id)?;
        self.leave_in(&mut shard, peer, file).then_some(file)
    }

    /// Takes a peer, whose files are locked, out of the swarm of one of them.
    pub(super) fn leave_held(&self, peer: Handle, file: Handle) {
        self.leave_in(&mut self.shards[shard_of(file)].lock(), peer, file);
    }

    fn leave_in(&self, shard: &mut Shard, peer: Handle, file: Handle) -> bool {
        let Some(swarm) = shard.swarm_mut(file) else { return false };
        let Some(was_seeder) = swarm.remove(peer) else { return false };
        let is_last = swarm.members().len() == 0;
        if is_last {
            let hash = self.hasher.hash_one(swarm.file_id());
            shard.remove(hash, file);
        }
        self.counts.remove(was_seeder, is_last);
        true
    }

    /// Counts one more member of this swarm, or of a new one, for a peer that holds these files.
    fn make_room(&self, held: &Held, swarm: Option<&Swarm>) -> Result<(), FileRefusal> {
        if held.files.len() >= self.limits.files_per_peer {
            Err(FileRefusal::PeerFull)
        } else if !held.has_room(&self.limits) {
            Err(FileRefusal::NetworkFull)
        } else if swarm.is_some_and(|swarm| swarm.members().len() >= self.limits.peers_per_swarm) {
            Err(FileRefusal::SwarmFull)
        } else {
            self.counts.add(swarm.is_none(), &self.limits)
        }
    }

    /// The hash of a file, and its shard.
    fn lock(&self, file_id: FileId) -> (u64, MutexGuard<'_, Shard>) {
        let hash = self.hasher.hash_one(file_id);
        // The lower half of the hash: within the shard the upper half counts.
        (hash, self.shards[shard_of(hash as u32)].lock())
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.lock().is_empty()) && self.totals(0) == Totals::default()
    }
}
