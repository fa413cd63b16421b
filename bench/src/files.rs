//! The files that are moved.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use rand::{Rng, SeedableRng};

/// A file of noise, so that nothing on the way can be clever about it.
pub(crate) fn noise(path: &Path, mib: u64) -> anyhow::Result<()> {
    let mut rng = rand::rngs::SmallRng::seed_from_u64(1);
    let mut file = File::create(path)?;
    let mut buffer = vec![0; 1024 * 1024];
    for _ in 0..mib {
        rng.fill_bytes(&mut buffer);
        file.write_all(&buffer)?;
    }
    Ok(file.sync_all()?)
}

/// Returns true if two files are the same to the last byte.
pub(crate) fn same(a: &Path, b: &Path) -> std::io::Result<bool> {
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::new(File::open(a)?), BufReader::new(File::open(b)?));
    let (mut left, mut right) = (vec![0; 1024 * 1024], vec![0; 1024 * 1024]);
    loop {
        let read = a.read(&mut left)?;
        if read == 0 {
            return Ok(true);
        }
        b.read_exact(&mut right[..read])?;
        if left[..read] != right[..read] {
            return Ok(false);
        }
    }
}
