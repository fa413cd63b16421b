//! One connection to one peer, used in both directions for all files that the two share.
//!
//! Two loops run side by side: one reads frames and hands them to whom they are for, one writes what is waiting. Nothing
//! that a peer can grow is without a bound: the queue to the writer, the peer's outstanding requests, and the channel
//! into each download, whose fullness stops the reading and so the peer.

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

/// How many messages may wait for the writer. A peer that lets more pile up is not reading.
const OUTBOX_LEN: usize = 4096;
/// How many bytes of payload may wait there before a question that needs more is put off; one more answer still fits.
const OUTBOX_BYTES: usize = 4 * 1024 * 1024;

/// A connection after both sides said HELLO.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Never used again for another connection.
    pub(crate) key: PeerKey,
    /// The other side.
    pub(crate) remote: Remote,
    /// Where it says that it listens.
    pub(crate) listens: SocketAddr,
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
    pub(super) outbox_bytes: AtomicUsize,
    pub(super) downloads: Mutex<Downloads>,
    pub(super) doubted: Notify,
}

/// A message with a payload that waits to be written.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The message.
    pub(super) message: Message,
    /// Its payload, empty if it has none.
    pub(super) payload: Vec<u8>,
}

/// What runs a connection and belongs to its task alone.
#[derive(Debug)]
pub(crate) struct Driver<R, W> {
    pub(crate) reader: FrameReader<R>,
    pub(crate) writer: FrameWriter<W>,
    pub(super) outbox: mpsc::Receiver<Outgoing>,
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

    /// Whether it has ended, or is about to.
    pub(crate) fn is_closed(&self) -> bool {
        self.remote.gone.is_cancelled()
    }

    /// Ends it.
    pub(crate) fn close(&self) {
        self.remote.gone.cancel();
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
}
