//! A download that is killed at random points and started again, until it is complete, over and over: whether the file is right
//! each time, and how much is sent twice because of a kill.
//!
//! The downloader is the real `sprat get` and dies by SIGKILL. The seeder is an engine in this process, which knows to the byte
//! what it sent. Bytes that were sent but not yet written when the kill came are lost; there can be as many of them as a download
//! has under way.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use sprat_peer::{EngineHandle, Limits};
use sprat_protocol::Link;

use crate::engine;
use crate::files::same;
use crate::process::{GLANCE, Process, beside_this, text};
use crate::swarm::is_complete;

/// Time that one run of the downloader may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Snapshots are published this often at most.
const SNAPSHOT: Duration = Duration::from_millis(300);
const MIB: f64 = 1024.0 * 1024.0;

/// Options of `kills`.
#[derive(clap::Args)]
pub(crate) struct Kills {
    /// Number of kills
    #[arg(long, default_value_t = 100)]
    kills: u32,
    /// Size of the file in MiB
    #[arg(long, default_value_t = 256)]
    mib: u64,
    /// Folder on the disk to download to
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// The seed of the random points, to see the same again; it is printed
    #[arg(long)]
    seed: Option<u64>,
}

/// Prints one table.
pub(crate) fn run(kills: &Kills) -> anyhow::Result<()> {
    let seed = kills.seed.unwrap_or_else(rand::random);
    println!("--seed {seed}\n");
    let dir = tempfile::tempdir_in(std::path::absolute(&kills.dir)?)?;
    let file = dir.path().join("file.bin");
    crate::files::noise(&file, kills.mib)?;
    let mut tracker = Process::start(Command::new(beside_this("sprat-tracker")?).args(["--listen", "127.0.0.1:0"]))?;
    let url = tracker.line("sprat-tracker listening on ", Instant::now() + PATIENCE)?.parse()?;
    let runtime = engine::runtime()?;
    let seeder = runtime.block_on(engine::start(&dir.path().join("state"), dir.path(), Some(url)))?;
    let link = runtime.block_on(engine::share(&seeder, &file))?;
    let trial = Trial { dir: dir.path(), file: &file, link, seeder: &seeder };
    let tally = kill_and_resume(&trial, kills.kills, &mut SmallRng::seed_from_u64(seed));
    runtime.block_on(seeder.shutdown());
    tally?.print();
    Ok(())
}

/// Circumstances that all runs have in common.
struct Trial<'a> {
    dir: &'a Path,
    file: &'a Path,
    link: Link,
    seeder: &'a EngineHandle,
}

fn kill_and_resume(trial: &Trial<'_>, kills: u32, rng: &mut SmallRng) -> anyhow::Result<Tally> {
    let start = Instant::now();
    ensure!(trial.run(None)?.complete, "a download that nobody killed did not finish");
    let usual = start.elapsed();
    std::fs::remove_file(trial.target())?;
    let mut tally = Tally::default();
    let mut books = Books::default();
    // The last file is finished after the last kill.
    while tally.kills < kills || !books.is_empty() {
        let before = trial.sent();
        let after = (tally.kills < kills).then(|| usual.mul_f64(rng.random_range(0.0..1.0)));
        let run = trial.run(after)?;
        if let Some(lost) = run.base.and_then(|base| books.resumed(base)) {
            tally.lost.push(lost);
        }
        let sent = trial.sent() - before;
        if run.complete {
            let is_right = same(trial.file, &trial.target())?;
            tally.completed(is_right);
            std::fs::remove_file(trial.target())?;
            books = Books::default();
        } else {
            tally.kills += 1;
            books.killed(sent);
        }
    }
    Ok(tally)
}

/// Outcome of one run of the downloader.
struct Run {
    complete: bool,
    /// The bytes that it found on the disk at its start and believed, if it came to say so.
    base: Option<u64>,
}

