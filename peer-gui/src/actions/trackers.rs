//! Actions on trackers.

use url::Url;

use crate::model::preferences::Reach;

/// Action on the trackers in use, or on the one on this computer.
#[derive(Clone, Debug, PartialEq)]
pub enum TrackerAction {
    /// Put this text into the field for an address.
    TypeAddress(String),
    /// Add the tracker in the field.
    Add,
    /// Ask this tracker whether it answers.
    Test(Url),
    /// Use this tracker no more.
    Remove(Url),
    /// Ask for this tracker's token, or no longer for any.
    EditToken(Option<Url>),
    /// Put this text into the field for a token.
    TypeToken(String),
    /// Use the token in the field.
    UseToken,
    /// Use no token for the tracker whose token is asked for.
    ForgetToken,
    /// Run a tracker on this computer for those who can reach it so, or stop it.
    RunLocal(Reach),
    /// Ask trackers that are away again now.
    Retry,
}
