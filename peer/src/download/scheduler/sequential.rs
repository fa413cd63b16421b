//! Chunks in the order of the file, for somebody who begins to use it before all of it is there.

use sprat_chunking::ChunkIndex;

use super::{Chunk, PeerKey, Scheduler};

/// Whether chunks are fetched in order, and where to look for the next one.
#[derive(Debug)]
pub(super) struct Sequence {
    is_on: bool,
    /// Every chunk.
    indices: Vec<ChunkIndex>,
    /// No chunk before this one is missing.
    from: usize,
}

impl Sequence {
    /// The rarest first, until it is set otherwise.
    pub(super) fn new(indices: Vec<ChunkIndex>) -> Self {
        Self { is_on: false, indices, from: 0 }
    }

    /// Whether chunks are fetched in order.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// This chunk is missing again.
    pub(super) fn missing_again(&mut self, index: ChunkIndex) {
        self.from = self.from.min(index.as_usize());
    }
}

impl Scheduler {
    /// Fetches chunks in the order of the file from now on, or the rarest first. What is outstanding stays so.
    pub fn set_sequential(&mut self, sequential: bool) {
        self.sequence.is_on = sequential;
    }

    /// The first missing chunk that this peer has.
    pub(super) fn first_missing(&mut self, key: PeerKey) -> Option<ChunkIndex> {
        let has = &self.peers.get(&key)?.has;
        let Sequence { indices, from, .. } = &mut self.sequence;
        let mut missing =
            indices.iter().copied().skip(*from).filter(|i| self.chunks[i.as_usize()] == Chunk::Missing).peekable();
        *from = missing.peek().map_or(self.chunks.len(), |first| first.as_usize());
        missing.find(|index| has.has(*index))
    }
}
