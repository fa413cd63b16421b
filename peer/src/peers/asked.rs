//! Questions that this side asked a peer, and the answers that a download receives.

use std::collections::BTreeMap;
use std::time::Duration;

use sprat_chunking::{ChunkIndex, ChunkSize, FileId};
use sprat_protocol::wire::RejectReason;
use tokio::sync::mpsc;

use crate::flow::buffers::Buffer;
use crate::wire::remote::PeerKey;

/// Downloads that use one connection, and the questions that they asked over it.
#[derive(Debug, Default)]
pub(super) struct Downloads {
    pub(super) listeners: BTreeMap<FileId, mpsc::Sender<FromPeer>>,
    pub(super) questions: BTreeMap<FileId, Questions>,
    pub(super) requests: BTreeMap<u32, Request>,
    pub(super) next_request: u32,
}

/// Number of questions about one file that a payload may still answer. A question outlasts the download that asked it,
/// because its answer may arrive after that download ended.
///
/// A REJECT does not lower these numbers, since it does not say which question it answers. So a peer may send as many
/// payloads as it was asked questions, and no more.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// Number of WANTs, answered by BITFIELD.
    pub(super) wants: u32,
    /// Number of HASHES_REQUESTs, answered by HASHES.
    pub(super) hashes: u32,
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) file_id: FileId,
    pub(super) index: ChunkIndex,
    /// Channel of the download that sent the request. A later download of the same file does not receive the answer.
    pub(super) listener: mpsc::Sender<FromPeer>,
    /// Maximum number of bytes of the answer.
    pub(super) max_len: usize,
}

impl Request {
    /// Delivers news to the download, and waits while its channel is full. This makes a fast peer wait for a slow disk.
    pub(super) async fn tell(&self, key: PeerKey, news: PeerNews) {
        let _ = self.listener.send(FromPeer { key, news }).await;
    }
}

/// Message from one of a download's peers.
#[derive(Debug)]
pub(crate) struct FromPeer {
    /// Key of the connection.
    pub(crate) key: PeerKey,
    /// Content of the message.
    pub(crate) news: PeerNews,
}

/// Content of a message from a peer to a download.
#[derive(Debug)]
pub(crate) enum PeerNews {
    /// The peer has the file, or parts of it.
    Has(Claim),
    /// The peer received more chunks. Their numbers are unchecked.
    Got(Vec<u32>),
    /// The peer's list of chunk hashes, unchecked.
    Hashes(ChunkSize, Buffer),
    /// A chunk that the peer was asked for, unchecked.
    Chunk(ChunkIndex, Buffer),
    /// The peer rejected a chunk request, or, without an index, a WANT or a HASHES_REQUEST. The duration is the time to
    /// wait before the next attempt, if the peer gave one.
    Rejected(Option<ChunkIndex>, RejectReason, Option<Duration>),
    /// The connection ended.
    Gone,
}

/// Statements of a peer about a file in its BITFIELD, unchecked.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// File name that the peer sent, not cleaned.
    pub(crate) name: String,
    /// Length of the file in bytes.
    pub(crate) size: u64,
    /// Size of the chunks that `num_chunks` and `bits` count.
    pub(crate) chunk_size: ChunkSize,
    /// Number of chunks of the file.
    pub(crate) num_chunks: u32,
    /// One bit per chunk that the peer has; `None` if it has every chunk.
    pub(crate) bits: Option<Vec<u8>>,
}

impl Claim {
    /// Records chunks that the peer received since; ignores numbers out of range.
    pub(crate) fn gained(&mut self, numbers: &[u32]) {
        let Some(bits) = &mut self.bits else { return };
        for number in numbers.iter().copied().filter(|number| *number < self.num_chunks) {
            if let Some(byte) = bits.get_mut(number as usize / 8) {
                *byte |= 0x80 >> (number % 8);
            }
        }
    }
}
