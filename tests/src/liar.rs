//! A peer that speaks the wire but does not keep to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sprat_chunking::{ChunkSize, FileDigest, FileId, Layout, split};
use sprat_protocol::tls::TlsConfigs;
use sprat_protocol::wire::{self, Hello, Message, WIRE_VERSION};
use sprat_protocol::{Identity, Link, PeerId};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// In which way it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Every chunk has one bit wrong.
    CorruptChunks,
    /// One chunk in twenty of the file has one bit wrong when it sends it.
    CorruptSome,
    /// Sends each chunk at one byte a second.
    Trickle,
    /// The list of chunk hashes has one bit wrong.
    CorruptHashes,
    /// Its list of chunk hashes has nodes one level up, which hash up to the ID as well.
    ShiftedHashes,
    /// Claims a size that is not the file's, though the number of chunks is right.
    WrongSize,
    /// Answers no CHUNK_REQUEST.
    Silence,
    /// Sends half of a chunk and closes.
    HalfAChunk,
    /// Answers with a chunk that nobody asked for.
    Unasked,
    /// Announces a chunk that is longer than any.
    TooLong,
    /// Says HELLO in the name of a peer whose key the liar does not have.
    AnotherName,
    /// Sends zeros instead of HELLO.
    Zeros,
    /// No lie: the honest peer that the others are held against.
    None,
}

/// Messages of a lying seeder of one file, over whatever they are sent.
pub struct Script {
    data: Vec<u8>,
    digest: FileDigest,
    identity: Identity,
    acceptor: TlsAcceptor,
    lie: Lie,
    greeted: AtomicUsize,
    /// Number of chunks it dribbles.
    dribbled: watch::Sender<usize>,
}

/// A lying seeder of one file, which ends with this value.
pub struct Liar {
    /// Address that the liar listens at.
    pub addr: SocketAddr,
    /// Peer ID that the liar claims.
    pub peer_id: PeerId,
    script: Arc<Script>,
    _task: JoinSet<()>,
}

impl Script {
    /// Script of a seeder of `data` that lies in this way, with the key that this makes.
    pub fn new(data: Vec<u8>, lie: Lie, identity: Identity) -> Self {
        let layout = Layout::new(data.len() as u64, ChunkSize::for_len(data.len() as u64)).expect("a short file");
        let digest =
            split(data.as_slice(), layout, |_, _| std::ops::ControlFlow::Continue(())).expect("it is in memory");
        Self::claiming(digest, data, lie, identity)
    }

    /// The same of a file that is said to be cut so; where there are no bytes of it, they are zeros.
    fn claiming(digest: FileDigest, data: Vec<u8>, lie: Lie, identity: Identity) -> Self {
        let acceptor = TlsAcceptor::from(TlsConfigs::new(&identity).server);
        Self { data, digest, identity, acceptor, lie, greeted: AtomicUsize::new(0), dribbled: watch::Sender::new(0) }
    }

    /// Key of the peer that the liar claims to be.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The file that it says it has, and how that is cut.
    pub fn file(&self) -> (FileId, Layout) {
        (self.digest.file_id(), self.digest.layout)
    }

