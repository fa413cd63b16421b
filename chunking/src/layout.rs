//! Layout of a file: its length, cut into chunks.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Length of a block in bytes, the last one of a file excepted: a leaf of the hash tree.
pub const BLOCK_LEN: usize = 16 * 1024;

/// The most chunks that a file may have, so that a list of chunk hashes never exceeds 2 MiB.
pub const MAX_CHUNKS: u32 = 65_536;

/// Length of a chunk in bytes, the last one of a file excepted: a power of two from 16 KiB to 16 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ChunkSize(u32);

impl ChunkSize {
    /// 16 KiB: one block.
    pub const MIN: Self = Self(BLOCK_LEN as u32);
    /// 256 KiB.
    pub const DEFAULT: Self = Self(256 * 1024);
    /// 16 MiB.
    pub const MAX: Self = Self(16 * 1024 * 1024);

    /// The chunk size of `bytes` bytes.
    ///
    /// # Errors
    /// [`LayoutError::ChunkSize`] if that is no power of two from 16 KiB to 16 MiB.
    pub fn new(bytes: u32) -> Result<Self, LayoutError> {
        let legal = bytes.is_power_of_two() && (Self::MIN.0..=Self::MAX.0).contains(&bytes);
        legal.then_some(Self(bytes)).ok_or(LayoutError::ChunkSize(bytes))
    }

    /// The chunk size that a file of `len` bytes gets unless somebody chose another: 256 KiB, doubled until it has at
    /// most [`MAX_CHUNKS`] chunks or the size is at its maximum. [`Layout::new`] refuses what is longer still.
    pub fn for_len(len: u64) -> Self {
        let mut size = Self::DEFAULT;
        while size < Self::MAX && len > u64::from(size.0) * u64::from(MAX_CHUNKS) {
            size = Self(size.0 * 2);
        }
        size
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for ChunkSize {
    type Error = LayoutError;

    fn try_from(bytes: u32) -> Result<Self, Self::Error> {
        Self::new(bytes)
    }
}

impl From<ChunkSize> for u32 {
    fn from(size: ChunkSize) -> Self {
        size.0
    }
}

/// A chunk that a [`Layout`] vouched for: nothing that takes one checks it again.
///
/// It is meant for that layout's file. In that of another file it may be out of bounds, which panics as any index
/// out of bounds does; indices that come from outside are made by [`Layout::index`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkIndex(u32);

impl ChunkIndex {
    /// The number of the chunk, counted from 0.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number of the chunk as an index into a slice.
    pub const fn as_usize(self) -> usize {
        self.0 as usize
    }

    pub(crate) const fn unchecked(index: u32) -> Self {
        Self(index)
    }
}

impl fmt::Display for ChunkIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A file's length, cut into chunks of one size. An empty file has no chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    len: u64,
    chunk_size: ChunkSize,
}

impl Layout {
    /// The layout of a file of `len` bytes.
    ///
    /// # Errors
    /// [`LayoutError::TooManyChunks`] if that needs more than [`MAX_CHUNKS`] chunks.
    pub fn new(len: u64, chunk_size: ChunkSize) -> Result<Self, LayoutError> {
        if len > u64::from(chunk_size.0) * u64::from(MAX_CHUNKS) {
            return Err(LayoutError::TooManyChunks { len, chunk_size: chunk_size.0 });
        }
        Ok(Self { len, chunk_size })
    }

    /// Length of the file in bytes.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Returns true if the file is empty.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Length of every chunk but the last.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.chunk_size
    }

    /// Number of chunks of the file.
    pub fn num_chunks(&self) -> u32 {
        u32::try_from(self.len.div_ceil(u64::from(self.chunk_size.0))).expect("a layout has at most 65,536 chunks")
    }

    /// The chunk with this number, if there is one.
    pub fn index(&self, number: u32) -> Option<ChunkIndex> {
        (number < self.num_chunks()).then_some(ChunkIndex(number))
    }

    /// All chunks in order.
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = ChunkIndex> + ExactSizeIterator + use<> {
        (0..self.num_chunks()).map(ChunkIndex)
    }

    /// The last chunk, the only one that may be short; none in an empty file.
    pub fn last(&self) -> Option<ChunkIndex> {
        self.num_chunks().checked_sub(1).map(ChunkIndex)
    }

    /// Range of bytes that the chunk takes in the file.
    pub fn range(&self, index: ChunkIndex) -> Range<u64> {
        let start = u64::from(index.0) * u64::from(self.chunk_size.0);
        start..self.len.min(start + u64::from(self.chunk_size.0))
    }

    /// Length of this chunk in bytes: never 0, never above the chunk size.
    pub fn chunk_len(&self, index: ChunkIndex) -> usize {
        let range = self.range(index);
        (range.end - range.start) as usize
    }
}

/// A size or a length that no layout has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Not a legal chunk size.
    #[error("a chunk size is a power of two from 16384 to 16777216 bytes, not {0}")]
    ChunkSize(u32),
    /// The file is too long for its chunk size.
    #[error("{len} bytes are more than {MAX_CHUNKS} chunks of {chunk_size} bytes")]
    TooManyChunks {
        /// Length of the file in bytes.
        len: u64,
        /// Chunk size in bytes.
        chunk_size: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;
    const TIB: u64 = 1 << 40;

    #[test]
    fn chunk_sizes_are_powers_of_two_within_bounds() {
        for legal in [16 * 1024, 32 * 1024, 256 * 1024, 16 * 1024 * 1024] {
            assert_eq!(ChunkSize::new(legal).unwrap().bytes(), legal);
        }
        for illegal in [0, 1, 8 * 1024, 16 * 1024 + 1, 48 * 1024, 32 * 1024 * 1024, u32::MAX] {
            assert_eq!(ChunkSize::new(illegal), Err(LayoutError::ChunkSize(illegal)));
        }
    }

    #[test]
    fn the_chunk_size_doubles_so_that_the_hash_list_stays_small() {
        let limit = 256 * KIB * u64::from(MAX_CHUNKS);
        for (len, bytes) in [(0, 256), (1, 256), (limit, 256), (limit + 1, 512), (2 * limit + 1, 1024), (TIB, 16_384)] {
            let size = ChunkSize::for_len(len);
            assert_eq!(u64::from(size.bytes()), bytes * KIB, "{len}");
            assert!(Layout::new(len, size).unwrap().num_chunks() <= MAX_CHUNKS);
        }
        assert!(Layout::new(TIB + 1, ChunkSize::for_len(TIB + 1)).is_err());
        assert!(Layout::new(u64::MAX, ChunkSize::for_len(u64::MAX)).is_err());
    }

    #[test]
    fn chunks_cover_the_file_without_gap_or_overlap() {
        let size = ChunkSize::DEFAULT;
        let chunk = u64::from(size.bytes());
        for len in [0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, chunk - 1, chunk, chunk + 1, 7 * chunk - 1, 7 * chunk] {
            let layout = Layout::new(len, size).unwrap();
            let mut covered = 0;
            for index in layout.indices() {
                let range = layout.range(index);
                assert_eq!(range.start, covered);
                assert_eq!((range.end - range.start) as usize, layout.chunk_len(index));
                assert!(layout.chunk_len(index) > 0);
                covered = range.end;
            }
            assert_eq!(covered, len);
            assert_eq!(layout.last(), layout.indices().last());
            assert_eq!(layout.index(layout.num_chunks()), None);
        }
    }
}
