//! All settings of a tracker.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::access::AccessConfig;
use super::catalogue::CatalogueConfig;
use super::cluster::{ClusterConfig, StoreKind};
use super::duration;
use super::limits::Limits;
use super::server::ServerConfig;
use crate::operation::logs::LogConfig;

/// The settings of a tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses and ports that the program listens on; port 0 takes any free one. `0.0.0.0:5000` serves the network.
    /// An address of IPv6 is for IPv6 alone.
    pub listen: Vec<SocketAddr>,
    /// Names of the tracker: host and port, as peers dial it, the port always written. With a name or more it hears only
    /// what was signed for one of them, so nobody can hand on to it what a peer said to another tracker, and answers only
    /// requests for these hosts, for localhost and for addresses; with none it answers to every name.
    pub names: Vec<String>,
    /// Time for which a peer is believed without another word from it; peers are told whole seconds.
    #[serde(with = "duration")]
    pub lease: Duration,
    /// Time that open requests may take to end once the tracker shuts down.
    #[serde(with = "duration")]
    pub grace: Duration,
    /// Folder for what outlives a restart, created if missing. Without one nothing does, and there are no tokens. Such as
    /// `"/var/lib/sprat-tracker"`.
    pub data_dir: Option<PathBuf>,
    /// Calls to the peers that register: the tracker tries to connect to each at the address that it came from, to tell
    /// it and others whether it can be reached.
    pub call_back: bool,
    /// Store of who has which file: `"memory"` of this program, or a `"cluster"` that several trackers share.
    pub store: StoreKind,
    /// Those who connect.
    pub server: ServerConfig,
    /// Bounds on everything that strangers may make the tracker remember.
    pub limits: Limits,
    /// The names of files.
    pub catalogue: CatalogueConfig,
    /// The cluster, if there is one.
    pub cluster: ClusterConfig,
    /// Access to the tracker: who may use it, and who may not.
    pub access: AccessConfig,
    /// Log: the lines that the program writes to standard error.
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

impl Config {
    /// All values that are set, as the file has them.
    pub(super) fn values(&self) -> Table {
        Table::try_from(self).expect("keys are strings, and TOML has all these types")
    }
}
