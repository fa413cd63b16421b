//! Configuration of an engine at its start.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use crate::discovery::trackers::token_file::TokenFile;
use crate::discovery::trackers::tokens::Tokens;
use crate::flow::limits::Limits;
use crate::world::World;

/// Configuration of an engine: directories, network, limits.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Directory of the identity, the lock and all state that outlives a restart. Created if missing; used by one
    /// engine at a time.
    pub state_dir: PathBuf,
    /// Folder for downloads whose command names no other.
    pub download_dir: PathBuf,
    /// Name that the user gave this peer, told to other peers; empty for none.
    pub display_name: String,
    /// Address to listen on for peers; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Trackers to register shared files with, and to query for peers.
    pub trackers: Vec<Url>,
    /// Access tokens of private trackers.
    pub tokens: Tokens,
    /// File that keeps the tokens that commands change, for the next run; without one they are not kept.
    pub token_file: Option<TokenFile>,
    /// Set if shares and downloads of an earlier run are restored, and those of this run saved for the next.
    pub restore: bool,
    /// Limits on the resources that the engine uses.
    pub limits: Limits,
    /// Network, disk and randomness of the engine: those of this machine, unless simulated.
    pub world: World,
}

impl EngineConfig {
    /// Creates a configuration with defaults: any free port on all interfaces, no tracker, nothing restored.
    pub fn new(state_dir: impl Into<PathBuf>, download_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            download_dir: download_dir.into(),
            display_name: String::new(),
            listen: SocketAddr::from(([0, 0, 0, 0], 0)),
            trackers: Vec::new(),
            tokens: Tokens::default(),
            token_file: None,
            restore: false,
            limits: Limits::default(),
            world: World::default(),
        }
    }
}
