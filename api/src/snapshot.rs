//! Snapshot of the engine: one immutable picture, published when something changed and at most four times a second.

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

/// State of the engine at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// ID of this peer.
    pub peer_id: PeerId,
    /// Address at which this peer listens.
    pub listen: SocketAddr,
    /// Folder that new downloads go to.
    pub download_dir: PathBuf,
    /// Trackers that the engine uses.
    pub trackers: Vec<TrackerView>,
    /// File that is being hashed in order to be shared, or to see whether it is still what it was; then those that wait for
    /// that, of which at most 1000 are told.
    pub hashing: Vec<HashingView>,
    /// Transfers in the order in which they were added. A transfer in which nothing changed has the very view of the snapshot
    /// before.
    pub transfers: Vec<Arc<TransferView>>,
    /// Bytes received per second, all transfers together.
    pub down_rate: u64,
    /// Bytes sent per second, all transfers together.
    pub up_rate: u64,
    /// Limit on the bytes sent per second, all transfers together; none is no limit.
    pub up_limit: Option<NonZeroU32>,
    /// Limit on the bytes received per second, all transfers together; none is no limit.
    pub down_limit: Option<NonZeroU32>,
    /// Number of downloads that run at once.
    pub active_downloads: usize,
    /// Detail of the watched transfer; none if no transfer in the list is watched. See `Command::Watch`.
    pub detail: Option<Arc<Detail>>,
}

impl Snapshot {
    /// Number of downloads that run at once unless the user chose another.
    pub const ACTIVE_DOWNLOADS: usize = 5;

    /// Returns the snapshot of an engine that has nothing yet.
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

/// Tracker, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerView {
    /// True if the tracker could connect to this peer; none while it has not tried, or has not said.
    pub reachable: Option<bool>,
    /// Reason why this peer may not use the tracker, in words for a person; none while it may.
    pub refusal: Option<String>,
    /// URL of the tracker.
    pub url: Url,
    /// State of the tracker.
    pub state: TrackerState,
}

/// State of a tracker, as it was found the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackerState {
    /// Tracker was not asked yet.
    Connecting,
    /// Tracker answered the last time.
    Online,
    /// Tracker did not answer the last time.
    Away {
        /// Reason, in words for a person.
        reason: String,
        /// Time until the tracker is asked again, counted from the snapshot's publication.
        retry_in: Duration,
    },
}

/// File on its way to being shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashingView {
    /// Path of the file.
    pub path: PathBuf,
    /// Bytes hashed so far.
    pub done: u64,
    /// Bytes in all; 0 while hashing has not begun.
    pub total: u64,
    /// Time left at the rate so far.
    pub eta: Option<Duration>,
}

/// Progress of long work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Bytes that are done so far.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// Time left at the rate so far.
    pub eta: Option<Duration>,
}

/// Transfer, as it is shown: a file or folder that is fetched or served.
#[derive(Clone, Debug)]
pub struct TransferView {
    /// ID of the file or folder.
    pub file_id: FileId,
    /// Name of the file or folder: cleaned, safe to show.
    pub name: String,
    /// Path at which the file or folder is, or will be when it is complete.
    pub path: PathBuf,
    /// Length in bytes: a hint until the last chunk is verified.
    pub size: Option<u64>,
    /// Number of files of a folder; none of a file, or while it is not known.
    pub files: Option<u32>,
    /// State of the transfer.
    pub state: TransferState,
    /// True for what is or was a download, false for what was here before it was shared.
    pub is_download: bool,
    /// True if the chunks are fetched in the order of the file.
    pub sequential: bool,
    /// Bytes verified and on disk.
    pub verified: u64,
    /// Chunks verified and on disk.
    pub chunks_done: u32,
    /// Number of chunks, 0 while it is not known.
    pub num_chunks: u32,
    /// Bytes received per second.
    pub down_rate: u64,
    /// Bytes sent per second.
    pub up_rate: u64,
    /// Bytes of chunks received and verified since the engine started.
    pub downloaded: u64,
    /// Bytes of chunks sent since the engine started.
    pub uploaded: u64,
    /// Time left at the present rate.
    pub eta: Option<Duration>,
    /// Progress of the checking or the moving, where it is known how much there is to do.
    pub work: Option<Work>,
    /// Time at which the transfer was added, in seconds since 1970 (UTC).
    pub added: u64,
    /// Link to hand to others.
    pub link: Link,
    /// Peers that chunks came from or went to, connected ones and those that left.
    pub peers: Vec<PeerView>,
}

/// Peer, as far as one transfer is concerned.
#[derive(Clone, Debug)]
pub struct PeerView {
    /// ID of the peer.
    pub peer_id: PeerId,
    /// Address of the peer.
    pub addr: SocketAddr,
    /// Program of the peer, as the peer says: cleaned, safe to show.
    pub agent: String,
    /// Display name of the peer, as the peer says: cleaned, safe to show, at most 64 characters; empty if nothing.
    pub name: String,
    /// True if the peer is connected now.
    pub connected: bool,
    /// Time at which the peer was last connected, in seconds since 1970 (UTC); now while it is.
    pub last_seen: u64,
    /// True if the peer has the whole file.
    pub complete: bool,
    /// Number of verified chunks that the peer sent.
    pub chunks_down: u32,
    /// Bytes of the verified chunks that the peer sent.
    pub bytes_down: u64,
    /// Bytes of chunks sent to the peer.
    pub bytes_up: u64,
    /// Bytes received from the peer per second.
    pub down_rate: u64,
    /// Bytes sent to the peer per second.
    pub up_rate: u64,
}

/// State of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Waiting for other downloads to end.
    Queued,
    /// Looking for peers that have the file.
    Searching,
    /// No peer that has what is missing is online. The transfer goes on by itself.
    Waiting,
    /// Chunks on the disk are being verified.
    Checking,
    /// Files are being moved to another folder.
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
        /// Folder that is on the full disk.
        dir: PathBuf,
    },
    /// A file or folder cannot be read or written.
    Io {
        /// Path of the file or folder.
        path: PathBuf,
        /// Reason that the system gives.
        reason: String,
    },
    /// A shared file is no longer what was shared: changed, replaced or gone. It is no longer served.
    SourceChanged {
        /// Path of the file or folder.
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
    /// Returns true if this is the same trouble as another one, but for figures.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::DiskFull { dir, .. }, Self::DiskFull { dir: other, .. }) => dir == other,
            _ => self == other,
        }
    }
}
