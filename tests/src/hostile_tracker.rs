//! A tracker that answers with anything but what it was asked for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::PeerId;
use sprat_protocol::tracker::{
    Answer, ErrorAnswer, ErrorCode, FileInfo, FileOutcome, HeartbeatAnswer, Lease, LeaseToken, PeerInfo, QueryAnswer,
    RegisterFile, Registered, Request, Unregistered,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use crate::PATIENCE;
use crate::files::noise;

/// The longest request that it reads.
const MAX_REQUEST: usize = 1024 * 1024;
const MIB: usize = 1024 * 1024;

/// In which way it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Random bytes that are no HTTP.
    Garbage,
    /// Hangs up on every question.
    HangsUp,
    /// A JSON text that is as long as its length says: 64 MiB.
    HugeBody,
    /// A body that does not end.
    EndlessBody,
    /// A body of one byte a second.
    Drip,
    /// JSON whose fields are of other types than they should be.
    WrongTypes,
    /// JSON that is nested a hundred thousand times.
    Nested,
    /// A good answer to another question.
    AnotherAnswer,
    /// Sends on to somebody else.
    Redirect(SocketAddr),
    /// A lease of so many seconds.
    Lease(u64),
    /// Everything is refused.
    Refuses {
        /// As this.
        code: ErrorCode,
        /// To be tried again after so many seconds.
        retry_after: u32,
    },
    /// Whatever is asked for is at these addresses, each said to be another peer.
    Names(Vec<SocketAddr>),
    /// So many peers have it, at addresses where nobody is.
    Crowd(u32),
    /// The file is called so.
    Called(String),
}

/// Tracker that answers with anything but the truth; ends with this value.
pub struct HostileTracker {
    /// Its URL.
    pub url: Url,
    asked: Arc<AtomicUsize>,
    largest: watch::Receiver<u64>,
    _task: JoinSet<()>,
}

