//! What is answered to a peer: what is here of a file, its chunk hashes, and its chunks.

use std::sync::Arc;

use sprat_chunking::{Bitfield, ChunkIndex, ChunkSize, FileId, Layout};
use sprat_protocol::wire::{MAX_HAVE_CHUNKS, Message, RejectReason};
use sprat_store::source::ReadError;
use tokio::io::AsyncWrite;
use tokio::task::JoinHandle;

use crate::engine::node::Node;
use crate::flow::buffers::Buffer;
use crate::flow::upload_slots::Turn;
use crate::peers::connection::{Connection, ConnectionError};
use crate::shares::holding::Holding;
use crate::wire::frames::FrameWriter;
use crate::world::clock;

/// How many chunks a peer may have asked for at once; over that it is told to wait.
const MAX_QUEUED: usize = 1024;
/// How long it is told to wait, in milliseconds.
const BUSY_RETRY: u32 = 500;
/// How long a peer leaves a chunk alone that somebody else was just given, in milliseconds.
const ELSEWHERE_RETRY: u32 = 1000;
/// The most bytes of a chunk that are read at once in order to be sent: a chunk of the usual size in one piece.
const SLICE: usize = 256 * 1024;
/// The same when the peer's turn is over. A connection that took everything has room for so many at once, so that nobody is waited
/// for while they are held.
const CRUMB: usize = 16 * 1024;
/// How many files a peer may want at once on one connection.
const MAX_WANTED: usize = 16_384;

/// A chunk that a peer asked for.
#[derive(Debug)]
pub(crate) struct Upload {
    holding: Arc<Holding>,
    layout: Layout,
    index: ChunkIndex,
    request: u32,
}

/// A part of a chunk that is being read in order to be sent.
type Slice = JoinHandle<(Result<(), ReadError>, Buffer)>;

/// The chunk that is sent next, chosen while the one before it was sent.
#[derive(Debug)]
pub(crate) struct Next {
    upload: Upload,
    /// Its first slice, if that was read ahead.
    first: Option<Slice>,
}

/// A file that a peer wants to hear of, and what it was told of it.
#[derive(Debug)]
pub(crate) struct Wanted {
    holding: Arc<Holding>,
    version: u64,
    told: Bitfield,
}

impl Connection {
    /// Answers a question of the peer's.
    pub(crate) fn answer(self: &Arc<Self>, node: &Arc<Node>, message: Message) {
        match message {
            Message::Want { file_id, .. } | Message::HashesRequest { file_id, .. } if self.is_congested() => {
                self.reject(file_id, None, RejectReason::Busy, Some(BUSY_RETRY));
            }
            Message::Want { file_id, chunk_size } => match node.holdings.serving(&file_id) {
                Some(holding) => self.answer_want(&holding, chunk_size),
                None => self.reject(file_id, None, RejectReason::NotShared, None),
            },
            Message::HashesRequest { file_id, chunk_size } => match node.holdings.serving(&file_id) {
                Some(holding) => self.answer_hashes(&holding, chunk_size),
                None => self.reject(file_id, None, RejectReason::NotShared, None),
            },
            Message::ChunkRequest { file_id, chunk_size, index, request } => {
                if let Err((reason, retry_after)) = self.queue_upload(node, file_id, chunk_size, index, request) {
                    self.reject(file_id, Some(request), reason, retry_after);
                }
            }
            Message::Cancel { request } => self.cancel_upload(request),
            other => unreachable!("not a question: {other:?}"),
        }
    }

    fn answer_want(self: &Arc<Self>, holding: &Arc<Holding>, chunk_size: ChunkSize) {
        // What is here in part is told in the chunks it is here in; the asker sees whether it can use that.
        let layout = holding.layout_for(chunk_size).unwrap_or_else(|| holding.layout());
        let version = holding.version();
        let told = holding.has();
        let complete = told.is_full();
        let message = Message::Bitfield {
            file_id: holding.file_id(),
            name: holding.name.clone(),
            size: layout.len(),
            chunk_size: layout.chunk_size(),
            num_chunks: layout.num_chunks(),
            complete,
        };
        let payload = if complete { Vec::new() } else { told.as_bytes().to_vec() };
        self.post_with(message, payload);
        if !complete {
            holding.watch(&self.wake);
            holding.visited_by(self);
            let mut wanted = self.wanted.lock();
            if wanted.len() < MAX_WANTED {
                wanted.insert(holding.file_id(), Wanted { holding: holding.clone(), version, told });
            }
        }
    }

