//! A folder of many small files from one engine to another over loopback: what each file costs.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::time::timeout;

use crate::engine;

/// Time that one folder may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Options of `folder`.
#[derive(clap::Args)]
pub(crate) struct Folder {
    /// Number of files
    #[arg(long, default_value_t = 10_000)]
    files: u32,
    /// Size of each in KiB
    #[arg(long, default_value_t = 4)]
    kib: usize,
    /// Number of runs; every run is printed
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Folder on the disk to measure with
    #[arg(long, default_value = ".")]
    dir: std::path::PathBuf,
}

/// Prints one table.
pub(crate) fn run(folder: &Folder) -> anyhow::Result<()> {
    engine::runtime()?.block_on(measure(folder))
}

async fn measure(folder: &Folder) -> anyhow::Result<()> {
    println!("| {} files of {} KiB | s | files/s |\n| --- | --- | --- |", folder.files, folder.kib);
    // All runs lie side by side: ext4 takes long to make files for a while after as many were deleted.
    let dir = tempfile::tempdir_in(&folder.dir)?;
    for run in 0..folder.runs.max(1) {
        let dir = dir.path().join(run.to_string());
        let source = dir.join("source");
        make(&source, folder)?;
        // What was written so far is not what is measured.
        ensure!(Command::new("sync").status()?.success(), "sync failed");
        let seeder = engine::start(&dir.join("seeder"), &dir, None).await?;
        let downloads = dir.join("downloads");
        let downloader = engine::start(&dir.join("downloader"), &downloads, None).await?;
        let start = Instant::now();
        let link = timeout(PATIENCE, engine::share(&seeder, &source)).await??;
        print("share", folder.files, start.elapsed());
        let start = Instant::now();
        timeout(PATIENCE, engine::fetch(&downloader, link)).await??;
        print("get, verified, in place and synced", folder.files, start.elapsed());
        compare(&source, &downloads.join("source"), folder)?;
        downloader.shutdown().await;
        seeder.shutdown().await;
    }
    Ok(())
}

fn path(root: &Path, number: u32) -> std::path::PathBuf {
    root.join(format!("{}", number / 100)).join(format!("{number}.bin"))
}

fn make(root: &Path, folder: &Folder) -> anyhow::Result<()> {
    use rand::{Rng, SeedableRng};
    let mut rng = rand::rngs::SmallRng::seed_from_u64(1);
    let mut bytes = vec![0; folder.kib * 1024];
    for number in 0..folder.files {
        let path = path(root, number);
        if number % 100 == 0 {
            std::fs::create_dir_all(path.parent().unwrap_or(root))?;
        }
        rng.fill_bytes(&mut bytes);
        std::fs::write(path, &bytes)?;
    }
    Ok(())
}

fn compare(source: &Path, copy: &Path, folder: &Folder) -> anyhow::Result<()> {
    for number in 0..folder.files {
        let same = std::fs::read(path(source, number))? == std::fs::read(path(copy, number))?;
        ensure!(same, "file {number} is not the one that was shared");
    }
    Ok(())
}

fn print(title: &str, files: u32, took: Duration) {
    let seconds = took.as_secs_f64();
    println!("| {title} | {seconds:.3} | {:.0} |", f64::from(files) / seconds);
}
