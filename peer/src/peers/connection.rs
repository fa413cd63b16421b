//! One connection to one peer, used in both directions for all files that the two share.
//!
//! Two loops run side by side: one reads frames and hands them to whom they are for, one writes what is waiting. Nothing
//! that a peer can grow is without a bound: the queue to the writer, the peer's outstanding requests, and the channel
//! into each download, whose fullness stops the reading and so the peer.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sprat_chunking::{ChunkIndex, ChunkSize, FileId};
use sprat_protocol::PeerId;
use sprat_protocol::wire::{Decoded, Hello, Message, RejectReason};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::engine::node::Node;
use crate::flow::buffers::Buffer;
use crate::flow::upload_slots::Place;
use crate::peers::held_back::HeldBack;
use crate::peers::served::{Next, Upload, Wanted};
use crate::wire::frames::{FrameReader, FrameWriter, StreamError};
use crate::wire::remote::PeerKey;
use crate::wire::remote::{Ends, Said};
use crate::world::clock;

/// How many messages may wait for the writer. A peer that lets more pile up is not reading.
const OUTBOX_LEN: usize = 4096;
/// How many bytes of payload may wait there before a question that needs more is put off; one more answer still fits.
const OUTBOX_BYTES: usize = 4 * 1024 * 1024;
/// How many bytes of small messages are gathered before they are written.
const GATHERED: usize = 16 * 1024;
/// How long who is said to be elsewhere may take to answer where it was.
const DOUBT: Duration = Duration::from_secs(2);

/// A connection after both sides said HELLO.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Never used again for another connection.
    pub(crate) key: PeerKey,
    /// Who is there.
    pub(crate) peer_id: PeerId,
    /// Where.
    pub(crate) addr: SocketAddr,
    /// Where it says that it listens.
    pub(crate) listens: SocketAddr,
    /// What it says of itself.
    pub(crate) said: Said,
    /// Whether this side dialled.
    pub(crate) dialled: bool,
    /// The address of this machine that it runs over, if the system tells.
    pub(crate) own: Option<IpAddr>,
    /// Since when it is there.
    pub(crate) since: Instant,
    pub(crate) uploads: Mutex<VecDeque<Upload>>,
    pub(crate) wanted: Mutex<BTreeMap<FileId, Wanted>>,
    /// Wakes the writer: there are uploads, or news of a file that the peer wants.
    pub(crate) wake: Arc<Notify>,
    /// When this side last let the peer wait in order to keep to its limits.
    pub(crate) held_back: HeldBack,
    outbox: mpsc::Sender<Outgoing>,
    /// Bytes of payload in the outbox.
    outbox_bytes: AtomicUsize,
    downloads: Mutex<Downloads>,
    doubted: Notify,
    closed: CancellationToken,
}

/// What this side asked the peer for.
#[derive(Debug, Default)]
struct Downloads {
    listeners: BTreeMap<FileId, mpsc::Sender<FromPeer>>,
    questions: BTreeMap<FileId, Questions>,
    requests: BTreeMap<u32, Request>,
    next_request: u32,
}

/// Questions about one file that a payload may still answer. They outlast the download that asked: its peer answers late at worst.
///
/// A REJECT takes none back, since it does not say which question it answers: so a peer may send as many payloads as it was asked
/// questions, and no more.
#[derive(Debug, Default)]
struct Questions {
    /// WANT, answered by BITFIELD.
    wants: u32,
    /// HASHES_REQUEST, answered by HASHES.
    hashes: u32,
}

#[derive(Debug)]
struct Request {
    file_id: FileId,
    index: ChunkIndex,
    /// The download that asked: a later one of the same file is not answered in its stead.
    listener: mpsc::Sender<FromPeer>,
    /// The most bytes that the answer may have.
    max_len: usize,
}

impl Request {
    /// Waits for room in the download's channel: that is what makes a fast peer wait for a slow disk.
    async fn tell(&self, key: PeerKey, news: News) {
        let _ = self.listener.send(FromPeer { key, news }).await;
    }
}

/// A message with a payload that waits to be written.
#[derive(Debug)]
struct Outgoing {
    message: Message,
    payload: Vec<u8>,
}

