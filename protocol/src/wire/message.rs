//! Messages between two peers.

use serde::{Deserialize, Serialize};
use sprat_chunking::{Bitfield, ChunkSize, FileId, Hash, MAX_CHUNKS};

use crate::PeerId;

/// The version of the peer wire that this code speaks.
pub const WIRE_VERSION: u16 = 1;

/// The most chunks that one HAVE names.
pub const MAX_HAVE_CHUNKS: usize = 4096;

/// One message. Unknown fields are ignored, and an unknown message is [`Message::Unknown`], which is skipped, so that a
/// later version can add to the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Message {
    /// First message of both sides.
    Hello(Hello),
    /// "Tell me what you have of this file, now and from now on."
    Want {
        /// The file.
        file_id: FileId,
        /// In chunks of this size.
        chunk_size: ChunkSize,
    },
    /// Chunks of a file that the sender has; answers WANT. Payload: the bits, unless it has everything.
    Bitfield {
        /// The file.
        file_id: FileId,
        /// Name that the sender gives the file, as it came: a claim.
        name: String,
        /// Its length in bytes: a claim.
        size: u64,
        /// In chunks of this size.
        chunk_size: ChunkSize,
        /// Number of chunks at that chunk size.
        num_chunks: u32,
        /// True if the sender has all chunks.
        complete: bool,
    },
    /// Chunks that the sender has got since.
    Have {
        /// The file.
        file_id: FileId,
        /// Chunks that the sender has now, at most [`MAX_HAVE_CHUNKS`].
        chunks: Vec<u32>,
    },
    /// Asks for the list of chunk hashes.
    HashesRequest {
        /// The file.
        file_id: FileId,
        /// For chunks of this size.
        chunk_size: ChunkSize,
    },
    /// The chunk hashes. Payload: 32 bytes each, in order.
    Hashes {
        /// The file.
        file_id: FileId,
        /// For chunks of this size.
        chunk_size: ChunkSize,
    },
    /// Asks for one chunk.
    ChunkRequest {
        /// The file.
        file_id: FileId,
        /// Cut into chunks of this size.
        chunk_size: ChunkSize,
        /// The chunk.
        index: u32,
        /// The asker's number for this request, by which it is answered.
        request: u32,
    },
    /// One chunk. Payload: its bytes.
    Chunk {
        /// The number of the request.
        request: u32,
    },
    /// A request is not carried out.
    Reject {
        /// The file that it was about.
        file_id: FileId,
        /// The number of the CHUNK_REQUEST; absent where WANT or HASHES_REQUEST is rejected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<u32>,
        /// Reason of the refusal.
        reason: RejectReason,
        /// Milliseconds after which it may be tried again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
    /// Takes a CHUNK_REQUEST back. It is answered all the same: with the chunk if that is on its way, else with REJECT.
    Cancel {
        /// The number of the request.
        request: u32,
    },
    /// Asks for a sign of life.
    Ping,
    /// The sign of life.
    Pong,
    /// A message of a later version.
    #[serde(other)]
    Unknown,
}

/// Introduction of the sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`WIRE_VERSION`] of the sender.
    pub version: u16,
    /// Its peer ID.
    pub peer_id: PeerId,
    /// Program and version, for people; at most 64 characters are shown.
    pub agent: String,
    /// TCP port that it listens on, 0 if it does not.
    pub port: u16,
    /// Name that the person gave this peer; empty if none; at most 64 characters are shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// Reason for which a request is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The sender does not share this file, or no longer.
    NotShared,
    /// The sender shares the file but does not have this chunk, or not the hashes.
    NotHere,
    /// The sender has too much to do; try again after `retry_after`.
    Busy,
    /// The sender has just given this chunk to somebody else, and has others that nobody has yet: ask for those, and
    /// for this one whoever gets it, or again after `retry_after`.
    Elsewhere,
    /// The request makes no sense: no such chunk, no such chunk size.
    Invalid,
    /// The sender could not read the file.
    Unreadable,
    /// The asker took the request back.
    Cancelled,
    /// A reason of a later version.
    #[serde(other)]
    Unknown,
}

