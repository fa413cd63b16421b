//! A tracker under load: the real binary, over loopback.
//!
//! - [`rates`]: requests per second and what they cost, beside nginx and aquatic_http.
//! - [`memory`]: bytes for each entry. [`search`]: a large catalogue, and a restart with it.
//! - [`herd`]: peers that all come back at once. [`slow`]: clients that only hold connections.
//! - [`works`]: what servers are asked; [`world`]: by whom, about which files; [`names`]: how those are called.
//! - [`servers`]: the processes; [`generator`]: load from one thread with many connections; [`paced`]: requests at fixed times;
//!   [`client`]: one request after another; [`http`]: what all of them send.
//! - [`options`]: how much is measured; [`numbers`]: percentiles, medians, and popularity.

pub(crate) mod client;
mod generator;
mod herd;
pub(crate) mod http;
mod memory;
pub(crate) mod names;
pub(crate) mod numbers;
mod options;
mod paced;
mod rates;
mod search;
pub(crate) mod servers;
mod slow;
mod works;
pub(crate) mod world;

use std::time::Duration;

pub(crate) use options::Tracker;
use options::What;

/// Seconds that loads last which are not changed in turns.
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
