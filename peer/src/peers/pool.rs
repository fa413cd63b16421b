//! Who this peer is connected with: at most one connection a peer.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use rustls::pki_types::CertificateDer;
use sprat_protocol::wire::{Hello, Message, WIRE_VERSION};
use sprat_protocol::{PeerAddr, PeerId, tls};
use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadHalf, WriteHalf};
use tokio::net::lookup_host;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::engine::node::Node;
use crate::peers::bans::{BanList, Bans};
use crate::peers::connection::Connection;
use crate::wire::dialling::first_of;
use crate::wire::frames::{FrameReader, FrameWriter, StreamError};
use crate::wire::remote::Ends;
use crate::world::{Stream, clock};

/// How many of a name's addresses are tried, and how long one is tried alone.
const MAX_RESOLVED: usize = 8;
const HEAD_START: Duration = Duration::from_millis(250);
/// Two HELLOs of two peers that dialled each other at once are no further apart: whoever comes later knew of no connection any more.
const CROSSING: Duration = Duration::from_secs(3);
/// How many bytes one system call may read from a peer.
const READ_BUFFER: usize = 64 * 1024;

/// The connections of one engine.
#[derive(Debug)]
pub(crate) struct Pool {
    connections: Mutex<BTreeMap<PeerId, Arc<Connection>>>,
    bans: Mutex<Bans>,
    bans_unsaved: AtomicBool,
    /// Somebody was banned.
    pub(crate) bans_changed: Notify,
    /// Room for connections that others dial, and for those that this peer dials: strangers cannot take up the latter.
    inbound: Arc<Semaphore>,
    outbound: Arc<Semaphore>,
    next_key: AtomicU64,
    /// This machine lost an address: what is being dialled may never be answered.
    moved: Notify,
}

impl Pool {
    /// A pool that never has more than this many connections, and none with those who are banned.
    pub(crate) fn new(max_connections: usize, banned: &BanList) -> Self {
        Self {
            connections: Mutex::default(),
            bans: Mutex::new(Bans::restored(banned, clock::now(), SystemTime::now())),
            bans_unsaved: AtomicBool::new(false),
            bans_changed: Notify::new(),
            inbound: Arc::new(Semaphore::new(max_connections.div_ceil(2))),
            outbound: Arc::new(Semaphore::new(max_connections / 2)),
            next_key: AtomicU64::new(0),
            moved: Notify::new(),
        }
    }

    /// Room for one more connection that somebody else dials, for as long as it is kept.
    pub(crate) fn inbound(&self) -> Arc<Semaphore> {
        self.inbound.clone()
    }

    /// The connection to this peer, if there is one.
    pub(crate) fn get(&self, peer_id: &PeerId) -> Option<Arc<Connection>> {
        self.connections.lock().get(peer_id).filter(|connection| !connection.is_closed()).cloned()
    }

    /// Ends the connection to a peer that sent bad data, and refuses others for a while.
    pub(crate) fn ban(&self, peer_id: PeerId) {
        self.bans.lock().ban(clock::now(), peer_id);
        self.bans_unsaved.store(true, Ordering::Relaxed);
        self.bans_changed.notify_one();
        if let Some(connection) = self.get(&peer_id) {
            connection.close();
        }
    }

    /// Whether this peer is banned now.
    pub(crate) fn is_banned(&self, peer_id: &PeerId) -> bool {
        self.bans.lock().is_banned(clock::now(), peer_id)
    }

    /// Who is banned, if that was not given since it last changed.
    pub(crate) fn unsaved_bans(&self) -> Option<BanList> {
        let unsaved = self.bans_unsaved.swap(false, Ordering::Relaxed);
        unsaved.then(|| self.bans.lock().list(clock::now(), SystemTime::now()))
    }

    /// Ends every connection over an address that this machine lost, of which the system says nothing, and whatever is being
    /// dialled. Returns who was there, and where they listen: they cannot know where this peer is now.
    pub(crate) fn leave(&self, lost: &[IpAddr]) -> Vec<(PeerId, SocketAddr)> {
        self.moved.notify_waiters();
        let connections = self.connections.lock();
        let is_lost = |connection: &&Arc<Connection>| connection.own.is_some_and(|own| lost.contains(&own));
        let left = connections.values().filter(is_lost).inspect(|connection| connection.close());
        left.map(|connection| (connection.peer_id, connection.listens)).collect()
    }

    /// Ends every connection.
    pub(crate) fn close_all(&self) {
        self.connections.lock().values().for_each(|connection| connection.close());
    }