impl Trial<'_> {
    fn target(&self) -> PathBuf {
        self.dir.join("out/file.bin")
    }

    /// The bytes of chunks that the seeder has sent, once it has noticed that nobody is connected any more.
    fn sent(&self) -> u64 {
        thread::sleep(SNAPSHOT);
        let until = Instant::now() + PATIENCE;
        loop {
            let snapshot = self.seeder.snapshot();
            let mut peers = snapshot.transfers.iter().flat_map(|transfer| &transfer.peers);
            if !peers.any(|peer| peer.connected) || Instant::now() > until {
                return snapshot.transfers.iter().map(|transfer| transfer.uploaded).sum();
            }
            thread::sleep(GLANCE);
        }
    }

    /// Runs `sprat get` until the file is in place, or it is killed after this time.
    fn run(&self, kill_after: Option<Duration>) -> anyhow::Result<Run> {
        let mut command = Command::new(beside_this("sprat")?);
        let out = self.dir.join("out/");
        let arguments = ["get", &self.link.to_string(), "--listen", "127.0.0.1:0", "--json", "--output", text(&out)?];
        // What a killed one leaves in the folder for temporary files goes with ours.
        command.args(arguments).env("TMPDIR", self.dir);
        let start = Instant::now();
        let mut process = Process::start(&mut command)?;
        let mut run = Run { complete: false, base: None };
        loop {
            let ended = process.has_ended();
            for record in process.new_records() {
                run.base = base(&record).or(run.base);
                run.complete |= is_complete(&record);
            }
            if ended {
                ensure!(run.complete, "it ended early; its last line was {:?}", process.last_line());
                return Ok(run);
            }
            let elapsed = start.elapsed();
            if kill_after.is_some_and(|after| elapsed >= after) {
                process.kill();
                run.complete = self.target().exists();
                return Ok(run);
            }
            ensure!(elapsed < PATIENCE, "not done in time; its last line was {:?}", process.last_line());
            thread::sleep(GLANCE);
        }
    }
}

/// Bytes that were there before the run that this record is of: those that are verified now, without those that this
/// run fetched.
fn base(record: &Value) -> Option<u64> {
    if is_complete(record) {
        return record["size"].as_u64()?.checked_sub(record["downloaded"].as_u64()?);
    }
    let fetched = record["sources"].as_array()?.iter().filter_map(|source| source["bytes"].as_u64()).sum();
    let is_past_checking = record["state"] == "downloading";
    record["verified"].as_u64().filter(|_| is_past_checking)?.checked_sub(fetched)
}

/// Bytes sent for one file since it was last known how much of it is on the disk.
#[derive(Default)]
struct Books {
    kept: u64,
    sent: u64,
    kills: u32,
}

impl Books {
    fn is_empty(&self) -> bool {
        self.kills == 0 && self.kept == 0
    }

    fn killed(&mut self, sent: u64) {
        self.sent += sent;
        self.kills += 1;
    }

    /// A run found so much on the disk; gives what was sent in vain before. Where a run was killed before it could tell,
    /// that is for more than one kill.
    fn resumed(&mut self, base: u64) -> Option<u64> {
        let had_kills = std::mem::take(&mut self.kills) > 0;
        let kept = std::mem::replace(&mut self.kept, base);
        let lost = std::mem::take(&mut self.sent).saturating_sub(base.saturating_sub(kept));
        had_kills.then_some(lost)
    }
}

/// Sums over all runs.
#[derive(Default)]
struct Tally {
    kills: u32,
    files: u32,
    wrong: u32,
    lost: Vec<u64>,
}

impl Tally {
    fn completed(&mut self, is_right: bool) {
        self.files += 1;
        self.wrong += u32::from(!is_right);
    }

    fn print(&self) {
        let mean = self.lost.iter().sum::<u64>() as f64 / f64::from(self.kills.max(1)) / MIB;
        let largest = self.lost.iter().max().copied().unwrap_or_default() as f64 / MIB;
        let right = if self.wrong == 0 { "yes".to_owned() } else { format!("NO, {} wrong", self.wrong) };
        let window = Limits::default().window_bytes as f64 / MIB;
        println!(
            "| kills | files completed | all right | sent twice per kill, mean, MiB | largest, MiB | under way at most, MiB |"
        );
        println!("| --- | --- | --- | --- | --- | --- |");
        println!("| {} | {} | {right} | {mean:.1} | {largest:.1} | {window:.0} |", self.kills, self.files);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_there_before_is_what_is_verified_without_what_came_since() {
        let sources = json!([{"bytes": 30}, {"bytes": 12}]);
        let progress = |state| json!({"type": "progress", "state": state, "verified": 100, "sources": sources});
        assert_eq!(base(&progress("downloading")), Some(58));
        assert_eq!(base(&progress("checking")), None);
        assert_eq!(base(&json!({"type": "complete", "size": 200, "downloaded": 60})), Some(140));
        assert_eq!(base(&json!({"type": "error"})), None);
    }

    #[test]
    fn what_was_sent_but_is_not_there_was_lost() {
        let mut books = Books::default();
        assert_eq!(books.resumed(0), None, "nothing was killed yet");
        books.killed(100);
        assert_eq!(books.resumed(90), Some(10));
        books.killed(50);
        books.killed(20);
        assert_eq!(books.resumed(140), Some(20), "two kills, of which the first never told where it began");
        assert_eq!(books.resumed(140), None);
    }
}
