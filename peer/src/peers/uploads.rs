//! Chunks on their way to a peer: read from disk in slices, within the bytes that the engine may hold for sending.

use std::sync::Arc;

use sprat_chunking::{Bitfield, ChunkIndex, FileId, Layout};
use sprat_protocol::wire::{Message, RejectReason};
use sprat_store::source::ReadError;
use tokio::io::AsyncWrite;
use tokio::task::JoinHandle;

use crate::flow::buffers::Buffer;
use crate::peers::error::ConnectionError;
use crate::peers::serving::Serving;
use crate::shares::holding::Holding;
use crate::wire::frames::FrameWriter;

/// Maximum number of bytes of a chunk that are read at once in order to be sent: a chunk of the default size in one
/// piece.
pub(super) const SLICE: usize = 256 * 1024;
/// Maximum number of bytes that are read at once after the peer's turn is over. A stream that was just flushed accepts
/// this many bytes without waiting, so that no buffer is held while the other side takes nothing.
const CRUMB: usize = 16 * 1024;

/// A chunk that a peer asked for.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(super) holding: Arc<Holding>,
    pub(super) layout: Layout,
    pub(super) index: ChunkIndex,
    pub(super) request: u32,
}

/// A part of a chunk that is being read in order to be sent.
pub(super) type Slice = JoinHandle<(Result<(), ReadError>, Buffer)>;

/// Chunk that is sent next, chosen while the one before it was sent.
#[derive(Debug)]
pub(crate) struct Next {
    pub(super) upload: Upload,
    /// First slice of the chunk, if that was read ahead.
    pub(super) first: Option<Slice>,
}

/// File that a peer wants to hear of, with the version and the chunks that the peer was last told of.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(super) holding: Arc<Holding>,
    pub(super) version: u64,
    pub(super) told: Bitfield,
}

impl Next {
    /// Begins to read the first slice, unless there is no room or other connections wait in line for a slot: the turn
    /// of this one may be long in coming then.
    pub(super) fn read_ahead(mut self, serving: &Serving) -> Self {
        if !serving.flow.upload_slots.is_crowded() {
            self.first = self.upload.try_read(serving, 0);
        }
        self
    }

    /// Drops the slice that was read ahead. It is read again when the chunk is sent.
    pub(super) fn let_go(&mut self) {
        self.first = None;
    }
}

impl Upload {
    pub(super) fn len(&self) -> usize {
        self.layout.chunk_len(self.index)
    }

    pub(super) fn file_id(&self) -> FileId {
        self.holding.file_id()
    }

    /// Begins to read at most `most` bytes from the byte `at` on, as soon as there is room for them.
    pub(super) async fn read(&self, serving: &Serving, at: usize, most: usize) -> Slice {
        self.read_into(serving, at, serving.flow.buffers.send(most.min(self.len() - at)).await)
    }

    /// Begins to read a whole slice from the byte `at` on, if there is room at once.
    pub(super) fn try_read(&self, serving: &Serving, at: usize) -> Option<Slice> {
        serving.flow.buffers.try_send(SLICE.min(self.len() - at)).map(|bytes| self.read_into(serving, at, bytes))
    }

    pub(super) fn read_into(&self, serving: &Serving, at: usize, mut bytes: Buffer) -> Slice {
        let (holding, layout, index) = (self.holding.clone(), self.layout, self.index);
        serving.disk.spawn(move || (holding.read(layout, index, at, &mut bytes), bytes))
    }

    /// Sends the rest of a chunk whose turn is over, in pieces of at most `CRUMB` bytes. Each piece is read after the
    /// connection was flushed and has room for it: while the other side takes nothing, no buffer is held for it.
    pub(super) async fn send_rest<W: AsyncWrite + Unpin>(
        &self,
        serving: &Serving,
        writer: &mut FrameWriter<W>,
        mut at: usize,
    ) -> Result<(), ConnectionError> {
        while at < self.len() {
            let throttle = serving.flow.upload_throttle(&self.file_id());
            let most = CRUMB.min(throttle.slice_len()).min(self.len() - at);
            writer.flush().await?;
            throttle.take(most).await;
            let (read, crumb) = self.read(serving, at, most).await.await.expect("reading does not panic");
            if let Err(error) = read {
                return self.fail(serving, writer, true, error);
            }
            writer.hand_over(&crumb).await?;
            at += crumb.len();
        }
        Ok(writer.flush().await?)
    }

    /// Handles a chunk that cannot be read: rejects the request if no byte of the chunk was sent. Otherwise the
    /// connection ends, so that the peer takes no other bytes for the rest of the chunk.
    pub(super) fn fail<W: AsyncWrite + Unpin>(
        &self,
        serving: &Serving,
        writer: &mut FrameWriter<W>,
        is_begun: bool,
        error: ReadError,
    ) -> Result<(), ConnectionError> {
        let file_id = self.file_id();
        let reason = match error {
            ReadError::NotHere => RejectReason::NotHere,
            ReadError::Changed(path) => {
                // An event lost to a full queue does no harm: the next request for the file reports the change again.
                let _ = serving.source_changed.try_send((file_id, path));
                RejectReason::NotShared
            }
            ReadError::Io(error) => {
                tracing::warn!(%file_id, index = %self.index, %error, "can't read a shared file");
                RejectReason::Unreadable
            }
        };
        if is_begun {
            return Err(ConnectionError::Unreadable);
        }
        writer.push(&Message::Reject { file_id, request: Some(self.request), reason, retry_after: None });
        Ok(())
    }
}
