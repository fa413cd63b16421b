//! A peer that asks for everything and takes nothing.

use std::net::SocketAddr;

use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::Identity;
use sprat_protocol::tls::{self, TlsConfigs};
use sprat_protocol::wire::{self, Hello, Message, WIRE_VERSION};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A connection that ends with this value. Nothing is read from it any more.
pub struct Glutton {
    _stream: TlsStream<TcpStream>,
}

impl Glutton {
    /// Asks the peer at `addr` for the first `num_chunks` chunks of a file, and stops reading as soon as the first of them is on
    /// its way.
    pub async fn start(addr: SocketAddr, file_id: FileId, chunk_size: ChunkSize, num_chunks: u32) -> Self {
        let identity = Identity::generate().expect("there is randomness");
        let connector = TlsConnector::from(TlsConfigs::new(&identity).client(None));
        let stream = TcpStream::connect(addr).await.expect("the peer listens");
        let mut stream = connector.connect(tls::server_name(), stream).await.expect("the peer has a key");
        let mut asked = Vec::new();
        let (version, peer_id) = (WIRE_VERSION, identity.peer_id());
        let hello = Hello { version, peer_id, agent: "glutton/1".into(), port: 0, name: String::new() };
        wire::encode(&Message::Hello(hello), 0, &mut asked);
        for index in 0..num_chunks {
            wire::encode(&Message::ChunkRequest { file_id, chunk_size, index, request: index }, 0, &mut asked);
        }
        stream.write_all(&asked).await.expect("the peer reads");
        let mut first = vec![0; 4096];
        stream.read_exact(&mut first).await.expect("the peer answers");
        Self { _stream: stream }
    }
}
