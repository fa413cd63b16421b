//! All inputs that were ever found to be interesting, and some made from them by chance.

use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sprat_fuzz::READERS;

/// How many are made from each.
const CHANCES: usize = 200;
/// Bytes that mean something to somebody.
const PIECES: &[u8] = b"{}[]\",:0/.\\\x00\xff%&?=-";

fn inputs(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no input", folder.display());
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn every_reader_withstands_its_inputs() {
    for reader in &READERS {
        inputs(reader.name).iter().for_each(|input| (reader.read)(input));
    }
}

#[test]
fn every_reader_withstands_what_chance_makes_of_its_inputs() {
    let seed = std::env::var("SPRAT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("SPRAT_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    for reader in &READERS {
        let inputs = inputs(reader.name);
        for input in &inputs {
            for _ in 0..CHANCES {
                let other = &inputs[rng.random_range(0..inputs.len())];
                (reader.read)(&mutated(input, other, &mut rng));
            }
        }
    }
}

/// An input with a few bytes changed, cut off, doubled, or joined with a piece of another.
fn mutated(input: &[u8], other: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=bytes.len());
        match rng.random_range(0..5) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            2 if at < bytes.len() => bytes[at] = rng.random(),
            3 => bytes.insert(at, PIECES[rng.random_range(0..PIECES.len())]),
            _ if !other.is_empty() => {
                let from = rng.random_range(0..other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {}
        }
    }
    bytes
}
