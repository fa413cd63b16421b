//! Hashing a file for sharing, against single-core SHA-256 over the same bytes in memory.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::thread::available_parallelism;
use std::time::Instant;

use sha2::{Digest, Sha256};
use sprat_chunking::tree;
use sprat_store::digest::digest_file;

use crate::load::Load;

/// Prints one table.
pub(crate) fn run(load: &Load) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&load.dir)?;
    let path = dir.path().join("file");
    crate::files::noise(&path, load.mib)?;
    let bytes = (load.mib * 1024 * 1024) as f64;
    let sample = vec![7; 64 * 1024 * 1024];
    let single = best(load.runs, || {
        black_box(Sha256::digest(black_box(&sample)));
        Ok(())
    })?;
    let single = sample.len() as f64 / single / 1e9;
    let hashing = best(load.runs, || {
        digest_file(&path, |_| ControlFlow::Continue(()))?;
        Ok(())
    })?;
    let sharing = bytes / hashing / 1e9;
    let cores = available_parallelism()?.get();
    println!("| work | GB/s | ÷ (cores × single core) |\n| --- | --- | --- |");
    println!("| SHA-256, one core, in memory | {single:.2} | |");
    // Chunks of two blocks, and of sixteen: so many can be hashed at once.
    for kib in [32, 256] {
        let chunks = best(load.runs, || {
            black_box(&sample).chunks(kib * 1024).for_each(|chunk| {
                black_box(tree::chunk_hash(chunk));
            });
            Ok(())
        })?;
        let chunks = sample.len() as f64 / chunks / 1e9;
        println!("| hashes of chunks of {kib} KiB, one core, in memory | {chunks:.2} | {:.2} |", chunks / single);
    }
    println!(
        "| hashing {} MiB for sharing, {cores} cores, warm cache | {sharing:.2} | {:.2} |",
        load.mib,
        sharing / single / cores as f64
    );
    Ok(())
}

fn best(runs: u32, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}
