//! Chunks of a file that were handed out, how often and when, so that a crowd gets different ones first.

use std::time::{Duration, Instant};

use sprat_chunking::ChunkIndex;

/// Time for which a chunk that was given to one peer counts as spreading from there.
const SPREADING: Duration = Duration::from_secs(4);

/// Record of the chunks of one file that this peer handed out.
#[derive(Debug)]
pub(crate) struct HandedOut {
    chunks: Vec<Option<(u16, Instant)>>,
    /// Number of chunks not handed out yet; always 0 for a file that other peers have too.
    fresh: u32,
}

impl HandedOut {
    /// Creates the empty record of a whole file with this many chunks.
    pub(crate) fn whole(num_chunks: u32) -> Self {
        Self { chunks: vec![None; num_chunks as usize], fresh: num_chunks }
    }

    /// Creates the empty record of a file that other peers have too. No chunk of it counts as spreading: a peer that
    /// asks for one is given it at once, since this peer may have it before any other does.
    pub(crate) fn part(num_chunks: u32) -> Self {
        Self { fresh: 0, ..Self::whole(num_chunks) }
    }

    /// Records that this chunk is handed out now. Ignores an index beyond the chunks of this peer's own layout.
    pub(crate) fn note(&mut self, now: Instant, index: ChunkIndex) {
        let Some(chunk) = self.chunks.get_mut(index.as_usize()) else { return };
        self.fresh = self.fresh.saturating_sub(u32::from(chunk.is_none()));
        *chunk = Some((times_of(*chunk).saturating_add(1), now));
    }

    /// Returns how often this chunk was handed out.
    pub(crate) fn times(&self, index: ChunkIndex) -> u16 {
        self.chunks.get(index.as_usize()).copied().map_or(0, times_of)
    }

    /// Returns whether this chunk was handed out within the last [`SPREADING`], while other chunks were not handed out
    /// at all. The time limit lets a peer that needs just this chunk have it in the end.
    pub(crate) fn is_spreading(&self, now: Instant, index: ChunkIndex) -> bool {
        let last = self.chunks.get(index.as_usize()).copied().flatten();
        self.fresh > 0 && last.is_some_and(|(_, at)| now.saturating_duration_since(at) < SPREADING)
    }
}

fn times_of(chunk: Option<(u16, Instant)>) -> u16 {
    chunk.map_or(0, |(times, _)| times)
}

#[cfg(test)]
mod tests {
    use sprat_chunking::{ChunkSize, Layout};

    use super::*;

    #[test]
    fn a_chunk_spreads_for_a_while_and_only_until_every_chunk_was_handed_out() {
        let layout = Layout::new(2 * 16 * 1024, ChunkSize::MIN).unwrap();
        let [first, second] = [0, 1].map(|number| layout.index(number).unwrap());
        let start = Instant::now();
        let mut handed_out = HandedOut::whole(2);
        assert!(!handed_out.is_spreading(start, first));
        handed_out.note(start, first);
        assert!(handed_out.is_spreading(start, first) && !handed_out.is_spreading(start, second));
        assert!(!handed_out.is_spreading(start + SPREADING, first), "time ends it");
        handed_out.note(start, second);
        assert!(!handed_out.is_spreading(start, first), "a whole copy is out");
        handed_out.note(start, second);
        assert_eq!([handed_out.times(first), handed_out.times(second)], [1, 2]);
    }

    #[test]
    fn what_came_from_others_is_given_to_whoever_asks() {
        let layout = Layout::new(2 * 16 * 1024, ChunkSize::MIN).unwrap();
        let [first, second] = [0, 1].map(|number| layout.index(number).unwrap());
        let now = Instant::now();
        let mut handed_out = HandedOut::part(2);
        handed_out.note(now, first);
        assert!(!handed_out.is_spreading(now, first));
        assert_eq!([handed_out.times(first), handed_out.times(second)], [1, 0]);
    }
}
