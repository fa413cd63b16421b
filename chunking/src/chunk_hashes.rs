//! A list of chunk hashes that was proven to belong to a file ID.

use crate::hash::{FileId, Hash};
use crate::layout::{ChunkIndex, ChunkSize, MAX_CHUNKS};
use crate::tree;

/// The chunk hashes of one file, in order. Having one means that it hashes up to its file ID: there is no other way
/// to make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkHashes {
    file_id: FileId,
    chunk_size: ChunkSize,
    hashes: Vec<Hash>,
}

impl ChunkHashes {
    /// Checks a list that came from anywhere.
    ///
    /// `bytes` are the hashes one after another, 32 bytes each. What this proves is that the hashes are nodes of the
    /// file's tree. That they are those of *this* chunk size shows when chunks match them: a list of nodes one level
    /// off hashes up to the same ID, but no chunk ever matches its entries.
    ///
    /// # Errors
    /// [`HashListError`]: the list is malformed or belongs to another file.
    pub fn verify(file_id: FileId, chunk_size: ChunkSize, bytes: &[u8]) -> Result<Self, HashListError> {
        let (entries, rest) = bytes.as_chunks::<{ Hash::LEN }>();
        if !rest.is_empty() || entries.len() > MAX_CHUNKS as usize {
            return Err(HashListError::Length(bytes.len()));
        }
        let list = Self::from_hashes(chunk_size, entries.iter().copied().map(Hash::new).collect());
        if list.file_id != file_id {
            return Err(HashListError::OtherFile { expected: file_id, found: list.file_id });
        }
        Ok(list)
    }

    /// The list with these hashes, whose file ID follows from them.
    pub fn from_hashes(chunk_size: ChunkSize, hashes: Vec<Hash>) -> Self {
        Self { file_id: tree::root(hashes.iter().copied()).into(), chunk_size, hashes }
    }

    /// The file that these are the chunk hashes of.
    pub fn file_id(&self) -> FileId {
        self.file_id
    }

    /// The size of the chunks that were hashed.
    pub fn chunk_size(&self) -> ChunkSize {
        self.chunk_size
    }

    /// Number of chunks of the file.
    pub fn num_chunks(&self) -> u32 {
        self.hashes.len() as u32
    }

    /// The chunk with this number, if there is one.
    pub fn index(&self, number: u32) -> Option<ChunkIndex> {
        (number < self.num_chunks()).then_some(ChunkIndex::unchecked(number))
    }

    /// Returns true if `chunk` is the chunk with this index, to the last byte.
    pub fn matches(&self, index: ChunkIndex, chunk: &[u8]) -> bool {
        !chunk.is_empty()
            && chunk.len() <= self.chunk_size.bytes() as usize
            && tree::chunk_hash(chunk) == self.hash(index)
    }

    /// The hash of this chunk.
    pub fn hash(&self, index: ChunkIndex) -> Hash {
        self.hashes[index.as_usize()]
    }

    /// The hashes one after another, as [`ChunkHashes::verify`] takes them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(Hash::as_bytes).copied().collect()
    }

    /// The same file's list for chunks at least as large; none for smaller ones, which would need the file.
    pub fn fold(&self, chunk_size: ChunkSize) -> Option<Self> {
        if chunk_size < self.chunk_size {
            return None;
        }
        let per_chunk = (chunk_size.bytes() / self.chunk_size.bytes()) as usize;
        let hashes = self.hashes.chunks(per_chunk).map(|run| tree::root(run.iter().copied())).collect();
        Some(Self { file_id: self.file_id, chunk_size, hashes })
    }
}

/// Reason for which a list is not the chunk hashes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashListError {
    /// Not a whole number of hashes, or more than any file has.
    #[error("{0} bytes are no list of at most {MAX_CHUNKS} hashes")]
    Length(usize),
    /// The list hashes up to another ID.
    #[error("the list belongs to {found}, not to {expected}")]
    OtherFile {
        /// The file that was asked for.
        expected: FileId,
        /// The ID that the list hashes up to.
        found: FileId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::tests::digest;

    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
    }

    #[test]
    fn a_list_with_one_bit_changed_is_refused() {
        let digest = digest(&pattern(300_000), ChunkSize::MIN);
        let mut bytes = digest.hashes.to_bytes();
        assert_eq!(ChunkHashes::verify(digest.file_id(), ChunkSize::MIN, &bytes), Ok(digest.hashes.clone()));
        bytes[77] ^= 1;
        let refused = ChunkHashes::verify(digest.file_id(), ChunkSize::MIN, &bytes);
        assert!(matches!(refused, Err(HashListError::OtherFile { .. })), "{refused:?}");
    }

    #[test]
    fn a_list_that_is_no_list_is_refused() {
        let id = FileId::new([0; 32]);
        for len in [1, 31, 33, 32 * (MAX_CHUNKS as usize + 1)] {
            let refused = ChunkHashes::verify(id, ChunkSize::DEFAULT, &vec![0; len]);
            assert_eq!(refused, Err(HashListError::Length(len)));
        }
    }

    #[test]
    fn a_chunk_matches_only_whole_and_only_in_its_place() {
        let data = pattern(40_000);
        let hashes = digest(&data, ChunkSize::MIN).hashes;
        let chunk = |n: usize| &data[n * BLOCK..data.len().min((n + 1) * BLOCK)];
        const BLOCK: usize = crate::BLOCK_LEN;
        let index = |n| hashes.index(n).unwrap();
        assert!((0..3).all(|n| hashes.matches(index(n), chunk(n as usize))));
        assert!(!hashes.matches(index(0), chunk(1)));
        assert!(!hashes.matches(index(0), &chunk(0)[1..]));
        assert!(!hashes.matches(index(2), &data[2 * BLOCK..data.len() - 1]));
        assert!(!hashes.matches(index(0), &[]));
        assert_eq!(hashes.index(3), None);
    }

    #[test]
    fn folding_gives_the_list_of_larger_chunks() {
        let data = pattern(1_000_001);
        let small = digest(&data, ChunkSize::MIN).hashes;
        for bytes in [16, 32, 64, 256, 1024, 16 * 1024] {
            let size = ChunkSize::new(bytes * 1024).unwrap();
            assert_eq!(small.fold(size), Some(digest(&data, size).hashes), "{bytes} KiB");
        }
        assert_eq!(small.fold(ChunkSize::DEFAULT).unwrap().fold(ChunkSize::MIN), None);
    }
}
