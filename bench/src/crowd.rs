//! A crowd: one seeder and several downloaders, each behind a link of its own, all wanting the same file at the same time.
//!
//! Every host is a network namespace on a bridge, with a token bucket on both ends of its cable. Linux only, as root. What one copy
//! takes on such a link is the lower bound: nobody can have the file sooner.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::Value;

use crate::network::Network;
use crate::process::{GLANCE, Process, beside_this};
use crate::swarm::{Tracker, bytes_from, field, is_complete, share};

/// Time that one run may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// The host of the tracker; its cable has no limit.
const TRACKER: usize = 0;
const SEEDER: usize = 1;

/// Options of `crowd`.
#[derive(clap::Args)]
pub(crate) struct Crowd {
    /// Size of the file in MiB
    #[arg(long, default_value_t = 64)]
    mib: u64,
    /// Number of downloaders
    #[arg(long, default_value_t = 8)]
    downloaders: usize,
    /// Rate of each link each way, in Mbit/s
    #[arg(long, default_value_t = 100)]
    mbit: u64,
    /// Number of runs; every run is printed
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// End the seeder once so many copies' worth of bytes came from it, for instance 1.1; without it, it stays
    #[arg(long, value_name = "COPIES")]
    seeder_leaves: Option<f64>,
}

/// Prints one table.
pub(crate) fn run(crowd: &Crowd) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("file.bin");
    crate::files::noise(&file, crowd.mib)?;
    let cables = [vec![None], vec![Some(crowd.mbit); crowd.downloaders + 1]].concat();
    let network = Network::new(&cables)?;
    println!("| downloaders | all done after, s | ÷ one copy | copies sent by the seeder | the seeder |");
    println!("| --- | --- | --- | --- | --- |");
    let mut one_copy = None;
    for (downloaders, runs, leaves) in [(1, 1, None), (crowd.downloaders, crowd.runs.max(1), crowd.seeder_leaves)] {
        for run in 0..runs {
            let out = dir.path().join(format!("{downloaders}-{run}"));
            match all_done(&network, &file, &out, downloaders, leaves) {
                Ok(outcome) => {
                    outcome.print(downloaders, *one_copy.get_or_insert(outcome.seconds));
                }
                Err(error) => println!("| {downloaders} | {error:#} | | | |"),
            }
        }
    }
    Ok(())
}

/// Outcome of one run.
struct Outcome {
    /// From the start of the downloaders to the moment when the last had the file in place.
    seconds: f64,
    /// Copies' worth of bytes that came from the seeder.
    copies: f64,
    /// Time at which the seeder was ended, if it was.
    left_after: Option<f64>,
}

impl Outcome {
    fn print(&self, downloaders: usize, one_copy: f64) {
        let Self { seconds, copies, left_after } = self;
        let left = left_after.map_or("stays".to_owned(), |after| format!("left after {after:.2} s"));
        println!("| {downloaders} | {seconds:.2} | {:.2} | {copies:.2} | {left} |", seconds / one_copy);
    }
}

fn all_done(
    network: &Network,
    file: &Path,
    out: &Path,
    downloaders: usize,
    leaves: Option<f64>,
) -> anyhow::Result<Outcome> {
    let until = Instant::now() + PATIENCE;
    let size = file.metadata()?.len() as f64;
    let tracker = Tracker::start(network, TRACKER, until)?;
    let (seeder, shared) = share(network, SEEDER, file, &tracker.url, until)?;
    let mut seeder = Some(seeder);
    let id = field(&shared, "file_id")?;
    let start = Instant::now();
    let mut crowd = Vec::new();
    for host in (SEEDER + 1..).take(downloaders) {
        let to = format!("{}-{host}/", out.display());
        let arguments = ["get", id, "--tracker", &tracker.url, "--output", &to, "--seed", "--json"];
        crowd.push(Downloader::new(network.start(host, &beside_this("sprat")?, arguments)?));
    }
    let mut left_after = None;
    while crowd.iter().any(|downloader| !is_complete(&downloader.latest)) {
        thread::sleep(GLANCE);
        for downloader in &mut crowd {
            downloader.look(until)?;
        }
        if leaves.is_some_and(|copies| copies_from_seeder(&crowd, size) >= copies) && seeder.take().is_some() {
            left_after = Some(start.elapsed().as_secs_f64());
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Outcome { seconds, copies: copies_from_seeder(&crowd, size), left_after })
}

fn copies_from_seeder(crowd: &[Downloader], size: f64) -> f64 {
    crowd.iter().map(|downloader| bytes_from(&downloader.latest, SEEDER) as f64).sum::<f64>() / size
}

/// One of the crowd, and its latest record.
struct Downloader {
    process: Process,
    latest: Value,
}

impl Downloader {
    fn new(process: Process) -> Self {
        Self { process, latest: Value::Null }
    }

    /// Reads its news.
    fn look(&mut self, until: Instant) -> anyhow::Result<()> {
        let ended = self.process.has_ended();
        for record in self.process.new_records() {
            // What it says after it is complete is about seeding.
            if !is_complete(&self.latest) {
                self.latest = record;
            }
        }
        if ended || Instant::now() > until {
            bail!("a downloader did not finish; it stood at {}", self.latest);
        }
        Ok(())
    }
}
