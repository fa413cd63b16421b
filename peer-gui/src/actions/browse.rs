//! Actions on the Browse screen.

use sprat_protocol::Link;

/// Action on the Browse screen.
#[derive(Clone, Debug, PartialEq)]
pub enum BrowseAction {
    /// Put this text into the field for words.
    Type(String),
    /// Search the trackers for the words in the field.
    Search,
    /// Show the next page of the result.
    More,
    /// Go to the field for words.
    Focus,
    /// Download a file of the result.
    Get(Link),
}
