//! An engine that has many files: its start, its rest, its memory, and what strangers cost who ask.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use sprat_api::TransferState;
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::wire::{Message, encode};
use sprat_tests::stranger::Stranger;
use tokio::task::JoinSet;

use super::many::share_all;
use super::rows::{Growth, LEN, PATIENCE, make, print};
use crate::engine;
use crate::process::Process;
use crate::usage::Usage;

/// Time that it is watched for while it rests, and while strangers ask.
const WATCHED: Duration = Duration::from_secs(20);
/// Time until it rests after its start.
const SETTLING: Duration = Duration::from_secs(10);
/// Strangers, questions of each at once, and the pause between those: a thousand a second in all.
const STRANGERS: usize = 10;
const AT_ONCE: usize = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// An engine on this state, in a process of its own.
#[derive(clap::Args)]
pub(crate) struct Standing {
    state: PathBuf,
}

/// Prints where it listens and how long it took to serve all, and stands until its input ends.
pub(crate) fn stand(standing: &Standing) -> anyhow::Result<()> {
    engine::runtime()?.block_on(async {
        let start = Instant::now();
        let engine = engine::start_kept(&standing.state, &standing.state).await?;
        let mut snapshots = engine.watch();
        snapshots.wait_for(|s| s.transfers.iter().all(|t| t.state == TransferState::Sharing)).await?;
        let took = start.elapsed().as_secs_f64();
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "serving at {} {took}", engine.snapshot().listen)?;
        stdout.flush()?;
        drop(snapshots);
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        engine.shutdown().await;
        Ok(())
    })
}

/// Prints its rows.
pub(super) fn run(growth: &Growth) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&growth.dir)?;
    let (state, files) = (dir.path().join("state"), growth.standing);
    make(dir.path(), files, LEN, growth.seed)?;
    let runtime = engine::runtime()?;
    let shared = runtime.block_on(share(&state, dir.path(), files))?;
    print(&format!("{files} files shared by an engine"), "", &format!("{:.0} files/s", f64::from(files) / shared));
    let mut process = Process::start(Command::new(std::env::current_exe()?).arg("stand").arg(&state))?;
    let line = process.line("serving at ", Instant::now() + PATIENCE)?;
    let (addr, took) = line.split_once(' ').context("it says where and when")?;
    std::thread::sleep(SETTLING);
    let (idle, _) = cpu_within(&process, || {
        std::thread::sleep(WATCHED);
        Ok(())
    })?;
    let rss = Usage::memory_of(process.id(), "VmRSS:");
    let work = format!("start of an engine with {files} files; CPU in {} s at rest; memory", WATCHED.as_secs());
    let measured = format!("{took:.4} s; {:.0} ticks; {rss:.0} MiB", idle * 100.0);
    print(&work, "serving ≤ 3 s; 0 ticks; ≤ 200 MiB", &measured);
    let ids = ids(&state)?;
    let addr: SocketAddr = addr.parse()?;
    let (cpu, asked) = cpu_within(&process, || runtime.block_on(ask(addr, ids)))?;
    let seconds = WATCHED.as_secs_f64();
    let work = format!("{:.0} WANTs/s by strangers against {files} shares", asked as f64 / seconds);
    print(&work, "≤ 5 % of a core", &format!("{:.1} % of a core", cpu / seconds * 100.0));
    Ok(())
}

/// Shares them all; gives the seconds that it took.
async fn share(state: &Path, dir: &Path, files: u32) -> anyhow::Result<f64> {
    let engine = engine::start_kept(state, dir).await?;
    let start = Instant::now();
    share_all(&engine, dir, 0..files).await?;
    let took = start.elapsed().as_secs_f64();
    engine.shutdown().await;
    Ok(took)
}

/// Seconds of CPU that the process uses during this.
fn cpu_within<T>(process: &Process, during: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(f64, T)> {
    let before = process.usage().cpu;
    let result = during()?;
    Ok((process.usage().cpu - before, result))
}

/// The file IDs that are written down.
fn ids(state: &Path) -> anyhow::Result<Vec<FileId>> {
    let library: serde_json::Value = serde_json::from_slice(&std::fs::read(state.join("library.json"))?)?;
    let transfers = library["transfers"].as_array().context("it lists transfers")?;
    let ids = transfers.iter().filter_map(|transfer| transfer["file_id"].as_str()?.parse().ok());
    Ok(ids.collect())
}

/// Strangers want one file after another; gives how often.
async fn ask(addr: SocketAddr, ids: Vec<FileId>) -> anyhow::Result<usize> {
    let mut strangers = JoinSet::new();
    let each = ids.len().div_ceil(STRANGERS).max(1);
    let until = Instant::now() + WATCHED;
    for ids in ids.chunks(each).map(<[FileId]>::to_vec) {
        strangers.spawn(async move {
            let mut stranger = Stranger::dial(addr).await?;
            stranger.hello().await?;
            let (mut asked, mut next) = (0, ids.iter().cycle());
            while Instant::now() < until {
                let mut frames = Vec::new();
                for file_id in next.by_ref().take(AT_ONCE) {
                    let want = Message::Want { file_id: *file_id, chunk_size: ChunkSize::for_len(LEN as u64) };
                    encode(&want, 0, &mut frames);
                }
                asked += AT_ONCE;
                stranger.say(&frames).await?;
                anyhow::ensure!(!stranger.is_left(PAUSE).await, "the engine has closed the connection");
            }
            anyhow::Ok(asked)
        });
    }
    let mut asked = 0;
    while let Some(one) = strangers.join_next().await {
        asked += one??;
    }
    Ok(asked)
}
