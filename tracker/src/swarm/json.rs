//! What QUERY answers, as JSON, written at once: a [`FileInfo`](sprat_protocol::tracker::FileInfo) in three parts.

use std::net::SocketAddr;

use serde::Serialize;
use smallvec::SmallVec;
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::PeerId;

use super::one::Swarm;

/// The start of a peer. That of one with an IPv4 address lies where the peer lies, and not somewhere else in memory:
/// that is what it costs most to look at.
pub(super) type PeerJson = SmallVec<[u8; 104]>;

/// Starts a file; its peers follow.
pub(super) fn start_file(out: &mut Vec<u8>, swarm: &Swarm) {
    #[derive(Serialize)]
    struct Start<'a> {
        file_id: FileId,
        name: &'a str,
        size: u64,
        chunk_size: ChunkSize,
        num_chunks: u32,
        seeders: usize,
        leechers: usize,
    }

    let (claim, members) = (swarm.claim(), swarm.members());
    let start = Start {
        file_id: swarm.file_id(),
        name: &claim.name,
        size: claim.layout.len(),
        chunk_size: claim.layout.chunk_size(),
        num_chunks: claim.layout.num_chunks(),
        seeders: members.seeders(),
        leechers: members.len() - members.seeders(),
    };
    serde_json::to_writer(&mut *out, &start).expect("numbers and text are JSON");
    out.pop();
    out.extend_from_slice(br#","peers":["#);
}

/// A peer without its end, which differs from file to file; nothing if it has no addresses.
pub(super) fn peer_start(peer_id: PeerId, addresses: &[SocketAddr]) -> PeerJson {
    #[derive(Serialize)]
    struct Start<'a> {
        peer_id: PeerId,
        addresses: &'a [SocketAddr],
    }

    let mut start = PeerJson::new();
    if !addresses.is_empty() {
        serde_json::to_writer(&mut start, &Start { peer_id, addresses }).expect("addresses are JSON");
        start.pop();
    }
    start
}

/// A peer that begins like this, and a comma.
pub(super) fn peer(out: &mut Vec<u8>, start: &[u8], complete: bool) {
    out.extend_from_slice(start);
    out.extend_from_slice(if complete { br#","complete":true},"# } else { br#","complete":false},"# });
}

/// Ends a file after its peers.
pub(super) fn end_file(out: &mut Vec<u8>) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.extend_from_slice(b"]}");
}
