//! Files and the peers that hold them, as stores are told of them and tell of them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::PeerId;

use super::error::{FileRefusal, Unavailable};

/// Claim of one peer on one file: hints, no facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the file.
    pub name: Arc<str>,
    /// Its length and chunk size.
    pub layout: Layout,
}

/// One file that a peer holds, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// ID of the file.
    pub file_id: FileId,
    /// Claim of the peer on the file.
    pub claim: Claim,
    /// Set if the peer has all of the file.
    pub complete: bool,
}

/// Asker of a QUERY.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// Peer that it says it is, if it is one.
    pub peer_id: Option<PeerId>,
    /// The address that its question came from.
    pub address: IpAddr,
}

/// Summary of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Claim of most seeders.
    pub claim: Claim,
    /// Number of peers that have all of the file.
    pub seeders: usize,
    /// Number of peers that have or fetch a part of the file.
    pub leechers: usize,
}

/// Totals of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Peers with a lease.
    pub peers: usize,
    /// Different files.
    pub files: usize,
    /// Pairs of a peer and a file that it has all of.
    pub seeders: usize,
    /// Pairs of a peer and a file that it has a part of.
    pub leechers: usize,
}

/// One file of a REGISTER that a store is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The file, as its peer holds it.
    pub share: Share,
    /// The store's answer. Until a store gives one, none is to be had.
    pub outcome: Result<Accepted, FileRefusal>,
}

impl Offer {
    /// Offers a file that no store has answered for yet.
    pub fn new(share: Share) -> Self {
        Self { share, outcome: Err(FileRefusal::Unavailable(Unavailable)) }
    }
}

/// Outcome of a peer's REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The fresh token of its lease.
    pub token: u128,
    /// Result of the tracker's call to the peer at this address, if it tried.
    pub reachable: Option<bool>,
}

/// A file for which others now find the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The chunk size that its swarm uses.
    pub chunk_size: ChunkSize,
    /// News for the catalogue: set if the peer is the first to hold the file, or made most of its seeders claim
    /// something else than before.
    pub is_news: bool,
}

/// Outcome of a peer's HEARTBEAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Result of the tracker's call to the peer at its address, if it tried.
    pub reachable: Option<bool>,
    /// Address at which others find the peer from now on, if it has moved.
    pub moved_to: Option<SocketAddr>,
    /// Files that the peer holds, by its word, and that the store does not have it for; in order.
    pub unknown: Vec<FileId>,
}

/// Answer about the files that somebody asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// A [`FileInfo`](sprat_protocol::tracker::FileInfo) for each file that somebody holds, as JSON, with commas between.
    /// Written at once and not by way of a value: most of what the fullest tracker does is to write this.
    pub files: Vec<u8>,
    /// Files that nobody holds.
    pub unknown: Vec<FileId>,
    /// Files that cannot be looked up for now.
    pub unavailable: Vec<FileId>,
}
