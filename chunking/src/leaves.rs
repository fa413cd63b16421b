//! Leaves of the [hash tree](crate::tree), several hashed at a time where the processor can: blocks are independent of
//! each other.

use sha2::{Digest, Sha256};

use crate::hash::Hash;
use crate::layout::BLOCK_LEN;

#[cfg(target_arch = "x86_64")]
mod x86_64;

/// Hash of one entry of a tree; in a file's tree the entries are its blocks.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::new(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// Hashes of every block of a chunk.
pub(crate) fn leaf_hashes(chunk: &[u8]) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(chunk.len().div_ceil(BLOCK_LEN));
    #[cfg(target_arch = "x86_64")]
    x86_64::leaf_hashes(chunk, &mut hashes);
    let rest = &chunk[hashes.len() * BLOCK_LEN..];
    hashes.extend(rest.chunks(BLOCK_LEN).map(leaf_hash));
    hashes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    pub(super) fn one_by_one(chunk: &[u8]) -> Vec<Hash> {
        chunk.chunks(BLOCK_LEN).map(leaf_hash).collect()
    }

    #[test]
    fn every_number_of_blocks_is_hashed_as_one_by_one() {
        let bytes = noise(36 * BLOCK_LEN, 1);
        for blocks in 0..36 {
            for rest in [0, 1, 63, 64, BLOCK_LEN - 1] {
                let chunk = &bytes[..blocks * BLOCK_LEN + rest];
                assert!(leaf_hashes(chunk) == one_by_one(chunk), "{blocks} blocks and {rest} bytes");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_chunk_is_hashed_as_one_by_one(len in 0..20 * BLOCK_LEN, seed: u64, fill: Option<u8>) {
            let chunk = fill.map_or_else(|| noise(len, seed), |byte| vec![byte; len]);
            prop_assert!(leaf_hashes(&chunk) == one_by_one(&chunk));
        }
    }
}
