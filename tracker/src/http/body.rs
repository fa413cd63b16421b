//! The bodies of requests, each with a bound on its length.

use std::error::Error;
use std::sync::Arc;

use axum::body::{Bytes, HttpBody, to_bytes};
use axum::extract::{FromRequest, Request};
use http_body_util::LengthLimitError;

use super::routes::App;
use crate::refusal::Refusal;

/// A body of up to [`ServerConfig::max_body_len`](crate::config::ServerConfig::max_body_len).
pub(super) struct Body(pub(super) Bytes);

/// A body of up to [`ServerConfig::max_batch_len`](crate::config::ServerConfig::max_batch_len).
pub(super) struct Batch(pub(super) Bytes);

impl FromRequest<Arc<App>> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        read(request, app.max_body_len).await.map(Self)
    }
}

impl FromRequest<Arc<App>> for Batch {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        read(request, app.max_batch_len).await.map(Self)
    }
}

async fn read(request: Request, most: usize) -> Result<Bytes, Refusal> {
    let body = request.into_body();
    // Where it is said beforehand how long the body is, nothing has to be read of one that is too long.
    if body.size_hint().lower() > most as u64 {
        return Err(Refusal::TooLarge(most));
    }
    to_bytes(body, most).await.map_err(|error| match error.source() {
        Some(source) if source.is::<LengthLimitError>() => Refusal::TooLarge(most),
        _ => Refusal::Malformed(format!("the body ended early: {error}")),
    })
}
