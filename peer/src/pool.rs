//! Who this peer is connected with: at most one connection a peer.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sprat_protocol::wire::{Hello, Message, WIRE_VERSION};
use sprat_protocol::{PeerAddr, PeerId};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::connection::Connection;
use crate::frames::{FrameReader, FrameWriter, StreamError};
use crate::node::Node;

/// How long a peer that sent a bad chunk is left alone.
const BAN: Duration = Duration::from_secs(60 * 60);
/// How many bans are remembered; over that the oldest go.
const MAX_BANS: usize = 10_000;

/// The connections of one engine.
#[derive(Debug)]
pub(crate) struct Pool {
    connections: Mutex<HashMap<PeerId, Arc<Connection>>>,
    bans: Mutex<HashMap<PeerId, Instant>>,
    permits: Arc<Semaphore>,
    next_key: AtomicU64,
}

impl Pool {
    /// A pool that never has more than this many connections.
    pub(crate) fn new(max_connections: usize) -> Self {
        Self {
            connections: Mutex::default(),
            bans: Mutex::default(),
            permits: Arc::new(Semaphore::new(max_connections)),
            next_key: AtomicU64::new(0),
        }
    }

    /// Room for one more connection, for as long as it is kept.
    pub(crate) fn permits(&self) -> Arc<Semaphore> {
        self.permits.clone()
    }

    /// The connection to this peer, if there is one.
    pub(crate) fn get(&self, peer_id: &PeerId) -> Option<Arc<Connection>> {
        self.connections.lock().get(peer_id).filter(|connection| !connection.is_closed()).cloned()
    }

    /// Ends the connection to a peer that sent bad data, and refuses others for a while.
    pub(crate) fn ban(&self, peer_id: PeerId) {
        let now = Instant::now();
        let mut bans = self.bans.lock();
        if bans.len() >= MAX_BANS {
            bans.retain(|_, until| *until > now);
        }
        if bans.len() >= MAX_BANS
            && let Some(oldest) = bans.iter().min_by_key(|(_, until)| **until).map(|(id, _)| *id)
        {
            bans.remove(&oldest);
        }
        bans.insert(peer_id, now + BAN);
        drop(bans);
        if let Some(connection) = self.get(&peer_id) {
            connection.close();
        }
    }

    /// Whether this peer is banned now.
    pub(crate) fn is_banned(&self, peer_id: &PeerId) -> bool {
        self.bans.lock().get(peer_id).is_some_and(|until| Instant::now() < *until)
    }

    /// Ends every connection.
    pub(crate) fn close_all(&self) {
        self.connections.lock().values().for_each(|connection| connection.close());
    }

    /// Takes a connection in, unless there is another to the same peer that is to be kept.
    ///
    /// Where both sides dialled at once, both keep the connection that the lower peer ID dialled. A second one by the same
    /// side means that it lost the first.
    fn adopt(&self, own: PeerId, connection: &Arc<Connection>) -> Result<(), Arc<Connection>> {
        let mut connections = self.connections.lock();
        if let Some(existing) = connections.get(&connection.peer_id).filter(|existing| !existing.is_closed()) {
            let keep_dialled = own < connection.peer_id;
            if existing.dialled != connection.dialled && existing.dialled == keep_dialled {
                return Err(existing.clone());
            }
            existing.close();
        }
        connections.insert(connection.peer_id, connection.clone());
        Ok(())
    }

    fn remove(&self, connection: &Connection) {
        let mut connections = self.connections.lock();
        if connections.get(&connection.peer_id).is_some_and(|current| current.key == connection.key) {
            connections.remove(&connection.peer_id);
        }
    }
}

