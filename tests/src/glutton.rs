//! A peer that asks for everything and takes nothing.

use std::net::SocketAddr;

use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::wire::{self, Message};

use crate::stranger::Stranger;

/// A connection that ends with this value. Nothing is read from it any more.
pub struct Glutton {
    _stranger: Stranger,
}

impl Glutton {
    /// Asks the peer at `addr` for the first `num_chunks` chunks of a file, and stops reading as soon as the first of them is on
    /// its way.
    pub async fn start(addr: SocketAddr, file_id: FileId, chunk_size: ChunkSize, num_chunks: u32) -> Self {
        let mut stranger = Stranger::dial(addr).await.expect("the peer has a key");
        let mut asked = Vec::new();
        for index in 0..num_chunks {
            wire::encode(&Message::ChunkRequest { file_id, chunk_size, index, request: index }, 0, &mut asked);
        }
        stranger.hello().await.expect("the peer reads");
        stranger.say(&asked).await.expect("the peer reads");
        stranger.hear(4096).await.expect("the peer answers");
        Self { _stranger: stranger }
    }
}