    /// Talks to one peer, until either has enough.
    pub async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) {
        // However the other side ends it is right.
        if let Ok(stream) = self.acceptor.accept(stream).await {
            let _ = self.converse(stream).await;
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> std::io::Result<()> {
        let lie = self.lie;
        if lie == Lie::Zeros {
            return stream.write_all(&vec![0; 10 * 1024 * 1024]).await;
        }
        let peer_id = if lie == Lie::AnotherName { PeerId::new([7; 32]) } else { self.identity.peer_id() };
        let hello = Hello { version: WIRE_VERSION, peer_id, agent: "liar/1".into(), port: 0, name: String::new() };
        send(&mut stream, &Message::Hello(hello), &[]).await?;
        let mut buffer = Vec::new();
        loop {
            match wire::decode(&buffer).map_err(std::io::Error::other)? {
                Some(decoded) => {
                    buffer.drain(..decoded.consumed);
                    self.greeted
                        .fetch_add(usize::from(matches!(decoded.message, Message::Hello(_))), Ordering::Relaxed);
                    self.answer(&mut stream, decoded.message).await?;
                }
                None => {
                    if stream.read_buf(&mut buffer).await? == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn answer<S: AsyncWrite + Unpin>(&self, stream: &mut S, message: Message) -> std::io::Result<()> {
        let Self { data, digest, lie, .. } = self;
        let (lie, layout) = (*lie, digest.layout);
        let (file_id, chunk_size) = (digest.file_id(), layout.chunk_size());
        match message {
            Message::Want { .. } => {
                let size = if lie == Lie::WrongSize { layout.len() + 1 } else { layout.len() };
                let num_chunks =
                    if lie == Lie::ShiftedHashes { layout.num_chunks().div_ceil(2) } else { layout.num_chunks() };
                let name = "../../evil.bin".to_owned();
                send(stream, &Message::Bitfield { file_id, name, size, chunk_size, num_chunks, complete: true }, &[])
                    .await
            }
            Message::HashesRequest { .. } => {
                let shifted = ChunkSize::new(chunk_size.bytes() * 2).ok().and_then(|twice| digest.hashes.fold(twice));
                let shifted = shifted.filter(|_| lie == Lie::ShiftedHashes);
                let mut hashes = shifted.as_ref().unwrap_or(&digest.hashes).to_bytes();
                hashes.iter_mut().take(1).for_each(|byte| *byte ^= u8::from(lie == Lie::CorruptHashes));
                send(stream, &Message::Hashes { file_id, chunk_size }, &hashes).await
            }
            Message::ChunkRequest { index, request, .. } => {
                let range = layout.range(layout.index(index).expect("an engine asks for chunks that are there"));
                let there = data.get(range.start as usize..range.end as usize);
                let mut chunk = there.map_or_else(|| vec![0; (range.end - range.start) as usize], <[u8]>::to_vec);
                let is_corrupt = lie == Lie::CorruptChunks || (lie == Lie::CorruptSome && index % 20 == 10);
                chunk[0] ^= u8::from(is_corrupt);
                match lie {
                    Lie::Silence => Ok(()),
                    Lie::Trickle => {
                        self.dribbled.send_modify(|dribbled| *dribbled += 1);
                        trickle(stream, request, &chunk).await
                    }
                    Lie::Unasked => send(stream, &Message::Chunk { request: request + 1000 }, &chunk).await,
                    Lie::HalfAChunk => {
                        let mut head = Vec::new();
                        wire::encode(&Message::Chunk { request }, chunk.len(), &mut head);
                        stream.write_all(&head).await?;
                        stream.write_all(&chunk[..chunk.len() / 2]).await?;
                        stream.shutdown().await?;
                        Err(std::io::ErrorKind::Other.into())
                    }
                    Lie::TooLong => {
                        let mut head = Vec::new();
                        wire::encode(&Message::Chunk { request }, 0, &mut head);
                        head[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
                        stream.write_all(&head).await
                    }
                    _ => send(stream, &Message::Chunk { request }, &chunk).await,
                }
            }
            _ => Ok(()),
        }
    }
}

impl Liar {
    /// A seeder of `data` that lies in this way, on loopback.
    pub async fn start(data: Vec<u8>, lie: Lie) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), data, lie).await
    }

    /// The same where it is told to listen.
    pub async fn start_at(listen: SocketAddr, data: Vec<u8>, lie: Lie) -> Self {
        Self::serve(listen, Script::new(data, lie, Identity::generate().expect("there is randomness"))).await
    }

    /// A seeder on loopback that says that a file is cut so.
    pub async fn claiming(digest: FileDigest, data: Vec<u8>, lie: Lie) -> Self {
        let identity = Identity::generate().expect("there is randomness");
        let script = Script::claiming(digest, data, lie, identity);
        Self::serve(SocketAddr::from(([127, 0, 0, 1], 0)), script).await
    }

    async fn serve(listen: SocketAddr, script: Script) -> Self {
        let script = Arc::new(script);
        let listener = TcpListener::bind(listen).await.expect("the address is free");
        let addr = listener.local_addr().expect("a listener has an address");
        let (peer_id, said) = (script.identity.peer_id(), script.clone());
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let said = said.clone();
                connections.spawn(async move { said.talk(stream).await });
            }
        });
        Self { addr, peer_id, script, _task: task }
    }

    /// Number of times that somebody said HELLO to the liar.
    pub fn greeted(&self) -> usize {
        self.script.greeted.load(Ordering::Relaxed)
    }

    /// Waits until it dribbles a chunk to somebody.
    pub async fn dribbles(&self) {
        let mut dribbled = self.script.dribbled.subscribe();
        dribbled.wait_for(|dribbled| *dribbled > 0).await.expect("it is here");
    }

    /// A link that names this peer and nobody else.
    pub fn link(&self) -> Link {
        let mut link = Link::new(self.script.digest.file_id());
        link.name = Some("file.bin".to_owned());
        link.peers.push(self.addr.into());
        link
    }
}

async fn trickle<S: AsyncWrite + Unpin>(stream: &mut S, request: u32, chunk: &[u8]) -> std::io::Result<()> {
    let mut head = Vec::new();
    wire::encode(&Message::Chunk { request }, chunk.len(), &mut head);
    // The first bytes come at once, so that room is made for the others.
    let (first, rest) = chunk.split_at(chunk.len().min(20 * 1024));
    head.extend_from_slice(first);
    stream.write_all(&head).await?;
    for byte in rest {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, message: &Message, payload: &[u8]) -> std::io::Result<()> {
    let mut frame = Vec::new();
    wire::encode(message, payload.len(), &mut frame);
    frame.extend_from_slice(payload);
    stream.write_all(&frame).await
}
