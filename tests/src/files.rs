//! Real files, and the ID of one by a second, independent computation.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A real file of some size: the test's own program.
pub fn real_file() -> PathBuf {
    std::env::current_exe().expect("a test runs from a file")
}

/// Bytes without repetition, the same for the same seed.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    use rand::{Rng, SeedableRng};
    let mut bytes = vec![0; len];
    rand::rngs::SmallRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// The file ID by RFC 9162 §2.1.1 as it is written there, sharing no code with the program.
pub fn independent_id(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("the file can be read");
    let leaves: Vec<[u8; 32]> = bytes
        .chunks(16 * 1024)
        .map(|block| Sha256::new().chain_update([0]).chain_update(block).finalize().into())
        .collect();
    let root = if leaves.is_empty() { Sha256::digest([]).into() } else { tree(&leaves) };
    root.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tree(leaves: &[[u8; 32]]) -> [u8; 32] {
    if let [leaf] = leaves {
        return *leaf;
    }
    let half = leaves.len().next_power_of_two() / 2;
    let (left, right) = (tree(&leaves[..half]), tree(&leaves[half..]));
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Returns true if two files are the same to the last byte.
pub fn same(a: &Path, b: &Path) -> bool {
    std::fs::read(a).expect("the first file can be read") == std::fs::read(b).expect("the second file can be read")
}
