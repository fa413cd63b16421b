//! REGISTER: "I have these files."

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use sprat_chunking::{ChunkSize, FileId};

use super::{Lease, Nonce};
use crate::PeerId;

/// The most files in one REGISTER; a peer with more sends several.
pub const MAX_REGISTER_FILES: usize = 100;
/// The most extra addresses in one REGISTER.
pub const MAX_ADDRESSES: usize = 8;

/// A peer says where it listens and what it has. Files are added to what it registered before; its lease starts anew.
///
/// It comes with a [`Signature`](super::Signature) of the peer over the body as it is sent, in the header
/// [`SIGNATURE_HEADER`](super::SIGNATURE_HEADER).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Register {
    /// Peer that says it.
    pub peer_id: PeerId,
    /// TCP port that it listens on; the address is the one that the request comes from.
    pub port: u16,
    /// Its other addresses, at most [`MAX_ADDRESSES`]: those of its own interfaces, for peers on the same network.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub addresses: Vec<SocketAddr>,
    /// Files that the peer has, at most [`MAX_REGISTER_FILES`].
    pub files: Vec<RegisterFile>,
    /// The tracker that this is for: host and port of its URL, as the peer dials it.
    pub tracker: String,
    /// Time at which this was said, in seconds since 1970 (UTC), give or take
    /// [`MAX_CLOCK_SKEW`](super::MAX_CLOCK_SKEW).
    pub time: u64,
    /// A number that the peer uses once.
    pub nonce: Nonce,
}

/// One file that a peer has, wholly or in part. All but the ID is a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterFile {
    /// The file.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub file_id: FileId,
    /// Name that the peer gives the file, at most [`MAX_NAME_LEN`](super::MAX_NAME_LEN) bytes.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// Length of a chunk in bytes.
    #[cfg_attr(feature = "openapi", schema(value_type = u32))]
    pub chunk_size: ChunkSize,
    /// Number of chunks.
    pub num_chunks: u32,
    /// True if the peer has all of the chunks.
    pub complete: bool,
}

/// The tracker's answer to a [`Register`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registered {
    /// Lease that the peer has from now on.
    pub lease: Lease,
    /// The address that the request came from, as others are told it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub observed: IpAddr,
    /// True if the tracker could connect to the peer there; absent while it has not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reachable: Option<bool>,
    /// Outcome for each file, in the order of the request.
    pub files: Vec<FileOutcome>,
}

/// Outcome for one file of a [`Register`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum FileOutcome {
    /// Others now find the peer for this file.
    Accepted {
        /// The file.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        file_id: FileId,
        /// The chunk size that its swarm uses.
        #[cfg_attr(feature = "openapi", schema(value_type = u32))]
        chunk_size: ChunkSize,
    },
    /// Others do not find the peer for this file.
    Refused {
        /// The file.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        file_id: FileId,
        /// Reason of the refusal, for a person.
        reason: String,
        /// Seconds after which it may be tried again; absent if that would not help.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ID, PEER, assert_golden, peer};
    use super::super::{Answer, LeaseToken, Request};
    use super::*;

    #[test]
    fn golden_request() {
        let request = Request::Register(Register {
            peer_id: peer(),
            port: 4000,
            addresses: vec!["192.168.1.20:4000".parse().unwrap(), "[fe80::1]:4000".parse().unwrap()],
            files: vec![RegisterFile {
                file_id: ID.parse().unwrap(),
                name: "a.iso".into(),
                size: 300_000,
                chunk_size: ChunkSize::DEFAULT,
                num_chunks: 2,
                complete: true,
            }],
            tracker: "tracker.example:5000".into(),
            time: 1_790_000_000,
            nonce: Nonce(7),
        });
        assert_golden(
            &request,
            &format!(
                r#"{{"type":"REGISTER","peer_id":"{PEER}","port":4000,"addresses":["192.168.1.20:4000","[fe80::1]:4000"],"files":[{{"file_id":"{ID}","name":"a.iso","size":300000,"chunk_size":262144,"num_chunks":2,"complete":true}}],"tracker":"tracker.example:5000","time":1790000000,"nonce":"00000000000000000000000000000007"}}"#
            ),
        );
    }

    #[test]
    fn golden_answer() {
        let answer = Answer::Registered(Registered {
            lease: Lease { token: LeaseToken::new(7), seconds: 90 },
            observed: "203.0.113.5".parse().unwrap(),
            reachable: Some(true),
            files: vec![
                FileOutcome::Accepted { file_id: ID.parse().unwrap(), chunk_size: ChunkSize::DEFAULT },
                FileOutcome::Refused { file_id: ID.parse().unwrap(), reason: "full".into(), retry_after: Some(60) },
            ],
        });
        assert_golden(
            &answer,
            &format!(
                r#"{{"type":"REGISTERED","lease":{{"token":"00000000000000000000000000000007","seconds":90}},"observed":"203.0.113.5","reachable":true,"files":[{{"status":"accepted","file_id":"{ID}","chunk_size":262144}},{{"status":"refused","file_id":"{ID}","reason":"full","retry_after":60}}]}}"#
            ),
        );
    }

    #[test]
    fn an_illegal_chunk_size_is_no_register() {
        let text = format!(
            r#"{{"type":"REGISTER","peer_id":"{PEER}","port":1,"files":[{{"file_id":"{ID}","name":"a","size":1,"chunk_size":1000,"num_chunks":1,"complete":true}}]}}"#
        );
        let error = serde_json::from_str::<Request>(&text).unwrap_err();
        assert!(error.to_string().contains("power of two"), "{error}");
    }
}
