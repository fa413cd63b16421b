//! Which path leads where.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use sprat_chunking::FileId;
use sprat_protocol::tracker::{Answer, SIGNATURE_HEADER, Search};

use super::body::{Batch, Body};
use super::client::ClientAddr;
use super::memory::Memory;
use super::message::Message;
use super::reply::{Reply, file_info, query_answer};
use crate::config::ServerConfig;
use crate::metrics::Metrics;
use crate::proof::Proof;
use crate::readiness::Readiness;
use crate::refusal::Refusal;
use crate::service::{Caller, Now, Stats, Tracker};

/// What the handlers need.
#[derive(Debug)]
pub(crate) struct App {
    pub(super) tracker: Arc<Tracker>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) readiness: Arc<Readiness>,
    pub(super) max_body_len: usize,
    pub(super) max_batch_len: usize,
    pub(super) memory: Arc<Memory>,
}

impl App {
    pub(crate) fn new(
        tracker: Arc<Tracker>,
        metrics: Arc<Metrics>,
        readiness: Arc<Readiness>,
        config: &ServerConfig,
    ) -> Self {
        let &ServerConfig { max_body_len, max_batch_len, max_memory, .. } = config;
        Self { tracker, metrics, readiness, max_body_len, max_batch_len, memory: Memory::new(max_memory) }
    }
}

/// All routes; those for metrics only where they have no address of their own.
pub(super) fn router(app: Arc<App>, with_metrics: bool) -> Router {
    let metrics = if with_metrics { Router::new().route("/metrics", get(metrics)) } else { Router::new() };
    Router::new()
        .route("/v1/register", post(register))
        .route("/v1/query", post(query))
        .route("/v1/heartbeat", post(heartbeat))
        .route("/v1/unregister", post(unregister))
        .route("/v1/search", post(search).get(search_by_url))
        .route("/v1/files/{file_id}", get(file))
        .route("/v1/stats", get(stats))
        .merge(health())
        .merge(metrics)
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_route)
        .with_state(app)
}

/// The routes where metrics have an address of their own.
pub(super) fn metrics_router(app: Arc<App>) -> Router {
    health().route("/metrics", get(metrics)).fallback(unknown_route).with_state(app)
}

fn health() -> Router<Arc<App>> {
    Router::new().route("/healthz", get(async || "ok")).route("/readyz", get(ready))
}

type Client = Extension<ClientAddr>;
type Tracking = State<Arc<App>>;

async fn register(State(app): Tracking, client: Client, headers: HeaderMap, Batch(body): Batch) -> Reply {
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    let proof = Proof { body: &body, signature };
    let answer = app.tracker.register(caller(client), Message::read(&body)?, proof).await?;
    Ok(Json(Answer::Registered(answer)))
}

async fn query(State(app): Tracking, client: Client, Body(body): Body) -> Result<Response, Refusal> {
    let found = app.tracker.query(caller(client), &Message::read(&body)?).await?;
    Ok(query_answer(&found))
}

async fn heartbeat(State(app): Tracking, client: Client, Batch(body): Batch) -> Reply {
    let answer = app.tracker.heartbeat(caller(client), Message::read(&body)?).await?;
    Ok(Json(Answer::HeartbeatAnswer(answer)))
}

async fn unregister(State(app): Tracking, client: Client, Batch(body): Batch) -> Reply {
    let answer = app.tracker.unregister(caller(client), Message::read(&body)?).await?;
    Ok(Json(Answer::Unregistered(answer)))
}

async fn search(State(app): Tracking, client: Client, Body(body): Body) -> Reply {
    let answer = app.tracker.search(caller(client), &Message::read(&body)?).await?;
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
    State(app): Tracking,
    client: Client,
    parameters: Result<Query<SearchParameters>, QueryRejection>,
) -> Reply {
    let malformed = |rejection: QueryRejection| Refusal::Malformed(rejection.body_text());
    let Query(SearchParameters { q, page }) = parameters.map_err(malformed)?;
    let answer = app.tracker.search(caller(client), &Search { words: q, page }).await?;
    Ok(Json(Answer::SearchAnswer(answer)))
}

/// QUERY of one file for people with curl.
async fn file(State(app): Tracking, client: Client, Path(file_id): Path<String>) -> Result<Response, Refusal> {
    let file_id: FileId = file_id.parse().map_err(|error| Refusal::Malformed(format!("{error}")))?;
    Ok(file_info(app.tracker.file(caller(client), file_id).await?))
}

async fn stats(State(app): Tracking) -> Json<Stats> {
    Json(app.tracker.stats(Now::read()))
}

async fn ready(State(app): Tracking) -> Result<&'static str, (StatusCode, String)> {
    app.readiness.check().map(|()| "ok").map_err(|reason| (StatusCode::SERVICE_UNAVAILABLE, reason.to_string()))
}

async fn metrics(State(app): Tracking) -> impl IntoResponse {
    let text = app.metrics.encode(&app.tracker.totals());
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}

async fn wrong_method(method: Method, uri: Uri) -> Reply {
    Err(Refusal::WrongMethod(shown(uri.path()), shown(method.as_str())))
}

async fn unknown_route(uri: Uri) -> Reply {
    Err(Refusal::UnknownRoute(shown(uri.path())))
}

fn caller(Extension(ClientAddr(address)): Client) -> Caller {
    Caller::new(address, Now::read())
}

/// As much of what a stranger sent as fits into a sentence.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
