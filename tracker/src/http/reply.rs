//! Answers and refusals as responses.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sprat_protocol::tracker::{Answer, ErrorCode};

use crate::refusal::Refusal;

/// What a handler returns: something as JSON, or a refusal.
pub(super) type Reply<T = Answer> = Result<Json<T>, Refusal>;

/// Computes a reply. Where that panics, the client learns no more than that it failed; what went wrong is for the log.
pub(super) fn reply<T: Serialize>(compute: impl FnOnce() -> Result<T, Refusal>) -> Reply<T> {
    // A change that a panic cut short may leave hints wrong until the leases are over. That is better than a tracker
    // that no longer answers anybody.
    let computed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(compute));
    computed.unwrap_or_else(|_| Err(Refusal::Failed)).map(Json)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let answer = self.to_answer();
        let retry_after = answer.retry_after;
        let status = match self {
            Self::WrongMethod(..) => StatusCode::METHOD_NOT_ALLOWED,
            _ => status(answer.code),
        };
        let mut response = (status, Json(Answer::Error(answer))).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest => StatusCode::BAD_REQUEST,
        ErrorCode::UnknownMessage | ErrorCode::UnknownFile => StatusCode::NOT_FOUND,
        ErrorCode::UnknownLease => StatusCode::GONE,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_refusal_that_tells_nothing() {
        let refusal = reply::<()>(|| panic!("secret")).unwrap_err();
        assert_eq!(refusal, Refusal::Failed);
        let response = refusal.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "30");
    }
}
