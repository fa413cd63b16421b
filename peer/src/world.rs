//! Environment of an engine: its network, the execution of its disk work, and the seed of its random choices.
//!
//! [`World::default`] is this machine. A simulation provides another one, with a simulated network, in which everything
//! happens in the same order in every run. In both, the clock is that of the runtime, see `clock`.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use url::Url;

use self::address::own_addresses;
pub use self::courier::{Courier, Later, Letter, Undelivered};
pub use self::disk::Disk;
use self::http::Http;

pub mod address;
pub(crate) mod asked;
pub(crate) mod changes;
pub(crate) mod clock;
pub(crate) mod courier;
pub(crate) mod dice;
pub(crate) mod disk;
pub(crate) mod http;
pub(crate) mod news;
pub(crate) mod tasks;

/// A reliable, ordered byte stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// Local address of this stream.
    ///
    /// # Errors
    /// Any error that the system reports.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// Environment of an engine.
#[derive(Clone, Debug)]
pub struct World {
    /// Network over which the engine reaches other machines.
    pub network: Arc<dyn Network>,
    /// Execution of the engine's blocking work, such as disk access.
    pub disk: Disk,
    /// Seed of the engine's random choices; `None` makes them unpredictable. Keys and nonces never depend on it.
    pub seed: Option<u64>,
}

impl Default for World {
    /// Creates the environment of this machine.
    fn default() -> Self {
        Self { network: Arc::new(Tcp), disk: Disk::Threads, seed: None }
    }
}

/// A network through which other machines are reached.
pub trait Network: fmt::Debug + Send + Sync {
    /// Listens for connections at this address; port 0 stands for any free port.
    fn listen(&self, addr: SocketAddr) -> Later<'static, io::Result<Box<dyn Listen>>>;

    /// Dials an address.
    fn connect(&self, addr: SocketAddr) -> Later<'static, io::Result<Box<dyn Stream>>>;

    /// Resolves a host name, or parses an IP address, and adds this port to each result.
    fn resolve(&self, host: &str, port: u16) -> Later<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        Box::pin(async move { Ok(lookup_host((host.as_str(), port)).await?.collect()) })
    }

    /// Addresses that this machine has now and that others might reach, best first.
    ///
    /// # Errors
    /// Any error that the system reports.
    fn addresses(&self) -> io::Result<Vec<IpAddr>>;

    /// Returns the [`Courier`] for messages to the tracker at this URL.
    fn courier(&self, tracker: &Url) -> Arc<dyn Courier>;
}

/// A socket that accepts connections.
pub trait Listen: Send {
    /// Local address of this socket.
    ///
    /// # Errors
    /// Any error that the system reports.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Accepts the next connection; returns it with the address of the other side. Cancel safe.
    fn accept(&self) -> Later<'_, io::Result<(Box<dyn Stream>, SocketAddr)>>;
}

/// The network of this machine.
#[derive(Debug)]
struct Tcp;

impl Network for Tcp {
    fn listen(&self, addr: SocketAddr) -> Later<'static, io::Result<Box<dyn Listen>>> {
        Box::pin(async move { Ok(Box::new(TcpListener::bind(addr).await?) as Box<dyn Listen>) })
    }

    fn connect(&self, addr: SocketAddr) -> Later<'static, io::Result<Box<dyn Stream>>> {
        Box::pin(async move { at_once(TcpStream::connect(addr).await?) })
    }

    fn addresses(&self) -> io::Result<Vec<IpAddr>> {
        own_addresses()
    }

    fn courier(&self, _: &Url) -> Arc<dyn Courier> {
        Arc::new(Http::new())
    }
}

impl Stream for TcpStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}

impl Listen for TcpListener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    fn accept(&self) -> Later<'_, io::Result<(Box<dyn Stream>, SocketAddr)>> {
        Box::pin(async move {
            let (stream, addr) = self.accept().await?;
            Ok((at_once(stream)?, addr))
        })
    }
}

/// Disables Nagle's algorithm (`TCP_NODELAY`): written bytes are sent without waiting for more.
fn at_once(stream: TcpStream) -> io::Result<Box<dyn Stream>> {
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}
