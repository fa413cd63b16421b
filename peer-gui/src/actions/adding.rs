//! Actions that add downloads.

/// Action that adds a download by its ID or link.
#[derive(Clone, Debug, PartialEq)]
pub enum AddAction {
    /// Put this text into the field.
    Type(String),
    /// Download the ID or link in the field.
    Submit,
    /// Download the IDs and links in a text that was pasted outside of any field.
    Paste(String),
    /// Download the link that is offered.
    AcceptOffer,
    /// Leave the link that is offered.
    DeclineOffer,
}
