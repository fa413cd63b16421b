//! Answers to a peer's questions: the chunks that are here of a file, its chunk hashes, and the chunks themselves.

use std::sync::Arc;

use sprat_chunking::{ChunkIndex, ChunkSize, FileId};
use sprat_protocol::wire::{MAX_HAVE_CHUNKS, Message, RejectReason};
use tokio::io::AsyncWrite;

use crate::flow::upload_slots::Turn;
use crate::peers::connection::Connection;
use crate::peers::error::ConnectionError;
use crate::peers::serving::Serving;
use crate::peers::uploads::{Next, SLICE, Upload, Wanted};
use crate::shares::holding::Holding;
use crate::wire::frames::FrameWriter;
use crate::world::clock;

/// Maximum number of chunk requests of a peer that wait at once; beyond it the answer is `Busy`.
const MAX_QUEUED: usize = 1024;
/// Time after which a peer that was answered `Busy` may ask again, in milliseconds.
const BUSY_RETRY: u32 = 500;
/// Time after which a peer may ask again for a chunk that another peer was just given, in milliseconds.
const ELSEWHERE_RETRY: u32 = 1000;
/// Maximum number of files that a peer may want at once on one connection.
const MAX_WANTED: usize = 16_384;

impl Connection {
    /// Answers one question of the peer: WANT, HASHES_REQUEST, CHUNK_REQUEST or CANCEL.
    pub(crate) fn answer(self: &Arc<Self>, serving: &Serving, message: Message) {
        match message {
            Message::Want { file_id, .. } | Message::HashesRequest { file_id, .. } if self.is_congested() => {
                self.reject(file_id, None, RejectReason::Busy, Some(BUSY_RETRY));
            }
            Message::Want { file_id, chunk_size } => match serving.holdings.serving(&file_id) {
                Some(holding) => self.answer_want(&holding, chunk_size),
                None => self.reject(file_id, None, RejectReason::NotShared, None),
            },
            Message::HashesRequest { file_id, chunk_size } => match serving.holdings.serving(&file_id) {
                Some(holding) => self.answer_hashes(&holding, chunk_size),
                None => self.reject(file_id, None, RejectReason::NotShared, None),
            },
            Message::ChunkRequest { file_id, chunk_size, index, request } => {
                if let Err((reason, retry_after)) = self.queue_upload(serving, file_id, chunk_size, index, request) {
                    self.reject(file_id, Some(request), reason, retry_after);
                }
            }
            Message::Cancel { request } => self.cancel_upload(request),
            other => unreachable!("not a question: {other:?}"),
        }
    }

    fn answer_want(self: &Arc<Self>, holding: &Arc<Holding>, chunk_size: ChunkSize) {
        // A partial file is offered in the chunk size of its download; the other side decides whether it can use that.
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
            holding.visited_by(self.remote.peer_id);
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
        serving: &Serving,
        file_id: FileId,
        chunk_size: ChunkSize,
        index: u32,
        request: u32,
    ) -> Result<(), (RejectReason, Option<u32>)> {
        let holding = serving.holdings.serving(&file_id).ok_or((RejectReason::NotShared, None))?;
        let layout = holding.layout_for(chunk_size).ok_or((RejectReason::NotHere, None))?;
        let index = layout.index(index).ok_or((RejectReason::Invalid, None))?;
        if holding.is_elsewhere(clock::now(), index, &self.remote.peer_id) {
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
        // A request that does not wait any more is already answered, or is being written.
        if let Some(upload) = upload {
            self.reject(upload.holding.file_id(), Some(request), RejectReason::Cancelled, None);
        }
    }

    fn reject(&self, file_id: FileId, request: Option<u32>, reason: RejectReason, retry_after: Option<u32>) {
        self.post(Message::Reject { file_id, request, reason, retry_after });
    }

    /// Queues a HAVE for every wanted file that got more chunks. New chunks are found by comparison with those that the
    /// peer was told of, not by queueing each one: this gathers them while the writer is busy, and loses none.
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

    /// Removes and returns the waiting request to answer next: the one whose chunk was handed out least often, the
    /// oldest first among equals. A chunk that is spreading from another peer is rejected for now. So a crowd that
    /// arrives at once gets different chunks first, and exchanges the others among itself.
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
            if !upload.holding.is_elsewhere(now, upload.index, &self.remote.peer_id) {
                upload.holding.hand_out(now, upload.index);
                return Some(upload);
            }
            let (file_id, request) = (upload.holding.file_id(), Some(upload.request));
            self.reject(file_id, request, RejectReason::Elsewhere, Some(ELSEWHERE_RETRY));
        }
    }

    /// Returns whether chunk requests of the peer are waiting.
    pub(crate) fn has_uploads(&self) -> bool {
        !self.uploads.lock().is_empty()
    }

    /// Sends the next chunk, if the peer still waits for any. While a part of it is sent, the next part is read.
    pub(crate) async fn upload_one<W: AsyncWrite + Unpin>(
        self: &Arc<Self>,
        serving: &Serving,
        writer: &mut FrameWriter<W>,
        next: &mut Option<Next>,
        mut turn: Turn<'_>,
    ) -> Result<(), ConnectionError> {
        let Some(Next { upload, first }) = next.take().or_else(|| self.choose_next()) else { return Ok(()) };
        let mut slice = match first {
            Some(first) => first,
            None => upload.read(serving, 0, SLICE).await,
        };
        let mut at = 0;
        while at < upload.len() && !turn.is_over() {
            let (read, bytes) = slice.await.expect("reading does not panic");
            if let Err(error) = read {
                return upload.fail(serving, writer, at > 0, error);
            }
            if at == 0 {
                writer.begin(&Message::Chunk { request: upload.request }, upload.len());
            }
            let end = at + bytes.len();
            let after = if end < upload.len() { upload.try_read(serving, end) } else { None };
            if end == upload.len() {
                *next = self.choose_next().map(|next| next.read_ahead(serving));
            }
            at += writer.send_slice(&serving.flow.upload_throttle(&upload.file_id()), &mut turn, &bytes).await?;
            drop(bytes);
            slice = match after {
                Some(after) => after,
                None if at == upload.len() || turn.is_over() => break,
                None => upload.read(serving, at, SLICE).await,
            };
        }
        if turn.is_over() {
            next.iter_mut().for_each(Next::let_go);
            upload.send_rest(serving, writer, at).await?;
        }
        upload.holding.sent(&self.remote, upload.len() as u64);
        serving.news.changed();
        Ok(())
    }

    fn choose_next(&self) -> Option<Next> {
        self.next_upload().map(|upload| Next { upload, first: None })
    }
}
