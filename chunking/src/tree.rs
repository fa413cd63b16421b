//! The Merkle tree hash of RFC 9162 §2.1.1 with SHA-256.
//!
//! A leaf is `SHA-256(0x00 ‖ entry)`, a node `SHA-256(0x01 ‖ left ‖ right)`, a tree of n > 1 entries splits at the
//! largest power of two below n, and the tree of no entries is `SHA-256()`. The prefixes keep a leaf from passing as
//! a node.

use sha2::{Digest, Sha256};

use crate::hash::Hash;
use crate::leaves::leaf_hashes;

/// The hash of an inner node with these children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [0; 1 + 2 * Hash::LEN];
    input[0] = 1;
    input[1..=Hash::LEN].copy_from_slice(left.as_bytes());
    input[1 + Hash::LEN..].copy_from_slice(right.as_bytes());
    Hash::new(Sha256::digest(input).into())
}

/// The root over a row of subtrees of one height, of which only the last may be lower.
///
/// With leaf hashes this is the tree hash of their entries, with chunk hashes it is the file ID: a chunk covers an
/// aligned power-of-two run of blocks, so the tree splits between chunks wherever it splits above one.
pub fn root(subtrees: impl IntoIterator<Item = Hash>) -> Hash {
    // Perfect subtrees of falling height, as the bits that are set in the number of entries so far.
    let mut peaks: Vec<Hash> = Vec::with_capacity(usize::BITS as usize);
    for (index, subtree) in subtrees.into_iter().enumerate() {
        let mut merged = subtree;
        for _ in 0..index.trailing_ones() {
            let left = peaks.pop().expect("a set bit of the count has its peak");
            merged = node_hash(&left, &merged);
        }
        peaks.push(merged);
    }
    peaks.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
}

/// The hash of one chunk's subtree. `chunk` is empty only for the one chunk that an empty file does not have, and
/// then the answer is the empty file's ID.
pub fn chunk_hash(chunk: &[u8]) -> Hash {
    root(leaf_hashes(chunk))
}

fn empty_root() -> Hash {
    Hash::new(Sha256::digest([]).into())
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;
    use crate::leaves::leaf_hash;

    /// The entries and the roots over the first 1, 2, … 8 of them, as published in the Certificate Transparency
    /// reference code for RFC 6962 (`merkle_tree_test.cc`); RFC 9162 kept the construction.
    const CT_ENTRIES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const CT_ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    const CT_EMPTY_ROOT: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn ct_leaves() -> Vec<Hash> {
        CT_ENTRIES.iter().map(|hex| leaf_hash(&HEXLOWER.decode(hex.as_bytes()).unwrap())).collect()
    }

    #[test]
    fn reproduces_the_certificate_transparency_roots() {
        let leaves = ct_leaves();
        for (n, expected) in CT_ROOTS.iter().enumerate() {
            assert_eq!(root(leaves[..=n].to_vec()).to_string(), *expected, "{} leaves", n + 1);
        }
        assert_eq!(root([]).to_string(), CT_EMPTY_ROOT);
    }

    /// RFC 9162 §2.1.1 as it is written: recursion at the largest power of two below n.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let k = (leaves.len() / 2 + leaves.len() % 2).next_power_of_two();
                node_hash(&root_by_definition(&leaves[..k]), &root_by_definition(&leaves[k..]))
            }
        }
    }

    #[test]
    fn agrees_with_the_definition_for_every_small_number_of_leaves() {
        let leaves: Vec<Hash> = (0u32..130).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        for n in 0..=leaves.len() {
            assert_eq!(root(leaves[..n].to_vec()), root_by_definition(&leaves[..n]), "{n} leaves");
        }
    }

    #[test]
    fn a_leaf_does_not_pass_as_a_node() {
        let (left, right) = (leaf_hash(b"left"), leaf_hash(b"right"));
        let forged = [left.as_bytes().as_slice(), right.as_bytes()].concat();
        assert_ne!(leaf_hash(&forged), node_hash(&left, &right));
    }
}
