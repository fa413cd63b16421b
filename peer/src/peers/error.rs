//! Errors that end a connection.

use crate::wire::frames::StreamError;

/// Reason for the end of a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    /// The stream broke, or carried bytes that are no frame.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The peer sent a message that the protocol does not allow at this point.
    #[error("it sent {0}")]
    OutOfTurn(&'static str),
    /// The rest of a chunk could not be read after a part of it was sent.
    #[error("of a chunk that it is sent the rest can't be read")]
    Unreadable,
    /// The peer did not answer a PING.
    #[error("it fell silent")]
    Silent,
}