/// Something that a download hears from one of its peers.
#[derive(Debug)]
pub(crate) struct FromPeer {
    /// Which connection.
    pub(crate) key: PeerKey,
    /// What.
    pub(crate) news: News,
}

/// What a download hears.
#[derive(Debug)]
pub(crate) enum News {
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

/// What runs a connection and belongs to its task alone.
#[derive(Debug)]
pub(crate) struct Driver<R, W> {
    pub(crate) reader: FrameReader<R>,
    pub(crate) writer: FrameWriter<W>,
    outbox: mpsc::Receiver<Outgoing>,
}

impl Connection {
    /// A connection to the peer that said this HELLO, and what is to run it.
    pub(crate) fn new<R, W>(
        key: PeerKey,
        hello: &Hello,
        Ends { addr, own, dialled }: Ends,
        (reader, writer): (FrameReader<R>, FrameWriter<W>),
        closed: CancellationToken,
    ) -> (Arc<Self>, Driver<R, W>) {
        let (sender, receiver) = mpsc::channel(OUTBOX_LEN);
        let connection = Self {
            key,
            peer_id: hello.peer_id,
            addr,
            listens: SocketAddr::new(addr.ip(), if dialled { addr.port() } else { hello.port }),
            said: Said::of(hello),
            dialled,
            own,
            since: clock::now(),
            uploads: Mutex::default(),
            wanted: Mutex::default(),
            wake: Arc::default(),
            held_back: HeldBack::default(),
            outbox: sender,
            outbox_bytes: AtomicUsize::new(0),
            downloads: Mutex::default(),
            doubted: Notify::new(),
            closed,
        };
        (Arc::new(connection), Driver { reader, writer, outbox: receiver })
    }

    /// Whether it has ended, or is about to.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    /// Ends it.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// The other side may be gone: it is given up unless it answers soon.
    pub(crate) fn doubt(&self) {
        self.doubted.notify_one();
    }

    /// Asks for a file; `listener` hears what comes of it. Returns whether the connection still lives.
    pub(crate) fn want(&self, file_id: FileId, chunk_size: ChunkSize, listener: mpsc::Sender<FromPeer>) -> bool {
        {
            let mut downloads = self.downloads.lock();
            downloads.listeners.insert(file_id, listener);
            downloads.questions.entry(file_id).or_default().wants += 1;
        }
        self.post(Message::Want { file_id, chunk_size });
        !self.is_closed()
    }

    /// Stops listening: what still comes for this file is dropped.
    pub(crate) fn forget(&self, file_id: &FileId) {
        self.downloads.lock().listeners.remove(file_id);
    }

    /// Asks for the chunk hashes of a wanted file.
    pub(crate) fn request_hashes(&self, file_id: FileId, chunk_size: ChunkSize) {
        self.downloads.lock().questions.entry(file_id).or_default().hashes += 1;
        self.post(Message::HashesRequest { file_id, chunk_size });
    }

    /// Asks for a chunk of a wanted file.
    pub(crate) fn request_chunk(&self, file_id: FileId, chunk_size: ChunkSize, index: ChunkIndex) {
        let request = {
            let mut downloads = self.downloads.lock();
            let Some(listener) = downloads.listeners.get(&file_id).cloned() else { return };
            let number = downloads.next_request;
            downloads.next_request = number.wrapping_add(1);
            let max_len = chunk_size.bytes() as usize;
            downloads.requests.insert(number, Request { file_id, index, listener, max_len });
            number
        };
        self.post(Message::ChunkRequest { file_id, chunk_size, index: index.get(), request });
    }

    /// Takes the requests for a chunk back. They are answered all the same, if only with REJECT.
    pub(crate) fn cancel(&self, file_id: &FileId, index: ChunkIndex) {
        self.cancel_those(|request| request.file_id == *file_id && request.index == index);
    }

    /// Takes back every request for a file.
    pub(crate) fn cancel_all(&self, file_id: &FileId) {
        self.cancel_those(|request| request.file_id == *file_id);
    }

