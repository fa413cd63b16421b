//! Answers and refusals as responses.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sprat_chunking::FileId;
use sprat_protocol::tracker::{Answer, ErrorCode};

use crate::model::holding::Found;
use crate::service::refusal::Refusal;

/// Answer of a handler: something as JSON, or a refusal.
pub(super) type Reply<T = Answer> = Result<Json<T>, Refusal>;

/// A [`QueryAnswer`](sprat_protocol::tracker::QueryAnswer), of which most is written already.
pub(super) fn query_answer(found: &Found) -> Response {
    let mut body = Vec::with_capacity(found.files.len() + 256);
    body.extend_from_slice(br#"{"type":"QUERY_ANSWER","files":["#);
    body.extend_from_slice(&found.files);
    body.extend_from_slice(br#"],"unknown":"#);
    write_ids(&mut body, &found.unknown);
    if !found.unavailable.is_empty() {
        body.extend_from_slice(br#","unavailable":"#);
        write_ids(&mut body, &found.unavailable);
    }
    body.push(b'}');
    json(body)
}

/// A [`FileInfo`](sprat_protocol::tracker::FileInfo) that is written already.
pub(super) fn file_info(body: Vec<u8>) -> Response {
    json(body)
}

fn write_ids(body: &mut Vec<u8>, ids: &[FileId]) {
    serde_json::to_writer(body, ids).expect("a list of IDs is JSON, and memory takes it");
}

fn json(body: Vec<u8>) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, JSON)], body).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let answer = self.to_answer();
        let retry_after = answer.retry_after;
        let status = match self {
            Self::WrongMethod(..) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TransferCoding(_) => StatusCode::NOT_IMPLEMENTED,
            Self::ContentCoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::SlowBody { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::OtherHost(_) => StatusCode::MISDIRECTED_REQUEST,
            _ => status(answer.code),
        };
        let mut response = (status, Json(Answer::Error(answer))).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest => StatusCode::BAD_REQUEST,
        ErrorCode::UnknownMessage | ErrorCode::UnknownFile => StatusCode::NOT_FOUND,
        ErrorCode::NotSigned | ErrorCode::WrongTime | ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::UnknownLease => StatusCode::GONE,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use sprat_protocol::tracker::QueryAnswer;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_what_its_type_says() {
        let file_id: FileId = "00".repeat(32).parse().unwrap();
        for (unknown, unavailable) in [(vec![], vec![]), (vec![file_id], vec![]), (vec![], vec![file_id, file_id])] {
            let found = Found { files: vec![], unknown: unknown.clone(), unavailable: unavailable.clone() };
            let response = query_answer(&found);
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let expected = Answer::QueryAnswer(QueryAnswer { files: vec![], unknown, unavailable });
            assert_eq!(body, serde_json::to_string(&expected).unwrap());
        }
    }
}
