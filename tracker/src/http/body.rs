//! The bodies of requests, each with a bound on its length, and all with one on what they take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use http_body_util::BodyExt;

use super::app::App;
use super::memory::Exhausted;
use crate::service::refusal::Refusal;

/// Sign that the body of a request is being waited for; every request has one as an extension.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyPending(Arc<AtomicBool>);

impl BodyPending {
    /// Says whether the body is being waited for.
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, is_pending: bool) {
        self.0.store(is_pending, Ordering::Relaxed);
    }
}

/// A body of up to [`ServerConfig::max_body_len`](crate::config::ServerConfig::max_body_len).
pub(super) struct Body(pub(super) Bytes);

/// A body of up to [`ServerConfig::max_batch_len`](crate::config::ServerConfig::max_batch_len).
pub(super) struct Batch(pub(super) Bytes);

impl FromRequest<Arc<App>> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        read(request, app, app.max_body_len).await.map(Self)
    }
}

impl FromRequest<Arc<App>> for Batch {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        read(request, app, app.max_batch_len).await.map(Self)
    }
}

/// A whole body of up to so many bytes. It is counted for as long as it exists.
async fn read(request: Request, app: &App, most: usize) -> Result<Bytes, Refusal> {
    let too_large = || {
        app.metrics.cap_hit("body");
        Refusal::TooLarge(most)
    };
    let pending = request.extensions().get::<BodyPending>().cloned().unwrap_or_default();
    let mut body = request.into_body();
    // Where it is said beforehand how long the body is, nothing has to be read of one that is too long.
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    let (mut first, mut all, mut share) = (Bytes::new(), Vec::new(), app.memory.share());
    pending.set(true);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::Malformed(format!("the body ended early: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > most - first.len().max(all.len()) {
            return Err(too_large());
        }
        share.grow(data.len()).map_err(|Exhausted| {
            app.metrics.cap_hit("memory");
            Refusal::busy()
        })?;
        // Nearly all come at once, and need not be copied.
        if first.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&data);
    }
    pending.set(false);
    Ok(share.hold(if all.is_empty() { first } else { all.into() }))
}
