//! The trackers in use, and the fields about them.

use std::collections::HashMap;

use url::Url;

use crate::model::messages::LocalTracker;

/// Trackers in use, and the fields about them.
#[derive(Debug, Default)]
pub struct Trackers {
    /// Trackers in use, without the one on this computer.
    pub in_use: Vec<Url>,
    /// Results of asking trackers whether they answer.
    pub tests: HashMap<Url, TrackerTest>,
    /// State of the tracker on this computer.
    pub local: LocalTracker,
    /// Text of the field for a tracker's address.
    pub address: String,
    /// Error of that address.
    pub error: Option<&'static str>,
    /// Tracker whose token is asked for.
    pub token_for: Option<Url>,
    /// Text of the field for that token.
    pub token: String,
    /// Error of that token.
    pub token_error: Option<&'static str>,
}

/// Result of asking a tracker whether it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackerTest {
    /// The answer is awaited.
    Asking,
    /// The tracker answered.
    Answers,
    /// The tracker did not answer, for this reason.
    Silent(String),
}

impl Trackers {
    /// Trackers that the engine is to use: those of the user, and the one on this computer.
    pub fn all(&self) -> Vec<Url> {
        let local = self.local.url().filter(|url| !self.in_use.contains(url));
        self.in_use.iter().chain(local).cloned().collect()
    }
}
