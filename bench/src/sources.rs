//! One downloader and four seeders whose links together are as fast as its own: what of its link it fills, and what it loses when
//! some of the four leave, stall or lie.
//!
//! Every host is a network namespace on a bridge. Linux only, as root.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::Value;

use crate::files::same;
use crate::network::{Network, address};
use crate::process::{GLANCE, Process, beside_this, text};
use crate::swarm::{Tracker, field, share};

/// Time that one download may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// The host of the tracker; its cable has no limit. Behind it come the seeders, then the downloader.
const TRACKER: usize = 0;
const SEEDERS: usize = 4;
const DOWNLOADER: usize = SEEDERS + 1;
/// Port of hostile peers.
const PORT: u16 = 4000;

/// Options of `sources`.
#[derive(clap::Args)]
pub(crate) struct Sources {
    /// Size of the file in MiB
    #[arg(long, default_value_t = 64)]
    mib: u64,
    /// Rate of each seeder's link each way, in Mbit/s; the downloader's is four times as fast
    #[arg(long, default_value_t = 25)]
    mbit: u64,
    /// Number of runs; every run is printed
    #[arg(long, default_value_t = 1)]
    runs: u32,
}

/// Role of one of the four.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Serves.
    Honest,
    /// Serves, and is killed when half of the file is here.
    Killed,
    /// Sends one byte a second.
    Stalls,
    /// Sends one chunk in twenty with a bit wrong.
    Lies,
}

use Role::{Honest, Killed, Lies, Stalls};

const CASES: [(&str, [Role; SEEDERS]); 5] = [
    ("4 honest", [Honest; SEEDERS]),
    ("3 honest, 1 killed midway", [Honest, Honest, Honest, Killed]),
    ("3 honest, 1 at 1 B/s", [Honest, Honest, Honest, Stalls]),
    ("3 honest, 1 with 5 % corrupt chunks", [Honest, Honest, Honest, Lies]),
    ("1 honest, and all three of these", [Honest, Killed, Stalls, Lies]),
];

/// Prints one table.
pub(crate) fn run(sources: &Sources) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("file.bin");
    crate::files::noise(&file, sources.mib)?;
    let link = sources.mbit * SEEDERS as u64;
    let network = Network::new(&[vec![None], vec![Some(sources.mbit); SEEDERS], vec![Some(link)]].concat())?;
    println!(
        "| {SEEDERS} sources of {} Mbit/s | s | of the link, {link} Mbit/s | ÷ what the honest bandwidth needs | file right |",
        sources.mbit
    );
    println!("| --- | --- | --- | --- | --- |");
    for (title, roles) in CASES {
        for run in 0..sources.runs.max(1) {
            let out = dir.path().join(format!("copy-{run}"));
            match download(&network, &file, &out, &roles) {
                Ok(seconds) => row(title, &roles, seconds, sources, same(&file, &out)?),
                Err(error) => println!("| {title} | {error:#} | | | |"),
            }
            let _ = std::fs::remove_file(&out);
        }
    }
    Ok(())
}

fn row(title: &str, roles: &[Role], seconds: f64, sources: &Sources, is_right: bool) {
    let megabits = (sources.mib * 1024 * 1024 * 8) as f64 / 1e6;
    let fraction = megabits / seconds / (sources.mbit * SEEDERS as u64) as f64;
    let ratio = seconds / (megabits / sources.mbit as f64 * needed(roles));
    let right = if is_right { "yes" } else { "NO" };
    println!("| {title} | {seconds:.2} | {fraction:.2} | {ratio:.2} | {right} |");
}

/// The time that the honest ones need for one file, in units of what one seeder alone would take: who is killed midway helps
/// with the first half.
fn needed(roles: &[Role]) -> f64 {
    let count = |role| roles.iter().filter(|is| **is == role).count() as f64;
    let (honest, killed) = (count(Honest), count(Killed));
    0.5 / (honest + killed) + 0.5 / honest
}

/// Seconds from the start of the downloader to the moment when the file is in place.
fn download(network: &Network, file: &Path, out: &Path, roles: &[Role; SEEDERS]) -> anyhow::Result<f64> {
    let until = Instant::now() + PATIENCE;
    let tracker = Tracker::start(network, TRACKER, until)?;
    let mut four = Four::default();
    for (role, host) in roles.iter().zip(TRACKER + 1..) {
        four.start(network, host, *role, file, &tracker.url, until)?;
    }
    let fixed = ["get", &four.id, "--tracker", &tracker.url, "--output", text(out)?, "--json"];
    let arguments = fixed.into_iter().chain(four.named.iter().flat_map(|at| ["--peer", at]));
    let start = Instant::now();
    let mut process = network.start(DOWNLOADER, &beside_this("sprat")?, arguments)?;
    watch(&mut process, out, four.killed, file.metadata()?.len() / 2, until)?;
    Ok(start.elapsed().as_secs_f64())
}

/// The four that the downloader fetches from.
#[derive(Default)]
struct Four {
    /// The file ID.
    id: String,
    /// Peers that stay.
    staying: Vec<Process>,
    /// Peer that is to be killed.
    killed: Option<Process>,
    /// Addresses of peers that no tracker knows, for the downloader.
    named: Vec<String>,
}

impl Four {
    fn start(
        &mut self,
        network: &Network,
        host: usize,
        role: Role,
        file: &Path,
        tracker: &str,
        until: Instant,
    ) -> anyhow::Result<()> {
        let what = match role {
            Honest | Killed => {
                let (process, shared) = share(network, host, file, tracker, until)?;
                field(&shared, "file_id")?.clone_into(&mut self.id);
                match role {
                    Killed => self.killed = Some(process),
                    _ => self.staying.push(process),
                }
                return Ok(());
            }
            Stalls => "trickle",
            Lies => "corrupt-some",
        };
        let (process, at) = hostile(network, host, what, file, until)?;
        self.staying.push(process);
        self.named.push(at);
        Ok(())
    }
}

fn hostile(
    network: &Network,
    host: usize,
    what: &str,
    file: &Path,
    until: Instant,
) -> anyhow::Result<(Process, String)> {
    let at = format!("{}:{PORT}", address(host));
    let mut process =
        network.start(host, &std::env::current_exe()?, ["hostile", what, text(file)?, "--listen", &at])?;
    process.line("listening on ", until)?;
    Ok((process, at))
}

/// Waits until the file is in place; kills a seeder when half of it is here.
fn watch(
    process: &mut Process,
    out: &Path,
    mut killed: Option<Process>,
    half: u64,
    until: Instant,
) -> anyhow::Result<()> {
    let mut latest = Value::Null;
    while !out.exists() {
        ensure!(!process.has_ended() || out.exists(), "it ended early; it stood at {latest}");
        ensure!(Instant::now() < until, "not done in time; it stood at {latest}");
        latest = process.new_records().pop().unwrap_or(latest);
        if latest["verified"].as_u64() >= Some(half) {
            killed.take();
        }
        thread::sleep(GLANCE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_counts_the_honest_and_half_of_the_killed() {
        let all = CASES.map(|(_, roles)| needed(&roles));
        assert_eq!(all, [0.25, 0.125 + 0.5 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.75]);
    }
}
