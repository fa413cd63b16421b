//! One connection, from its acceptance to its end.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::gate::{Admission, Gate};
use super::progress::{CutOff, Progress};
use super::request::{Requests, Wire};
use super::socket::Socket;
use super::turn_away::{NOT_HTTPS, turn_away};
use crate::config::ServerConfig;

/// hyper takes no less for the headers of a request.
const MIN_HEADER_LEN: usize = 8 * 1024;
/// Requests that an HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 64;
/// Bytes of the body of each of them that may come unasked.
const STREAM_WINDOW: u32 = 64 * 1024;
/// Pause between two pings to an HTTP/2 client, and time that the client may take to answer one.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIME: Duration = Duration::from_secs(10);

/// Serves connections that came in at one place.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) requests: Arc<Requests>,
    pub(super) gate: Arc<Gate>,
    tls: Option<Arc<rustls::ServerConfig>>,
    max_header_len: usize,
    streams: TaskTracker,
}

impl Connections {
    /// `streams` gets to know the tasks that HTTP/2 needs; each ends soon after its connection.
    pub(super) fn new(
        config: &ServerConfig,
        requests: Arc<Requests>,
        gate: Arc<Gate>,
        tls: Option<Arc<rustls::ServerConfig>>,
        streams: TaskTracker,
    ) -> Self {
        let max_header_len = config.max_header_len.max(MIN_HEADER_LEN);
        Self { requests, gate, tls, max_header_len, streams }
    }

    /// Says whether connections begin with a TLS handshake.
    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Asks all connections to end in good order.
    pub(super) fn drain(&self) {
        self.gate.drain();
    }

    /// Serves a connection for as many requests as come over it. Its place is freed when it ends.
    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, remote: IpAddr, admission: Admission) {
        let metrics = &self.requests.metrics;
        metrics.connection_opened();
        if let Err(error) = stream.set_nodelay(true) {
            tracing::trace!(%remote, %error, "no TCP_NODELAY");
        }
        match self.serve_stream(stream, remote, &admission.progress).await {
            Ok(()) | Err(Ended::CutOff(CutOff::CLOSING)) => {}
            Err(Ended::CutOff(CutOff { reason })) => metrics.connection_cut_off(reason),
            Err(Ended::Failed(error)) => tracing::trace!(%remote, error, "connection ended early"),
        }
        metrics.connection_ended();
    }

    async fn serve_stream(&self, stream: TcpStream, remote: IpAddr, progress: &Arc<Progress>) -> Result<(), Ended> {
        let Some(tls) = &self.tls else { return self.serve_http(stream, remote, progress).await };
        progress.handshake_began();
        let handshake = async {
            let mut first = [0];
            stream.peek(&mut first).await?;
            if first[0].is_ascii_uppercase() {
                return Ok(Err(stream));
            }
            TlsAcceptor::from(tls.clone()).accept(stream).await.map(Ok)
        };
        let stream = match progress.watch(handshake, |_| {}).await? {
            Ok(Ok(stream)) => stream,
            Ok(Err(plain)) => return turn_away(plain, &NOT_HTTPS).map_err(|error| Ended::Failed(error.into())),
            Err(error) => return Err(Ended::Failed(error.into())),
        };
        progress.handshake_ended();
        self.serve_http(stream, remote, progress).await
    }

    async fn serve_http(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        remote: IpAddr,
        progress: &Arc<Progress>,
    ) -> Result<(), Ended> {
        let line = Arc::new(Wire { requests: self.requests.clone(), remote, progress: progress.clone() });
        let service = service_fn(move |request| line.clone().answer(request));
        let over = CancellationToken::new();
        let _over = over.clone().drop_guard();
        let http = self.http(StreamTasks { tasks: self.streams.clone(), over });
        let connection = http.serve_connection(TokioIo::new(Socket::new(stream, progress.clone())), service);
        progress.watch(connection, auto::Connection::graceful_shutdown).await?.map_err(Ended::Failed)
    }

    /// HTTP with its bounds. Those on time are kept by [`Progress`]: hyper's own begin the time for the headers of a request
    /// when the one before is answered, and know of no time for the answer.
    fn http(&self, streams: StreamTasks) -> auto::Builder<StreamTasks> {
        let mut http = auto::Builder::new(streams);
        http.http1().header_read_timeout(None).max_buf_size(self.max_header_len);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .max_header_list_size(u32::try_from(self.max_header_len).unwrap_or(u32::MAX))
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIME);
        http
    }
}

/// Reason why a connection ended before its client wanted it to.
enum Ended {
    CutOff(CutOff),
    Failed(Box<dyn Error + Send + Sync>),
}

impl From<CutOff> for Ended {
    fn from(cut_off: CutOff) -> Self {
        Self::CutOff(cut_off)
    }
}

/// Runs the requests of an HTTP/2 connection.
#[derive(Clone, Debug)]
struct StreamTasks {
    tasks: TaskTracker,
    /// Cancelled when the connection has ended.
    over: CancellationToken,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamTasks {
    fn execute(&self, request: F) {
        self.tasks.spawn(self.over.clone().run_until_cancelled_owned(request));
    }
}
