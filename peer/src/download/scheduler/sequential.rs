//! Chunks in the order of the file, for somebody who begins to use it before all of it is there.

use sprat_chunking::{Bitfield, ChunkIndex};

/// The order of the file, and where to look for the next chunk in it.
#[derive(Debug)]
pub(super) struct Sequence {
    /// Whether chunks are fetched in order; otherwise the rarest comes first.
    pub(super) is_on: bool,
    /// Every chunk.
    indices: Vec<ChunkIndex>,
    /// Place before which no chunk is missing.
    from: usize,
}

impl Sequence {
    /// The order of these chunks, which does not count until it is set so.
    pub(super) fn new(indices: Vec<ChunkIndex>) -> Self {
        Self { is_on: false, indices, from: 0 }
    }

    /// Notes that a chunk is missing again.
    pub(super) fn missing_again(&mut self, index: ChunkIndex) {
        self.from = self.from.min(index.as_usize());
    }

    /// The first missing chunk of those in `has`.
    pub(super) fn first_missing(
        &mut self,
        has: &Bitfield,
        is_missing: impl Fn(ChunkIndex) -> bool,
    ) -> Option<ChunkIndex> {
        let mut missing = self.indices.iter().copied().skip(self.from).filter(|index| is_missing(*index)).peekable();
        self.from = missing.peek().map_or(self.indices.len(), |first| first.as_usize());
        missing.find(|index| has.has(*index))
    }
}
