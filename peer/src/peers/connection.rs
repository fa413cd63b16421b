//! One connection to one peer, used in both directions for all files that the two share.
//!
//! Two loops run side by side: one reads frames and dispatches them, the other writes queued messages. Everything that
//! a peer can make grow is bounded: the queue to the writer, the peer's outstanding requests, and the channel into each
//! download. A full channel stops the reading, and so slows the peer down.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use sprat_chunking::{ChunkIndex, ChunkSize, FileId};
use sprat_protocol::wire::{Hello, Message};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::peers::asked::{Downloads, FromPeer, Request};
use crate::peers::held_back::HeldBack;
use crate::peers::uploads::{Upload, Wanted};
use crate::wire::frames::{FrameReader, FrameWriter};
use crate::wire::remote::{Ends, PeerKey, Remote, Said};
use crate::world::clock;

/// Maximum number of messages that wait for the writer. A peer that lets more pile up is not reading.
const OUTBOX_LEN: usize = 4096;
/// Payload bytes in the outbox above which a further question is put off. One more answer still fits.
const OUTBOX_BYTES: usize = 4 * 1024 * 1024;

/// A connection after both sides said HELLO.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Key of this connection, never used again for another one.
    pub(crate) key: PeerKey,
    /// Peer on the other side of the connection.
    pub(crate) remote: Remote,
    /// Address at which the other side says that it listens.
    pub(crate) listens: SocketAddr,
    /// True if this side dialled.
    pub(crate) dialled: bool,
    /// Local IP address of the connection, if the system reports it.
    pub(crate) own: Option<IpAddr>,
    /// Time at which the connection was established.
    pub(crate) since: Instant,
    pub(crate) uploads: Mutex<VecDeque<Upload>>,
    pub(crate) wanted: Mutex<BTreeMap<FileId, Wanted>>,
    /// Wakes the writer when there are uploads, or news of a file that the peer wants.
    pub(crate) wake: Arc<Notify>,
    /// Last time this side delayed reading from the peer in order to keep to its limits.
    pub(crate) held_back: HeldBack,
    outbox: mpsc::Sender<Outgoing>,
    /// Number of payload bytes in the outbox.
    pub(super) outbox_bytes: AtomicUsize,
    pub(super) downloads: Mutex<Downloads>,
    pub(super) doubted: Notify,
}

/// A message with a payload that waits to be written.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The message.
    pub(super) message: Message,
    /// Payload of the message, empty if it has none.
    pub(super) payload: Vec<u8>,
}

/// Both halves of the stream and the receiving end of the outbox; owned by the connection's task alone.
#[derive(Debug)]
pub(crate) struct Driver<R, W> {
    pub(crate) reader: FrameReader<R>,
    pub(crate) writer: FrameWriter<W>,
    pub(super) outbox: mpsc::Receiver<Outgoing>,
}

impl Connection {
    /// Creates the connection to the peer that sent this HELLO, and the driver that its task needs.
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
            remote: Remote { peer_id: hello.peer_id, addr, said: Said::of(hello), gone: closed },
            listens: SocketAddr::new(addr.ip(), if dialled { addr.port() } else { hello.port }),
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
        };
        (Arc::new(connection), Driver { reader, writer, outbox: receiver })
    }

    /// Returns whether the connection has ended, or is about to.
    pub(crate) fn is_closed(&self) -> bool {
        self.remote.gone.is_cancelled()
    }

    /// Ends the connection.
    pub(crate) fn close(&self) {
        self.remote.gone.cancel();
    }

    /// Pings the other side, which may be gone: the connection ends unless an answer comes soon.
    pub(crate) fn doubt(&self) {
        self.doubted.notify_one();
    }

    /// Sends a WANT for a file; `listener` receives the answers. Returns whether the connection is still open.
    pub(crate) fn want(&self, file_id: FileId, chunk_size: ChunkSize, listener: mpsc::Sender<FromPeer>) -> bool {
        {
            let mut downloads = self.downloads.lock();
            downloads.listeners.insert(file_id, listener);
            downloads.questions.entry(file_id).or_default().wants += 1;
        }
        self.post(Message::Want { file_id, chunk_size });
        !self.is_closed()
    }

    /// Removes the listener of a file; further messages for that file are dropped.
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

    /// Cancels the requests for a chunk. The peer still answers each of them, at least with a REJECT.
    pub(crate) fn cancel(&self, file_id: &FileId, index: ChunkIndex) {
        self.cancel_those(|request| request.file_id == *file_id && request.index == index);
    }

    /// Cancels every request for a file.
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

    /// Queues a message. If the queue is full because the peer reads too slowly, the connection ends.
    pub(crate) fn post(&self, message: Message) {
        self.post_with(message, Vec::new());
    }

    /// Returns whether the outbox holds so many bytes that nothing large may be added.
    pub(crate) fn is_congested(&self) -> bool {
        self.outbox_bytes.load(Ordering::Relaxed) > OUTBOX_BYTES
    }

    /// Queues a message with a payload. If the queue is full, the connection ends.
    pub(crate) fn post_with(&self, message: Message, payload: Vec<u8>) {
        self.outbox_bytes.fetch_add(payload.len(), Ordering::Relaxed);
        if self.outbox.try_send(Outgoing { message, payload }).is_err() {
            self.close();
        }
    }
}
