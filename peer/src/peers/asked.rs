//! Questions that this side asked a peer, and what comes of them.

use std::collections::BTreeMap;
use std::time::Duration;

use sprat_chunking::{ChunkIndex, ChunkSize, FileId};
use sprat_protocol::wire::RejectReason;
use tokio::sync::mpsc;

use crate::flow::buffers::Buffer;
use crate::wire::remote::PeerKey;

/// What this side asked the peer for.
#[derive(Debug, Default)]
pub(super) struct Downloads {
    pub(super) listeners: BTreeMap<FileId, mpsc::Sender<FromPeer>>,
    pub(super) questions: BTreeMap<FileId, Questions>,
    pub(super) requests: BTreeMap<u32, Request>,
    pub(super) next_request: u32,
}

/// Questions about one file that a payload may still answer. They outlast the download that asked: its peer answers late at worst.
///
/// A REJECT takes none back, since it does not say which question it answers: so a peer may send as many payloads as it was asked
/// questions, and no more.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// WANT, answered by BITFIELD.
    pub(super) wants: u32,
    /// HASHES_REQUEST, answered by HASHES.
    pub(super) hashes: u32,
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) file_id: FileId,
    pub(super) index: ChunkIndex,
    /// The download that asked: a later one of the same file is not answered in its stead.
    pub(super) listener: mpsc::Sender<FromPeer>,
    /// The most bytes that the answer may have.
    pub(super) max_len: usize,
}

impl Request {
    /// Waits for room in the download's channel: that is what makes a fast peer wait for a slow disk.
    pub(super) async fn tell(&self, key: PeerKey, news: PeerNews) {
        let _ = self.listener.send(FromPeer { key, news }).await;
    }
}

/// Something that a download hears from one of its peers.
#[derive(Debug)]
pub(crate) struct FromPeer {
    /// Which connection.
    pub(crate) key: PeerKey,
    /// What.
    pub(crate) news: PeerNews,
}

/// What a download hears.
#[derive(Debug)]
pub(crate) enum PeerNews {
    /// The peer has the file, or parts of it.
    Has(Claim),
    /// It got more chunks; numbers as they came.
    Got(Vec<u32>),
    /// Its list of chunk hashes, unchecked.
    Hashes(ChunkSize, Buffer),
    /// A chunk that it was asked for, unchecked.
    Chunk(ChunkIndex, Buffer),
    /// It will not answer: WANT or HASHES_REQUEST where there is no index.
    Rejected(Option<ChunkIndex>, RejectReason, Option<Duration>),
    /// The connection ended.
    Gone,
}

/// What a peer says of a file in its BITFIELD.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// What it calls the file, as it came.
    pub(crate) name: String,
    /// Length in bytes.
    pub(crate) size: u64,
    /// Chunk size.
    pub(crate) chunk_size: ChunkSize,
    /// Number of chunks.
    pub(crate) num_chunks: u32,
    /// The bits; none if it has everything.
    pub(crate) bits: Option<Vec<u8>>,
}

impl Claim {
    /// The peer got these chunks since; numbers as they came.
    pub(crate) fn gained(&mut self, numbers: &[u32]) {
        let Some(bits) = &mut self.bits else { return };
        for number in numbers.iter().copied().filter(|number| *number < self.num_chunks) {
            if let Some(byte) = bits.get_mut(number as usize / 8) {
                *byte |= 0x80 >> (number % 8);
            }
        }
    }
}
