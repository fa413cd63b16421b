//! HTTP/2, known beforehand or agreed on by TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::{Method, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sprat_tracker::Config;
use sprat_tracker::config::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::common::{BOB, LONG, Running, query};
use crate::raw::Raw;
use crate::{config, numbers, tls};

/// A body that is sent at once, and may go on for ever after that.
struct Sent {
    data: Option<Bytes>,
    ends: bool,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.data.take() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.ends
    }
}

/// A client, and its connection.
struct Client {
    requests: SendRequest<Sent>,
    connection: JoinHandle<hyper::Result<()>>,
}

impl Client {
    async fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), 65_535).await
    }

    /// Takes so much of each answer unasked.
    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, window: u32) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        let opened = builder.initial_stream_window_size(window).handshake(TokioIo::new(stream)).await;
        let (requests, connection) = opened.unwrap();
        Self { requests, connection: tokio::spawn(connection) }
    }

    async fn send(&mut self, method: Method, path: &str, body: Sent) -> hyper::Result<Response<Incoming>> {
        let request = Request::builder().method(method).uri(format!("http://localhost{path}"));
        self.requests.ready().await?;
        timeout(LONG, self.requests.send_request(request.body(body).unwrap())).await.expect("an answer")
    }

    async fn get(&mut self, path: &str) -> hyper::Result<Response<Incoming>> {
        self.send(Method::GET, path, Sent { data: None, ends: true }).await
    }

    async fn post(&mut self, path: &str, body: String) -> hyper::Result<Response<Incoming>> {
        self.send(Method::POST, path, Sent { data: Some(body.into()), ends: true }).await
    }

    /// Waits until the other side hangs up.
    async fn end(self) {
        let _ = timeout(LONG, self.connection).await.expect("the end").unwrap();
    }
}

#[tokio::test]
async fn it_is_spoken_without_tls_by_those_who_know() {
    let tracker = Running::start(Config::default()).await;
    let mut client = Client::open(tracker.address).await;
    let health = client.get("/healthz").await.unwrap();
    assert_eq!((health.status().as_u16(), health.version()), (200, Version::HTTP_2));
    assert_eq!(client.post("/v1/query", query(BOB).to_string()).await.unwrap().status(), 200);
    assert_eq!(client.post("/v1/query", " ".repeat(65_537)).await.unwrap().status(), 413);
    assert_eq!(client.get("/healthz").await.unwrap().status(), 200);
    tracker.stop().await;
}

