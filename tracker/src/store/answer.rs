//! Writer of answers to QUERY: the order of peers in them, and the JSON.

use std::io::Write as _;
use std::net::SocketAddr;

use serde::Serialize;
use smallvec::SmallVec;
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::PeerId;
use sprat_protocol::tracker::PeerInfo;

use crate::model::holding::Claim;

/// Number of peers that are drawn for an answer beyond those that are wanted: some cannot be told, others come last.
pub(super) const SPARE: usize = 8;

/// Bytes that a peer takes in an answer, and that the rest of a file takes, about.
const PEER_LEN: usize = 128;
const FILE_LEN: usize = 512;

/// Turn of a peer in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// The peer is on the asker's own network.
    Near,
    /// The tracker could connect to the peer, or has not tried.
    Elsewhere,
    /// The tracker could not connect to the peer.
    Unreachable,
}

impl Turn {
    /// Finds the turn of a peer that others may have connected to.
    pub(super) fn of(is_near: bool, reachable: Option<bool>) -> Self {
        match (is_near, reachable) {
            (true, _) => Self::Near,
            (false, Some(false)) => Self::Unreachable,
            (false, _) => Self::Elsewhere,
        }
    }
}

/// The start of a file in an answer, before its peers.
#[derive(Debug)]
pub(super) struct FileStart<'a> {
    pub(super) file_id: FileId,
    pub(super) claim: &'a Claim,
    pub(super) seeders: usize,
    pub(super) leechers: usize,
    pub(super) is_stale: bool,
}

/// The start of a peer in an answer, up to the first of its addresses. That of a peer with an IPv4 address lies where the peer
/// lies, and not somewhere else in memory: that is what it costs most to look at.
pub(super) type PeerStart = SmallVec<[u8; 104]>;

/// Writer of the files of one answer, each a [`FileInfo`](sprat_protocol::tracker::FileInfo) in JSON. Most of what the fullest
/// tracker does is to write this, so it is written at once and not by way of a value.
#[derive(Debug, Default)]
pub(super) struct AnswerWriter(Vec<u8>);

impl AnswerWriter {
    /// Starts a file of which up to so many peers follow.
    pub(super) fn start_file(&mut self, start: &FileStart<'_>, peers: usize) {
        #[derive(Serialize)]
        struct Start<'a> {
            file_id: FileId,
            name: &'a str,
            size: u64,
            chunk_size: ChunkSize,
            num_chunks: u32,
            seeders: usize,
            leechers: usize,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            stale: bool,
        }

        let &FileStart { file_id, claim, seeders, leechers, is_stale: stale } = start;
        let (name, layout) = (&*claim.name, claim.layout);
        let (size, chunk_size, num_chunks) = (layout.len(), layout.chunk_size(), layout.num_chunks());
        let start = Start { file_id, name, size, chunk_size, num_chunks, seeders, leechers, stale };
        self.0.reserve(FILE_LEN + PEER_LEN * peers);
        if !self.0.is_empty() {
            self.0.push(b',');
        }
        serde_json::to_writer(&mut self.0, &start).expect("numbers and text are JSON");
        self.0.pop();
        self.0.extend_from_slice(br#","peers":["#);
    }

    /// Adds a peer to the file.
    pub(super) fn peer(&mut self, peer: &PeerInfo) {
        if let Some((first, others)) = peer.addresses.split_first() {
            self.started_peer(&peer_start(peer.peer_id, *first), others, peer.complete);
        }
    }

    /// Adds a peer that begins like this and has these other addresses.
    pub(super) fn started_peer(&mut self, start: &[u8], others: &[SocketAddr], complete: bool) {
        self.0.extend_from_slice(start);
        for address in others {
            write!(self.0, r#","{address}""#).expect("memory takes it");
        }
        self.0.extend_from_slice(if complete { br#"],"complete":true},"# } else { br#"],"complete":false},"# });
    }

    /// Ends the file after its peers.
    pub(super) fn end_file(&mut self) {
        if self.0.last() == Some(&b',') {
            self.0.pop();
        }
        self.0.extend_from_slice(b"]}");
    }

    /// Returns all files, with commas between.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Writes a peer up to the first of its addresses. The others are told to some only, and whether it has all of the file
/// differs from file to file.
pub(super) fn peer_start(peer_id: PeerId, first: SocketAddr) -> PeerStart {
    let mut start = PeerStart::new();
    write!(start, r#"{{"peer_id":"{peer_id}","addresses":["{first}""#).expect("memory takes it");
    start
}

#[cfg(test)]
mod tests {
    use sprat_chunking::Layout;
    use sprat_protocol::tracker::FileInfo;

    use super::*;

    fn peer(number: u8, addresses: &[&str]) -> PeerInfo {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        PeerInfo { peer_id: PeerId::new([number; 32]), addresses, complete: number.is_multiple_of(2) }
    }

    #[test]
    fn what_is_written_is_what_the_types_are_written_as() {
        let peers = [peer(1, &["203.0.113.5:4000"]), peer(2, &["[2001:db8::1]:1", "10.0.0.1:2", "10.0.0.2:3"])];
        let claim =
            Claim { name: "a \"b\"\\\u{7}ä".into(), layout: Layout::new(300_000, ChunkSize::DEFAULT).unwrap() };
        let mut writer = AnswerWriter::default();
        let mut infos = Vec::new();
        for (len, is_stale) in [(0, false), (1, true), (2, false)] {
            let file_id = FileId::new([len as u8; 32]);
            writer.start_file(&FileStart { file_id, claim: &claim, seeders: len, leechers: 7, is_stale }, len);
            peers[..len].iter().for_each(|peer| writer.peer(peer));
            writer.end_file();
            infos.push(FileInfo {
                file_id,
                name: claim.name.to_string(),
                size: 300_000,
                chunk_size: ChunkSize::DEFAULT,
                num_chunks: 2,
                seeders: len as u32,
                leechers: 7,
                stale: is_stale,
                peers: peers[..len].to_vec(),
            });
        }
        let written = [b"[", writer.finish().as_slice(), b"]"].concat();
        assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&infos).unwrap());
    }

    #[test]
    fn who_is_near_comes_first_and_who_could_not_be_reached_last() {
        let mut turns = [(false, Some(false)), (false, None), (true, Some(false)), (false, Some(true))]
            .map(|(is_near, reachable)| Turn::of(is_near, reachable));
        turns.sort_unstable();
        assert_eq!(turns, [Turn::Near, Turn::Elsewhere, Turn::Elsewhere, Turn::Unreachable]);
    }
}
