//! Inputs made by chance. Any test can throw them at a reader; the seed is printed, and `SPRAT_SEED` sets it.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Number of inputs that are made from each.
const CHANCES: usize = 200;
/// Bytes that mean something to somebody.
const PIECES: &[u8] = b"{}[]\",:0/.\\\x00\xff%&?=-";

/// Chance that can be had again: from the seed `SPRAT_SEED` if there is one, and printed in any case.
pub fn seeded() -> StdRng {
    let seed = std::env::var("SPRAT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("SPRAT_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Gives a reader these inputs, and what chance makes of them.
pub fn throw(rng: &mut StdRng, inputs: &[impl AsRef<[u8]>], read: impl Fn(&[u8])) {
    for input in inputs {
        read(input.as_ref());
        for _ in 0..CHANCES {
            let other = &inputs[rng.random_range(0..inputs.len())];
            read(&mutated(input.as_ref(), other.as_ref(), rng));
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
