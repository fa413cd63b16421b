//! Rows of the table of growth: which there are, with which amounts, and the files for them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Time that any row may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(900);
/// Length of each file in bytes.
pub(super) const LEN: usize = 2048;

/// Choice of the rows that are measured, and amounts for them.
#[derive(clap::Args)]
pub(crate) struct Growth {
    /// Rows to measure, all without it
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(super) rows: Vec<Row>,
    /// Number of files that are shared by one command, one run for each
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 8000, 32_000])]
    pub(super) shared: Vec<u32>,
    /// Number of files of an engine that stands
    #[arg(long, default_value_t = 100_000)]
    pub(super) standing: u32,
    /// Seed of what is in the files; it is printed
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Folder on the disk to measure with
    #[arg(long, default_value = ".")]
    pub(super) dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Row {
    Share,
    Drop,
    Remove,
    Links,
    Standing,
    Folder,
}

/// Prints one row.
pub(super) fn print(work: &str, must: &str, measured: &str) {
    println!("| {work} | {must} | {measured} |");
}

/// Name in a folder of files, short enough for thousands of them in one command line.
pub(super) fn name(number: u32) -> String {
    format!("{}/{number}", number / 1000)
}

/// Makes so many files of noise, of which no two are the same.
pub(super) fn make(dir: &Path, files: u32, len: usize, seed: u64) -> anyhow::Result<()> {
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut bytes = vec![0; len];
    for number in 0..files {
        if number % 1000 == 0 {
            std::fs::create_dir_all(dir.join((number / 1000).to_string()))?;
        }
        rng.fill_bytes(&mut bytes);
        std::fs::write(dir.join(name(number)), &bytes)?;
    }
    Ok(())
}
