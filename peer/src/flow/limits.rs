//! Bounds on the resources of an engine.

use std::num::NonZeroU32;
use std::time::Duration;

use sprat_api::Snapshot;

/// Bounds on the resources that the engine uses, and on the times that it waits.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Maximum number of connections; half of them are for those that other peers dial.
    pub connections: usize,
    /// Downloads that run at once, not counting those that wait for peers; the others wait for their turn.
    pub active_downloads: usize,
    /// Peers that one download is connected to.
    pub peers_per_download: usize,
    /// Bytes that one download may have requested, received or in writing at once.
    pub window_bytes: u64,
    /// Bytes of chunks that are received and not on disk yet, all downloads together; at this bound, peers wait.
    pub buffer_bytes: u32,
    /// Bytes of chunks that are read from disk and not sent yet, all peers together; at this bound, the other peers
    /// wait.
    pub upload_buffer_bytes: u32,
    /// Bytes of chunks sent per second, all peers together; `None` is no limit.
    pub upload_rate: Option<NonZeroU32>,
    /// Peers that are sent chunks at the same time; the others wait for their turn.
    pub upload_slots: u32,
    /// Time a peer may take to accept a chunk before its upload slot goes to the next peer in line.
    pub upload_turn: Duration,
    /// Bytes of chunks received per second, all peers together; `None` is no limit.
    pub download_rate: Option<NonZeroU32>,
    /// Time a dialled peer may take to answer, HELLO included.
    pub connect_timeout: Duration,
    /// Time a peer may be silent while something is outstanding with it, before it counts as lost.
    pub idle_timeout: Duration,
    /// Time without progress after which a download doubts its chunk hashes, if a connected peer cuts the file
    /// differently.
    pub doubt_after: Duration,
    /// Lower and upper bound of the time after which a request is given to another peer.
    pub request_timeout: (Duration, Duration),
    /// Time before a tracker is asked again for peers of a download that has too few.
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