    fn answer_hashes(&self, holding: &Holding, chunk_size: ChunkSize) {
        let file_id = holding.file_id();
        match holding.hashes.fold(chunk_size) {
            Some(hashes) => self.post_with(Message::Hashes { file_id, chunk_size }, hashes.to_bytes()),
            None => self.reject(file_id, None, RejectReason::NotHere, None),
        }
    }

    fn queue_upload(
        &self,
        node: &Node,
        file_id: FileId,
        chunk_size: ChunkSize,
        index: u32,
        request: u32,
    ) -> Result<(), (RejectReason, Option<u32>)> {
        let holding = node.holdings.serving(&file_id).ok_or((RejectReason::NotShared, None))?;
        let layout = holding.layout_for(chunk_size).ok_or((RejectReason::NotHere, None))?;
        let index = layout.index(index).ok_or((RejectReason::Invalid, None))?;
        if holding.is_elsewhere(clock::now(), index, self) {
            return Err((RejectReason::Elsewhere, Some(ELSEWHERE_RETRY)));
        }
        let mut uploads = self.uploads.lock();
        if uploads.len() >= MAX_QUEUED {
            return Err((RejectReason::Busy, Some(BUSY_RETRY)));
        }
        uploads.push_back(Upload { holding, layout, index, request });
        drop(uploads);
        self.wake.notify_one();
        Ok(())
    }

    fn cancel_upload(&self, request: u32) {
        let mut uploads = self.uploads.lock();
        let place = uploads.iter().position(|upload| upload.request == request);
        let upload = place.and_then(|place| uploads.remove(place));
        drop(uploads);
        // If it is not waiting any more it is answered already, or is being written.
        if let Some(upload) = upload {
            self.reject(upload.holding.file_id(), Some(request), RejectReason::Cancelled, None);
        }
    }

    fn reject(&self, file_id: FileId, request: Option<u32>, reason: RejectReason, retry_after: Option<u32>) {
        self.post(Message::Reject { file_id, request, reason, retry_after });
    }

    /// Queues a HAVE for every wanted file that got more chunks. Comparing with what was told, rather than queueing each
    /// chunk, gathers them while the writer is busy and can lose none.
    pub(crate) fn push_news<W: AsyncWrite + Unpin>(&self, writer: &mut FrameWriter<W>) {
        let mut wanted = self.wanted.lock();
        wanted.retain(|file_id, Wanted { holding, version, told }| {
            let newest = holding.version();
            if std::mem::replace(version, newest) == newest {
                return true;
            }
            if !holding.is_serving() {
                let reason = RejectReason::NotShared;
                writer.push(&Message::Reject { file_id: *file_id, request: None, reason, retry_after: None });
                return false;
            }
            let has = holding.has();
            let chunks: Vec<u32> = has.difference(told).map(ChunkIndex::get).collect();
            for chunks in chunks.chunks(MAX_HAVE_CHUNKS) {
                writer.push(&Message::Have { file_id: *file_id, chunks: chunks.to_vec() });
            }
            let complete = has.is_full();
            *told = has;
            !complete
        });
    }

    /// The waiting request that is answered next: for the chunk that was handed out to the fewest, in their order among
    /// equals. What is spreading from somebody else is rejected for now. So a crowd that comes at once gets different
    /// chunks first, and finds the others among itself.
    pub(crate) fn next_upload(&self) -> Option<Upload> {
        let now = clock::now();
        loop {
            let mut uploads = self.uploads.lock();
            let waiting = uploads.iter().enumerate();
            let (place, _) = waiting.min_by_key(|(_, upload)| upload.holding.times_handed_out(upload.index))?;
            let upload = uploads.remove(place)?;
            drop(uploads);
            if !upload.holding.is_serving() {
                self.reject(upload.holding.file_id(), Some(upload.request), RejectReason::NotShared, None);
                continue;
            }
            if !upload.holding.is_elsewhere(now, upload.index, self) {
                upload.holding.hand_out(now, upload.index);
                return Some(upload);
            }
            let (file_id, request) = (upload.holding.file_id(), Some(upload.request));
            self.reject(file_id, request, RejectReason::Elsewhere, Some(ELSEWHERE_RETRY));
        }
    }

    /// Whether the peer waits for chunks.
    pub(crate) fn has_uploads(&self) -> bool {
        !self.uploads.lock().is_empty()
    }

