//! New connections: dialled by this peer, or by another one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sprat_protocol::wire::Hello;
use sprat_protocol::{PeerAddr, PeerId};
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::peers::connection::Connection;
use crate::peers::pool::Pool;
use crate::peers::serving::Serving;
use crate::wire::dialling::first_of;
use crate::wire::frames::{FrameReader, FrameWriter};
use crate::wire::handshake::{
    ConnectError, buffered, framed, hear_hello, own_ip, proven, reach, say_hello, telling_error,
};
use crate::wire::me::Me;
use crate::wire::remote::Ends;
use crate::world::tasks::Tasks;
use crate::world::{Network, Stream, clock};

/// Maximum number of addresses of a host name that are tried.
const MAX_RESOLVED: usize = 8;
/// Time for which an address is tried alone before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

/// Peers of one engine: the open connections, and everything needed to dial and accept others.
#[derive(Debug)]
pub(crate) struct Peers {
    /// Identity of this peer.
    pub(crate) me: Arc<Me>,
    /// Network in which peers are dialled.
    pub(crate) network: Arc<dyn Network>,
    /// Connections, and the peers that are banned.
    pub(crate) pool: Pool,
    /// Parts of the engine that connections use.
    pub(crate) serving: Arc<Serving>,
    /// Task set that connections run in.
    pub(crate) tasks: Tasks,
    /// Time a dialled peer may take to answer, HELLO included.
    pub(crate) connect_timeout: Duration,
}

impl Peers {
    /// Returns the connection to a peer: the existing one, or a new one to one of its addresses.
    ///
    /// # Errors
    /// [`ConnectError`] says why there is no connection.
    pub(crate) async fn connect(
        self: &Arc<Self>,
        expected: Option<PeerId>,
        addresses: &[PeerAddr],
    ) -> Result<Arc<Connection>, ConnectError> {
        if let Some(connection) = expected.and_then(|peer_id| self.pool.get(&peer_id)) {
            return Ok(connection);
        }
        let mut last = ConnectError::NoAddress;
        for address in addresses {
            let permit = self.pool.outbound.clone().try_acquire_owned().map_err(|_| ConnectError::Full)?;
            match self.dial(expected, address, permit).await {
                Ok(connection) => return Ok(connection),
                Err(error @ (ConnectError::Myself | ConnectError::Banned)) => return Err(error),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn dial(
        self: &Arc<Self>,
        expected: Option<PeerId>,
        address: &PeerAddr,
        permit: OwnedSemaphorePermit,
    ) -> Result<Arc<Connection>, ConnectError> {
        let dialling = async {
            let resolved = self.network.resolve(address.host(), address.port()).await?;
            let attempt = |addr| reach(self.me.clone(), self.network.clone(), expected, addr);
            let reached = first_of(resolved.into_iter().take(MAX_RESOLVED), HEAD_START, attempt).await;
            let (ends, peer_id, stream) = reached.map_err(telling_error)?;
            self.welcome(peer_id)?;
            let _greeting = self.pool.greeting(peer_id).await;
            // Before HELLO the other side has not added this connection to its pool, so it can be dropped without
            // effect.
            if let Some(existing) = self.pool.preferred(clock::now(), self.me.peer_id, peer_id, true) {
                return Ok(existing);
            }
            let (mut reader, mut writer) = framed(stream);
            let hello = async {
                say_hello(&self.me, &mut writer).await?;
                hear_hello(&mut reader, peer_id).await
            };
            match hello.await {
                Ok(hello) => Ok(self.begin(&hello, ends, (reader, writer), permit)),
                // The peer refused this connection because it keeps the one that it dialled meanwhile.
                Err(error) => self.pool.get(&peer_id).ok_or(error),
            }
        };
        tokio::select! {
            biased;
            () = self.pool.moved.notified() => Err(ConnectError::Moved),
            dialled = timeout(self.connect_timeout, dialling) => dialled.map_err(|_| ConnectError::TimedOut)?,
        }
    }

    /// Accepts a peer that dialled this one: performs the handshake and runs the connection.
    pub(crate) async fn accept(
        self: &Arc<Self>,
        stream: Box<dyn Stream>,
        addr: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        let ends = Ends { addr, own: own_ip(&*stream), dialled: false };
        let greeting = async {
            let acceptor = TlsAcceptor::from(self.me.tls.server.clone());
            let stream = acceptor.accept(buffered(stream)).await.map_err(ConnectError::Handshake)?;
            let peer_id = proven(&self.me, stream.get_ref().1.peer_certificates())?;
            self.welcome(peer_id)?;
            let (mut reader, mut writer) = framed(stream);
            let hello = hear_hello(&mut reader, peer_id).await?;
            if self.pool.preferred(clock::now(), self.me.peer_id, peer_id, false).is_some() {
                return Err(ConnectError::Twice);
            }
            say_hello(&self.me, &mut writer).await?;
            Ok(self.begin(&hello, ends, (reader, writer), permit))
        };
        match timeout(self.connect_timeout, greeting).await {
            Ok(Ok(connection)) => tracing::debug!(peer = %connection.remote.peer_id, %addr, "peer connected"),
            Ok(Err(error)) => tracing::debug!(%addr, %error, "peer refused"),
            Err(_) => tracing::debug!(%addr, "peer said no HELLO in time"),
        }
    }

    /// Returns an error if this peer is banned.
    fn welcome(&self, peer_id: PeerId) -> Result<(), ConnectError> {
        if self.pool.is_banned(&peer_id) { Err(ConnectError::Banned) } else { Ok(()) }
    }

    /// Runs a new connection in a task of its own and returns it. If an existing connection to the same peer wins over
    /// the new one, returns the existing one instead.
    fn begin<S: AsyncRead + AsyncWrite + Send + 'static>(
        self: &Arc<Self>,
        hello: &Hello,
        ends: Ends,
        streams: (FrameReader<ReadHalf<S>>, FrameWriter<WriteHalf<S>>),
        permit: OwnedSemaphorePermit,
    ) -> Arc<Connection> {
        let key = self.pool.next_key();
        let (connection, driver) = Connection::new(key, hello, ends, streams, self.tasks.stopped());
        if let Err(kept) = self.pool.adopt(self.me.peer_id, &connection) {
            return kept;
        }
        let (running, of) = (connection.clone(), self.clone());
        self.tasks.spawn_to_its_end(async move {
            running.clone().run(of.serving.clone(), driver).await;
            of.pool.remove(&running);
            // A peer that only downloads from this one has no download here that would notice its end.
            of.serving.news.changed();
            drop(permit);
        });
        connection
    }
}
