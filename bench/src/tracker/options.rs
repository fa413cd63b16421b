//! Options of the benchmark.

use std::path::PathBuf;

/// Arguments that our tracker is started with wherever it is measured: leases outlast any run, so that no peer needs to
/// keep one, and a few addresses may bring all files.
pub(super) const FLAGS: &[&str] = &["--lease", "1d", "--limits-new-files-per-minute", "4000000000"];

/// Options of `tracker`.
#[derive(clap::Args)]
pub(crate) struct Tracker {
    #[command(flatten)]
    pub(super) what: What,
    /// Seconds that each kind of load lasts; 1 in a round of rates, 20 for others
    #[arg(long, value_name = "N")]
    pub(super) seconds: Option<f64>,
    /// Number of rounds; the median of the ratios counts
    #[arg(long, default_value_t = 9)]
    pub(super) rounds: u32,
    /// Connections, each from an address of its own, with one request under way at a time
    #[arg(long, default_value_t = 256)]
    pub(super) connections: usize,
    /// Files, and as many peers
    #[arg(long, default_value_t = 10_000)]
    pub(super) files: usize,
    /// Peers that have each file, and files that each peer has
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u8).range(51..=100))]
    swarm: u8,
    /// Swarms, or names, of a large tracker
    #[arg(long, default_value_t = 1_000_000)]
    pub(super) many: usize,
    /// Servers of a Valkey or Redis Cluster, to measure a tracker that keeps everything there; what it writes is gone two
    /// days later
    #[arg(long, value_name = "HOST:PORT,…", value_delimiter = ',')]
    pub(super) cluster: Vec<String>,
    /// Folder on the disk to measure with
    #[arg(long, default_value = ".")]
    pub(super) dir: PathBuf,
}

/// Measurements other than requests per second.
#[derive(clap::Args)]
#[group(multiple = false)]
pub(super) struct What {
    /// Bytes for each peer in a swarm, ten in each, and for each name in the catalogue
    #[arg(long)]
    pub(super) memory: bool,
    /// Searches in a large catalogue while files are registered, and a restart with it
    #[arg(long)]
    pub(super) search: bool,
    /// As many peers as there are files, coming back in one second after a restart
    #[arg(long)]
    pub(super) herd: bool,
    /// QUERY beside a thousand clients that send a byte a second, and a thousand that send nothing
    #[arg(long)]
    pub(super) slow: bool,
}

impl Tracker {
    /// Arguments of the tracker whose rates are measured.
    pub(super) fn flags(&self) -> Vec<String> {
        let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        if !self.cluster.is_empty() {
            // Others may use the same cluster, and so may another run.
            let prefix = format!("sprat-bench-{:08x}:", rand::random::<u32>());
            flags.extend(["--store", "cluster", "--cluster-prefix", &prefix].map(str::to_owned));
            flags.extend(self.cluster.iter().flat_map(|node| ["--cluster-nodes".to_owned(), node.clone()]));
        }
        flags
    }

    pub(super) fn files(&self) -> usize {
        self.files.max(self.swarm())
    }

    pub(super) fn swarm(&self) -> usize {
        self.swarm.into()
    }
}
