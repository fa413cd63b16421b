//! Refusals: all that those may know whom the tracker refuses, and nothing else.

use std::time::Duration;

use sprat_chunking::FileId;
use sprat_protocol::tracker::{ErrorAnswer, ErrorCode, MAX_NAME_LEN};

use crate::access::AccessError;
use crate::access::blocks::{BlockError, Blocked};
use crate::access::proof::ProofError;
use crate::access::tokens::TokenError;
use crate::model::error::{LeaseError, PeerRefusal, RegisterError, Unavailable, UnknownLease};

/// Reason why a request is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not one that this route understands.
    #[error("{0}")]
    Malformed(String),
    /// The route does not exist.
    #[error("there is nothing at {0}; the messages go to /v1/register, query, heartbeat, unregister and search")]
    UnknownRoute(String),
    /// The route is there, for another method.
    #[error("{0} is for another method than {1}")]
    WrongMethod(String, String),
    /// The body is longer than the tracker reads.
    #[error("the body is longer than {0} bytes; send less at once")]
    TooLarge(usize),
    /// The body is in a form for its way that the tracker does not read.
    #[error("the body comes as {0:?}; send it as it is, or in chunks")]
    TransferCoding(String),
    /// The body is packed in a way that the tracker does not read.
    #[error("the body is packed as {0:?}; send it as it is")]
    ContentCoding(String),
    /// The body was not complete in time.
    #[error("the body was not complete after {seconds} s; send it at once")]
    SlowBody {
        /// The time that it had.
        seconds: u64,
        /// Seconds after which it may be tried again.
        retry_after: u32,
    },
    /// The request is for another host.
    #[error("this tracker does not go by the name {0:?}; use one of its addresses, or have its operator add that name")]
    OtherHost(String),
    /// A list in the request is too long.
    #[error("{count} {what} are more than the {most} that one message may have; send several")]
    TooLong {
        /// Things that there are too many of.
        what: &'static str,
        /// Number of these things.
        count: usize,
        /// Upper bound of their number.
        most: usize,
    },
    /// The port is 0, where nobody can be reached.
    #[error("port 0 is no port that others can reach; name the one that you listen on")]
    PortZero,
    /// The file is unknown: nobody here has it.
    #[error("nobody here has the file {0}")]
    UnknownFile(FileId),
    /// Whoever asks may not do this.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A REGISTER is not the word of the peer that it names.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A REGISTER is for a tracker of another name.
    #[error("this was signed for another tracker; this one goes by {0}")]
    OtherTracker(String),
    /// The lease is over, or never was.
    #[error(transparent)]
    UnknownLease(#[from] UnknownLease),
    /// The tracker or the network has too many peers.
    #[error("{reason}")]
    TooManyPeers {
        /// Limit that the peer is over.
        reason: PeerRefusal,
        /// Seconds after which some may have gone.
        retry_after: u32,
    },
    /// The network sends more REGISTERs than one may.
    #[error("too many peers register from the network around your address; try again later")]
    TooManyRegisters {
        /// Seconds after which there is room for one.
        retry_after: u32,
    },
    /// The files cannot be added, none of them.
    #[error("{reason}")]
    TooManyFiles {
        /// Limit that the files are over.
        reason: String,
        /// Seconds after which there may be room.
        retry_after: u32,
    },
    /// The files that are asked for are kept where they cannot be reached for now.
    #[error("{reason}")]
    Unavailable {
        /// Part that is away.
        reason: Unavailable,
        /// Seconds after which it may be back.
        retry_after: u32,
    },
    /// The request was not complete, or not answered, in time.
    #[error("this took longer than {seconds} s; send it at once, or try again later")]
    TooSlow {
        /// The time that it had.
        seconds: u64,
        /// Seconds after which the tracker may be less busy.
        retry_after: u32,
    },
    /// The tracker has no memory for what the request or its answer needs.
    #[error("the tracker has its hands full; try again later")]
    Busy {
        /// Seconds after which it may be less busy.
        retry_after: u32,
    },
    /// The tracker failed. Its log says why; the client is not told.
    #[error("the tracker failed to answer this; it is not your fault, try again later")]
    Failed,
}

impl Refusal {
    /// Something is away.
    pub(crate) fn unavailable(reason: Unavailable) -> Self {
        Self::Unavailable { reason, retry_after: soon() }
    }

    /// Refuses what took longer than this.
    pub(crate) fn too_slow(time: Duration) -> Self {
        Self::TooSlow { seconds: time.as_secs(), retry_after: soon() }
    }

    /// Refuses a body that was not complete after this.
    pub(crate) fn slow_body(time: Duration) -> Self {
        Self::SlowBody { seconds: time.as_secs(), retry_after: soon() }
    }

    /// Refuses what there is no memory for.
    pub(crate) fn busy() -> Self {
        Self::Busy { retry_after: soon() }
    }

