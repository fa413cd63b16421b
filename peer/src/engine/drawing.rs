//! Chunk map of a transfer, drawn cell by cell.

use sprat_api::{Cell, ChunkMap};
use sprat_chunking::Bitfield;

/// Chunk map under construction. Chunks are missing until marked otherwise.
#[derive(Debug)]
pub(super) struct Drawing {
    /// Number of chunks in the map.
    chunks: u64,
    per_cell: u64,
    /// Number of present chunks in each cell, and whether any chunk of the cell is requested.
    cells: Vec<(u64, bool)>,
}

impl Drawing {
    /// Creates a map of `chunks` chunks, all missing.
    pub(super) fn new(chunks: u64) -> Self {
        let per_cell = chunks.div_ceil(ChunkMap::MAX_CELLS as u64).max(1);
        Self { chunks, per_cell, cells: vec![(0, false); chunks.div_ceil(per_cell) as usize] }
    }

    /// Marks `len` chunks, from chunk `from` on, as present.
    pub(super) fn all(&mut self, from: u64, len: u64) {
        let (mut at, end) = (from, from + len);
        while at < end {
            let border = ((at / self.per_cell + 1) * self.per_cell).min(end);
            self.cells[(at / self.per_cell) as usize].0 += border - at;
            at = border;
        }
    }

    /// Marks the chunks whose bits are set, counted from chunk `from` on, as present.
    pub(super) fn here(&mut self, from: u64, chunks: &Bitfield) {
        for index in chunks.ones() {
            self.cells[((from + u64::from(index.get())) / self.per_cell) as usize].0 += 1;
        }
    }

    /// Marks the chunks whose bits are set, counted from chunk `from` on, as requested.
    pub(super) fn requested(&mut self, from: u64, chunks: &Bitfield) {
        for index in chunks.ones() {
            self.cells[((from + u64::from(index.get())) / self.per_cell) as usize].1 = true;
        }
    }

    /// Finishes the map.
    pub(super) fn finish(self) -> ChunkMap {
        let cells = self.cells.iter().enumerate().map(|(place, (here, requested))| {
            let all = self.per_cell.min(self.chunks - place as u64 * self.per_cell);
            match (*here, *requested) {
                (here, _) if here >= all => Cell::Here,
                (_, true) => Cell::Requested,
                (0, false) => Cell::Missing,
                _ => Cell::Partly,
            }
        });
        ChunkMap { cells: cells.collect(), chunks_per_cell: u32::try_from(self.per_cell).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use sprat_chunking::{ChunkSize, Layout};

    use super::*;

    fn bits(len: u32, those: impl Fn(u32) -> bool) -> Bitfield {
        let layout = Layout::new(u64::from(len) * 16384, ChunkSize::MIN).unwrap();
        let mut bits = Bitfield::empty(len);
        layout.indices().filter(|index| those(index.get())).for_each(|index| {
            bits.insert(index);
        });
        bits
    }

    #[test]
    fn few_chunks_have_a_cell_each() {
        let mut drawing = Drawing::new(4);
        drawing.here(0, &bits(4, |n| n == 1));
        drawing.requested(0, &bits(4, |n| n == 3));
        let map = drawing.finish();
        assert_eq!(map.cells, [Cell::Missing, Cell::Here, Cell::Missing, Cell::Requested]);
        assert_eq!(map.chunks_per_cell, 1);
    }

    #[test]
    fn many_chunks_share_cells_and_the_last_may_have_fewer() {
        // 16 chunks in each cell, 1 in the last.
        let len = 65_536 - 16 + 1;
        let mut drawing = Drawing::new(u64::from(len));
        drawing.here(0, &bits(len, |n| n < 20 || n == len - 1));
        drawing.requested(0, &bits(len, |n| n == 18 || n == 40));
        let map = drawing.finish();
        assert_eq!((map.chunks_per_cell, map.cells.len()), (16, 4096));
        assert_eq!(map.cells[..4], [Cell::Here, Cell::Requested, Cell::Requested, Cell::Missing]);
        assert_eq!(*map.cells.last().unwrap(), Cell::Here);
    }

    #[test]
    fn parts_lie_one_after_another_however_many_chunks_they_have() {
        // A stranger's list may claim any number of chunks: marking them must not take a step per chunk.
        let mut drawing = Drawing::new(1 << 40);
        drawing.all(0, (1 << 39) + 5);
        drawing.here((1 << 40) - 3, &bits(3, |n| n > 0));
        let cells = drawing.finish().cells;
        assert_eq!(cells.len(), ChunkMap::MAX_CELLS);
        assert!(cells[..2048].iter().all(|cell| *cell == Cell::Here));
        assert_eq!((cells[2048], cells[2049], cells[4095]), (Cell::Partly, Cell::Missing, Cell::Partly));
        assert_eq!(Drawing::new(0).finish(), ChunkMap { cells: Vec::new(), chunks_per_cell: 1 });
    }
}
