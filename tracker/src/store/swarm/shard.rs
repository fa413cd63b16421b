//! Some of the swarms.

use rand::rngs::SmallRng;
use sprat_chunking::FileId;

use super::handles::{Handle, IdTable};
use super::one::Swarm;
use super::slots::Slots;

/// The swarms that one lock protects, each in its slot, found by their file's ID or handle.
pub(super) struct Shard {
    number: u32,
    by_id: IdTable,
    slots: Slots<Swarm>,
    rng: SmallRng,
}

/// The number of a file's shard is the lowest bits of its handle, that of its slot there is the others.
const SHARD_BITS: u32 = 6;
/// Number of shards.
pub(super) const NUM_SHARDS: u32 = 1 << SHARD_BITS;
/// Upper bound of the number of files: any slot of a shard has a handle.
pub(super) const MAX_FILES: usize = 1 << (Handle::BITS - SHARD_BITS);

/// Returns the number of the shard that a file is in.
pub(super) fn shard_of(file: Handle) -> usize {
    (file % NUM_SHARDS) as usize
}

impl Shard {
    pub(super) fn new(number: u32, rng: SmallRng) -> Self {
        Self { number, by_id: IdTable::default(), slots: Slots::default(), rng }
    }

    /// The file with this ID, of which this is the hash.
    pub(super) fn find(&self, hash: u64, file_id: FileId) -> Option<Handle> {
        self.by_id.find(hash, |file| self.swarm(file).is_some_and(|swarm| swarm.file_id() == file_id))
    }

    pub(super) fn swarm(&self, file: Handle) -> Option<&Swarm> {
        self.slots.get(slot(file))
    }

    pub(super) fn swarm_mut(&mut self, file: Handle) -> Option<&mut Swarm> {
        self.slots.get_mut(slot(file))
    }

    /// A swarm, and what to draw a sample of it with.
    pub(super) fn swarm_and_rng(&mut self, file: Handle) -> Option<(&Swarm, &mut SmallRng)> {
        Some((self.slots.get(slot(file))?, &mut self.rng))
    }

    /// Some of the swarms, in no order; none after the last of them.
    pub(super) fn block(&self, number: usize) -> Option<impl Iterator<Item = &Swarm>> {
        self.slots.block(number)
    }

    /// Adds the swarm of a file of which there is none.
    pub(super) fn insert(&mut self, hash: u64, swarm: Swarm) -> Handle {
        let file = self.slots.insert(swarm) << SHARD_BITS | self.number;
        self.by_id.insert(hash, file);
        file
    }

    pub(super) fn remove(&mut self, hash: u64, file: Handle) {
        if self.slots.remove(slot(file)).is_some() {
            self.by_id.remove(hash, file);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.slots.len() == 0
    }
}

fn slot(file: Handle) -> u32 {
    file >> SHARD_BITS
}
