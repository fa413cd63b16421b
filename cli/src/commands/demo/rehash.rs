//! The file ID once more, straight from RFC 9162 §2.1.1 and independent of the code that it checks.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

const BLOCK_LEN: u64 = 16 * 1024;

/// The ID of the file at this path, as hex.
pub(super) fn file_id(path: &Path) -> io::Result<String> {
    let mut file = io::BufReader::new(File::open(path)?);
    let mut leaves = Vec::new();
    loop {
        let mut block = Vec::new();
        if file.by_ref().take(BLOCK_LEN).read_to_end(&mut block)? == 0 {
            break;
        }
        leaves.push(sha256(&[&[0], &block]));
    }
    Ok(tree_hash(&leaves).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `MTH(D[n])`: of nothing, of one leaf, or of the halves on either side of the largest power of two below n.
fn tree_hash(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            sha256(&[&[1], &tree_hash(left), &tree_hash(right)])
        }
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_one_block_and_three() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let id = |data: &[u8]| {
            std::fs::write(&path, data).unwrap();
            file_id(&path).unwrap()
        };
        // Computed with Python's hashlib.
        assert_eq!(id(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(id(b"abc"), "609f6e36d2405585188d5cfd761f407c7cc46a7d3f314c88270469dde315fcd1");
        assert_eq!(id(&[b'x'; 40_000]), "de2e15c113d3c5d083180f4dc6c1c9b50c7a4e74d55893c5a8e151e75670247f");
    }
}
