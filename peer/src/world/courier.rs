//! Transport of messages to a tracker: HTTP, or a stand-in for it in a simulation.

use std::fmt;
use std::pin::Pin;

use reqwest::header::HeaderValue;

/// A boxed future.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Transport of messages to a tracker.
pub trait Courier: fmt::Debug + Send + Sync {
    /// Delivers a message and returns the body of the answer, whatever its status.
    fn deliver(&self, letter: Letter) -> Later<'_, Result<Vec<u8>, Undelivered>>;

    /// Returns whether the health check at this URL succeeds.
    fn is_well(&self, url: String) -> Later<'_, Result<bool, Undelivered>>;
}

/// A message to a tracker.
#[derive(Debug)]
pub struct Letter {
    /// URL of the route that the message is for.
    pub url: String,
    /// Message in JSON.
    pub body: Vec<u8>,
    /// Signature of the body by the sender, if the message needs one.
    pub signature: Option<String>,
    /// Value of the `Authorization` header, if the tracker wants one; marked as sensitive, so that it is not shown.
    pub authorization: Option<HeaderValue>,
}

/// Reason for the lack of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The tracker cannot be reached; the text describes the error.
    Unreachable(String),
    /// The answer is longer than the answers of trackers can be.
    TooLong,
}