#[tokio::test]
async fn it_is_agreed_on_by_tls() {
    tls::with_tracker(ServerConfig::default(), async |_, address, _, certificate| {
        let stream = tls::connect(address, &certificate, b"h2").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let mut client = Client::over(stream, 65_535).await;
        assert_eq!(client.get("/healthz").await.unwrap().version(), Version::HTTP_2);
        let stream = tls::connect(address, &certificate, b"http/1.1").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
        assert_eq!(Raw::over(stream).get("/healthz").await.status, 200);
        assert!(tls::connect(address, &certificate, b"gopher").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_request_that_dribbles_harms_no_other_on_the_connection() {
    let handler_time = Duration::from_millis(300);
    let tracker = Running::start(config(ServerConfig { handler_time, ..ServerConfig::default() })).await;
    let mut client = Client::open(tracker.address).await;
    let start = Instant::now();
    let endless = Sent { data: Some("{".into()), ends: false };
    assert_eq!(client.send(Method::POST, "/v1/query", endless).await.unwrap().status(), 408);
    assert!(start.elapsed() >= handler_time);
    assert_eq!(client.get("/healthz").await.unwrap().status(), 200);
    tracker.stop().await;
}

#[tokio::test]
async fn who_does_not_read_its_answers_is_cut_off() {
    let time = Duration::from_millis(150);
    let server = ServerConfig { handler_time: time, answer_time: time, ..ServerConfig::default() };
    let tracker = Running::start(config(server)).await;
    let mut client = Client::over(TcpStream::connect(tracker.address).await.unwrap(), 100).await;
    let start = Instant::now();
    let unread = client.get("/metrics").await.unwrap();
    // What else it asks does not help.
    let asking = async { while client.get("/v1/stats").await.is_ok() {} };
    timeout(LONG, asking).await.expect("it is cut off");
    assert!(start.elapsed() >= time * 2);
    numbers::reach(&tracker, r#"sprat_connections_cut_off_total{reason="answer"}"#, 1).await;
    drop(unread);
    tracker.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let (idle_time, header_time) = (Duration::from_millis(300), LONG * 10);
    let server = ServerConfig { idle_time, header_time, ..ServerConfig::default() };
    let tracker = Running::start(config(server)).await;
    let mut client = Client::open(tracker.address).await;
    assert_eq!(client.get("/healthz").await.unwrap().status(), 200);
    let start = Instant::now();
    client.end().await;
    assert!(start.elapsed() >= idle_time / 2);
    numbers::reach(&tracker, r#"sprat_connections_cut_off_total{reason="idle"}"#, 1).await;
    tracker.stop().await;
}

#[tokio::test]
async fn headers_over_the_limit_are_refused() {
    let tracker = Running::start(Config::default()).await;
    let mut client = Client::open(tracker.address).await;
    let answer = client.get(&format!("/{}", "x".repeat(20_000))).await;
    assert!(answer.is_err() || answer.unwrap().status() == 431);
    let mut other = Client::open(tracker.address).await;
    assert_eq!(other.get("/healthz").await.unwrap().status(), 200);
    tracker.stop().await;
}

#[tokio::test]
async fn an_open_request_is_answered_at_the_end() {
    let handler_time = Duration::from_secs(1);
    let server = ServerConfig { handler_time, ..ServerConfig::default() };
    let tracker = Running::start(Config { grace: LONG, ..config(server) }).await;
    let mut client = Client::open(tracker.address).await;
    let endless = Sent { data: Some("{".into()), ends: false };
    let (answer, ()) = tokio::join!(client.send(Method::POST, "/v1/query", endless), async {
        numbers::reach(&tracker, "sprat_requests_in_flight", 2).await;
        tracker.shutdown.cancel();
    });
    assert_eq!(answer.unwrap().status(), 408, "and not cut off");
    client.end().await;
    tracker.stop().await;
}

/// CVE-2023-44487.
#[tokio::test]
async fn a_flood_of_requests_that_are_taken_back_ends_the_connection() {
    let tracker = Running::start(Config::default()).await;
    let mut flood = TcpStream::connect(tracker.address).await.unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS, empty.
    bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    for stream in (1..10_000u32).step_by(2) {
        // HEADERS, with END_STREAM and END_HEADERS: GET http /, of the host x.
        let headers = [0x82, 0x86, 0x84, 0x41, 1, b'x'];
        bytes.extend([0, 0, headers.len() as u8, 1, 5]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(headers);
        // RST_STREAM, CANCEL.
        bytes.extend([0, 0, 4, 3, 0]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend([0, 0, 0, 8]);
    }
    let (mut reader, mut writer) = flood.split();
    let mut read = Vec::new();
    let reading = async {
        // It may end with a reset.
        let _ = reader.read_to_end(&mut read).await;
    };
    let writing = async {
        let _ = writer.write_all(&bytes).await;
    };
    timeout(LONG, async { tokio::join!(reading, writing) }).await.expect("the connection ends");
    // GOAWAY: ENHANCE_YOUR_CALM.
    assert!(read.windows(4).any(|code| code == [0, 0, 0, 11]), "{read:?}");
    let mut honest = Client::open(tracker.address).await;
    assert_eq!(honest.get("/healthz").await.unwrap().status(), 200);
    tracker.stop().await;
}
