//! Which path leads where.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use sprat_chunking::FileId;
use sprat_protocol::tracker::{Answer, SIGNATURE_HEADER, Search};

use super::message::Message;
use super::reply::{Reply, file_info, query_answer};
use crate::proof::Proof;
use crate::refusal::Refusal;
use crate::service::{Caller, Now, Stats, Tracker};

/// The most bytes that a body may have: far above the longest message.
const MAX_BODY_LEN: usize = 1024 * 1024;

/// Who is at the other end of the connection.
type Remote = ConnectInfo<SocketAddr>;

pub(super) fn router(tracker: Arc<Tracker>) -> Router {
    Router::new()
        .route("/v1/register", post(register))
        .route("/v1/query", post(query))
        .route("/v1/heartbeat", post(heartbeat))
        .route("/v1/unregister", post(unregister))
        .route("/v1/search", post(search).get(search_by_url))
        .route("/v1/files/{file_id}", get(file))
        .route("/v1/stats", get(stats))
        .route("/healthz", get(async || "ok"))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_route)
        .layer(DefaultBodyLimit::max(MAX_BODY_LEN))
        .with_state(tracker)
}

/// A body, or why there is none.
type Body = Result<Bytes, BytesRejection>;

async fn register(State(tracker): State<Arc<Tracker>>, remote: Remote, headers: HeaderMap, body: Body) -> Reply {
    let body = read(body)?;
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    let proof = Proof { body: &body, signature };
    let answer = tracker.register(caller(remote), Message::read(&body)?, proof).await?;
    Ok(Json(Answer::Registered(answer)))
}

async fn query(State(tracker): State<Arc<Tracker>>, remote: Remote, body: Body) -> Result<Response, Refusal> {
    let found = tracker.query(caller(remote), &Message::read(&read(body)?)?).await?;
    Ok(query_answer(&found))
}

async fn heartbeat(State(tracker): State<Arc<Tracker>>, remote: Remote, body: Body) -> Reply {
    let answer = tracker.heartbeat(caller(remote), Message::read(&read(body)?)?).await?;
    Ok(Json(Answer::HeartbeatAnswer(answer)))
}

async fn unregister(State(tracker): State<Arc<Tracker>>, remote: Remote, body: Body) -> Reply {
    let answer = tracker.unregister(caller(remote), Message::read(&read(body)?)?).await?;
    Ok(Json(Answer::Unregistered(answer)))
}

async fn search(State(tracker): State<Arc<Tracker>>, remote: Remote, body: Body) -> Reply {
    let answer = tracker.search(caller(remote), &Message::read(&read(body)?)?).await?;
    Ok(Json(Answer::SearchAnswer(answer)))
}

#[derive(Deserialize)]
struct SearchParameters {
    q: String,
    #[serde(default)]
    page: u32,
}

/// SEARCH for people with curl.
async fn search_by_url(
    State(tracker): State<Arc<Tracker>>,
    remote: Remote,
    parameters: Result<Query<SearchParameters>, QueryRejection>,
) -> Reply {
    let malformed = |rejection: QueryRejection| Refusal::Malformed(rejection.body_text());
    let Query(SearchParameters { q, page }) = parameters.map_err(malformed)?;
    let answer = tracker.search(caller(remote), &Search { words: q, page }).await?;
    Ok(Json(Answer::SearchAnswer(answer)))
}

/// QUERY of one file for people with curl.
async fn file(
    State(tracker): State<Arc<Tracker>>,
    remote: Remote,
    Path(file_id): Path<String>,
) -> Result<Response, Refusal> {
    let file_id: FileId = file_id.parse().map_err(|error| Refusal::Malformed(format!("{error}")))?;
    Ok(file_info(tracker.file(caller(remote), file_id).await?))
}

async fn stats(State(tracker): State<Arc<Tracker>>) -> Json<Stats> {
    Json(tracker.stats(Now::read()))
}

async fn wrong_method(method: Method, uri: Uri) -> Reply {
    Err(Refusal::WrongMethod(shown(uri.path()), shown(method.as_str())))
}

async fn unknown_route(uri: Uri) -> Reply {
    Err(Refusal::UnknownRoute(shown(uri.path())))
}

fn caller(ConnectInfo(remote): Remote) -> Caller {
    Caller::new(remote.ip(), Now::read())
}

fn read(body: Body) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge(MAX_BODY_LEN),
        _ => Refusal::Malformed(rejection.body_text()),
    })
}

/// As much of what a stranger sent as fits into a sentence.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
