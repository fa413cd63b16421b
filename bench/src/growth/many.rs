//! Much to do at once.

use std::path::Path;
use std::process::Command as Program;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use sprat_api::{Command, Event, Target, TransferState};
use sprat_chunking::FileId;
use sprat_peer::EngineHandle;
use sprat_protocol::Link;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::rows::{Growth, LEN, PATIENCE, make, name, print};
use crate::engine;
use crate::process::{Process, beside_this, text};
use crate::usage::Usage;

/// Files of the window's row, of those that stand while some are removed, and removed ones.
const DROPPED: u32 = 2500;
const STANDING: u32 = 10_000;
const REMOVED: u32 = 1000;
/// Links that are pasted.
const LINKS: u32 = 1000;
/// Files of the folder, their length in bytes, and how often it is fetched.
const IN_FOLDER: u32 = 10_000;
const SMALL: usize = 1024;
const RUNS: u32 = 3;

/// `sprat share` of many files, beside a tracker.
pub(super) fn share(growth: &Growth) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&growth.dir)?;
    let most = growth.shared.iter().copied().max().unwrap_or_default();
    make(dir.path(), most, LEN, growth.seed)?;
    let mut rates = Vec::new();
    for files in &growth.shared {
        let until = Instant::now() + PATIENCE;
        let mut tracker =
            Process::start(Program::new(beside_this("sprat-tracker")?).args(["--listen", "127.0.0.1:0"]))?;
        let url = tracker.line("sprat-tracker listening on ", until)?;
        let mut command = Program::new(beside_this("sprat")?);
        command.args(["share", "--json", "--listen", "127.0.0.1:0", "--tracker", &url]);
        command.arg("--state-dir").arg(dir.path().join(format!("state-{files}")));
        command.args((0..*files).map(name)).current_dir(dir.path());
        let start = Instant::now();
        let mut process = Process::start(&mut command)?;
        for _ in 0..*files {
            process.record("shared", until)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        let (rate, usage) = (f64::from(*files) / seconds, process.usage());
        rates.push(rate);
        let measured = format!("{rate:.0} files/s ({seconds:.2} s, {:.2} CPU s, {:.0} MiB)", usage.cpu, usage.rss);
        print(&format!("`sprat share` of {files} files"), "≥ 1,500 files/s", &measured);
    }
    let (least, most) = (rates.iter().copied().fold(f64::MAX, f64::min), rates.iter().copied().fold(0.0, f64::max));
    print("the fastest of these ÷ the slowest", "≤ 1.3", &format!("{:.2}", most / least));
    Ok(())
}

/// Many files at once, as the window hands them to its engine.
pub(super) async fn drop_files(growth: &Growth) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&growth.dir)?;
    make(dir.path(), DROPPED, LEN, growth.seed)?;
    let engine = engine::start_kept(&dir.path().join("state"), dir.path()).await?;
    let (start, cpu) = (Instant::now(), Usage::of_this_process().cpu);
    share_all(&engine, dir.path(), 0..DROPPED).await?;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), Usage::of_this_process().cpu - cpu);
    print(
        &format!("{DROPPED} files dropped, without the window itself"),
        "≤ 4 s, ≤ 4 CPU s",
        &format!("{seconds:.2} s, {cpu:.2} CPU s"),
    );
    engine.shutdown().await;
    Ok(())
}

/// Has an engine share these, and waits until all are.
pub(super) async fn share_all(engine: &EngineHandle, dir: &Path, files: std::ops::Range<u32>) -> anyhow::Result<()> {
    let mut snapshots = engine.watch();
    let before = snapshots.borrow().transfers.len();
    for number in files.clone() {
        engine.send(Command::Share(dir.join(name(number)))).await;
    }
    let all = before + files.len();
    let is_shared = |transfer: &std::sync::Arc<sprat_api::TransferView>| transfer.state == TransferState::Sharing;
    let done = snapshots.wait_for(|s| s.transfers.len() == all && s.transfers.iter().all(is_shared));
    timeout(PATIENCE, done).await??;
    Ok(())
}

