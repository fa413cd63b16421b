//! What QUERY answers, as JSON, written at once: a [`FileInfo`](sprat_protocol::tracker::FileInfo) in three parts.

use std::io::Write as _;
use std::net::SocketAddr;

use serde::Serialize;
use smallvec::SmallVec;
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::PeerId;

use super::one::Swarm;

/// The start of a peer, up to the first of its addresses. That of one with an IPv4 address lies where the peer lies, and not
/// somewhere else in memory: that is what it costs most to look at.
pub(super) type PeerStart = SmallVec<[u8; 104]>;

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

/// A peer up to the first of its addresses. The others are told to some only, and whether it has all of the file differs
/// from file to file.
pub(super) fn peer_start(peer_id: PeerId, first: SocketAddr) -> PeerStart {
    let mut start = PeerStart::new();
    write!(start, r#"{{"peer_id":"{peer_id}","addresses":["{first}""#).expect("memory takes it");
    start
}

/// A peer that begins like this, its other addresses, and a comma.
pub(super) fn peer(out: &mut Vec<u8>, start: &[u8], others: &[SocketAddr], complete: bool) {
    out.extend_from_slice(start);
    for address in others {
        write!(out, r#","{address}""#).expect("memory takes it");
    }
    out.extend_from_slice(if complete { br#"],"complete":true},"# } else { br#"],"complete":false},"# });
}

/// Ends a file after its peers.
pub(super) fn end_file(out: &mut Vec<u8>) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.extend_from_slice(b"]}");
}
