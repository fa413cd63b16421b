//! A leaf as the input of SHA-256 (FIPS 180-4).
//!
//! A leaf is `SHA-256(0x00 ‖ block)`. SHA-256 takes its input in message blocks of 64 bytes, so a whole block is 256 of
//! them and one more byte, which is why the names here keep the two apart.

use crate::hash::Hash;
use crate::layout::BLOCK_LEN;

/// A block of full length.
pub(super) type Block = [u8; BLOCK_LEN];
/// Piece of its input that SHA-256 takes at a time.
pub(super) type MessageBlock = [u8; 64];

/// The state that SHA-256 starts with (FIPS 180-4 §5.3.3).
pub(super) const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// K of FIPS 180-4 §4.2.2.
#[rustfmt::skip]
pub(super) static ROUND_CONSTANTS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// Number of message blocks in `0x00 ‖ block` and its padding.
pub(super) const MESSAGE_BLOCKS: usize = BLOCK_LEN / 64 + 1;

/// One of the [`MESSAGE_BLOCKS`] of `0x00 ‖ block`, padded at the end as FIPS 180-4 §5.1.1 says.
#[inline]
pub(super) fn message_block(block: &Block, number: usize) -> MessageBlock {
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

/// Hash that a final state stands for.
pub(super) fn digest(state: [u32; 8]) -> Hash {
    let mut bytes = [0; Hash::LEN];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Hash::new(bytes)
}
