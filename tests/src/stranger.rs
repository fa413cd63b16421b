//! Somebody who dials a peer, proves a key, and then says whatever he likes.

use std::net::SocketAddr;
use std::time::Duration;

use sprat_protocol::Identity;
use sprat_protocol::tls::{self, TlsConfigs};
use sprat_protocol::wire::{self, Hello, Message, WIRE_VERSION};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A connection that ends with this value.
pub struct Stranger {
    stream: TlsStream<TcpStream>,
    identity: Identity,
}

impl Stranger {
    /// Connects, up to where HELLO is to be said.
    ///
    /// # Errors
    /// If the peer does not take him in.
    pub async fn dial(addr: SocketAddr) -> std::io::Result<Self> {
        let identity = Identity::generate().expect("there is randomness");
        let connector = TlsConnector::from(TlsConfigs::new(&identity).client(None));
        let stream = TcpStream::connect(addr).await?;
        Ok(Self { stream: connector.connect(tls::server_name(), stream).await?, identity })
    }

    /// Says HELLO as a peer does.
    ///
    /// # Errors
    /// If the other side is gone.
    pub async fn hello(&mut self) -> std::io::Result<()> {
        let (version, peer_id) = (WIRE_VERSION, self.identity.peer_id());
        let hello = Hello { version, peer_id, agent: "stranger/1".into(), port: 0, name: String::new() };
        let mut frame = Vec::new();
        wire::encode(&Message::Hello(hello), 0, &mut frame);
        self.say(&frame).await
    }

    /// Sends these bytes.
    ///
    /// # Errors
    /// If the other side is gone.
    pub async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads so many bytes.
    ///
    /// # Errors
    /// If the other side is gone before.
    pub async fn hear(&mut self, len: usize) -> std::io::Result<Vec<u8>> {
        let mut heard = vec![0; len];
        self.stream.read_exact(&mut heard).await?;
        Ok(heard)
    }

    /// Returns true if the other side ends the connection within this time. Whatever is said until then is thrown away.
    pub async fn is_left(&mut self, within: Duration) -> bool {
        let mut buffer = vec![0; 16 * 1024];
        let end = async { while matches!(self.stream.read(&mut buffer).await, Ok(1..)) {} };
        timeout(within, end).await.is_ok()
    }
}
