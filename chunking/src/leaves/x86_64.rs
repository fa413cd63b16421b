//! Several leaves at a time on x86-64 processors.
//!
//! A leaf is `SHA-256(0x00 ‖ block)`. SHA-256 (FIPS 180-4) takes its input in message blocks of 64 bytes, so a whole block
//! is 256 of them and one more byte, which is why the names below keep the two apart.
//!
//! - `avx512`: sixteen at once.
//! - `sha_ni`: two at once.

use crate::BLOCK_LEN;
use crate::hash::Hash;

mod avx512;
mod sha_ni;

/// A block of full length.
type Block = [u8; BLOCK_LEN];
/// What SHA-256 takes at a time.
type MessageBlock = [u8; 64];

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

/// The state that SHA-256 starts with (FIPS 180-4 §5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// K of FIPS 180-4 §4.2.2.
#[rustfmt::skip]
static ROUND_CONSTANTS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// How many message blocks `0x00 ‖ block` and its padding are.
const MESSAGE_BLOCKS: usize = BLOCK_LEN / 64 + 1;

/// One of the [`MESSAGE_BLOCKS`] of `0x00 ‖ block`, padded at the end as FIPS 180-4 §5.1.1 says.
#[inline]
fn message_block(block: &Block, number: usize) -> MessageBlock {
    const LAST: usize = MESSAGE_BLOCKS - 1;
    let mut message = [0; 64];
    match number {
        0 => message[1..].copy_from_slice(&block[..63]),
        LAST => {
            message[..2].copy_from_slice(&[block[BLOCK_LEN - 1], 0x80]);
            message[56..].copy_from_slice(&(8 * (1 + BLOCK_LEN as u64)).to_be_bytes());
        }
        _ => message.copy_from_slice(&block[64 * number - 1..][..64]),
    }
    message
}

/// The hash that a final state is.
fn digest(state: [u32; 8]) -> Hash {
    let mut bytes = [0; Hash::LEN];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Hash::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{noise, one_by_one};
    use super::*;

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
