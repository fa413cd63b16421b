//! Sequential order of the chunks, for a user who begins to use a file before all of it is there.

use sprat_chunking::{Bitfield, ChunkIndex};

/// Order of the chunks in the file, and the place to look for the next missing one.
#[derive(Debug)]
pub(super) struct Sequence {
    /// Tells whether chunks are fetched in order; otherwise the rarest comes first.
    pub(super) is_on: bool,
    /// All chunks of the file, in order.
    indices: Vec<ChunkIndex>,
    /// Place before which no chunk is missing.
    from: usize,
}

impl Sequence {
    /// Creates the sequence of these chunks, switched off.
    pub(super) fn new(indices: Vec<ChunkIndex>) -> Self {
        Self { is_on: false, indices, from: 0 }
    }

    /// Notes that a chunk is missing again.
    pub(super) fn missing_again(&mut self, index: ChunkIndex) {
        self.from = self.from.min(index.as_usize());
    }

    /// Finds the first missing chunk of those in `has`.
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
