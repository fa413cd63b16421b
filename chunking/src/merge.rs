//! Verified chunks → file.

use std::io;

use crate::chunk_hashes::ChunkHashes;
use crate::layout::{ChunkIndex, Layout};
use crate::position::WriteAt;

/// Checks one chunk and writes it to its place. Nothing else writes a chunk, so nothing unverified is ever written.
///
/// # Errors
/// [`PutError::Mismatch`] if it is not that chunk, in which case nothing was written; what writing said otherwise.
pub fn put_chunk<W: WriteAt + ?Sized>(
    out: &W,
    layout: Layout,
    hashes: &ChunkHashes,
    index: ChunkIndex,
    chunk: &[u8],
) -> Result<(), PutError> {
    if chunk.len() != layout.chunk_len(index) || !hashes.matches(index, chunk) {
        return Err(PutError::Mismatch);
    }
    Ok(out.write_all_at(chunk, layout.range(index).start)?)
}

/// Puts a whole file together from its chunks, each verified before it is written. `read` fills its buffer with the
/// chunk that it is asked for, wherever that comes from; memory is one chunk.
///
/// # Errors
/// [`MergeError::Mismatch`] at the first chunk that is not the one it should be, [`MergeError::Layout`] if `layout` has
/// not as many chunks as `hashes`, and what reading or writing said.
pub fn merge<W: WriteAt + ?Sized>(
    layout: Layout,
    hashes: &ChunkHashes,
    mut read: impl FnMut(ChunkIndex, &mut [u8]) -> io::Result<()>,
    out: &W,
) -> Result<(), MergeError> {
    if (layout.num_chunks(), layout.chunk_size()) != (hashes.num_chunks(), hashes.chunk_size()) {
        return Err(MergeError::Layout);
    }
    let mut buffer = vec![0; layout.len().min(u64::from(layout.chunk_size().bytes())) as usize];
    for index in layout.indices() {
        let chunk = &mut buffer[..layout.chunk_len(index)];
        read(index, chunk)?;
        put_chunk(out, layout, hashes, index, chunk).map_err(|error| match error {
            PutError::Mismatch => MergeError::Mismatch(index),
            PutError::Write(error) => MergeError::Io(error),
        })?;
    }
    Ok(())
}

/// Reason for which a chunk was not written.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// Its bytes are not the chunk's.
    #[error("the chunk doesn't match its hash")]
    Mismatch,
    /// The disk refused it.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Reason for which a file could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The layout is not that of the hashes.
    #[error("the layout doesn't belong to the chunk hashes")]
    Layout,
    /// This chunk's bytes are not those of the file.
    #[error("chunk {0} doesn't match its hash")]
    Mismatch(ChunkIndex),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;
    use crate::layout::ChunkSize;
    use crate::position::ReadAt;
    use crate::split::FileDigest;
    use crate::split::tests::digest;

    #[derive(Default)]
    struct Memory(Mutex<Vec<u8>>);

    impl WriteAt for Memory {
        fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
            let mut memory = self.0.lock().unwrap();
            let end = offset as usize + bytes.len();
            let len = memory.len().max(end);
            memory.resize(len, 0);
            memory[offset as usize..end].copy_from_slice(bytes);
            Ok(())
        }
    }

    fn merged(data: &[u8], FileDigest { layout, hashes }: &FileDigest) -> Result<Vec<u8>, MergeError> {
        let out = Memory::default();
        merge(*layout, hashes, |index, buf| data.read_exact_at(buf, layout.range(index).start), &out)?;
        Ok(out.0.into_inner().unwrap())
    }

    /// Lengths where files and chunk sizes meet: nothing, one byte, and one byte around each border.
    fn interesting_lens(chunk: usize) -> Vec<usize> {
        const BLOCK: usize = crate::BLOCK_LEN;
        let borders = [BLOCK, chunk, 2 * chunk, 3 * chunk, 5 * chunk, 8 * chunk];
        [0, 1].into_iter().chain(borders.into_iter().flat_map(|n| [n - 1, n, n + 1])).collect()
    }

    #[test]
    fn split_then_merge_is_the_file_at_every_border() {
        for kib in [16, 32, 64, 256, 512] {
            let chunk_size = ChunkSize::new(kib * 1024).unwrap();
            for len in interesting_lens(chunk_size.bytes() as usize) {
                let data: Vec<u8> = (0..len).map(|i| (i % 253) as u8 ^ (i >> 13) as u8).collect();
                assert!(merged(&data, &digest(&data, chunk_size)).unwrap() == data, "{len} bytes, {kib} KiB chunks");
            }
        }
    }

    #[test]
    fn a_wrong_chunk_is_named_and_not_written() {
        let mut data = vec![5; 100_000];
        let digest = digest(&data, ChunkSize::MIN);
        data[70_000] ^= 0x80;
        let out = Memory::default();
        let refused = merge(
            digest.layout,
            &digest.hashes,
            |index, buf| data.read_exact_at(buf, digest.layout.range(index).start),
            &out,
        );
        assert!(matches!(refused, Err(MergeError::Mismatch(index)) if index.get() == 4), "{refused:?}");
        assert_eq!(out.0.into_inner().unwrap().len(), 4 * ChunkSize::MIN.bytes() as usize);
    }

    #[test]
    fn a_layout_of_another_file_is_refused() {
        let digest = digest(&[5; 100_000], ChunkSize::MIN);
        let layout = Layout::new(10, ChunkSize::MIN).unwrap();
        let refused = merge(layout, &digest.hashes, |_, _| Ok(()), &Memory::default());
        assert!(matches!(refused, Err(MergeError::Layout)), "{refused:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn split_then_merge_is_the_file(data in prop::collection::vec(any::<u8>(), 0..200_000), shift in 0u32..6) {
            let chunk_size = ChunkSize::new(ChunkSize::MIN.bytes() << shift).unwrap();
            prop_assert!(merged(&data, &digest(&data, chunk_size)).unwrap() == data);
        }
    }
}
