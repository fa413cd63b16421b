//! Answers: what a command is answered with if it is not refused.

use serde::{Deserialize, Serialize};
use sprat_protocol::tracker::SearchHit;

use crate::refusal::TrackerError;

/// Answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The command is carried out, or accepted where it takes long: then events and snapshots show what becomes of it.
    Done,
    /// Files that were found; to `Command::Search`.
    Found(Found),
    /// Number of peers that a tracker names for a file; to `TrackerQuestion::Holders`.
    Holders(u32),
}

/// Merged answers of all trackers to a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Found files, each once, with the most seeders that any tracker knows. They are in the order of the first tracker
    /// that names each, which names the best first. Names are as they came: clean them before they are shown.
    pub files: Vec<SearchHit>,
    /// True if any tracker has more on its next page.
    pub more: bool,
    /// Errors of the trackers that did not answer, in the order of the trackers.
    pub errors: Vec<TrackerError>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_answers() {
        let nothing = Found { files: Vec::new(), more: true, errors: Vec::new() };
        for (answer, text) in [
            (Answer::Done, r#""done""#),
            (Answer::Holders(3), r#"{"holders":3}"#),
            (Answer::Found(nothing), r#"{"found":{"files":[],"more":true,"errors":[]}}"#),
        ] {
            assert_eq!(serde_json::to_string(&answer).unwrap(), text);
            assert_eq!(serde_json::from_str::<Answer>(text).unwrap(), answer);
        }
    }
}
