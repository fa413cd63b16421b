//! Answer of a tracker that cannot or will not do as it is asked.

use serde::{Deserialize, Serialize};

/// Reason for which a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorAnswer {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what happened and what to do.
    pub message: String,
    /// Seconds after which it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The tracker's time in seconds since 1970 (UTC), with [`ErrorCode::WrongTime`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
}

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request is malformed (HTTP 400).
    BadRequest,
    /// The signature is missing or wrong, or the message was heard before (403).
    NotSigned,
    /// The message was signed at another time than now, by the tracker's clock, whose time is in the answer (403).
    WrongTime,
    /// A token is needed, and none came, or none that is known (401).
    Unauthorized,
    /// Not to this one: the token does not allow it, or the operator does not (403).
    Forbidden,
    /// There is no such route (404).
    UnknownMessage,
    /// The tracker does not know this file (404).
    UnknownFile,
    /// The lease has ended, or never was; REGISTER again (410).
    UnknownLease,
    /// The request is longer than the tracker reads (413).
    TooLarge,
    /// Over a limit (429).
    TooMany,
    /// The tracker cannot, for now (503).
    Unavailable,
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::super::Answer;
    use super::super::tests::assert_golden;
    use super::*;

    #[test]
    fn golden_answer() {
        let error =
            |code, retry_after| Answer::Error(ErrorAnswer { code, message: "m".into(), retry_after, time: None });
        assert_golden(
            &error(ErrorCode::UnknownLease, None),
            r#"{"type":"ERROR","code":"unknown_lease","message":"m"}"#,
        );
        assert_golden(
            &error(ErrorCode::TooMany, Some(30)),
            r#"{"type":"ERROR","code":"too_many","message":"m","retry_after":30}"#,
        );
        let time = Some(1_790_000_000);
        let wrong_time = ErrorAnswer { code: ErrorCode::WrongTime, message: "m".into(), retry_after: None, time };
        assert_golden(
            &Answer::Error(wrong_time),
            r#"{"type":"ERROR","code":"wrong_time","message":"m","time":1790000000}"#,
        );
    }

    #[test]
    fn a_code_of_a_later_version_is_read() {
        let text = r#"{"type":"ERROR","code":"on_fire","message":"m"}"#;
        let Ok(Answer::Error(error)) = serde_json::from_str(text) else { panic!("{text}") };
        assert_eq!(error.code, ErrorCode::Unknown);
    }
}