    /// The connection to this peer that is to be kept rather than a new one, which `dialled` says who dialled.
    ///
    /// Where both sides dialled at once, both keep what the lower peer ID dialled. Who dials has no use for a second
    /// connection; who is dialled a second time by the same side, or long after it dialled itself, learns that the other side
    /// lost the first.
    fn preferred(&self, now: Instant, own: PeerId, peer_id: PeerId, dialled: bool) -> Option<Arc<Connection>> {
        Self::preferred_among(&self.connections.lock(), now, own, peer_id, dialled)
    }

    fn preferred_among(
        connections: &BTreeMap<PeerId, Arc<Connection>>,
        now: Instant,
        own: PeerId,
        peer_id: PeerId,
        dialled: bool,
    ) -> Option<Arc<Connection>> {
        let existing = connections.get(&peer_id).filter(|existing| !existing.is_closed())?;
        let keep = match (existing.dialled, dialled) {
            (true, true) => true,
            (false, false) => false,
            (false, true) => peer_id < own,
            (true, false) => own < peer_id && now < existing.since + CROSSING,
        };
        keep.then(|| existing.clone())
    }

    /// Takes a connection in, and another one to the same peer ends; unless that is to be kept, which is then given. Both may
    /// have come up since somebody looked.
    fn adopt(&self, own: PeerId, connection: &Arc<Connection>) -> Result<(), Arc<Connection>> {
        let mut connections = self.connections.lock();
        if let Some(kept) =
            Self::preferred_among(&connections, clock::now(), own, connection.peer_id, connection.dialled)
        {
            return Err(kept);
        }
        let before = connections.insert(connection.peer_id, connection.clone());
        before.into_iter().for_each(|before| before.close());
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
        let permit = node.pool.outbound.clone().try_acquire_owned().map_err(|_| ConnectError::Full)?;
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
        let resolved = lookup_host((address.host(), address.port())).await?.take(MAX_RESOLVED);
        let reached = first_of(resolved, HEAD_START, |addr| reach(node.clone(), expected, addr)).await;
        let (ends, peer_id, stream) = reached.map_err(the_one_that_counts)?;
        // Before HELLO the other side has not taken this connection in, so that it can be dropped without a trace.
        if let Some(existing) = node.pool.preferred(clock::now(), node.peer_id, peer_id, true) {
            return Ok(existing);
        }
        let (mut reader, mut writer) = framed(stream);
        say_hello(node, &mut writer).await?;
        let hello = hear_hello(&mut reader, peer_id).await?;
        Ok(begin(node, &hello, ends, (reader, writer), permit))
    };
    tokio::select! {
        biased;
        () = node.pool.moved.notified() => Err(ConnectError::Moved),
        dialled = timeout(node.limits.connect_timeout, dialling) => dialled.map_err(|_| ConnectError::TimedOut)?,
    }
}

/// Who is at one address, before anything is said.
async fn reach(
    node: Arc<Node>,
    expected: Option<PeerId>,
    addr: SocketAddr,
) -> Result<(Ends, PeerId, TlsStream<BufReader<Box<dyn Stream>>>), ConnectError> {
    let stream = node.world.network.connect(addr).await?;
    let ends = Ends { addr, own: own_ip(&*stream), dialled: true };
    let connector = TlsConnector::from(node.tls.client(expected));
    let stream = connector.connect(tls::server_name(), buffered(stream)).await.map_err(ConnectError::Handshake)?;
    let peer_id = proven(&node, stream.get_ref().1.peer_certificates())?;
    Ok((ends, peer_id, stream))
}

/// What is wrong with a name of which every address is wrong: what will not pass, or else the last.
fn the_one_that_counts(mut errors: Vec<ConnectError>) -> ConnectError {
    let lasts = |error: &ConnectError| matches!(error, ConnectError::Myself | ConnectError::Banned);
    let place = errors.iter().position(lasts).or(errors.len().checked_sub(1));
    place.map_or(ConnectError::NoAddress, |place| errors.swap_remove(place))
}

