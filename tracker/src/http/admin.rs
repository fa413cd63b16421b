//! Administration over HTTP, with a token of the role admin: tokens, and what is blocked.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::{App, Tracking};
use super::body::Body;
use super::reply::Reply;
use crate::access::Role;
use crate::access::blocks::{Added, Kind, Reason, Target};
use crate::access::tokens::TokenInfo;
use crate::model::moment::Now;
use crate::service::refusal::Refusal;

/// The routes and their description.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(tokens, create_token))
        .routes(routes!(revoke_token))
        .routes(routes!(blocked))
        .routes(routes!(block, unblock))
        .routes(routes!(take_down))
}

/// A token that is to be made.
#[derive(Deserialize, ToSchema)]
struct NewToken {
    /// Name of the token.
    name: String,
    /// Role of the token.
    role: Role,
    /// Seconds for which it is good; absent for ever.
    #[serde(default)]
    expires_in: Option<u64>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
struct CreatedToken {
    /// The token. Nobody is told it again.
    token: String,
    /// Time at which the token ends, in seconds since 1970 (UTC); absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

/// All tokens, without the tokens themselves.
#[derive(Serialize, ToSchema)]
struct TokenList {
    /// The oldest first.
    tokens: Vec<TokenInfo>,
}

/// Answer to a removal.
#[derive(Serialize, ToSchema)]
struct Removed {
    /// Set if there was something to remove.
    removed: bool,
}

/// Reason of a block.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
struct Why {
    /// Reason, as it is told to whom it concerns.
    reason: String,
}

/// A file that is to be taken down.
#[derive(Deserialize, ToSchema)]
struct Takedown {
    /// ID of the file.
    #[schema(value_type = String)]
    file_id: FileId,
    /// Reason, as it is told to whom it concerns.
    #[serde(default)]
    reason: String,
}

/// The tokens that there are
#[utoipa::path(get, path = "/v1/admin/tokens", tag = "administration", responses((status = 200, description = "All of them", body = TokenList)))]
async fn tokens(State(app): Tracking) -> Json<TokenList> {
    Json(TokenList { tokens: app.tracker.access().tokens().list() })
}

/// Makes a token
#[utoipa::path(
    post,
    path = "/v1/admin/tokens",
    tag = "administration",
    request_body = NewToken,
    responses((status = 200, description = "The token", body = CreatedToken))
)]
async fn create_token(State(app): Tracking, Body(body): Body) -> Result<impl IntoResponse, Refusal> {
    let NewToken { name, role, expires_in } = json(&body)?;
    let now = Now::read();
    let expires = expires_in.map(|seconds| now.unix_seconds.saturating_add(seconds));
    let token = app.tracker.moderation().create_token(name, role, expires, now).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(CreatedToken { token: token.reveal(), expires })))
}

/// Makes a token good for nothing
#[utoipa::path(
    delete,
    path = "/v1/admin/tokens/{name}",
    tag = "administration",
    params(("name" = String, Path, description = "What it is called")),
    responses((status = 200, description = "Whether there was one", body = Removed))
)]
async fn revoke_token(State(app): Tracking, Path(name): Path<String>) -> Reply<Removed> {
    let removed = app.tracker.moderation().revoke_token(name).await?;
    Ok(Json(Removed { removed }))
}

/// Lists what was blocked over HTTP; what stands in the operator's files is not repeated
#[utoipa::path(get, path = "/v1/admin/blocks", tag = "administration", responses((status = 200, description = "All of it", body = Added)))]
async fn blocked(State(app): Tracking) -> Reply<Added> {
    Ok(Json(app.tracker.moderation().blocked().await?))
}

/// Blocks a peer, an address or a file, and forgets it
#[utoipa::path(
    put,
    path = "/v1/admin/blocks/{kind}/{value}",
    tag = "administration",
    params(
        ("kind" = String, Path, description = "peers, addresses or files"),
        ("value" = String, Path, description = "A peer ID, a file ID, an address, or a network such as 192.0.2.0%2F24"),
    ),
    request_body = Option<Why>,
    responses((status = 200, description = "What is blocked over HTTP now", body = Added))
)]
async fn block(State(app): Tracking, Path(path): Path<(String, String)>, Body(body): Body) -> Reply<Added> {
    let target = target(&path)?;
    let Why { reason } = if body.is_empty() { Why::default() } else { json(&body)? };
    app.tracker.moderation().block(target, Reason::new(&reason), Now::read()).await?;
    Ok(Json(app.tracker.moderation().blocked().await?))
}

/// Blocks something no longer
#[utoipa::path(
    delete,
    path = "/v1/admin/blocks/{kind}/{value}",
    tag = "administration",
    params(
        ("kind" = String, Path, description = "peers, addresses or files"),
        ("value" = String, Path, description = "As it was blocked"),
    ),
    responses((status = 200, description = "Whether it was", body = Removed))
)]
async fn unblock(State(app): Tracking, Path(path): Path<(String, String)>) -> Reply<Removed> {
    let removed = app.tracker.moderation().unblock(target(&path)?).await?;
    Ok(Json(Removed { removed }))
}

/// Takes a file down: blocks it, and removes it from all that the tracker knows
#[utoipa::path(
    post,
    path = "/v1/admin/takedown",
    tag = "administration",
    request_body = Takedown,
    responses((status = 200, description = "What is blocked over HTTP now", body = Added))
)]
async fn take_down(State(app): Tracking, Body(body): Body) -> Reply<Added> {
    let Takedown { file_id, reason } = json(&body)?;
    app.tracker.moderation().block(Target::File(file_id), Reason::new(&reason), Now::read()).await?;
    Ok(Json(app.tracker.moderation().blocked().await?))
}

fn target((kind, value): &(String, String)) -> Result<Target, Refusal> {
    let kind = match kind.as_str() {
        "peers" => Kind::Peers,
        "addresses" => Kind::Addresses,
        "files" => Kind::Files,
        _ => return Err(Refusal::Malformed("what can be blocked are peers, addresses and files".to_owned())),
    };
    Target::parse(kind, value)
        .ok_or_else(|| Refusal::Malformed(format!("that is none of the {kind} that belong there")))
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::Malformed(format!("the body is not understood: {error}")))
}
