//! A client that waits for its answers: for what is not measured, and for what has to be read.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};
use socket2::{Domain, Protocol, Socket, Type};

use super::http::Head;

/// Time that an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The loopback address with this number. Linux answers on all of 127.0.0.0/8, so that every peer can have its own.
pub(crate) fn source(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 1).to_bits() + number)
}

/// A socket with this address at its end, not yet connected.
pub(crate) fn socket(source: Ipv4Addr) -> anyhow::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::new(IpAddr::V4(source), 0).into())?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

/// A connection with one request under way at a time.
pub(crate) struct Client {
    stream: TcpStream,
}

/// An answer.
pub(crate) struct Reply {
    /// Head of the answer.
    pub(crate) head: Head,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Connects from this address.
    pub(crate) fn connect(server: SocketAddr, source: Ipv4Addr) -> anyhow::Result<Self> {
        let socket = socket(source)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.connect(&server.into()).with_context(|| format!("can't connect to {server}"))?;
        Ok(Self { stream: socket.into() })
    }

    /// Connects from whatever address leads there.
    pub(crate) fn dial(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).with_context(|| format!("can't connect to {server}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream })
    }

    /// Sends a request and waits for the answer to it.
    pub(crate) fn ask(&mut self, request: &[u8]) -> anyhow::Result<Reply> {
        self.stream.write_all(request)?;
        let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        loop {
            let len = self.stream.read(&mut buffer)?;
            ensure!(len > 0, "the server hung up");
            bytes.extend_from_slice(&buffer[..len]);
            if let Some(head) = Head::parse(&bytes)?
                && bytes.len() >= head.answer_len()
            {
                return Ok(Reply { head, body: bytes.split_off(head.len) });
            }
        }
    }
}

impl Reply {
    /// Itself, if the request was carried out.
    pub(crate) fn ok(self) -> anyhow::Result<Self> {
        ensure!(self.head.status == 200, "{}: {}", self.head.status, String::from_utf8_lossy(&self.body));
        Ok(self)
    }
}
