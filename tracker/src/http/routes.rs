//! Which path leads where.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use sprat_chunking::FileId;
use sprat_protocol::tracker::{FileInfo, Request, Search};

use super::reply::{Reply, reply};
use crate::refusal::Refusal;
use crate::service::{Now, Stats, Tracker};

/// The most bytes that a body may have: far above the longest message.
const MAX_BODY_LEN: usize = 1024 * 1024;

/// Who is at the other end of the connection.
pub(super) type Remote = ConnectInfo<SocketAddr>;

pub(super) fn router(tracker: Arc<Tracker>) -> Router {
    Router::new()
        .route("/v1/register", post(message))
        .route("/v1/query", post(message))
        .route("/v1/heartbeat", post(message))
        .route("/v1/unregister", post(message))
        .route("/v1/search", post(message).get(search))
        .route("/v1/files/{file_id}", get(file))
        .route("/v1/stats", get(stats))
        .route("/healthz", get(async || "ok"))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_route)
        .layer(DefaultBodyLimit::max(MAX_BODY_LEN))
        .with_state(tracker)
}

/// Takes any message, but only at its own route.
async fn message(
    State(tracker): State<Arc<Tracker>>,
    ConnectInfo(remote): Remote,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Reply {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge(MAX_BODY_LEN),
        _ => Refusal::Malformed(rejection.body_text()),
    })?;
    let malformed = |error| Refusal::Malformed(format!("the body is no message: {error}"));
    let request: Request = serde_json::from_slice(&body).map_err(malformed)?;
    if request.route() != uri.path() {
        let route = request.route();
        return Err(Refusal::Malformed(format!("this message belongs to {route}, not to {}", uri.path())));
    }
    reply(|| tracker.answer(request, remote.ip(), Now::read()))
}

#[derive(Deserialize)]
struct SearchParameters {
    q: String,
    #[serde(default)]
    page: u32,
}

/// SEARCH for people with curl.
async fn search(
    State(tracker): State<Arc<Tracker>>,
    ConnectInfo(remote): Remote,
    parameters: Result<Query<SearchParameters>, QueryRejection>,
) -> Reply {
    let malformed = |rejection: QueryRejection| Refusal::Malformed(rejection.body_text());
    let Query(SearchParameters { q, page }) = parameters.map_err(malformed)?;
    reply(|| tracker.answer(Request::Search(Search { words: q, page }), remote.ip(), Now::read()))
}

/// QUERY of one file for people with curl.
async fn file(
    State(tracker): State<Arc<Tracker>>,
    ConnectInfo(remote): Remote,
    Path(file_id): Path<String>,
) -> Reply<FileInfo> {
    let file_id: FileId = file_id.parse().map_err(|error| Refusal::Malformed(format!("{error}")))?;
    reply(|| tracker.file(file_id, remote.ip(), Now::read()))
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

/// As much of what a stranger sent as fits into a sentence.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