/// Some of many are removed, while others come.
pub(super) async fn remove(growth: &Growth) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&growth.dir)?;
    make(dir.path(), STANDING + 1, LEN, growth.seed)?;
    let state = dir.path().join("state");
    let engine = engine::start_kept(&state, dir.path()).await?;
    share_all(&engine, dir.path(), 0..STANDING).await?;
    let gone: Vec<FileId> = engine.snapshot().transfers.iter().step_by(10).map(|transfer| transfer.file_id).collect();
    ensure!(gone.len() == REMOVED as usize, "{} of {STANDING} are removed", gone.len());
    let mut snapshots = engine.watch();
    let start = Instant::now();
    for file_id in gone {
        engine.send(Command::Remove { file_id, delete_data: false }).await;
    }
    let other = dir.path().join(name(STANDING));
    timeout(PATIENCE, engine::share(&engine, &other)).await??;
    let other = start.elapsed();
    let left = (STANDING - REMOVED + 1) as usize;
    timeout(PATIENCE, snapshots.wait_for(|snapshot| snapshot.transfers.len() == left)).await??;
    while std::fs::read_dir(state.join("hashes"))?.count() > left {
        ensure!(start.elapsed() < PATIENCE, "what was kept of them does not leave the disk");
        tokio::time::sleep(crate::process::GLANCE).await;
    }
    let (all, other) = (start.elapsed().as_secs_f64(), other.as_secs_f64());
    print(
        &format!("remove {REMOVED} of {STANDING}, with what is on the disk; another is shared meanwhile"),
        "≤ 1 s",
        &format!("{all:.2} s; {other:.2} s"),
    );
    engine.shutdown().await;
    Ok(())
}

/// Many links at once, of files that nobody has.
pub(super) async fn paste_links(growth: &Growth) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&growth.dir)?;
    let engine = engine::start_kept(&dir.path().join("state"), dir.path()).await?;
    let mut rng = SmallRng::seed_from_u64(growth.seed);
    let links: Vec<Link> = std::iter::repeat_with(|| {
        let file_id = FileId::new(rng.random());
        Link { file_id, name: None, size: None, trackers: Vec::new(), peers: Vec::new() }
    })
    .take(LINKS as usize)
    .collect();
    // The first snapshot of all is not one of these.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (mut events, mut snapshots) = (engine.events(), engine.watch());
    snapshots.mark_unchanged();
    let (start, cpu) = (Instant::now(), Usage::of_this_process().cpu);
    let pasting = engine.clone();
    let paste = tokio::spawn(async move {
        for link in links {
            pasting.send(Command::Download { link, target: Target::DownloadDir }).await;
        }
    });
    let (mut added, mut published) = (0, Vec::new());
    while added < LINKS {
        tokio::select! {
            biased;
            changed = snapshots.changed() => {
                changed?;
                snapshots.mark_unchanged();
                published.push(start.elapsed());
            }
            event = events.recv() => match event {
                Ok(Event::Added(_)) => added += 1,
                Err(RecvError::Lagged(lost)) => bail!("{lost} events were lost"),
                _ => {}
            },
            () = tokio::time::sleep(PATIENCE) => bail!("only {added} were taken in"),
        }
    }
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), Usage::of_this_process().cpu - cpu);
    paste.await?;
    let apart = published.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).min();
    let apart = apart.map_or("–".to_owned(), |apart| format!("{apart} ms apart at least"));
    print(
        &format!("{LINKS} links pasted at once"),
        "≤ 1 s; snapshots ≥ 250 ms apart",
        &format!("{seconds:.2} s, {cpu:.2} CPU s; {} snapshots, {apart}", published.len()),
    );
    engine.shutdown().await;
    Ok(())
}

/// A folder of many small files is fetched, beside `cp -r` of the same.
pub(super) async fn get_folder(growth: &Growth) -> anyhow::Result<()> {
    // All runs lie side by side: ext4 takes long to make files for a while after as many were deleted.
    let dir = tempfile::tempdir_in(&growth.dir)?;
    let mut ratios = Vec::new();
    for run in 0..RUNS {
        let dir = dir.path().join(run.to_string());
        let source = dir.join("source");
        make(&source, IN_FOLDER, SMALL, growth.seed + u64::from(run))?;
        let seeder = engine::start(&dir.join("seeder"), &dir, None).await?;
        let downloader = engine::start(&dir.join("downloader"), &dir.join("downloads"), None).await?;
        let link = timeout(PATIENCE, engine::share(&seeder, &source)).await??;
        ensure!(Program::new("sync").status()?.success(), "sync failed");
        let start = Instant::now();
        let copied = Program::new("cp").args(["-r", text(&source)?, text(&dir.join("copy"))?]).status()?;
        ensure!(copied.success(), "cp failed");
        let copied = start.elapsed().as_secs_f64();
        ensure!(Program::new("sync").status()?.success(), "sync failed");
        let start = Instant::now();
        timeout(PATIENCE, engine::fetch(&downloader, link)).await??;
        let got = start.elapsed().as_secs_f64();
        ratios.push((got / copied, got, copied));
        downloader.shutdown().await;
        seeder.shutdown().await;
    }
    ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, got, copied) = ratios[ratios.len() / 2];
    let measured = format!("{ratio:.2} × ({got:.2} s beside {copied:.2} s), the median of {RUNS}");
    print(&format!("get a folder of {IN_FOLDER} × {SMALL} bytes, beside `cp -r`"), "≤ 1.3 ×", &measured);
    Ok(())
}
