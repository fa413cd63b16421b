//! The sockets that a tracker listens on: made here, or by whoever started it.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;

/// Connections that the system keeps until they are accepted: a crowd that comes back within one second.
const BACKLOG: i32 = 4096;

/// Sockets that are listened on.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Sockets at which the tracker is served.
    pub main: Vec<TcpListener>,
    /// Socket at which nothing but metrics and health are served; without it they are served with all else.
    pub metrics: Option<TcpListener>,
}

/// Error of listening at an address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {reason}")]
pub struct ListenError {
    /// Address.
    pub address: SocketAddr,
    /// Cause.
    pub reason: io::Error,
}

impl Listeners {
    /// Listens at these addresses; at one of IPv6 for IPv6 alone.
    ///
    /// # Errors
    /// [`ListenError`] names the first of them where that is not possible.
    pub fn bind(main: &[SocketAddr]) -> Result<Self, ListenError> {
        Ok(Self { main: main.iter().copied().map(listen).collect::<Result<_, _>>()?, metrics: None })
    }

    /// Listens on sockets that were made elsewhere. To be called in a tokio runtime.
    ///
    /// # Errors
    /// The runtime does not take one.
    pub fn adopt(main: Vec<std::net::TcpListener>) -> io::Result<Self> {
        let adopt = |socket: std::net::TcpListener| {
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket)
        };
        Ok(Self { main: main.into_iter().map(adopt).collect::<Result<_, _>>()?, metrics: None })
    }

    /// Listens at this address too, for the metrics only.
    ///
    /// # Errors
    /// [`ListenError`] if that is not possible.
    pub fn with_metrics(self, address: SocketAddr) -> Result<Self, ListenError> {
        Ok(Self { metrics: Some(listen(address)?), ..self })
    }

    /// Lists the addresses at which the tracker is served.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.main.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }
}

impl From<TcpListener> for Listeners {
    fn from(listener: TcpListener) -> Self {
        Self { main: vec![listener], metrics: None }
    }
}

/// The sockets that this process was started with, as systemd does for a socket unit (`LISTEN_FDS`); none if it was
/// started without. Only the first call finds them. To be called while there are no other threads: it changes the environment.
///
/// # Errors
/// Something else was handed over than TCP sockets that are listened on.
pub fn inherited() -> io::Result<Vec<std::net::TcpListener>> {
    #[cfg(unix)]
    {
        let mut inherited = listenfd::ListenFd::from_env();
        (0..inherited.len()).filter_map(|index| inherited.take_tcp_listener(index).transpose()).collect()
    }
    #[cfg(not(unix))]
    Ok(Vec::new())
}

fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let listen = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // Else the wildcard of IPv6 takes the port of IPv4 as well, unless the system was told otherwise.
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // A tracker that is started again does not wait for connections of the one before. Elsewhere than on Unix this
        // would let two programs listen at once.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    listen().map_err(|reason| ListenError { address, reason })
}
