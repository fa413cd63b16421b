//! Which path leads where.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use sprat_chunking::FileId;
use sprat_protocol::tracker::{
    Answer, FileInfo, Heartbeat, HeartbeatAnswer, QueryAnswer, Register, Registered, SIGNATURE_HEADER, Search,
    SearchAnswer, Unregister, Unregistered,
};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::message::Message;
use super::openapi::{self, Typed};
use super::page;
use super::reply::{Reply, file_info, query_answer};
use crate::proof::Proof;
use crate::refusal::Refusal;
use crate::service::{Caller, Now, Stats, Tracker};

/// The most bytes that a body may have: far above the longest message.
const MAX_BODY_LEN: usize = 1024 * 1024;

/// Who is at the other end of the connection.
pub(super) type Remote = ConnectInfo<SocketAddr>;

/// The routes, and their description: each is named here once.
pub(super) fn router(tracker: Arc<Tracker>) -> Router {
    let (routes, mut api) = OpenApiRouter::with_openapi(openapi::about())
        .routes(routes!(register))
        .routes(routes!(query))
        .routes(routes!(heartbeat))
        .routes(routes!(unregister))
        .routes(routes!(search, search_by_url))
        .routes(routes!(file))
        .routes(routes!(stats))
        .routes(routes!(healthz))
        .split_for_parts();
    openapi::add_errors(&mut api);
    routes
        .merge(openapi::routes(&api))
        .route("/", get(page::home))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_route)
        .layer(DefaultBodyLimit::max(MAX_BODY_LEN))
        .with_state(tracker)
}

/// A body, or why there is none.
type Body = Result<Bytes, BytesRejection>;

/// "I have these files."
///
/// A peer says where it listens and what it has. Files are added to what it registered before; its lease starts anew. The
/// peer signs the body: with its Ed25519 key, over the bytes `sprat tracker register v1`, a zero byte, and the body as it is
/// sent.
#[utoipa::path(
    post,
    path = "/v1/register",
    tag = "messages",
    params(("sprat-signature" = String, Header, description = "The signature in hex, 128 digits")),
    request_body = Typed<Register>,
    responses((status = 200, description = "REGISTERED", body = Typed<Registered>))
)]
async fn register(State(tracker): State<Arc<Tracker>>, remote: Remote, headers: HeaderMap, body: Body) -> Reply {
    let body = read(body)?;
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    let proof = Proof { body: &body, signature };
    let answer = tracker.register(caller(remote), Message::read(&body)?, proof).await?;
    Ok(Json(Answer::Registered(answer)))
}

/// "Who has these files?"
#[utoipa::path(
    post,
    path = "/v1/query",
    tag = "messages",
    request_body = Typed<sprat_protocol::tracker::Query>,
    responses((status = 200, description = "QUERY_ANSWER", body = Typed<QueryAnswer>))
)]
async fn query(State(tracker): State<Arc<Tracker>>, remote: Remote, body: Body) -> Result<Response, Refusal> {
    let found = tracker.query(caller(remote), &Message::read(&read(body)?)?).await?;
    Ok(query_answer(&found))
}

/// "I am still here."
///
/// Renews the lease on everything that a peer registered.
#[utoipa::path(
    post,
    path = "/v1/heartbeat",
    tag = "messages",
    request_body = Typed<Heartbeat>,
    responses((status = 200, description = "HEARTBEAT_ANSWER", body = Typed<HeartbeatAnswer>))
)]
async fn heartbeat(State(tracker): State<Arc<Tracker>>, remote: Remote, body: Body) -> Reply {
    let answer = tracker.heartbeat(caller(remote), Message::read(&read(body)?)?).await?;
    Ok(Json(Answer::HeartbeatAnswer(answer)))
}

/// "I no longer have these files."
#[utoipa::path(
    post,
    path = "/v1/unregister",
    tag = "messages",
    request_body = Typed<Unregister>,
    responses((status = 200, description = "UNREGISTERED", body = Typed<Unregistered>))
)]
async fn unregister(State(tracker): State<Arc<Tracker>>, remote: Remote, body: Body) -> Reply {
    let answer = tracker.unregister(caller(remote), Message::read(&read(body)?)?).await?;
    Ok(Json(Answer::Unregistered(answer)))
}

/// "Which files are called like this?"
#[utoipa::path(
    post,
    path = "/v1/search",
    tag = "messages",
    request_body = Typed<Search>,
    responses((status = 200, description = "SEARCH_ANSWER", body = Typed<SearchAnswer>))
)]
async fn search(State(tracker): State<Arc<Tracker>>, remote: Remote, body: Body) -> Reply {
    let answer = tracker.search(caller(remote), &Message::read(&read(body)?)?).await?;
    Ok(Json(Answer::SearchAnswer(answer)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchParameters {
    /// Words that the name must contain, in any order and case; parts of words are enough.
    q: String,
    /// Which page of 50 files, counted from 0.
    #[serde(default)]
    page: u32,
}

/// SEARCH, for people with curl
#[utoipa::path(
    get,
    path = "/v1/search",
    tag = "for curl",
    params(SearchParameters),
    responses((status = 200, description = "SEARCH_ANSWER", body = Typed<SearchAnswer>))
)]
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

/// QUERY of one file, for people with curl
#[utoipa::path(
    get,
    path = "/v1/files/{file_id}",
    tag = "for curl",
    params(("file_id" = String, Path, description = "64 hex digits")),
    responses((status = 200, description = "What is known of the file", body = FileInfo))
)]
async fn file(
    State(tracker): State<Arc<Tracker>>,
    remote: Remote,
    Path(file_id): Path<String>,
) -> Result<Response, Refusal> {
    let file_id: FileId = file_id.parse().map_err(|error| Refusal::Malformed(format!("{error}")))?;
    Ok(file_info(tracker.file(caller(remote), file_id).await?))
}

/// What the tracker tells about itself
#[utoipa::path(get, path = "/v1/stats", tag = "operation", responses((status = 200, description = "Numbers", body = Stats)))]
async fn stats(State(tracker): State<Arc<Tracker>>) -> Json<Stats> {
    Json(tracker.stats(Now::read()))
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, description = "It does", body = String)))]
async fn healthz() -> &'static str {
    "ok"
}

async fn wrong_method(method: Method, uri: Uri) -> Reply {
    Err(Refusal::WrongMethod(shown(uri.path()), shown(method.as_str())))
}

async fn unknown_route(uri: Uri) -> Reply {
    Err(Refusal::UnknownRoute(shown(uri.path())))
}

pub(super) fn caller(ConnectInfo(remote): Remote) -> Caller {
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
