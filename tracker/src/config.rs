//! What an operator decides: a struct for each concern, and where each value comes from.
//!
//! The structs say it all: the names of their fields are the keys, the comments on them are the example file and the
//! help, `Default` is the default. A new key is a new field.
//!
//! - this file: [`Config`], and what makes no sense in it.
//! - `key`: the list of all keys, taken from the structs.
//! - `sources`: from file, environment and flags to a [`Config`]. `file`: the file, with its lines.
//! - `server`: connections. `cluster`: where several trackers keep who has what.
//! - `print`: the example file, and what is in force.
//! - `duration`: lengths of time as people write them.

mod catalogue;
mod cluster;
pub(crate) mod duration;
pub(crate) mod file;
mod key;
mod print;
mod server;
mod sources;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::access::{AccessConfig, Public};
use crate::logs::LogConfig;

pub use catalogue::CatalogueConfig;
pub use cluster::{ClusterConfig, StoreKind};
pub use duration::parse as parse_duration;
pub use key::{Key, keys};
pub use print::{effective, example};
pub use server::{ProxyHeader, ServerConfig, TlsFiles};
pub use sources::{ConfigError, DEFAULT_FILE, Effective, Origin, Sources};

/// The settings of a tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses and ports that the program listens on; port 0 takes any free one. `0.0.0.0:5000` serves the network.
    pub listen: Vec<SocketAddr>,
    /// What the tracker is called: host and port, as peers dial it. With a name or more it hears only what was signed for
    /// one of them, so nobody can hand on to it what a peer said to another tracker; with none it answers to every name.
    pub names: Vec<String>,
    /// How long a peer is believed without another word from it; peers are told whole seconds.
    #[serde(with = "duration")]
    pub lease: Duration,
    /// How long open requests may take to end once the tracker shuts down.
    #[serde(with = "duration")]
    pub grace: Duration,
    /// Folder for what outlives a restart, created if missing. Without one nothing does, and there are no tokens. Such as
    /// `"/var/lib/sprat-tracker"`.
    pub data_dir: Option<PathBuf>,
    /// Whether the tracker tries to connect to the peers that register, each at the address that it came from, to tell it and
    /// others whether it can be reached.
    pub call_back: bool,
    /// Where it is kept who has which file: `"memory"` of this program, or a `"cluster"` that several trackers share.
    pub store: StoreKind,
    /// Those who connect.
    pub server: ServerConfig,
    /// How much strangers may make the tracker remember.
    pub limits: Limits,
    /// The names of files.
    pub catalogue: CatalogueConfig,
    /// The cluster, if there is one.
    pub cluster: ClusterConfig,
    /// Who may use the tracker, and who may not.
    pub access: AccessConfig,
    /// What the program writes to standard error.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 5000))],
            names: Vec::new(),
            lease: Duration::from_secs(90),
            grace: Duration::from_secs(5),
            data_dir: None,
            call_back: true,
            store: StoreKind::default(),
            server: ServerConfig::default(),
            limits: Limits::default(),
            catalogue: CatalogueConfig::default(),
            cluster: ClusterConfig::default(),
            access: AccessConfig::default(),
            log: LogConfig::default(),
        }
    }
}

/// Bounds on everything that a stranger can grow. Over one of them the answer is a refusal, and nothing else suffers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
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
    /// Files that were not known before and that one IPv4 address or one IPv6 /64 network may register in a minute.
    pub new_files_per_minute: NonZeroU32,
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
            new_files_per_minute: NonZeroU32::new(10_000).expect("it is not 0"),
            holdings: 20_000_000,
        }
    }
}

/// A value that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which one, such as `limits.files`.
    pub key: String,
    /// What is wrong with it, as the end of a sentence that starts with the key.
    pub reason: String,
}

impl Problem {
    fn new(key: &str, reason: impl Into<String>) -> Self {
        Self { key: key.to_owned(), reason: reason.into() }
    }
}

impl Config {
    /// The shortest and the longest lease that the program accepts.
    const LEASES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(86_400)];

    /// How long the program may take to end but for what it still has to write: whoever waits for it gives up after 25 or 30
    /// seconds.
    const LONGEST_END: Duration = Duration::from_secs(20);

    /// What makes no sense in these values, although each by itself has the right form.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let values = self.values();
        for key in keys() {
            match key.value_in(&values) {
                Some(Value::Integer(0)) => {
                    problems.push(Problem::new(&key.path(), "is 0, which would let nobody in; it is at least 1"));
                }
                Some(Value::String(text)) if text == "0s" && key.group == "server" && key.name != "drain_delay" => {
                    problems.push(Problem::new(&key.path(), "is 0s, which would let nobody in"));
                }
                Some(Value::String(text)) if text.is_empty() => {
                    problems.push(Problem::new(&key.path(), "is empty; leave it out instead"));
                }
                _ => {}
            }
        }
        if self.listen.is_empty() {
            problems.push(Problem::new("listen", "names no address, so nobody could reach the tracker"));
        }
        let [shortest, longest] = Self::LEASES;
        if !(shortest..=longest).contains(&self.lease) {
            let bounds = format!("is {}; a lease is between 1s and 1d", duration::text(self.lease));
            problems.push(Problem::new("lease", bounds));
        }
        if self.access.public != Public::Share && self.data_dir.is_none() {
            let reason =
                "keeps people out who have no token, and tokens are kept in the data folder; set data_dir as well";
            problems.push(Problem::new("access.public", reason));
        }
        if self.store == StoreKind::Cluster {
            problems.extend(self.cluster.problem());
        }
        if self.server.drain_delay + self.grace > Self::LONGEST_END {
            let ends = [self.server.drain_delay, self.grace].map(duration::text).join(" and ");
            let reason =
                format!("and server.drain_delay are {ends}; together they are at most 20s, or the tracker is killed");
            problems.push(Problem::new("grace", reason));
        }
        problems.extend(self.log.problem().map(|reason| Problem::new("log.level", reason)));
        problems
    }

    /// All values that are set, as the file has them.
    fn values(&self) -> Table {
        Table::try_from(self).expect("keys are strings, and TOML has all these types")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config);
        config.problems().into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert!(problems(|_| ()).is_empty());
        assert_eq!(problems(|config| config.limits.files = 0), ["limits.files"]);
        assert_eq!(problems(|config| config.server.connections = 0), ["server.connections"]);
        assert_eq!(problems(|config| config.server.idle_time = Duration::ZERO), ["server.idle_time"]);
        assert_eq!(problems(|config| config.listen.clear()), ["listen"]);
        assert_eq!(problems(|config| config.data_dir = Some(PathBuf::new())), ["data_dir"]);
        assert_eq!(problems(|config| config.log.level = "sprat=loudly".into()), ["log.level"]);
        assert_eq!(problems(|config| config.access.public = Public::Read), ["access.public"]);
        assert_eq!(problems(|config| config.grace = Duration::from_millis(20_001)), ["grace"]);
        assert!(problems(|config| config.grace = Duration::from_secs(20)).is_empty());
        assert_eq!(problems(|config| config.store = StoreKind::Cluster), ["cluster.nodes"]);
        for (lease, is_good) in [(999, false), (1000, true), (86_400_000, true), (86_400_001, false)] {
            let lease = Duration::from_millis(lease);
            assert_eq!(problems(|config| config.lease = lease).is_empty(), is_good, "{lease:?}");
        }
    }
}
