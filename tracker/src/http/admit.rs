//! Admission to routes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::app::{App, Client, caller};
use crate::access::Role;
use crate::service::refusal::Refusal;

/// Requirement of a route: the role that it takes.
#[derive(Clone)]
pub(super) struct Takes {
    pub(super) app: Arc<App>,
    pub(super) role: Role,
}

/// Lets a request through, or answers why not, before anything of its body is read.
pub(super) async fn admit(
    State(Takes { app, role }): State<Takes>,
    client: Client,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    // What is no text is no token either, and is told so.
    let authorization = authorization.map(|value| value.to_str().unwrap_or("Bearer"));
    let admitted = app.tracker.access().admit(role, authorization, caller(client));
    admitted.inspect_err(|error| app.metrics.token_refused(error.kind()))?;
    Ok(next.run(request).await)
}
