//! QUERY: "Who has these files?"

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use sprat_chunking::{ChunkSize, FileId};

use crate::PeerId;

/// The most files in one QUERY.
pub const MAX_QUERY_FILES: usize = 100;
/// The most peers that a tracker names for one file.
pub const MAX_QUERY_PEERS: u32 = 200;

/// Asks for files by ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Query {
    /// Peer that asks, if it is one: it is left out of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_id: Option<PeerId>,
    /// Files to look up, at most [`MAX_QUERY_FILES`].
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub file_ids: Vec<FileId>,
    /// Number of peers to name for each file, at most [`MAX_QUERY_PEERS`].
    pub max_peers: u32,
}

/// The tracker's answer to a [`Query`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueryAnswer {
    /// Files that the tracker knows, of those that were asked for.
    pub files: Vec<FileInfo>,
    /// The files that it does not know.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub unknown: Vec<FileId>,
    /// The files that it cannot tell of for now, because a part of its memory is away: ask again later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub unavailable: Vec<FileId>,
}

/// Knowledge of a tracker about one file. Name, size and chunk size are what most seeders claim: hints, no facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileInfo {
    /// The file.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub file_id: FileId,
    /// Its name, as it came: clean it before it meets a file system or a screen.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// Length of a chunk in bytes.
    #[cfg_attr(feature = "openapi", schema(value_type = u32))]
    pub chunk_size: ChunkSize,
    /// Number of chunks.
    pub num_chunks: u32,
    /// Number of peers that have all of the file.
    pub seeders: u32,
    /// Number of peers that have or fetch a part of the file.
    pub leechers: u32,
    /// True if this is what the tracker knew some time ago, and cannot look up anew for now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// Some of them, drawn at random.
    pub peers: Vec<PeerInfo>,
}

/// A peer that has a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeerInfo {
    /// The peer's ID.
    pub peer_id: PeerId,
    /// Addresses that the peer listens at, most promising first.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub addresses: Vec<SocketAddr>,
    /// True if the peer has all of the file.
    pub complete: bool,
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ID, PEER, assert_golden, peer};
    use super::super::{Answer, Request};
    use super::*;

    #[test]
    fn golden_request() {
        let query = |peer_id| Request::Query(Query { peer_id, file_ids: vec![ID.parse().unwrap()], max_peers: 50 });
        assert_golden(
            &query(Some(peer())),
            &format!(r#"{{"type":"QUERY","peer_id":"{PEER}","file_ids":["{ID}"],"max_peers":50}}"#),
        );
        assert_golden(&query(None), &format!(r#"{{"type":"QUERY","file_ids":["{ID}"],"max_peers":50}}"#));
    }

    #[test]
    fn golden_answer() {
        let answer = Answer::QueryAnswer(QueryAnswer {
            files: vec![FileInfo {
                file_id: ID.parse().unwrap(),
                name: "a.iso".into(),
                size: 300_000,
                chunk_size: ChunkSize::DEFAULT,
                num_chunks: 2,
                seeders: 1,
                leechers: 0,
                stale: false,
                peers: vec![PeerInfo {
                    peer_id: peer(),
                    addresses: vec!["203.0.113.5:4000".parse().unwrap()],
                    complete: true,
                }],
            }],
            unknown: vec![ID.parse().unwrap()],
            unavailable: vec![],
        });
        assert_golden(
            &answer,
            &format!(
                r#"{{"type":"QUERY_ANSWER","files":[{{"file_id":"{ID}","name":"a.iso","size":300000,"chunk_size":262144,"num_chunks":2,"seeders":1,"leechers":0,"peers":[{{"peer_id":"{PEER}","addresses":["203.0.113.5:4000"],"complete":true}}]}}],"unknown":["{ID}"]}}"#
            ),
        );
    }
}
