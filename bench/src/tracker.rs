//! A tracker under load: the real binary, over loopback, from one thread with many connections.
//!
//! - [`rates`]: requests per second and what they cost, beside nginx and aquatic_http.
//! - [`works`]: what servers are asked; [`world`]: by whom, about which files; [`names`]: how those are called.
//! - [`servers`]: the processes; [`generator`]: load; [`client`]: one request after another; [`http`]: what they send.
//! - [`numbers`]: percentiles, medians, and popularity.

mod client;
mod generator;
mod http;
mod names;
mod numbers;
mod rates;
mod servers;
mod works;
mod world;

/// How our tracker is started wherever it is measured: leases outlast any run, so that no peer needs to keep one.
const FLAGS: &[&str] = &["--lease-seconds", "86400"];

/// What is measured, and for how long.
#[derive(clap::Args)]
pub(crate) struct Tracker {
    /// How long each kind of work lasts in a round
    #[arg(long, value_name = "N", default_value_t = 2.0)]
    seconds: f64,
    /// How often; the median of the ratios counts
    #[arg(long, default_value_t = 5)]
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
}

/// Prints one table.
pub(crate) fn run(args: &Tracker) -> anyhow::Result<()> {
    rates::run(args)
}
