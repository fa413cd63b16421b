//! What an operator decides.

mod server;

use std::time::Duration;

pub use server::{ProxyHeader, ServerConfig, TlsFiles};

/// The settings of a tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How long a peer is believed without another word from it; peers are told whole seconds.
    pub lease: Duration,
    /// How long open requests may take to end once the tracker shuts down.
    pub grace: Duration,
    /// What the tracker is called: host and port, as peers dial it. With a name or more it hears only what was signed for
    /// one of them, so nobody can hand on to it what a peer said to another tracker; with none it answers to every name.
    pub names: Vec<String>,
    /// Whether the tracker tries to connect to the peers that register, each at the address that it came from, to tell it and
    /// others whether it can be reached.
    pub call_back: bool,
    /// How much strangers may make the tracker remember.
    pub limits: Limits,
    /// Those who connect.
    pub server: ServerConfig,
}

impl Default for Config {
    fn default() -> Self {
        let (lease, grace) = (Duration::from_secs(90), Duration::from_secs(5));
        Self {
            lease,
            grace,
            names: Vec::new(),
            call_back: true,
            limits: Limits::default(),
            server: ServerConfig::default(),
        }
    }
}

/// Bounds on everything that a stranger can grow. Over one of them the answer is a refusal, and nothing else suffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Peers with a lease.
    pub peers: usize,
    /// Peers with a lease that come from one IPv4 address or one IPv6 /64 network.
    pub peers_per_address: usize,
    /// Files that one peer holds.
    pub files_per_peer: usize,
    /// Peers that hold one file.
    pub peers_per_swarm: usize,
    /// Different files.
    pub files: usize,
    /// Pairs of a peer and a file that it holds: what the memory of a tracker grows with.
    pub holdings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peers: 1_000_000,
            peers_per_address: 1000,
            files_per_peer: 100_000,
            peers_per_swarm: 100_000,
            files: 10_000_000,
            holdings: 20_000_000,
        }
    }
}