/// Takes in a peer that dialled this one.
pub(crate) async fn accept(node: &Arc<Node>, stream: Box<dyn Stream>, addr: SocketAddr, permit: OwnedSemaphorePermit) {
    let ends = Ends { addr, own: own_ip(&*stream), dialled: false };
    let greeting = async {
        let acceptor = TlsAcceptor::from(node.tls.server.clone());
        let stream = acceptor.accept(buffered(stream)).await.map_err(ConnectError::Handshake)?;
        let peer_id = proven(node, stream.get_ref().1.peer_certificates())?;
        let (mut reader, mut writer) = framed(stream);
        let hello = hear_hello(&mut reader, peer_id).await?;
        if node.pool.preferred(clock::now(), node.peer_id, peer_id, false).is_some() {
            return Err(ConnectError::Twice);
        }
        say_hello(node, &mut writer).await?;
        Ok(begin(node, &hello, ends, (reader, writer), permit))
    };
    match timeout(node.limits.connect_timeout, greeting).await {
        Ok(Ok(connection)) => tracing::debug!(peer = %connection.peer_id, %addr, "peer connected"),
        Ok(Err(error)) => tracing::debug!(%addr, %error, "peer refused"),
        Err(_) => tracing::debug!(%addr, "peer said no HELLO in time"),
    }
}

/// Who the other side proved to be, if that is somebody to talk to.
fn proven(node: &Node, certificates: Option<&[CertificateDer<'_>]>) -> Result<PeerId, ConnectError> {
    let peer_id = tls::peer_of(certificates).ok_or(ConnectError::NoKey)?;
    if peer_id == node.peer_id {
        Err(ConnectError::Myself)
    } else if node.pool.is_banned(&peer_id) {
        Err(ConnectError::Banned)
    } else {
        Ok(peer_id)
    }
}

/// The address of this machine that a stream runs over; of IPv4 in IPv6, that of IPv4.
fn own_ip(stream: &dyn Stream) -> Option<IpAddr> {
    stream.local_addr().ok().map(|addr| addr.ip().to_canonical())
}

/// TLS reads a record's length before the record, in small steps; with a buffer below it these are no system calls.
fn buffered(stream: Box<dyn Stream>) -> BufReader<Box<dyn Stream>> {
    BufReader::with_capacity(READ_BUFFER, stream)
}

fn framed<S: AsyncRead + AsyncWrite>(stream: S) -> (FrameReader<ReadHalf<S>>, FrameWriter<WriteHalf<S>>) {
    let (read, write) = tokio::io::split(stream);
    (FrameReader::new(read), FrameWriter::new(write))
}

async fn say_hello<W: AsyncWrite + Unpin>(node: &Node, writer: &mut FrameWriter<W>) -> Result<(), ConnectError> {
    writer.push(&Message::Hello(node.hello()));
    Ok(writer.flush().await?)
}

async fn hear_hello<R: AsyncRead + Unpin>(reader: &mut FrameReader<R>, proven: PeerId) -> Result<Hello, ConnectError> {
    let Some(Message::Hello(hello)) = reader.next().await?.map(|frame| frame.message) else {
        return Err(ConnectError::NoHello);
    };
    if hello.version < WIRE_VERSION {
        return Err(ConnectError::Version(hello.version));
    }
    if hello.peer_id != proven {
        return Err(ConnectError::SomebodyElse);
    }
    Ok(hello)
}

/// The connection runs from now on, in a task of its own.
fn begin<S: AsyncRead + AsyncWrite + Send + 'static>(
    node: &Arc<Node>,
    hello: &Hello,
    ends: Ends,
    streams: (FrameReader<ReadHalf<S>>, FrameWriter<WriteHalf<S>>),
    permit: OwnedSemaphorePermit,
) -> Arc<Connection> {
    let key = node.pool.next_key.fetch_add(1, Ordering::Relaxed);
    let (connection, driver) = Connection::new(key, hello, ends, streams, node.stop.child_token());
    if let Err(kept) = node.pool.adopt(node.peer_id, &connection) {
        return kept;
    }
    let (running, of) = (connection.clone(), node.clone());
    node.tasks.spawn(async move {
        running.clone().run(of.clone(), driver).await;
        of.pool.remove(&running);
        // Who was only served is seen to be gone by nobody else.
        of.changed.notify_one();
        drop(permit);
    });
    connection
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
    #[error("this machine has another address now")]
    Moved,
    #[error("its first message was no HELLO")]
    NoHello,
    #[error("it speaks version {0} of the wire, which is too old")]
    Version(u16),
    #[error("it proved no key: {0}")]
    Handshake(io::Error),
    #[error("it proved no key")]
    NoKey,
    #[error("there is a connection already")]
    Twice,
    #[error("that is this peer itself")]
    Myself,
    #[error("it is not who it says it is")]
    SomebodyElse,
    #[error("it sent bad data before")]
    Banned,
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests;
