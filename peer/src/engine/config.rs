//! What an engine is told at its start.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use crate::discovery::trackers::tokens::Tokens;
use crate::flow::limits::Limits;
use crate::world::World;

/// Where an engine lives and what it may use.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Identity, lock and what outlives a restart. Made if it is not there; one engine on it at a time.
    pub state_dir: PathBuf,
    /// Where downloads go unless their command says otherwise.
    pub download_dir: PathBuf,
    /// What the person calls this peer; told to others, empty if nothing.
    pub display_name: String,
    /// Where to listen for peers; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The trackers to tell of what is shared, and to ask for what is wanted.
    pub trackers: Vec<Url>,
    /// What opens those of them that are private.
    pub tokens: Tokens,
    /// Whether shares and downloads of an earlier run come back, and those of this run are kept for the next.
    pub restore: bool,
    /// What it may use.
    pub limits: Limits,
    /// What it lives in: this machine, unless it is simulated.
    pub world: World,
}

impl EngineConfig {
    /// A configuration with defaults: any free port on all interfaces, no tracker, nothing restored.
    pub fn new(state_dir: impl Into<PathBuf>, download_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            download_dir: download_dir.into(),
            display_name: String::new(),
            listen: SocketAddr::from(([0, 0, 0, 0], 0)),
            trackers: Vec::new(),
            tokens: Tokens::default(),
            restore: false,
            limits: Limits::default(),
            world: World::default(),
        }
    }
}
