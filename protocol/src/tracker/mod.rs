//! The messages between a peer and a tracker: JSON over HTTP, one message a route, `POST /v1/<message>`.
//!
//! Every body carries its `type`. Unknown fields are ignored, so that a newer peer and an older tracker understand each
//! other; an unknown `type` is an error. One module a message, in the order of a peer's life:
//!
//! | message | answer | route |
//! | --- | --- | --- |
//! | [`Register`] | [`Registered`] | `/v1/register` |
//! | [`Query`] | [`QueryAnswer`] | `/v1/query` |
//! | [`Heartbeat`] | [`HeartbeatAnswer`] | `/v1/heartbeat` |
//! | [`Unregister`] | [`Unregistered`] | `/v1/unregister` |
//! | [`Search`] | [`SearchAnswer`] | `/v1/search` |
//!
//! Where a tracker cannot or will not, it answers any of them with an [`ErrorAnswer`] and a matching HTTP status.

use serde::{Deserialize, Serialize};

mod access_token;
mod error;
mod heartbeat;
mod lease;
mod query;
mod register;
mod search;
mod secret;
mod signature;
mod unregister;

pub use access_token::{AccessToken, ParseAccessTokenError};
pub use error::{ErrorAnswer, ErrorCode};
pub use heartbeat::{Heartbeat, HeartbeatAnswer};
pub use lease::Lease;
pub use query::{FileInfo, MAX_QUERY_FILES, MAX_QUERY_PEERS, PeerInfo, Query, QueryAnswer};
pub use register::{FileOutcome, MAX_ADDRESSES, MAX_REGISTER_FILES, Register, RegisterFile, Registered};
pub use search::{MAX_SEARCH_WORDS_LEN, SEARCH_PAGE_LEN, Search, SearchAnswer, SearchHit};
pub use secret::{LeaseToken, Nonce};
pub use signature::{MAX_CLOCK_SKEW, NotSigned, SIGNATURE_HEADER, Signature};
pub use unregister::{Unregister, Unregistered};

/// The most bytes that a file's name may have, in UTF-8.
pub const MAX_NAME_LEN: usize = 255;

/// Message of a peer to a tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Request {
    /// "I have these files."
    Register(Register),
    /// "Who has these files?"
    Query(Query),
    /// "I am still here."
    Heartbeat(Heartbeat),
    /// "I no longer have these files."
    Unregister(Unregister),
    /// "Which files are called like this?"
    Search(Search),
}

impl Request {
    /// The path that this message is posted to.
    pub fn route(&self) -> &'static str {
        match self {
            Self::Register(_) => "/v1/register",
            Self::Query(_) => "/v1/query",
            Self::Heartbeat(_) => "/v1/heartbeat",
            Self::Unregister(_) => "/v1/unregister",
            Self::Search(_) => "/v1/search",
        }
    }
}

/// Answer of a tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Answer {
    /// To a [`Register`].
    Registered(Registered),
    /// To a [`Query`].
    QueryAnswer(QueryAnswer),
    /// To a [`Heartbeat`].
    HeartbeatAnswer(HeartbeatAnswer),
    /// To an [`Unregister`].
    Unregistered(Unregistered),
    /// To a [`Search`].
    SearchAnswer(SearchAnswer),
    /// To any of them.
    Error(ErrorAnswer),
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt;

    use proptest::prelude::*;

    use super::*;
    use crate::PeerId;

    pub(crate) const ID: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    pub(crate) const PEER: &str = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq";

    pub(crate) fn peer() -> PeerId {
        PeerId::new(std::array::from_fn(|i| i as u8))
    }

    /// Holds a message against the text that it is sent as, in both directions.
    pub(crate) fn assert_golden<T: Serialize + for<'de> Deserialize<'de> + PartialEq + fmt::Debug>(
        message: &T,
        text: &str,
    ) {
        assert_eq!(serde_json::to_string(message).unwrap(), text);
        assert_eq!(&serde_json::from_str::<T>(text).unwrap(), message);
    }

    #[test]
    fn a_type_that_nobody_knows_is_an_error() {
        for text in [r#"{"type":"REBOOT"}"#, r#"{"token":"x"}"#, "[]", "", "{", "null", r#"{"type":7}"#] {
            assert!(serde_json::from_str::<Request>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_that_nobody_knows_are_ignored() {
        let text = r#"{"type":"SEARCH","words":"x","page":0,"mood":{"good":[1]}}"#;
        let Ok(Request::Search(search)) = serde_json::from_str(text) else { panic!("{text}") };
        assert_eq!(search.words, "x");
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        let bomb = format!(r#"{{"type":"SEARCH","words":{}"#, "[".repeat(100_000));
        assert!(serde_json::from_str::<Request>(&bomb).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_input_panics(bytes: Vec<u8>, kind in "REGISTER|QUERY|HEARTBEAT|UNREGISTER|SEARCH|ERROR", body in "[\\[\\]{}\",:a-z_0-9.-]{0,80}") {
            let _ = serde_json::from_slice::<Request>(&bytes);
            let _ = serde_json::from_slice::<Answer>(&bytes);
            let _ = serde_json::from_str::<Request>(&format!(r#"{{"type":"{kind}",{body}}}"#));
            let _ = serde_json::from_str::<Answer>(&format!(r#"{{"type":"{kind}",{body}}}"#));
        }
    }
}
