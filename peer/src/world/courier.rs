//! Messages to a tracker, and who carries them: HTTP, or in a simulation something that stands in for it.

use std::fmt;
use std::pin::Pin;

use reqwest::header::HeaderValue;

/// Something that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries messages to a tracker.
pub trait Courier: fmt::Debug + Send + Sync {
    /// Delivers a message, and brings back what is answered, whatever that is.
    fn deliver(&self, letter: Letter) -> Later<'_, Result<Vec<u8>, Undelivered>>;

    /// Whether what is at this URL says that it is well.
    fn is_well(&self, url: String) -> Later<'_, Result<bool, Undelivered>>;
}

/// A message to a tracker.
#[derive(Debug)]
pub struct Letter {
    /// The route that it is for.
    pub url: String,
    /// The message, in JSON.
    pub body: Vec<u8>,
    /// The sender's signature of the body, if the message needs one.
    pub signature: Option<String>,
    /// The `Authorization`, if the tracker wants one; marked so that nothing shows it.
    pub authorization: Option<HeaderValue>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// Nobody answers; what happened, in words.
    Unreachable(String),
    /// The answer is longer than any that a tracker gives.
    TooLong,
}
