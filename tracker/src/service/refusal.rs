//! What the tracker tells those whom it refuses: all that they may know, and nothing else.

use std::time::Duration;

use sprat_chunking::FileId;
use sprat_protocol::tracker::{ErrorAnswer, ErrorCode, MAX_NAME_LEN};

use crate::access::AccessError;
use crate::access::blocks::{BlockError, Blocked};
use crate::access::proof::ProofError;
use crate::access::tokens::TokenError;
use crate::model::error::{LeaseError, PeerRefusal, RegisterError, Unavailable, UnknownLease};

/// Why a request is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not one that this route understands.
    #[error("{0}")]
    Malformed(String),
    /// There is no such route.
    #[error("there is nothing at {0}; the messages go to /v1/register, query, heartbeat, unregister and search")]
    UnknownRoute(String),
    /// The route is there, for another method.
    #[error("{0} is for another method than {1}")]
    WrongMethod(String, String),
    /// The body is longer than the tracker reads.
    #[error("the body is longer than {0} bytes; send less at once")]
    TooLarge(usize),
    /// A list in the request is too long.
    #[error("{count} {what} are more than the {most} that one message may have; send several")]
    TooLong {
        /// What there is too much of.
        what: &'static str,
        /// How much of it there is.
        count: usize,
        /// How much there may be.
        most: usize,
    },
    /// Nobody can be reached at port 0.
    #[error("port 0 is no port that others can reach; name the one that you listen on")]
    PortZero,
    /// Nobody here has the file.
    #[error("nobody here has the file {0}")]
    UnknownFile(FileId),
    /// Whoever asks may not do this.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A REGISTER is not the word of the peer that it names.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The lease is over, or never was.
    #[error(transparent)]
    UnknownLease(#[from] UnknownLease),
    /// There are too many peers.
    #[error("{reason}")]
    TooManyPeers {
        /// Which limit it is.
        reason: PeerRefusal,
        /// Seconds after which some may have gone.
        retry_after: u32,
    },
    /// None of the files can be added.
    #[error("{reason}")]
    TooManyFiles {
        /// Which limit it is.
        reason: String,
        /// Seconds after which there may be room.
        retry_after: u32,
    },
    /// What is asked for is kept where it cannot be reached for now.
    #[error("{reason}")]
    Unavailable {
        /// What is away.
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
    /// There is no memory for what the request or its answer needs.
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

    /// It took longer than this.
    pub(crate) fn too_slow(time: Duration) -> Self {
        Self::TooSlow { seconds: time.as_secs(), retry_after: soon() }
    }

    /// There is no memory for it.
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
            Self::Malformed(_) | Self::TooLong { .. } | Self::PortZero => ErrorCode::BadRequest,
            Self::UnknownRoute(_) | Self::WrongMethod(..) => ErrorCode::UnknownMessage,
            Self::TooLarge(_) => ErrorCode::TooLarge,
            Self::UnknownFile(_) => ErrorCode::UnknownFile,
            Self::Access(AccessError::NoToken | AccessError::BadToken(_)) => ErrorCode::Unauthorized,
            Self::Access(AccessError::TooManyWrong { .. }) => ErrorCode::TooMany,
            Self::Access(AccessError::RoleTooSmall { .. } | AccessError::Blocked(_)) => ErrorCode::Forbidden,
            Self::Proof(ProofError::WrongTime { .. }) => ErrorCode::WrongTime,
            Self::Proof(ProofError::Busy) => ErrorCode::TooMany,
            Self::Proof(_) => ErrorCode::NotSigned,
            Self::UnknownLease(_) => ErrorCode::UnknownLease,
            Self::TooManyPeers { .. } | Self::TooManyFiles { .. } => ErrorCode::TooMany,
            Self::Unavailable { .. } | Self::TooSlow { .. } | Self::Busy { .. } | Self::Failed => {
                ErrorCode::Unavailable
            }
        }
    }

    /// The refusal as it is sent.
    pub fn to_answer(&self) -> ErrorAnswer {
        let retry_after = match self {
            Self::TooManyPeers { retry_after, .. }
            | Self::TooManyFiles { retry_after, .. }
            | Self::Access(AccessError::TooManyWrong { retry_after })
            | Self::Unavailable { retry_after, .. }
            | Self::TooSlow { retry_after, .. }
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

/// Why a file is not added, whoever has it.
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
    /// Too many files that nobody has had come from this network.
    #[error("too many new files came from your network within a minute; this one may come later")]
    TooManyNew {
        /// Seconds after which there is room for it.
        retry_after: u32,
    },
    /// There is no layout of this length and chunk size.
    #[error(transparent)]
    Layout(#[from] sprat_chunking::LayoutError),
    /// Size, chunk size and number of chunks do not fit each other.
    #[error("a file of that size and chunk size has {expected} chunks, not {claimed}")]
    NumChunks {
        /// How many there would be.
        expected: u32,
        /// How many the peer says there are.
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
