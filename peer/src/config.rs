//! What an engine is told at its start.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use sprat_api::Snapshot;
use url::Url;

use crate::tokens::Tokens;
use crate::world::World;

/// The agent that this version names itself as to other peers.
pub const AGENT: &str = concat!("sprat/", env!("CARGO_PKG_VERSION"));

/// How many characters of what a peer says of itself are shown, and of its own name are told.
pub(crate) const MAX_SAID: usize = 64;

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

/// Bounds on what the engine uses, and on how long it waits.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections in total: half of them for those that others dial.
    pub connections: usize,
    /// Downloads that run at once, besides those that wait for peers; the others wait for their turn.
    pub active_downloads: usize,
    /// Peers that one download is connected to.
    pub peers_per_download: usize,
    /// Bytes that one download has under way: requested, received or being written.
    pub window_bytes: u64,
    /// Bytes of chunks that are received and not on disk yet, all downloads together; where that is reached, peers wait.
    pub buffer_bytes: u32,
    /// Bytes of chunks that are read from disk and not sent yet, all peers together; where that is reached, the others wait.
    pub upload_buffer_bytes: u32,
    /// Bytes of chunks sent per second, all peers together; none is no limit.
    pub upload_rate: Option<NonZeroU32>,
    /// Peers that are sent chunks at the same time; the others wait for their turn.
    pub upload_slots: u32,
    /// How long a peer may take to accept a chunk before others are served beside it.
    pub upload_turn: Duration,
    /// Bytes of chunks received per second, all peers together; none is no limit.
    pub download_rate: Option<NonZeroU32>,
    /// How long a dialled peer may take to answer, HELLO included.
    pub connect_timeout: Duration,
    /// How long a peer may be silent while something is outstanding with it, before it counts as lost.
    pub idle_timeout: Duration,
    /// How long nothing may come before a download doubts its chunk hashes, where other peers cut the file differently.
    pub doubt_after: Duration,
    /// Bounds of the time after which a request is given to another peer.
    pub request_timeout: (Duration, Duration),
    /// How long to wait before a tracker is asked again for peers of a download that has too few.
    pub query_interval: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 500,
            active_downloads: Snapshot::ACTIVE_DOWNLOADS,
            peers_per_download: 50,
            window_bytes: 32 * 1024 * 1024,
            buffer_bytes: 32 * 1024 * 1024,
            upload_buffer_bytes: 16 * 1024 * 1024,
            upload_rate: None,
            upload_slots: 32,
            upload_turn: Duration::from_secs(5),
            download_rate: None,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            doubt_after: Duration::from_secs(20),
            request_timeout: (Duration::from_secs(2), Duration::from_secs(60)),
            query_interval: Duration::from_secs(5),
        }
    }
}
