//! Several leaves at a time on x86-64 processors.
//!
//! - `message`: a leaf as the input of SHA-256.
//! - `avx512`: sixteen at once.
//! - `sha_ni`: two at once.

use crate::hash::Hash;

mod avx512;
mod message;
mod sha_ni;

use message::Block;

/// Appends the hashes of as many whole blocks as can be hashed several at a time.
pub(super) fn leaf_hashes(chunk: &[u8], hashes: &mut Vec<Hash>) {
    let (blocks, _) = chunk.as_chunks();
    let blocks = hash_groups(blocks, avx512::leaf_hashes, hashes);
    hash_groups(blocks, sha_ni::leaf_hashes, hashes);
}

/// Hashes N blocks at a time as far as that goes; it goes nowhere where the processor cannot. Returns what is left.
fn hash_groups<'a, const N: usize>(
    mut blocks: &'a [Block],
    hash: impl Fn(&[Block; N]) -> Option<[Hash; N]>,
    hashes: &mut Vec<Hash>,
) -> &'a [Block] {
    while let Some((group, rest)) = blocks.split_first_chunk()
        && let Some(hashed) = hash(group)
    {
        hashes.extend(hashed);
        blocks = rest;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::super::tests::{noise, one_by_one};
    use super::*;
    use crate::layout::BLOCK_LEN;

    /// Each by itself, so that a wrong answer of one is not hidden by another that took its place.
    #[test]
    fn each_way_of_hashing_that_this_processor_has_agrees_with_one_by_one() {
        let bytes = noise(16 * BLOCK_LEN, 2);
        let blocks = bytes.as_chunks::<BLOCK_LEN>().0;
        let expected = one_by_one(&bytes);
        if let Some(hashes) = avx512::leaf_hashes(blocks.first_chunk().unwrap()) {
            assert_eq!(hashes.as_slice(), expected);
        }
        for (blocks, expected) in blocks.as_chunks::<2>().0.iter().zip(expected.chunks(2)) {
            if let Some(hashes) = sha_ni::leaf_hashes(blocks) {
                assert_eq!(hashes, expected);
            }
        }
    }
}
