//! Frame of every request, whatever it asks: the address that it came from, a bound on its time, an answer even where
//! the tracker fails, and its place in the metrics.

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Response, StatusCode, Version};
use axum::response::IntoResponse;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::time::timeout;

use super::body::BodyPending;
use super::client::{ClientAddr, Proxies};
use super::head::Hosts;
use super::memory::{Exhausted, Memory, Portion, hold};
use super::progress::Progress;
use crate::operation::metrics::{MessageKind, Metrics};
use crate::service::Tracker;
use crate::service::refusal::Refusal;

/// Frame in which the router answers requests.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) tracker: Arc<Tracker>,
    pub(super) router: TowerToHyperService<Router>,
    pub(super) hosts: Hosts,
    pub(super) proxies: Proxies,
    pub(super) handler_time: Duration,
    pub(super) memory: Arc<Memory>,
    pub(super) metrics: Arc<Metrics>,
}

/// A connection that requests come over.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) requests: Arc<Requests>,
    /// Address of whoever is at the other end, maybe a proxy.
    pub(super) remote: IpAddr,
    pub(super) progress: Arc<Progress>,
}

impl Wire {
    /// Answers a request.
    pub(super) async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
    ) -> Result<Response<AnswerBody>, Infallible> {
        let mut open = OpenRequest::begin(self.clone(), &request);
        let Requests { tracker, router, hosts, proxies, handler_time, metrics, .. } = &*self.requests;
        let client = match proxies.contain(self.remote) {
            true => proxies.client(self.remote, request.headers()),
            false => ClientAddr(self.remote),
        };
        request.extensions_mut().insert(client);
        let body = BodyPending::default();
        request.extensions_mut().insert(body.clone());
        let answering = async {
            match hosts.check(&request) {
                Ok(()) => router.call(request).await,
                Err(refusal) => {
                    if let Refusal::OtherHost(host) = &refusal {
                        tracker.note_other_host(host);
                    }
                    Ok(refusal.into_response())
                }
            }
        };
        let response = match timeout(*handler_time, catch_panic(answering)).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(Panicked)) => Refusal::Failed.into_response(),
            Err(_) => {
                metrics.cap_hit("handler_time");
                let refusal = if body.is_set() { Refusal::slow_body } else { Refusal::too_slow };
                refusal(*handler_time).into_response()
            }
        };
        let response = match open.share.grow(response.body().size_hint().lower() as usize) {
            Ok(()) => response,
            Err(Exhausted) => {
                metrics.cap_hit("memory");
                Refusal::busy().into_response()
            }
        };
        open.answered(response.status());
        Ok(response.map(|body| AnswerBody { body, open: Some(open) }))
    }
}

/// A request whose answer is not written yet.
#[derive(Debug)]
struct OpenRequest {
    line: Arc<Wire>,
    kind: MessageKind,
    began: Instant,
    refused: bool,
    /// Memory that the answer takes.
    share: Portion,
}

impl OpenRequest {
    fn begin(line: Arc<Wire>, request: &Request<Incoming>) -> Self {
        let began = Instant::now();
        line.progress.request_began(request.version() == Version::HTTP_2, began);
        line.requests.metrics.request_began();
        Self { kind: kind(request.uri().path()), began, refused: false, share: line.requests.memory.share(), line }
    }

    fn answered(&mut self, status: StatusCode) {
        self.refused = !status.is_success();
        self.line.requests.metrics.request_answered(self.kind, status.as_u16(), self.began.elapsed());
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.line.requests.metrics.request_ended();
        self.line.progress.request_ended(self.began, self.refused, Instant::now());
    }
}

fn kind(path: &str) -> MessageKind {
    match path {
        "/v1/query" => MessageKind::Query,
        "/v1/heartbeat" => MessageKind::Heartbeat,
        "/v1/register" => MessageKind::Register,
        "/v1/unregister" => MessageKind::Unregister,
        "/v1/search" => MessageKind::Search,
        path if path.starts_with("/v1/files/") => MessageKind::Query,
        _ => MessageKind::Other,
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    /// Ends with the last bytes of the body, wherever those wait to be sent.
    open: Option<OpenRequest>,
}

impl hyper::body::Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        let open = this.open.take_if(|_| this.body.is_end_stream());
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(|data| hold(data, open)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A handler panicked.
#[derive(Debug, PartialEq, Eq)]
struct Panicked;

/// Runs a handler. A change that a panic cut short may leave hints wrong until the leases are over; that is better than a
/// tracker that answers nobody.
async fn catch_panic<F: Future>(handler: F) -> Result<F::Output, Panicked> {
    let mut handler = pin!(handler);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => {
            tracing::error!(panic = said(&*payload), "a request made the tracker panic; please report this");
            Poll::Ready(Err(Panicked))
        }
    })
    .await
}

/// Returns the words of a panic, which is nearly always text.
fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("something that is no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_own_request_only() {
        assert_eq!(catch_panic(async { panic!("this is part of a test") }).await, Err::<(), _>(Panicked));
        assert_eq!(catch_panic(async { 1 }).await, Ok(1));
        assert_eq!(said(&"text"), "text");
        assert_eq!(said(&String::from("text")), "text");
        assert_eq!(said(&1), "something that is no text");
    }
}
