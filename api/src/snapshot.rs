//! How things stand: one immutable picture, published when something changed and at most four times a second.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sprat_chunking::FileId;
use sprat_protocol::{Link, PeerId};
use url::Url;

use crate::detail::Detail;

/// The engine at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Who this peer is.
    pub peer_id: PeerId,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where new downloads go.
    pub download_dir: PathBuf,
    /// The trackers it uses.
    pub trackers: Vec<TrackerView>,
    /// The file that is being hashed in order to be shared, or to see whether it is still what it was; then those that wait for
    /// that, of which at most 1000 are told.
    pub hashing: Vec<HashingView>,
    /// Everything that is fetched or served, in the order in which it was added. Where nothing changed, it is the very view of the
    /// snapshot before.
    pub transfers: Vec<Arc<TransferView>>,
    /// Bytes per second received, all transfers together.
    pub down_rate: u64,
    /// Bytes per second sent, all transfers together.
    pub up_rate: u64,
    /// The most bytes per second that are sent, all transfers together; none is no limit.
    pub up_limit: Option<NonZeroU32>,
    /// The most bytes per second that are received.
    pub down_limit: Option<NonZeroU32>,
    /// How many downloads run at once.
    pub active_downloads: usize,
    /// The detail of the transfer that is watched; none if none is, or it is not in the list. See `Command::Watch`.
    pub detail: Option<Arc<Detail>>,
}

impl Snapshot {
    /// Default of how many downloads run at once.
    pub const ACTIVE_DOWNLOADS: usize = 5;

    /// The snapshot of an engine that has nothing yet.
    pub fn new(peer_id: PeerId, listen: SocketAddr, download_dir: PathBuf) -> Self {
        Self {
            peer_id,
            listen,
            download_dir,
            trackers: Vec::new(),
            hashing: Vec::new(),
            transfers: Vec::new(),
            down_rate: 0,
            up_rate: 0,
            up_limit: None,
            down_limit: None,
            active_downloads: Self::ACTIVE_DOWNLOADS,
            detail: None,
        }
    }
}

/// A tracker and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerView {
    /// Whether it could connect to this peer; none while it has not tried, or has not said.
    pub reachable: Option<bool>,
    /// Why this peer may not use it, for a person; absent while it may.
    pub refusal: Option<String>,
    /// Where it is.
    pub url: Url,
    /// How it is.
    pub state: TrackerState,
}

/// Whether a tracker can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackerState {
    /// Not asked yet.
    Connecting,
    /// It answered last time.
    Online,
    /// It did not.
    Away {
        /// What happened, for a person.
        reason: String,
        /// When it is asked again, counted from the snapshot's publication.
        retry_in: Duration,
    },
}

/// A file on its way to being shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashingView {
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes hashed so far.
    pub done: u64,
    /// Bytes in all; 0 while it has not begun.
    pub total: u64,
    /// Time left at the rate so far.
    pub eta: Option<Duration>,
}

/// How far long work is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Bytes that were gone through so far.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// Time left at the rate so far.
    pub eta: Option<Duration>,
}

/// One file that is fetched or served.
#[derive(Clone, Debug)]
pub struct TransferView {
    /// Which file.
    pub file_id: FileId,
    /// What it is called: cleaned, safe to show.
    pub name: String,
    /// Where it is or will be.
    pub path: PathBuf,
    /// Length in bytes: a hint until the last chunk is verified.
    pub size: Option<u64>,
    /// How many files it has, if it is a folder and that is known.
    pub files: Option<u32>,
    /// What is going on.
    pub state: TransferState,
    /// Whether it is or was a download, not a file that was here.
    pub is_download: bool,
    /// Whether its chunks are fetched in the order of the file.
    pub sequential: bool,
    /// Bytes verified and on disk.
    pub verified: u64,
    /// Chunks verified and on disk.
    pub chunks_done: u32,
    /// Number of chunks, 0 while it is not known.
    pub num_chunks: u32,
    /// Bytes per second received.
    pub down_rate: u64,
    /// Bytes per second sent.
    pub up_rate: u64,
    /// Bytes of chunks received and verified since the engine started.
    pub downloaded: u64,
    /// Bytes of chunks sent since the engine started.
    pub uploaded: u64,
    /// Time left at the present rate.
    pub eta: Option<Duration>,
    /// How far the checking or the moving is, where it is known how much there is to do.
    pub work: Option<Work>,
    /// When it was added, in seconds since 1970 (UTC).
    pub added: u64,
    /// What to hand to others.
    pub link: Link,
    /// The peers that chunks came from or went to, connected ones and those who left.
    pub peers: Vec<PeerView>,
}

/// A peer, as far as one transfer is concerned.
#[derive(Clone, Debug)]
pub struct PeerView {
    /// Who it is.
    pub peer_id: PeerId,
    /// Where it is.
    pub addr: SocketAddr,
    /// Its program, as it says: cleaned, safe to show.
    pub agent: String,
    /// What the person there calls it: cleaned, safe to show, at most 64 characters; empty if nothing.
    pub name: String,
    /// Whether it is connected now.
    pub connected: bool,
    /// When it was last connected, in seconds since 1970 (UTC); now while it is.
    pub last_seen: u64,
    /// Whether it has the whole file.
    pub complete: bool,
    /// Verified chunks that it sent.
    pub chunks_down: u32,
    /// Their bytes.
    pub bytes_down: u64,
    /// Bytes of chunks sent to it.
    pub bytes_up: u64,
    /// Bytes per second received from it.
    pub down_rate: u64,
    /// Bytes per second sent to it.
    pub up_rate: u64,
}

/// What is going on with a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Waiting for other downloads to end.
    Queued,
    /// Looking for peers that have it.
    Searching,
    /// Nobody who has what is missing is online. It goes on by itself.
    Waiting,
    /// What is on disk is being verified.
    Checking,
    /// It is being moved to another folder.
    Moving,
    /// Chunks are on their way.
    Downloading,
    /// The whole file is here and served.
    Sharing,
    /// Stopped by the user.
    Paused,
    /// Stopped by trouble on this machine.
    Stopped(Trouble),
}

/// Trouble on this machine: never blamed on a peer, never costs what was verified. When it is over, the transfer goes on by
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The disk is full.
    DiskFull {
        /// Bytes that are still to be written.
        needed: u64,
        /// Where.
        dir: PathBuf,
    },
    /// A file or folder cannot be read or written.
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A shared file is no longer what was shared: changed, replaced or gone. It is no longer served.
    SourceChanged {
        /// Which.
        path: PathBuf,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DiskFull { needed, dir } => {
                write!(
                    f,
                    "the disk is full: {needed} bytes more are needed in {}; it goes on by itself as soon as there is room",
                    dir.display()
                )
            }
            Self::Io { path, reason } => {
                write!(f, "{}: {reason}; it goes on by itself as soon as that is mended", path.display())
            }
            Self::SourceChanged { path } => {
                write!(
                    f,
                    "{} was changed or removed, so it is no longer shared; share it again as it is now",
                    path.display()
                )
            }
        }
    }
}

impl Trouble {
    /// Whether this is the same trouble as another one, but for figures.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::DiskFull { dir, .. }, Self::DiskFull { dir: other, .. }) => dir == other,
            _ => self == other,
        }
    }
}
