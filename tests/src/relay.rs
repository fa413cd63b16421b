//! Somebody on the wire: a relay in front of a peer that passes everything on and keeps a copy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A relay, which ends with this value.
pub struct Relay {
    /// Address that the relay listens at.
    pub addr: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
    _task: JoinSet<()>,
}

impl Relay {
    /// A relay to the peer at `to`.
    pub async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let copy = heard.clone();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(to).await else { continue };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                connections.spawn(pass_on(near_in, far_out, copy.clone()));
                connections.spawn(pass_on(far_in, near_out, copy.clone()));
            }
        });
        Self { addr, heard, _task: task }
    }

    /// Number of bytes that passed by.
    pub fn len(&self) -> usize {
        self.heard.lock().expect("nobody panics with it").len()
    }

    /// Returns true if nothing passed by.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns true if these bytes passed by.
    pub fn heard(&self, bytes: &[u8]) -> bool {
        self.heard.lock().expect("nobody panics with it").windows(bytes.len()).any(|window| window == bytes)
    }
}

async fn pass_on(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, copy: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        copy.lock().expect("nobody panics with it").extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
