//! Routes: the path of each, and its handler.

#![allow(unused_qualifications, reason = "the code that is derived from descriptions has them")]

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
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

use super::admin;
use super::admit::{Takes, admit};
use super::app::{App, Client, Tracking, caller};
use super::body::{Batch, Body};
use super::message::Message;
use super::openapi::{self, Typed};
use super::page;
use super::reply::{Reply, file_info, query_answer};
use super::schema::BodyLimits;
use crate::access::Role;
use crate::access::proof::Proof;
use crate::model::moment::Now;
use crate::model::shown::shown;
use crate::operation::metrics::to_plain_text;
use crate::operation::readiness::NotReady;
use crate::service::Stats;
use crate::service::refusal::Refusal;

/// All routes, and their description: each is named here once, under what it takes to use it. Those for metrics are here
/// only where they have no address of their own.
pub(super) fn router(app: Arc<App>, with_metrics: bool) -> Router {
    let takes = |role| from_fn_with_state(Takes { app: app.clone(), role }, admit);
    let share = OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(heartbeat))
        .routes(routes!(unregister))
        .route_layer(takes(Role::Share));
    let read = OpenApiRouter::new()
        .routes(routes!(query))
        .routes(routes!(search, search_by_url))
        .routes(routes!(file))
        .routes(routes!(stats))
        .route("/", get(page::home))
        .merge(if with_metrics { numbers() } else { OpenApiRouter::new() })
        .route_layer(takes(Role::Read));
    let admin = admin::routes().route_layer(takes(Role::Admin));
    let all = OpenApiRouter::with_openapi(openapi::about()).merge(share).merge(read).merge(health()).merge(admin);
    let (described, mut api) = all.split_for_parts();
    openapi::add_errors(&mut api);
    described
        .merge(openapi::routes(&api, BodyLimits { batch: app.max_batch_len, other: app.max_body_len }))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_route)
        .with_state(app)
}

/// The routes where metrics have an address of their own: who gets to that may see them.
pub(super) fn metrics_router(app: Arc<App>) -> Router {
    Router::from(health().merge(numbers())).fallback(unknown_route).with_state(app)
}

fn numbers() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Open to everybody: those who look whether a tracker lives have no token.
fn health() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// REGISTER: "I have these files."
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
async fn register(State(app): Tracking, client: Client, headers: HeaderMap, Batch(body): Batch) -> Reply {
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    let proof = Proof { body: &body, signature };
    let answer = app.tracker.register(caller(client), Message::read(&body)?, proof).await?;
    Ok(Json(Answer::Registered(answer)))
}

/// QUERY: "Who has these files?"
#[utoipa::path(
    post,
    path = "/v1/query",
    tag = "messages",
    request_body = Typed<sprat_protocol::tracker::Query>,
    responses((status = 200, description = "QUERY_ANSWER", body = Typed<QueryAnswer>))
)]
async fn query(State(app): Tracking, client: Client, Body(body): Body) -> Result<Response, Refusal> {
    let found = app.tracker.query(caller(client), &Message::read(&body)?).await?;
    Ok(query_answer(&found))
}

/// HEARTBEAT: "I am still here."
///
/// Renews the lease on everything that a peer registered.
#[utoipa::path(
    post,
    path = "/v1/heartbeat",
    tag = "messages",
    request_body = Typed<Heartbeat>,
    responses((status = 200, description = "HEARTBEAT_ANSWER", body = Typed<HeartbeatAnswer>))
)]
async fn heartbeat(State(app): Tracking, client: Client, Batch(body): Batch) -> Reply {
    let answer = app.tracker.heartbeat(caller(client), Message::read(&body)?).await?;
    Ok(Json(Answer::HeartbeatAnswer(answer)))
}

/// UNREGISTER: "I no longer have these files."
#[utoipa::path(
    post,
    path = "/v1/unregister",
    tag = "messages",
    request_body = Typed<Unregister>,
    responses((status = 200, description = "UNREGISTERED", body = Typed<Unregistered>))
)]
async fn unregister(State(app): Tracking, client: Client, Batch(body): Batch) -> Reply {
    let answer = app.tracker.unregister(caller(client), Message::read(&body)?).await?;
    Ok(Json(Answer::Unregistered(answer)))
}

/// SEARCH: "Which files are called like this?"
#[utoipa::path(
    post,
    path = "/v1/search",
    tag = "messages",
    request_body = Typed<Search>,
    responses((status = 200, description = "SEARCH_ANSWER", body = Typed<SearchAnswer>))
)]
async fn search(State(app): Tracking, client: Client, Body(body): Body) -> Reply {
    let answer = app.tracker.search(caller(client), &Message::read(&body)?).await?;
    Ok(Json(Answer::SearchAnswer(answer)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchParameters {
    /// Words that the name must contain, in any order and case; parts of words are enough.
    q: String,
    /// Number of the page of 50 files, counted from 0.
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
    State(app): Tracking,
    client: Client,
    parameters: Result<Query<SearchParameters>, QueryRejection>,
) -> Reply {
    let malformed = |rejection: QueryRejection| Refusal::Malformed(rejection.body_text());
    let Query(SearchParameters { q, page }) = parameters.map_err(malformed)?;
    let answer = app.tracker.search(caller(client), &Search { words: q, page }).await?;
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
async fn file(State(app): Tracking, client: Client, Path(file_id): Path<String>) -> Result<Response, Refusal> {
    let file_id: FileId = file_id.parse().map_err(|error| Refusal::Malformed(format!("{error}")))?;
    Ok(file_info(app.tracker.file(caller(client), file_id).await?))
}

/// Numbers of the tracker
#[utoipa::path(get, path = "/v1/stats", tag = "operation", responses((status = 200, description = "Numbers", body = Stats)))]
async fn stats(State(app): Tracking) -> Json<Stats> {
    Json(app.tracker.stats(Now::read()))
}

/// Readiness of the tracker
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    responses((status = 200, description = "It can", body = String), (status = 503, description = "Why not", body = String))
)]
async fn readyz(State(app): Tracking) -> Result<&'static str, (StatusCode, String)> {
    let store = app.tracker.is_ready().then_some("ok").ok_or(NotReady::StoreAway);
    app.readiness.check().and(store).map_err(|reason| (StatusCode::SERVICE_UNAVAILABLE, reason.to_string()))
}

/// Numbers for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses((status = 200, description = "OpenMetrics text, if the request says that it accepts that; else the older text", body = String))
)]
async fn metrics(State(app): Tracking, headers: HeaderMap) -> impl IntoResponse {
    const OPEN_METRICS: &str = "application/openmetrics-text";
    let (entries, waiting) = app.tracker.names_known();
    app.metrics.catalogue().set(entries, waiting);
    if let Some(unix_seconds) = app.certificate.as_ref().and_then(|certificate| certificate.end()) {
        app.metrics.certificate_ends(unix_seconds);
    }
    let text = app.metrics.encode(&app.tracker.totals());
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    match accepted.any(|value| value.contains(OPEN_METRICS)) {
        true => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text),
        false => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], to_plain_text(&text)),
    }
}

/// Life of the process
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