/// The connection to a peer: the one there is, or a new one to one of its addresses.
pub(crate) async fn connect(
    node: &Arc<Node>,
    expected: Option<PeerId>,
    addresses: &[PeerAddr],
) -> Result<Arc<Connection>, ConnectError> {
    if let Some(connection) = expected.and_then(|peer_id| node.pool.get(&peer_id)) {
        return Ok(connection);
    }
    let mut last = ConnectError::NoAddress;
    for address in addresses {
        let permit = node.pool.permits().try_acquire_owned().map_err(|_| ConnectError::Full)?;
        match dial(node, expected, address, permit).await {
            Ok(connection) => return Ok(connection),
            Err(error @ (ConnectError::Myself | ConnectError::Banned)) => return Err(error),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn dial(
    node: &Arc<Node>,
    expected: Option<PeerId>,
    address: &PeerAddr,
    permit: OwnedSemaphorePermit,
) -> Result<Arc<Connection>, ConnectError> {
    let dialling = async {
        let mut resolved = lookup_host((address.host(), address.port())).await?;
        let addr = resolved.next().ok_or(ConnectError::NoAddress)?;
        let stream = TcpStream::connect(addr).await?;
        greet(node, stream, addr, true, expected, permit).await
    };
    timeout(node.limits.connect_timeout, dialling).await.map_err(|_| ConnectError::TimedOut)?
}

/// Takes in a peer that dialled this one.
pub(crate) async fn accept(node: &Arc<Node>, stream: TcpStream, addr: SocketAddr, permit: OwnedSemaphorePermit) {
    let greeted = timeout(node.limits.connect_timeout, greet(node, stream, addr, false, None, permit)).await;
    match greeted {
        Ok(Ok(connection)) => tracing::debug!(peer = %connection.peer_id, %addr, "peer connected"),
        Ok(Err(error)) => tracing::debug!(%addr, %error, "peer refused"),
        Err(_) => tracing::debug!(%addr, "peer said no HELLO in time"),
    }
}

/// HELLO both ways, then the connection runs in a task of its own.
async fn greet(
    node: &Arc<Node>,
    stream: TcpStream,
    addr: SocketAddr,
    dialled: bool,
    expected: Option<PeerId>,
    permit: OwnedSemaphorePermit,
) -> Result<Arc<Connection>, ConnectError> {
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    let (mut reader, mut writer) = (FrameReader::new(read), FrameWriter::new(write));
    let hello = exchange_hello(node, &mut reader, &mut writer).await?;
    if hello.version < WIRE_VERSION {
        return Err(ConnectError::Version(hello.version));
    }
    if hello.peer_id == node.peer_id {
        return Err(ConnectError::Myself);
    }
    if expected.is_some_and(|expected| expected != hello.peer_id) {
        return Err(ConnectError::SomebodyElse);
    }
    if node.pool.is_banned(&hello.peer_id) {
        return Err(ConnectError::Banned);
    }
    let key = node.pool.next_key.fetch_add(1, Ordering::Relaxed);
    let closed = node.stop.child_token();
    let (connection, driver) = Connection::new(key, &hello, (addr, dialled), (reader, writer), closed);
    if let Err(existing) = node.pool.adopt(node.peer_id, &connection) {
        return Ok(existing);
    }
    let (running, pool_node) = (connection.clone(), node.clone());
    node.tasks.spawn(async move {
        running.clone().run(pool_node.clone(), driver).await;
        pool_node.pool.remove(&running);
        drop(permit);
    });
    Ok(connection)
}

async fn exchange_hello<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    node: &Node,
    reader: &mut FrameReader<R>,
    writer: &mut FrameWriter<W>,
) -> Result<Hello, ConnectError> {
    writer.push(&Message::Hello(node.hello()));
    writer.flush().await?;
    match reader.next().await? {
        Some(frame) => match frame.message {
            Message::Hello(hello) => Ok(hello),
            _ => Err(ConnectError::NoHello),
        },
        None => Err(ConnectError::NoHello),
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("no address is known")]
    NoAddress,
    #[error("there are as many connections as there may be")]
    Full,
    #[error("it did not answer in time")]
    TimedOut,
    #[error("its first message was no HELLO")]
    NoHello,
    #[error("it speaks version {0} of the wire, which is too old")]
    Version(u16),
    #[error("that is this peer itself")]
    Myself,
    #[error("another peer answers there")]
    SomebodyElse,
    #[error("it sent bad data before")]
    Banned,
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Io(#[from] io::Error),
}