    /// Sends the next chunk, if the peer still waits for any. While it is sent, what comes after it is read.
    pub(crate) async fn upload_one<W: AsyncWrite + Unpin>(
        self: &Arc<Self>,
        node: &Node,
        writer: &mut FrameWriter<W>,
        next: &mut Option<Next>,
        mut turn: Turn<'_>,
    ) -> Result<(), ConnectionError> {
        let Some(Next { upload, first }) = next.take().or_else(|| self.choose_next()) else { return Ok(()) };
        let mut slice = match first {
            Some(first) => first,
            None => upload.read(node, 0, SLICE).await,
        };
        let mut at = 0;
        while at < upload.len() && !turn.is_over() {
            let (read, bytes) = slice.await.expect("reading does not panic");
            if let Err(error) = read {
                return upload.fail(node, writer, at > 0, error);
            }
            if at == 0 {
                writer.begin(&Message::Chunk { request: upload.request }, upload.len());
            }
            let end = at + bytes.len();
            let after = if end < upload.len() { upload.try_read(node, end) } else { None };
            if end == upload.len() {
                *next = self.choose_next().map(|next| next.read_ahead(node));
            }
            at += writer.send_slice(&node.upload_throttle(&upload.file_id()), &mut turn, &bytes).await?;
            drop(bytes);
            slice = match after {
                Some(after) => after,
                None if at == upload.len() || turn.is_over() => break,
                None => upload.read(node, at, SLICE).await,
            };
        }
        if turn.is_over() {
            next.iter_mut().for_each(Next::let_go);
            upload.send_rest(node, writer, at).await?;
        }
        upload.holding.sent(self, upload.len() as u64);
        node.changed.notify_one();
        Ok(())
    }

    fn choose_next(&self) -> Option<Next> {
        self.next_upload().map(|upload| Next { upload, first: None })
    }
}

impl Next {
    /// Begins to read it, unless there is no room, or others are in line: its turn may be long in coming then.
    fn read_ahead(mut self, node: &Node) -> Self {
        if !node.upload_slots.is_crowded() {
            self.first = self.upload.try_read(node, 0);
        }
        self
    }

    /// Holds nothing of it any more. It is read again when it is to be sent.
    pub(crate) fn let_go(&mut self) {
        self.first = None;
    }
}

impl Upload {
    fn len(&self) -> usize {
        self.layout.chunk_len(self.index)
    }

    fn file_id(&self) -> FileId {
        self.holding.file_id()
    }

    /// Begins to read at most `most` bytes from the byte `at` on, as soon as there is room for them.
    async fn read(&self, node: &Node, at: usize, most: usize) -> Slice {
        self.read_into(node, at, node.buffers.send(most.min(self.len() - at)).await)
    }

    /// The same for a whole slice, if there is room at once.
    fn try_read(&self, node: &Node, at: usize) -> Option<Slice> {
        node.buffers.try_send(SLICE.min(self.len() - at)).map(|bytes| self.read_into(node, at, bytes))
    }

    fn read_into(&self, node: &Node, at: usize, mut bytes: Buffer) -> Slice {
        let (holding, layout, index) = (self.holding.clone(), self.layout, self.index);
        node.world.disk.spawn(move || (holding.read(layout, index, at, &mut bytes), bytes))
    }

    /// Sends what is left of a chunk whose turn is over, in crumbs. Each is read when the connection took all before it, and then
    /// has room for it: as long as the other side takes nothing, nothing is held for it.
    async fn send_rest<W: AsyncWrite + Unpin>(
        &self,
        node: &Node,
        writer: &mut FrameWriter<W>,
        mut at: usize,
    ) -> Result<(), ConnectionError> {
        while at < self.len() {
            let throttle = node.upload_throttle(&self.file_id());
            let most = CRUMB.min(throttle.slice_len()).min(self.len() - at);
            writer.flush().await?;
            throttle.take(most).await;
            let (read, crumb) = self.read(node, at, most).await.await.expect("reading does not panic");
            if let Err(error) = read {
                return self.fail(node, writer, true, error);
            }
            writer.hand_over(&crumb).await?;
            at += crumb.len();
        }
        Ok(writer.flush().await?)
    }

    /// It cannot be read: the peer is told, unless it is being sent already. Then the connection ends, so that nobody takes for a
    /// chunk what is none.
    fn fail<W: AsyncWrite + Unpin>(
        &self,
        node: &Node,
        writer: &mut FrameWriter<W>,
        is_begun: bool,
        error: ReadError,
    ) -> Result<(), ConnectionError> {
        let file_id = self.file_id();
        let reason = match error {
            ReadError::NotHere => RejectReason::NotHere,
            ReadError::Changed(path) => {
                // If the queue is full the engine knows already.
                let _ = node.source_changed.try_send((file_id, path));
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