impl Message {
    /// The longest payload that may follow this message, in bytes. Checked before anything is allocated.
    pub fn max_payload(&self) -> u32 {
        match self {
            Self::Chunk { .. } => ChunkSize::MAX.bytes(),
            Self::Hashes { .. } => MAX_CHUNKS * Hash::LEN as u32,
            Self::Bitfield { num_chunks, .. } => Bitfield::empty((*num_chunks).min(MAX_CHUNKS)).as_bytes().len() as u32,
            // What a later version sends may be as long as anything that this one knows; it is skipped, not stored.
            Self::Unknown => ChunkSize::MAX.bytes(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracker::tests::{ID, PEER, assert_golden, peer};

    fn id() -> FileId {
        ID.parse().unwrap()
    }

    #[test]
    fn golden_text_of_every_message() {
        let chunk_size = ChunkSize::DEFAULT;
        let nameless =
            Hello { version: 1, peer_id: peer(), agent: "sprat/0.1.0".into(), port: 4000, name: String::new() };
        let named = Hello { name: "Ada's laptop".into(), ..nameless.clone() };
        let bitfield = Message::Bitfield {
            file_id: id(),
            name: "a.iso".into(),
            size: 300_000,
            chunk_size,
            num_chunks: 2,
            complete: false,
        };
        let reject =
            |request, retry_after| Message::Reject { file_id: id(), request, reason: RejectReason::Busy, retry_after };
        let with_id = |text: &str| text.replace("$ID", ID).replace("$PEER", PEER);
        for (message, text) in [
            (
                Message::Hello(nameless),
                r#"{"type":"HELLO","version":1,"peer_id":"$PEER","agent":"sprat/0.1.0","port":4000}"#,
            ),
            (
                Message::Hello(named),
                r#"{"type":"HELLO","version":1,"peer_id":"$PEER","agent":"sprat/0.1.0","port":4000,"name":"Ada's laptop"}"#,
            ),
            (Message::Want { file_id: id(), chunk_size }, r#"{"type":"WANT","file_id":"$ID","chunk_size":262144}"#),
            (
                bitfield,
                r#"{"type":"BITFIELD","file_id":"$ID","name":"a.iso","size":300000,"chunk_size":262144,"num_chunks":2,"complete":false}"#,
            ),
            (Message::Have { file_id: id(), chunks: vec![0, 7] }, r#"{"type":"HAVE","file_id":"$ID","chunks":[0,7]}"#),
            (
                Message::HashesRequest { file_id: id(), chunk_size },
                r#"{"type":"HASHES_REQUEST","file_id":"$ID","chunk_size":262144}"#,
            ),
            (Message::Hashes { file_id: id(), chunk_size }, r#"{"type":"HASHES","file_id":"$ID","chunk_size":262144}"#),
            (
                Message::ChunkRequest { file_id: id(), chunk_size, index: 41, request: 9 },
                r#"{"type":"CHUNK_REQUEST","file_id":"$ID","chunk_size":262144,"index":41,"request":9}"#,
            ),
            (Message::Chunk { request: 9 }, r#"{"type":"CHUNK","request":9}"#),
            (
                reject(Some(9), Some(500)),
                r#"{"type":"REJECT","file_id":"$ID","request":9,"reason":"busy","retry_after":500}"#,
            ),
            (reject(None, None), r#"{"type":"REJECT","file_id":"$ID","reason":"busy"}"#),
            (Message::Cancel { request: 9 }, r#"{"type":"CANCEL","request":9}"#),
            (Message::Ping, r#"{"type":"PING"}"#),
            (Message::Pong, r#"{"type":"PONG"}"#),
        ] {
            assert_golden(&message, &with_id(text));
        }
    }

    #[test]
    fn what_a_later_version_says_is_unknown_and_no_error() {
        let message: Message = serde_json::from_str(r#"{"type":"CHAT","text":"hi"}"#).unwrap();
        assert_eq!(message, Message::Unknown);
        let text = format!(r#"{{"type":"REJECT","file_id":"{ID}","reason":"raining"}}"#);
        let Ok(Message::Reject { reason, .. }) = serde_json::from_str(&text) else { panic!("{text}") };
        assert_eq!(reason, RejectReason::Unknown);
    }

    #[test]
    fn a_payload_has_the_bound_of_its_message() {
        let bitfield = |num_chunks| Message::Bitfield {
            file_id: id(),
            name: String::new(),
            size: 0,
            chunk_size: ChunkSize::DEFAULT,
            num_chunks,
            complete: false,
        };
        assert_eq!(bitfield(9).max_payload(), 2);
        assert_eq!(bitfield(u32::MAX).max_payload(), 8192);
        assert_eq!(Message::Chunk { request: 0 }.max_payload(), 16 * 1024 * 1024);
        assert_eq!(Message::Hashes { file_id: id(), chunk_size: ChunkSize::MIN }.max_payload(), 2 * 1024 * 1024);
        assert_eq!(Message::Ping.max_payload(), 0);
    }
}
