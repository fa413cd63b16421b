//! Benchmarks, each against a reference limit that is measured in the same run: absolute figures belong to a machine and an
//! hour, ratios can be compared.
//!
//! - [`share`]: hashing a file for sharing, against single-core SHA-256.
//! - [`transfer`]: one file from one seeder to one downloader over loopback, against plain TCP + SHA-256 + pwrite.
//! - [`crowd`]: one seeder and a crowd of downloaders, each behind a slow link, against one copy.
//! - [`usage`]: what a process used.

#![expect(clippy::print_stdout, reason = "tables are what this program is for")]

mod crowd;
mod share;
mod transfer;
mod usage;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

/// Measures Sprat against reference limits on this machine.
#[derive(Parser)]
struct Cli {
    /// What to measure.
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Hashing a file for sharing, against single-core SHA-256
    Share(Load),
    /// One seeder to one downloader over loopback, against plain TCP + SHA-256 + pwrite
    Transfer(Load),
    /// One seeder and a crowd of downloaders behind slow links, against one copy (Linux, root)
    Crowd(crowd::Crowd),
    /// One end of a transfer, in a process of its own
    #[command(hide = true)]
    End(transfer::EndArgs),
}

/// How much is measured, and where.
#[derive(clap::Args)]
struct Load {
    /// Size of the file in MiB
    #[arg(long, default_value_t = 1024)]
    mib: u64,
    /// How often; the best run counts
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Folder on the disk to measure with
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Share(load) => share::run(&load),
        Command::Transfer(load) => transfer::run(&load),
        Command::Crowd(args) => crowd::run(&args),
        Command::End(args) => transfer::end(&args),
    }
}

/// A file of noise, so that nothing on the way can be clever about it.
fn noise(path: &Path, mib: u64) -> anyhow::Result<()> {
    use rand::{Rng, SeedableRng};
    use std::io::Write;
    let mut rng = rand::rngs::SmallRng::seed_from_u64(1);
    let mut file = std::fs::File::create(path)?;
    let mut buffer = vec![0; 1024 * 1024];
    for _ in 0..mib {
        rng.fill_bytes(&mut buffer);
        file.write_all(&buffer)?;
    }
    Ok(file.sync_all()?)
}