    fn cancel_those(&self, those: impl Fn(&Request) -> bool) {
        let numbers: Vec<u32> = {
            let downloads = self.downloads.lock();
            downloads.requests.iter().filter(|(_, request)| those(request)).map(|(number, _)| *number).collect()
        };
        numbers.into_iter().for_each(|request| self.post(Message::Cancel { request }));
    }

    /// Queues a message. A peer that reads so slowly that the queue is full is left.
    pub(crate) fn post(&self, message: Message) {
        self.post_with(message, Vec::new());
    }

    /// Whether so much waits to be written that nothing large may be added.
    pub(crate) fn is_congested(&self) -> bool {
        self.outbox_bytes.load(Ordering::Relaxed) > OUTBOX_BYTES
    }

    /// Queues a message with a payload.
    pub(crate) fn post_with(&self, message: Message, payload: Vec<u8>) {
        self.outbox_bytes.fetch_add(payload.len(), Ordering::Relaxed);
        if self.outbox.try_send(Outgoing { message, payload }).is_err() {
            self.close();
        }
    }

    /// Runs until either side ends it, then tells every download that this peer is gone.
    pub(crate) async fn run<R, W>(self: Arc<Self>, node: Arc<Node>, driver: Driver<R, W>)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let Driver { mut reader, mut writer, mut outbox } = driver;
        let heard = reader.heard();
        let ended = tokio::select! {
            biased;
            () = self.closed.cancelled() => Ok(()),
            silent = self.silent_when_doubted(&heard) => Err(silent),
            ended = self.read(&node, &mut reader) => ended,
            ended = self.write(&node, &mut writer, &mut outbox) => ended,
        };
        self.close();
        match ended {
            Ok(()) => tracing::debug!(peer = %self.peer_id, addr = %self.addr, "connection closed"),
            Err(error) => tracing::debug!(peer = %self.peer_id, addr = %self.addr, %error, "connection lost"),
        }
        // What the peer wanted holds files open; nobody is there to want it any more.
        self.wanted.lock().clear();
        self.uploads.lock().clear();
        let listeners = std::mem::take(&mut self.downloads.lock().listeners);
        for listener in listeners.into_values() {
            let _ = listener.send(FromPeer { key: self.key, news: News::Gone }).await;
        }
    }

    async fn read<R: AsyncRead + Unpin>(
        self: &Arc<Self>,
        node: &Arc<Node>,
        reader: &mut FrameReader<R>,
    ) -> Result<(), ConnectionError> {
        let mut pinged = false;
        loop {
            match timeout(node.limits.idle_timeout / 2, reader.next()).await {
                Ok(frame) => {
                    let Some(frame) = frame? else { return Ok(()) };
                    pinged = false;
                    self.receive(node, frame, reader).await?;
                }
                Err(_) if pinged => return Err(ConnectionError::Silent),
                Err(_) => {
                    self.post(Message::Ping);
                    pinged = true;
                }
            }
        }
    }

    /// Waits until somebody doubts that the other side is there, and not a byte comes when it is asked, be it the rest of a chunk.
    async fn silent_when_doubted(&self, heard: &AtomicU64) -> ConnectionError {
        loop {
            self.doubted.notified().await;
            let before = heard.load(Ordering::Relaxed);
            self.post(Message::Ping);
            sleep(DOUBT).await;
            if heard.load(Ordering::Relaxed) == before {
                return ConnectionError::Silent;
            }
        }
    }

