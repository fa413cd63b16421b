//! A file of 1 KiB from one engine to another over loopback: what it takes when the bytes take nothing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::ensure;
use sprat_peer::EngineHandle;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::engine;

/// Time that one file may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Options of `small`.
#[derive(clap::Args)]
pub(crate) struct Small {
    /// Number of files
    #[arg(long, default_value_t = 50)]
    runs: u32,
}

/// Prints one table.
pub(crate) fn run(small: &Small) -> anyhow::Result<()> {
    engine::runtime()?.block_on(measure(small.runs.max(1)))
}

async fn measure(runs: u32) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let seeder = engine::start(&dir.path().join("state"), dir.path(), None).await?;
    let acquainted = Downloader::start().await?;
    let (mut gets, mut firsts, mut boths) = (Vec::new(), Vec::new(), Vec::new());
    // The two meet over a file that does not count.
    acquainted.fetch(&seeder, &small_file(dir.path(), 0)?).await?;
    for run in 1..=runs {
        let [share, get] = acquainted.fetch(&seeder, &small_file(dir.path(), run)?).await?;
        gets.push(get);
        boths.push(share + get);
    }
    for run in runs + 1..=2 * runs {
        let stranger = Downloader::start().await?;
        let [_, get] = stranger.fetch(&seeder, &small_file(dir.path(), run)?).await?;
        firsts.push(get);
        stranger.engine.shutdown().await;
    }
    acquainted.engine.shutdown().await;
    seeder.shutdown().await;
    println!("| 1 KiB, {runs} times | median, ms | worst, ms |\n| --- | --- | --- |");
    print("get, from a peer that is connected", gets);
    print("share, then get, the same", boths);
    print("get, from a peer that is not connected", firsts);
    Ok(())
}

struct Downloader {
    engine: EngineHandle,
    dir: TempDir,
}

impl Downloader {
    async fn start() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let engine = engine::start(&dir.path().join("state"), dir.path(), None).await?;
        Ok(Self { engine, dir })
    }

    /// Has a file shared and fetches it; what each took, in milliseconds.
    async fn fetch(&self, seeder: &EngineHandle, file: &Path) -> anyhow::Result<[f64; 2]> {
        let start = Instant::now();
        let link = timeout(PATIENCE, engine::share(seeder, file)).await??;
        let shared = start.elapsed();
        timeout(PATIENCE, engine::fetch(&self.engine, link)).await??;
        let done = start.elapsed();
        let copy = self.dir.path().join(file.file_name().unwrap_or_default());
        ensure!(std::fs::read(copy)? == std::fs::read(file)?, "the file is not the one that was shared");
        Ok([shared, done - shared].map(|took| took.as_secs_f64() * 1e3))
    }
}

/// A file of 1 KiB that is like no other.
fn small_file(dir: &Path, number: u32) -> anyhow::Result<PathBuf> {
    let path = dir.join(format!("small-{number}.bin"));
    std::fs::write(&path, number.to_be_bytes().repeat(256))?;
    Ok(path)
}

fn print(title: &str, mut milliseconds: Vec<f64>) {
    milliseconds.sort_by(f64::total_cmp);
    let median = milliseconds[milliseconds.len() / 2];
    let worst = milliseconds.last().copied().unwrap_or_default();
    println!("| {title} | {median:.1} | {worst:.1} |");
}
