//! The Share screen.

use sprat_protocol::Link;

use super::focus::FocusRequests;

/// Most cards of newly shared files.
const MAX_CARDS: usize = 20;

/// State of the Share screen.
#[derive(Debug, Default)]
pub struct Share {
    /// Text of the field for a path.
    pub path: String,
    /// Remark below that field.
    pub note: Option<&'static str>,
    /// Requests to give that field the focus.
    pub focus: FocusRequests,
    /// Files that were shared since the start, newest first.
    pub cards: Vec<SharedCard>,
}

/// File that was just shared.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedCard {
    /// Name of the file.
    pub name: String,
    /// Link to the file.
    pub link: Link,
}

impl Share {
    /// Adds a file that was just shared.
    pub fn add_card(&mut self, card: SharedCard) {
        self.cards.retain(|other| other.link.file_id != card.link.file_id);
        self.cards.insert(0, card);
        self.cards.truncate(MAX_CARDS);
    }
}
