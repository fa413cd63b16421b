//! A tracker under load: the real binary, over loopback.
//!
//! - [`rates`]: requests per second and what they cost, beside nginx and aquatic_http.
//! - [`memory`]: bytes for each entry. [`search`]: a large catalogue, and a restart with it.
//! - [`herd`]: peers that all come back at once. [`slow`]: clients that only hold connections.
//! - [`works`]: what servers are asked; [`world`]: by whom, about which files; [`names`]: how those are called.
//! - [`servers`]: the processes; [`generator`]: load from one thread with many connections; [`paced`]: requests at fixed times;
//!   [`client`]: one request after another; [`http`]: what all of them send.
//! - [`numbers`]: percentiles, medians, and popularity.

pub(crate) mod client;
mod generator;
mod herd;
pub(crate) mod http;
mod memory;
pub(crate) mod names;
pub(crate) mod numbers;
mod paced;
mod rates;
mod search;
pub(crate) mod servers;
mod slow;
mod works;
pub(crate) mod world;

use std::path::PathBuf;
use std::time::Duration;

/// How our tracker is started wherever it is measured: leases outlast any run, so that no peer needs to keep one, and a few
/// addresses may bring all files.
const FLAGS: &[&str] = &["--lease", "1d", "--limits-new-files-per-minute", "4000000000"];

/// What is measured, and how much of it.
#[derive(clap::Args)]
pub(crate) struct Tracker {
    #[command(flatten)]
    what: What,
    /// How long each kind of load lasts; 1 in a round of rates, 20 for others
    #[arg(long, value_name = "N")]
    seconds: Option<f64>,
    /// How often; the median of the ratios counts
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// Connections, each from an address of its own, with one request under way at a time
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Files, and as many peers
    #[arg(long, default_value_t = 10_000)]
    files: usize,
    /// Peers that have each file, and files that each peer has
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u8).range(51..=100))]
    swarm: u8,
    /// Swarms, or names, of a large tracker
    #[arg(long, default_value_t = 1_000_000)]
    many: usize,
    /// Servers of a Valkey or Redis Cluster, to measure a tracker that keeps everything there; what it writes is gone two
    /// days later
    #[arg(long, value_name = "HOST:PORT,…", value_delimiter = ',')]
    cluster: Vec<String>,
    /// Folder on the disk to measure with
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

/// What is measured instead of requests per second.
#[derive(clap::Args)]
#[group(multiple = false)]
struct What {
    /// Bytes for each peer in a swarm, ten in each, and for each name in the catalogue
    #[arg(long)]
    memory: bool,
    /// Searches in a large catalogue while files are registered, and a restart with it
    #[arg(long)]
    search: bool,
    /// As many peers as there are files, coming back in one second after a restart
    #[arg(long)]
    herd: bool,
    /// QUERY beside a thousand clients that send a byte a second, and a thousand that send nothing
    #[arg(long)]
    slow: bool,
}

/// How long loads last that are not changed in turns.
const SECONDS: f64 = 20.0;
/// Peers in each swarm of a large tracker.
const ENTRIES: usize = 10;
/// Slow clients of each kind.
const SLOW: u32 = 1000;

/// Prints a table or two.
pub(crate) fn run(args: &Tracker) -> anyhow::Result<()> {
    let seconds = args.seconds.unwrap_or(SECONDS);
    match args.what {
        What { memory: true, .. } => memory::run(args.many, ENTRIES, &args.dir),
        What { search: true, .. } => search::run(args.many, seconds as u32, &args.dir),
        What { herd: true, .. } => herd::run(args.files, args.rounds),
        What { slow: true, .. } => slow::run(args, SLOW, Duration::from_secs_f64(seconds)),
        _ => rates::run(args),
    }
}

impl Tracker {
    /// How the tracker is started whose rates are measured.
    fn flags(&self) -> Vec<String> {
        let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        if !self.cluster.is_empty() {
            // Others may use the same cluster, and so may another run.
            let prefix = format!("sprat-bench-{:08x}:", rand::random::<u32>());
            flags.extend(["--store", "cluster", "--cluster-prefix", &prefix].map(str::to_owned));
            flags.extend(self.cluster.iter().flat_map(|node| ["--cluster-nodes".to_owned(), node.clone()]));
        }
        flags
    }

    fn files(&self) -> usize {
        self.files.max(self.swarm())
    }

    fn swarm(&self) -> usize {
        self.swarm.into()
    }
}