    /// A peer is not registered.
    pub(crate) fn of_register(error: RegisterError, lease_seconds: u32) -> Self {
        match error {
            RegisterError::Refused(reason) => Self::TooManyPeers { reason, retry_after: lease_seconds },
            RegisterError::Unavailable(reason) => Self::unavailable(reason),
        }
    }

    /// The kind, for programs.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed(_)
            | Self::TooLong { .. }
            | Self::PortZero
            | Self::TransferCoding(_)
            | Self::ContentCoding(_) => ErrorCode::BadRequest,
            Self::UnknownRoute(_) | Self::WrongMethod(..) => ErrorCode::UnknownMessage,
            Self::TooLarge(_) => ErrorCode::TooLarge,
            Self::UnknownFile(_) => ErrorCode::UnknownFile,
            Self::Access(AccessError::NoToken | AccessError::BadToken(_)) => ErrorCode::Unauthorized,
            Self::Access(AccessError::TooManyWrong { .. }) => ErrorCode::TooMany,
            Self::Access(AccessError::RoleTooSmall { .. } | AccessError::Blocked(_)) | Self::OtherHost(_) => {
                ErrorCode::Forbidden
            }
            Self::Proof(ProofError::WrongTime { .. }) => ErrorCode::WrongTime,
            Self::Proof(ProofError::Busy) => ErrorCode::TooMany,
            Self::Proof(_) | Self::OtherTracker(_) => ErrorCode::NotSigned,
            Self::UnknownLease(_) => ErrorCode::UnknownLease,
            Self::TooManyPeers { .. } | Self::TooManyFiles { .. } | Self::TooManyRegisters { .. } => ErrorCode::TooMany,
            Self::Unavailable { .. }
            | Self::TooSlow { .. }
            | Self::SlowBody { .. }
            | Self::Busy { .. }
            | Self::Failed => ErrorCode::Unavailable,
        }
    }

    /// The refusal as it is sent.
    pub fn to_answer(&self) -> ErrorAnswer {
        let retry_after = match self {
            Self::TooManyPeers { retry_after, .. }
            | Self::TooManyFiles { retry_after, .. }
            | Self::TooManyRegisters { retry_after }
            | Self::Access(AccessError::TooManyWrong { retry_after })
            | Self::Unavailable { retry_after, .. }
            | Self::TooSlow { retry_after, .. }
            | Self::SlowBody { retry_after, .. }
            | Self::Busy { retry_after } => Some(*retry_after),
            Self::Failed | Self::Proof(ProofError::Busy) => Some(30),
            _ => None,
        };
        let time = match self {
            Self::Proof(ProofError::WrongTime { now }) => Some(*now),
            _ => None,
        };
        ErrorAnswer { code: self.code(), message: self.to_string(), retry_after, time }
    }
}

/// Seconds until another attempt, drawn so that those who are told come back at different times.
fn soon() -> u32 {
    rand::random_range(1..=10)
}

impl From<Blocked> for Refusal {
    fn from(blocked: Blocked) -> Self {
        Self::Access(blocked.into())
    }
}

impl From<LeaseError> for Refusal {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Unknown(unknown) => Self::UnknownLease(unknown),
            LeaseError::Unavailable(reason) => Self::unavailable(reason),
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::NoRandomness(_) | TokenError::File(_) => failed(&error),
            _ => Self::Malformed(error.to_string()),
        }
    }
}

impl From<BlockError> for Refusal {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::File(_) => failed(&error),
            BlockError::NoFolder | BlockError::TooMany(_) => Self::Malformed(error.to_string()),
        }
    }
}

/// The log says why, and not the answer.
fn failed(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(%error, "a change of who may do what failed");
    Refusal::Failed
}

/// Reason why a file is not added, whoever has it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The operator does not want the file.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// The name is empty or too long.
    #[error("a name has 1 to {MAX_NAME_LEN} bytes, not {0}")]
    NameLen(usize),
    /// The name has line breaks or the like.
    #[error("the name contains control characters, or such as change how the rest is shown")]
    NameControl,
    /// The network has registered too many files that nobody had had.
    #[error("too many new files came from your network within a minute; this one may come later")]
    TooManyNew {
        /// Seconds after which there is room for it.
        retry_after: u32,
    },
    /// The length and the chunk size make no layout.
    #[error(transparent)]
    Layout(#[from] sprat_chunking::LayoutError),
    /// Size, chunk size and number of chunks do not fit each other.
    #[error("a file of that size and chunk size has {expected} chunks, not {claimed}")]
    NumChunks {
        /// Number of chunks that there would be.
        expected: u32,
        /// Number of chunks that the peer claims.
        claimed: u32,
    },
}

impl ClaimError {
    /// Seconds after which the file may be registered, if that would help.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyNew { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}
