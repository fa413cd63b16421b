//! Who gets to a route.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::routes::{Remote, caller};
use crate::access::Role;
use crate::refusal::Refusal;
use crate::service::Tracker;

/// What stands before a route.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) tracker: Arc<Tracker>,
    /// What it takes to get through.
    pub(super) role: Role,
}

/// Lets a request through, or answers why not, before anything of its body is read.
pub(super) async fn admit(
    State(Gate { tracker, role }): State<Gate>,
    remote: Remote,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    // What is no text is no token either, and is told so.
    let authorization = authorization.map(|value| value.to_str().unwrap_or("Bearer"));
    tracker.access().admit(role, authorization, caller(remote))?;
    Ok(next.run(request).await)
}
