//! Growth: that work costs in step with how much there is, and not with what stands already.
//!
//! - [`many`]: much to do at once, by the real program and by engines.
//! - [`standing`]: an engine that has a hundred thousand files.

mod many;
mod standing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

pub(crate) use standing::{Standing, stand};

/// Time that any row may take.
const PATIENCE: Duration = Duration::from_secs(900);
/// Length of each file in bytes.
const LEN: usize = 2048;

/// What is measured, and how much of it there is.
#[derive(clap::Args)]
pub(crate) struct Growth {
    /// The rows to measure, all without it
    #[arg(long, value_enum, value_delimiter = ',')]
    rows: Vec<Row>,
    /// How many files are shared by one command, one run for each
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 8000, 32_000])]
    shared: Vec<u32>,
    /// How many files an engine has that stands
    #[arg(long, default_value_t = 100_000)]
    standing: u32,
    /// The seed of what is in the files; it is printed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder on the disk to measure with
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Row {
    Share,
    Drop,
    Remove,
    Links,
    Standing,
    Folder,
}

/// Prints one table.
pub(crate) fn run(growth: &Growth) -> anyhow::Result<()> {
    println!("Seed {}. Files of {LEN} bytes.\n", growth.seed);
    println!("| work | must reach | measured |\n| --- | --- | --- |");
    let wants = |row| growth.rows.is_empty() || growth.rows.contains(&row);
    let runtime = crate::engine::runtime()?;
    if wants(Row::Share) {
        many::share(growth)?;
    }
    if wants(Row::Drop) {
        runtime.block_on(many::drop_files(growth))?;
    }
    if wants(Row::Remove) {
        runtime.block_on(many::remove(growth))?;
    }
    if wants(Row::Links) {
        runtime.block_on(many::paste_links(growth))?;
    }
    if wants(Row::Standing) {
        standing::run(growth)?;
    }
    if wants(Row::Folder) {
        runtime.block_on(many::get_folder(growth))?;
    }
    Ok(())
}

/// Prints one row.
fn print(work: &str, must: &str, measured: &str) {
    println!("| {work} | {must} | {measured} |");
}

/// A name in a folder of files, short enough for thousands of them in one command line.
fn name(number: u32) -> String {
    format!("{}/{number}", number / 1000)
}

/// Makes so many files of noise, of which no two are the same.
fn make(dir: &Path, files: u32, len: usize, seed: u64) -> anyhow::Result<()> {
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
