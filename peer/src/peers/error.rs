//! Ends of a connection.

use crate::wire::frames::StreamError;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    /// The stream broke, or what came on it is no frame.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The peer sent what it must not.
    #[error("it sent {0}")]
    OutOfTurn(&'static str),
    /// A chunk could not be read to its end, and half of it is sent.
    #[error("of a chunk that it is sent the rest can't be read")]
    Unreadable,
    /// Not even an answer to PING.
    #[error("it fell silent")]
    Silent,
}
