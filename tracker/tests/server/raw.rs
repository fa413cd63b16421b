//! A client that does what no library would.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::common::LONG;

/// A connection.
pub(crate) struct Raw<S = TcpStream> {
    pub(crate) stream: S,
    read: Vec<u8>,
}

/// Answer that came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The start line and all headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Raw {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    /// Connects from this address, one of those of the loopback interface.
    pub(crate) async fn open_from(source: [u8; 4], address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::from(source), 0)).unwrap();
        Self::over(socket.connect(address).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(get(path)).await;
        self.answer().await
    }

    /// The next answer, which says how long it is.
    pub(crate) async fn answer(&mut self) -> Answer {
        timeout(LONG, self.read_answer()).await.expect("an answer").expect("an answer, not the end")
    }

    /// The next answer, unless the connection ends before.
    pub(crate) async fn answer_or_end(&mut self) -> Option<Answer> {
        timeout(LONG, self.read_answer()).await.expect("an answer or the end")
    }

    /// Waits until the other side hangs up. Nothing more may come before.
    pub(crate) async fn end(&mut self) {
        let answer = self.answer_or_end().await;
        assert!(answer.is_none() && self.read.is_empty(), "{answer:?} {:?}", String::from_utf8_lossy(&self.read));
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        loop {
            if let Some(answer) = self.take_answer() {
                return Some(answer);
            }
            // A connection that is cut off may be reset.
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(len) => self.read.extend_from_slice(&buffer[..len]),
            }
        }
    }

    fn take_answer(&mut self) -> Option<Answer> {
        let head_len = self.read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8(self.read[..head_len].to_vec()).unwrap().to_lowercase();
        let status = head[9..12].parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let len: usize = length.map_or(0, |length| length.parse().unwrap());
        if self.read.len() < head_len + len {
            return None;
        }
        let rest = self.read.split_off(head_len + len);
        let body = std::mem::replace(&mut self.read, rest).split_off(head_len);
        Some(Answer { status, head, body })
    }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")
}

/// The head of a POST with a body of this length.
pub(crate) fn post(path: &str, len: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len}\r\n\r\n")
}
