//! The handshake of two peers: TLS with raw public keys (RFC 7250), then HELLO both ways.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use sprat_protocol::wire::{Hello, Message, WIRE_VERSION};
use sprat_protocol::{PeerId, tls};
use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadHalf, WriteHalf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::wire::frames::{FrameReader, FrameWriter, StreamError};
use crate::wire::me::Me;
use crate::wire::remote::Ends;
use crate::world::{Network, Stream};

/// Maximum number of bytes that one system call reads from a peer.
const READ_BUFFER: usize = 64 * 1024;

/// Dials one address, performs the TLS handshake, and checks the key of the peer. Sends no message yet.
pub(crate) async fn reach(
    me: Arc<Me>,
    network: Arc<dyn Network>,
    expected: Option<PeerId>,
    addr: SocketAddr,
) -> Result<(Ends, PeerId, TlsStream<BufReader<Box<dyn Stream>>>), ConnectError> {
    let stream = network.connect(addr).await?;
    let ends = Ends { addr, own: own_ip(&*stream), dialled: true };
    let connector = TlsConnector::from(me.tls.client(expected));
    let stream = connector.connect(tls::server_name(), buffered(stream)).await.map_err(ConnectError::Handshake)?;
    let peer_id = proven(&me, stream.get_ref().1.peer_certificates())?;
    Ok((ends, peer_id, stream))
}

/// Returns the most informative of the errors of all addresses of a name: one that no further attempt can mend, else
/// the last one.
pub(crate) fn telling_error(mut errors: Vec<ConnectError>) -> ConnectError {
    let lasts = |error: &ConnectError| matches!(error, ConnectError::Myself | ConnectError::Banned);
    let place = errors.iter().position(lasts).or(errors.len().checked_sub(1));
    place.map_or(ConnectError::NoAddress, |place| errors.swap_remove(place))
}

/// Returns the ID of the peer whose key the other side proved to have.
pub(crate) fn proven(me: &Me, certificates: Option<&[CertificateDer<'_>]>) -> Result<PeerId, ConnectError> {
    let peer_id = tls::peer_of(certificates).ok_or(ConnectError::NoKey)?;
    if peer_id == me.peer_id { Err(ConnectError::Myself) } else { Ok(peer_id) }
}

/// Returns the local IP address of a stream; an IPv4-mapped IPv6 address is returned as IPv4.
pub(crate) fn own_ip(stream: &dyn Stream) -> Option<IpAddr> {
    stream.local_addr().ok().map(|addr| addr.ip().to_canonical())
}

/// Wraps a stream in a read buffer. TLS reads each record's length before the record, in small steps, which would be a
/// system call each.
pub(crate) fn buffered(stream: Box<dyn Stream>) -> BufReader<Box<dyn Stream>> {
    BufReader::with_capacity(READ_BUFFER, stream)
}

/// Splits a stream into a reader and a writer of frames.
pub(crate) fn framed<S: AsyncRead + AsyncWrite>(stream: S) -> (FrameReader<ReadHalf<S>>, FrameWriter<WriteHalf<S>>) {
    let (read, write) = tokio::io::split(stream);
    (FrameReader::new(read), FrameWriter::new(write))
}

/// Sends the HELLO of this peer.
pub(crate) async fn say_hello<W: AsyncWrite + Unpin>(me: &Me, writer: &mut FrameWriter<W>) -> Result<(), ConnectError> {
    writer.push(&Message::Hello(me.hello()));
    Ok(writer.flush().await?)
}

/// Receives the HELLO of the peer that proved to be `proven`.
///
/// # Errors
/// [`ConnectError`] if the first message is no HELLO, is of an older version of the protocol, or names another peer.
pub(crate) async fn hear_hello<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    proven: PeerId,
) -> Result<Hello, ConnectError> {
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

/// Reason for the lack of a connection.
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