    /// Hands one message to whom it is for.
    async fn receive<R: AsyncRead + Unpin>(
        self: &Arc<Self>,
        node: &Arc<Node>,
        Decoded { message, payload_len, .. }: Decoded,
        reader: &mut FrameReader<R>,
    ) -> Result<(), ConnectionError> {
        match message {
            Message::Chunk { request } => self.receive_chunk(node, request, payload_len, reader).await,
            Message::Bitfield { file_id, name, size, chunk_size, num_chunks, complete } => {
                self.answered(&file_id, |questions| &mut questions.wants, "a BITFIELD that was not asked for")?;
                let bits = self.receive_payload(node, payload_len, reader).await?;
                let bits = (!complete).then(|| bits.to_vec());
                self.tell(&file_id, News::Has(Claim { name, size, chunk_size, num_chunks, bits })).await;
                Ok(())
            }
            Message::Hashes { file_id, chunk_size } => {
                self.answered(&file_id, |questions| &mut questions.hashes, "HASHES that were not asked for")?;
                let bytes = self.receive_payload(node, payload_len, reader).await?;
                self.tell(&file_id, News::Hashes(chunk_size, bytes)).await;
                Ok(())
            }
            Message::Have { file_id, chunks } => {
                self.tell(&file_id, News::Got(chunks)).await;
                Ok(())
            }
            Message::Reject { file_id, request, reason, retry_after } => {
                self.receive_reject(file_id, request, reason, retry_after).await
            }
            Message::Ping => {
                self.post(Message::Pong);
                Ok(())
            }
            Message::Pong => Ok(()),
            Message::Unknown => Ok(reader.skip(payload_len).await?),
            Message::Hello(_) => Err(ConnectionError::OutOfTurn("a second HELLO")),
            Message::Want { .. }
            | Message::HashesRequest { .. }
            | Message::ChunkRequest { .. }
            | Message::Cancel { .. } => {
                self.answer(node, message);
                Ok(())
            }
        }
    }

    /// A payload came for a question of this kind, which must have been asked.
    fn answered(
        &self,
        file_id: &FileId,
        kind: impl Fn(&mut Questions) -> &mut u32,
        otherwise: &'static str,
    ) -> Result<(), ConnectionError> {
        let mut downloads = self.downloads.lock();
        let Some(questions) = downloads.questions.get_mut(file_id) else {
            return Err(ConnectionError::OutOfTurn(otherwise));
        };
        let asked = kind(questions);
        *asked = asked.checked_sub(1).ok_or(ConnectionError::OutOfTurn(otherwise))?;
        if (questions.wants, questions.hashes) == (0, 0) {
            downloads.questions.remove(file_id);
        }
        Ok(())
    }

    /// Reads the payload of an answer. Where there is no room for it, this connection is not read for now.
    async fn receive_payload<R: AsyncRead + Unpin>(
        &self,
        node: &Node,
        len: usize,
        reader: &mut FrameReader<R>,
    ) -> Result<Buffer, ConnectionError> {
        let mut payload = node.buffers.receive(len).await;
        reader.payload(&mut payload).await?;
        Ok(payload)
    }

    async fn receive_chunk<R: AsyncRead + Unpin>(
        &self,
        node: &Node,
        number: u32,
        len: usize,
        reader: &mut FrameReader<R>,
    ) -> Result<(), ConnectionError> {
        let request = self.downloads.lock().requests.remove(&number);
        let request = request.ok_or(ConnectionError::OutOfTurn("a chunk that was not asked for"))?;
        if len > request.max_len {
            return Err(ConnectionError::OutOfTurn("a chunk that is too long"));
        }
        // Where there is no room, this connection is not read for now.
        let mut chunk = node.buffers.receive(len).await;
        let throttle = node.download_throttle(&request.file_id);
        if throttle.is_unlimited() {
            reader.payload(&mut chunk).await?;
        } else {
            self.read_held_back(node, &throttle, &mut chunk, reader).await?;
        }
        request.tell(self.key, News::Chunk(request.index, chunk)).await;
        Ok(())
    }

    async fn receive_reject(
        &self,
        file_id: FileId,
        number: Option<u32>,
        reason: RejectReason,
        retry_after: Option<u32>,
    ) -> Result<(), ConnectionError> {
        let retry_after = retry_after.map(|milliseconds| Duration::from_millis(u64::from(milliseconds)));
        let Some(number) = number else {
            self.tell(&file_id, News::Rejected(None, reason, retry_after)).await;
            return Ok(());
        };
        let request = self.downloads.lock().requests.remove(&number);
        let request = request.ok_or(ConnectionError::OutOfTurn("a REJECT of what was not asked for"))?;
        request.tell(self.key, News::Rejected(Some(request.index), reason, retry_after)).await;
        Ok(())
    }

    async fn tell(&self, file_id: &FileId, news: News) {
        let listener = self.downloads.lock().listeners.get(file_id).cloned();
        if let Some(listener) = listener {
            let _ = listener.send(FromPeer { key: self.key, news }).await;
        }
    }