impl HostileTracker {
    /// One that answers everything in this manner.
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        let (asked, (ended, largest)) = (Arc::new(AtomicUsize::new(0)), watch::channel(0));
        let (counted, ended) = (asked.clone(), Arc::new(ended));
        let manner = Arc::new(manner);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let (manner, counted, ended) = (manner.clone(), counted.clone(), ended.clone());
                connections.spawn(async move {
                    // However the other side ends it is right.
                    while let Some(request) = read(&mut stream).await {
                        counted.fetch_add(1, Ordering::Relaxed);
                        let taken = AtomicU64::new(0);
                        let said = say(&mut stream, &manner, &request, &taken).await;
                        let taken = taken.into_inner();
                        ended.send_if_modified(|most| taken > std::mem::replace(most, taken.max(*most)));
                        if said.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { url: format!("http://{addr}").parse().expect("that is a URL"), asked, largest, _task: task }
    }

    /// Number of questions so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Number of bytes of one answer that the other side and the system between took, at most, once an answer that is
    /// poured out has ended.
    ///
    /// # Panics
    /// If none ends.
    pub async fn largest_answer_taken(&self) -> u64 {
        let mut largest = self.largest.clone();
        let ended = timeout(PATIENCE, largest.wait_for(|largest| *largest > 0)).await;
        *ended.expect("an answer ends").expect("the tracker runs")
    }
}

/// Reads one request; gives its body, or nothing at the end.
async fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let len = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let body = end + 4;
            if bytes.len() >= body + len.unwrap_or(0) {
                return Some(bytes.split_off(body));
            }
        }
        if bytes.len() > MAX_REQUEST || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

async fn say(stream: &mut TcpStream, manner: &Manner, request: &[u8], taken: &AtomicU64) -> std::io::Result<()> {
    let ok = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    match manner {
        Manner::HangsUp => return Err(std::io::ErrorKind::ConnectionAborted.into()),
        Manner::Garbage => {
            stream.write_all(&noise(MIB, 1)).await?;
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        Manner::Redirect(to) => {
            let head = format!("HTTP/1.1 307 Moved\r\nlocation: http://{to}/v1/query\r\ncontent-length: 0\r\n\r\n");
            return stream.write_all(head.as_bytes()).await;
        }
        Manner::HugeBody => {
            let len = 64 * MIB;
            stream.write_all(format!("{ok}content-length: {len}\r\n\r\n\"").as_bytes()).await?;
            for _ in 0..len / MIB {
                pour(stream, &[b'x'; MIB], taken).await?;
            }
            return Ok(());
        }
        Manner::EndlessBody => {
            stream.write_all(format!("{ok}transfer-encoding: chunked\r\n\r\n").as_bytes()).await?;
            loop {
                pour(stream, b"10000\r\n", taken).await?;
                pour(stream, &[b' '; 0x10000], taken).await?;
                pour(stream, b"\r\n", taken).await?;
            }
        }
        Manner::Drip => {
            stream.write_all(format!("{ok}content-length: 1000\r\n\r\n").as_bytes()).await?;
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                pour(stream, b" ", taken).await?;
            }
        }
        _ => {}
    }
    let body = body(manner, serde_json::from_slice(request).ok());
    let head = format!("{ok}content-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.into_bytes(), body].concat()).await
}

async fn pour(stream: &mut TcpStream, bytes: &[u8], taken: &AtomicU64) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    taken.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    Ok(())
}

/// An answer that HTTP has nothing to say against. A request without a message asks whether it is up.
fn body(manner: &Manner, request: Option<Request>) -> Vec<u8> {
    match manner {
        Manner::WrongTypes => {
            return br#"{"type":"QUERY_ANSWER","files":{"name":7},"lease":[],"unknown":"all"}"#.into();
        }
        Manner::Nested => return "[".repeat(100_000).into_bytes(),
        Manner::AnotherAnswer => return json(&Answer::Unregistered(Unregistered { removed: 5 })).to_string().into(),
        Manner::Refuses { code, retry_after } => {
            let message = "\u{1b}[2Jno \u{202e}".repeat(10_000);
            let (retry_after, time) = (Some(*retry_after), Some(u64::MAX));
            let error = ErrorAnswer { code: *code, message, retry_after, time };
            return json(&Answer::Error(error)).to_string().into();
        }
        _ => {}
    }
    let lease = Lease { token: LeaseToken::new(7), seconds: 60 };
    let mut answer = match request {
        Some(Request::Register(register)) => json(&Answer::Registered(Registered {
            lease,
            observed: [192, 0, 2, 1].into(),
            reachable: Some(false),
            files: register.files.iter().map(accepted).collect(),
        })),
        Some(Request::Heartbeat(_)) => {
            json(&Answer::HeartbeatAnswer(HeartbeatAnswer { lease, reachable: None, unknown: Vec::new() }))
        }
        Some(Request::Query(query)) => {
            let files = query.file_ids.iter().map(|id| info(manner, *id)).collect();
            json(&Answer::QueryAnswer(QueryAnswer { files, ..QueryAnswer::default() }))
        }
        _ => json(&Answer::Unregistered(Unregistered { removed: 0 })),
    };
    if let (Manner::Lease(seconds), Some(lease)) = (manner, answer.get_mut("lease")) {
        // No message of ours can say as much.
        lease["seconds"] = (*seconds).into();
    }
    answer.to_string().into()
}

fn json(answer: &Answer) -> Value {
    serde_json::to_value(answer).expect("a message is JSON")
}

fn accepted(file: &RegisterFile) -> FileOutcome {
    FileOutcome::Accepted { file_id: file.file_id, chunk_size: file.chunk_size }
}

/// Facts about a file, as this manner has them.
fn info(manner: &Manner, file_id: FileId) -> FileInfo {
    let addresses = match manner {
        Manner::Names(addresses) => addresses.clone(),
        // Nobody listens on port 1 of loopback.
        Manner::Crowd(peers) => (0..*peers).map(|n| SocketAddr::from(([127, 9, (n >> 8) as u8, n as u8], 1))).collect(),
        _ => Vec::new(),
    };
    let mut rng = SmallRng::seed_from_u64(1);
    let peer = |address| PeerInfo { peer_id: PeerId::new(rng.random()), addresses: vec![address], complete: true };
    let peers: Vec<PeerInfo> = addresses.into_iter().map(peer).collect();
    let name = if let Manner::Called(name) = manner { name.clone() } else { "file".to_owned() };
    let (chunk_size, seeders) = (ChunkSize::DEFAULT, peers.len() as u32);
    let (size, num_chunks) = (u64::MAX, u32::MAX);
    FileInfo { file_id, name, size, chunk_size, num_chunks, seeders, leechers: 0, stale: false, peers }
}
