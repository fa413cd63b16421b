//! What an engine lives in: how it reaches other machines, who does its work on the disk, where its randomness comes from.
//!
//! [`World::default`] is this machine. A simulation gives another one, whose network has whatever weather it likes, and in which all
//! happens in the same order every time. The clock is that of the runtime in both, see `clock`.

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
pub(crate) mod changes;
pub(crate) mod clock;
pub(crate) mod courier;
pub(crate) mod dice;
pub(crate) mod disk;
pub(crate) mod http;
pub(crate) mod news;
pub(crate) mod tasks;

/// Bytes in both directions, in their order.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// This machine's address, over which they go.
    ///
    /// # Errors
    /// What the system says.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// What an engine lives in.
#[derive(Clone, Debug)]
pub struct World {
    /// How it reaches other machines.
    pub network: Arc<dyn Network>,
    /// Who does its work on the disk.
    pub disk: Disk,
    /// What its choices at random begin with; without one nobody can tell them. Keys and nonces never depend on it.
    pub seed: Option<u64>,
}

impl Default for World {
    /// This machine.
    fn default() -> Self {
        Self { network: Arc::new(Tcp), disk: Disk::Threads, seed: None }
    }
}

/// How other machines are reached.
pub trait Network: fmt::Debug + Send + Sync {
    /// Takes in what others dial at this address; port 0 is any that is free.
    fn listen(&self, addr: SocketAddr) -> Later<'static, io::Result<Box<dyn Listen>>>;

    /// Dials an address.
    fn connect(&self, addr: SocketAddr) -> Later<'static, io::Result<Box<dyn Stream>>>;

    /// Finds the addresses of a host name, or of an address written out, with this port.
    fn resolve(&self, host: &str, port: u16) -> Later<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        Box::pin(async move { Ok(lookup_host((host.as_str(), port)).await?.collect()) })
    }

    /// The addresses that this machine has now and that others might reach, best first.
    ///
    /// # Errors
    /// What the system says.
    fn addresses(&self) -> io::Result<Vec<IpAddr>>;

    /// Who carries messages to the tracker at this URL.
    fn courier(&self, tracker: &Url) -> Arc<dyn Courier>;
}

/// Where others can dial.
pub trait Listen: Send {
    /// Where that is.
    ///
    /// # Errors
    /// What the system says.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// The next who dials, and from where. Cancel safe.
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

/// What is written is sent, and does not wait for more.
fn at_once(stream: TcpStream) -> io::Result<Box<dyn Stream>> {
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}