    async fn write<W: AsyncWrite + Unpin>(
        self: &Arc<Self>,
        node: &Arc<Node>,
        writer: &mut FrameWriter<W>,
        outbox: &mut mpsc::Receiver<Outgoing>,
    ) -> Result<(), ConnectionError> {
        let mut next: Option<Next> = None;
        let mut place = Place::new(&node.upload_slots);
        loop {
            // Whatever may have to wait for the other side holds no part of a file meanwhile.
            if self.outbox_bytes.load(Ordering::Relaxed) > 0 {
                next.iter_mut().for_each(Next::let_go);
            }
            while writer.queued() < GATHERED {
                let Ok(outgoing) = outbox.try_recv() else { break };
                place.keep_during(self.write_one(writer, outgoing)).await?;
            }
            self.push_news(writer);
            if next.is_none() && !self.has_uploads() {
                place.leave();
            } else if let Some(turn) = place.enter(node.upload_rate.rate()) {
                self.upload_one(node, writer, &mut next, turn).await?;
                continue;
            }
            next.iter_mut().for_each(Next::let_go);
            if writer.queued() > 0 {
                place.keep_during(writer.flush()).await?;
                continue;
            }
            tokio::select! {
                biased;
                Some(outgoing) = outbox.recv() => place.keep_during(self.write_one(writer, outgoing)).await?,
                () = self.wake.notified() => {}
                turn = place.reached() => self.upload_one(node, writer, &mut next, turn).await?,
            }
        }
    }

    async fn write_one<W: AsyncWrite + Unpin>(
        &self,
        writer: &mut FrameWriter<W>,
        Outgoing { message, payload }: Outgoing,
    ) -> Result<(), ConnectionError> {
        if payload.is_empty() {
            writer.push(&message);
            Ok(())
        } else {
            self.outbox_bytes.fetch_sub(payload.len(), Ordering::Relaxed);
            Ok(writer.send(&message, &payload).await?)
        }
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    /// The stream broke, or what came on it is no frame.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The peer sent what it must not.
    #[error("it sent {0}")]
    OutOfTurn(&'static str),
    /// A chunk could not be read to its end, and half of it is sent.
    #[error("of a chunk that it is sent the rest can't be read")]
    Unreadable,
    /// Not even an answer to PING.
    #[error("it fell silent")]
    Silent,
}

#[cfg(test)]
mod tests {
    use sprat_protocol::wire::WIRE_VERSION;

    use super::*;

    fn connection() -> (Arc<Connection>, Driver<tokio::io::Empty, tokio::io::Sink>) {
        let (agent, name) = (String::new(), String::new());
        let hello = Hello { version: WIRE_VERSION, peer_id: PeerId::new([1; 32]), agent, port: 0, name };
        let ends = Ends { addr: ([127, 0, 0, 1], 4000).into(), own: None, dialled: true };
        let streams = (FrameReader::new(tokio::io::empty()), FrameWriter::new(tokio::io::sink()));
        Connection::new(1, &hello, ends, streams, CancellationToken::new())
    }

    #[test]
    fn each_question_is_answered_once_and_late_is_not_unasked() {
        let (connection, _driver) = connection();
        let (file_id, other) = (FileId::new([2; 32]), FileId::new([3; 32]));
        let bitfield = |file_id| connection.answered(file_id, |questions| &mut questions.wants, "a BITFIELD");
        let hashes = |file_id| connection.answered(file_id, |questions| &mut questions.hashes, "HASHES");
        assert!(bitfield(&file_id).is_err() && hashes(&file_id).is_err(), "nothing was asked");
        let (listener, _heard) = mpsc::channel(1);
        connection.want(file_id, ChunkSize::DEFAULT, listener);
        connection.request_hashes(file_id, ChunkSize::DEFAULT);
        // The download ends before its peer answers.
        connection.forget(&file_id);
        assert!(bitfield(&other).is_err() && hashes(&other).is_err(), "that is another file");
        assert!(hashes(&file_id).is_ok() && hashes(&file_id).is_err());
        assert!(bitfield(&file_id).is_ok() && bitfield(&file_id).is_err());
        assert!(connection.downloads.lock().questions.is_empty(), "nothing is left of it");
    }
}
