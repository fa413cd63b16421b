//! Refusals: why a command was not carried out, and what to do next.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;
use sprat_protocol::tracker::{ErrorAnswer, ErrorCode};
use url::Url;

/// Reason why a command was not carried out. Each message says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No transfer has this ID.
    NoSuchTransfer(FileId),
    /// The transfer was not downloaded but shared from where it lies, so that it is not the engine's to move.
    NotADownload(FileId),
    /// No tracker was named to be asked.
    NoTracker,
    /// The tracker gave no answer, or none of any use.
    Tracker(Box<TrackerError>),
    /// As many questions to trackers are under way as there may be at once.
    TooManyQuestions,
    /// The engine keeps no token for this tracker, so that there is none to take away.
    NoToken(Url),
    /// The engine has no file to keep tokens in. The token is used until the engine ends.
    NoTokenFile,
    /// The file of the tokens could not be changed, for this reason in words for a person. The token is used until the engine
    /// ends.
    TokenNotKept(String),
    /// The engine only asks trackers, and has no transfers.
    AsksOnly,
    /// The engine ended before the command was answered.
    Ended,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchTransfer(file_id) => {
                write!(f, "no transfer has the ID {file_id}; check the ID, or add it anew")
            }
            Self::NotADownload(file_id) => {
                write!(f, "{file_id} was shared from where it lies; move it yourself, and share it again from there")
            }
            Self::NoTracker => f.write_str("no tracker is named; name one to ask"),
            Self::Tracker(error) => error.fmt(f),
            Self::TooManyQuestions => {
                f.write_str("too many questions to trackers are under way; ask again when one of them is answered")
            }
            Self::NoToken(tracker) => write!(f, "there is no token for {tracker}; check the address"),
            Self::NoTokenFile => f.write_str(
                "there is no file to keep tokens in; the token is used until the end, and has to be given again then",
            ),
            Self::TokenNotKept(reason) => f.write_str(reason),
            Self::AsksOnly => f.write_str("this engine only asks trackers; start one that has files"),
            Self::Ended => f.write_str("the engine ended before it answered; start it again"),
        }
    }
}

impl Error for Refusal {}

impl From<TrackerError> for Refusal {
    fn from(error: TrackerError) -> Self {
        Self::Tracker(Box::new(error))
    }
}

/// Reason why a tracker gave no usable answer. Each message says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackerError {
    /// Nothing answers at the URL.
    Unreachable {
        /// URL at which the tracker should be.
        url: Url,
        /// Cause of the failure.
        reason: String,
    },
    /// Something answers at the URL, but it is no tracker.
    Nonsense {
        /// URL at which the tracker should be.
        url: Url,
    },
    /// The tracker refused the request.
    Refused {
        /// URL of the tracker.
        url: Url,
        /// Answer of the tracker, with its reason.
        error: ErrorAnswer,
    },
}

impl fmt::Display for TrackerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { url, reason } => write!(
                f,
                "can't reach the tracker at {url}: {reason}; check the address, or start one there with sprat-tracker"
            ),
            Self::Nonsense { url } => write!(f, "what answers at {url} is not a Sprat tracker; check the address"),
            Self::Refused { url, error } => write!(f, "the tracker at {url} refused: {}", error.message),
        }
    }
}

impl Error for TrackerError {}

impl TrackerError {
    /// Returns whether the tracker answered that it does not know the lease, so that the peer must register again.
    pub fn is_unknown_lease(&self) -> bool {
        matches!(self, Self::Refused { error, .. } if error.code == ErrorCode::UnknownLease)
    }

    /// Returns whether the tracker denies this peer the request: its token is missing or wrong, or it is not wanted.
    pub fn is_forbidden(&self) -> bool {
        let is_forbidden = |code| matches!(code, ErrorCode::Unauthorized | ErrorCode::Forbidden);
        matches!(self, Self::Refused { error, .. } if is_forbidden(error.code))
    }

    /// Time that the tracker asks to wait before the next try, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        let Self::Refused { error, .. } = self else { return None };
        Some(Duration::from_secs(error.retry_after?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_do_next() {
        let (url, file_id): (Url, _) = ("http://t:1".parse().unwrap(), FileId::new([7; 32]));
        let refusals = [
            Refusal::NoSuchTransfer(file_id),
            Refusal::NotADownload(file_id),
            Refusal::NoTracker,
            TrackerError::Nonsense { url: url.clone() }.into(),
            Refusal::TooManyQuestions,
            Refusal::NoToken(url),
            Refusal::NoTokenFile,
            Refusal::AsksOnly,
            Refusal::Ended,
        ];
        for refusal in refusals {
            let (said, next) =
                refusal.to_string().split_once("; ").map(|(a, b)| (a.len(), b.len())).unwrap_or_default();
            assert!(said > 10 && next > 10, "{refusal}");
        }
    }

    #[test]
    fn golden_refusals() {
        let url: Url = "http://t:1".parse().unwrap();
        let error = TrackerError::Unreachable { url: url.clone(), reason: "no".to_owned() };
        for (refusal, text) in [
            (Refusal::NoTracker, r#""no_tracker""#),
            (Refusal::NoToken(url), r#"{"no_token":"http://t:1/"}"#),
            (error.into(), r#"{"tracker":{"unreachable":{"url":"http://t:1/","reason":"no"}}}"#),
        ] {
            assert_eq!(serde_json::to_string(&refusal).unwrap(), text);
            assert_eq!(serde_json::from_str::<Refusal>(text).unwrap(), refusal);
        }
    }
}
