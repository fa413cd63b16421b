//! Why a peer does not get what it asks for.

#[cfg(doc)]
use crate::config::Limits;

/// Why a peer gets no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerRefusal {
    /// Over [`Limits::peers`].
    #[error("this tracker has as many peers as it takes; try again later, or another tracker")]
    TrackerFull,
    /// Over [`Limits::peers_per_address`].
    #[error("your network has as many peers here as one may have; try again when some have gone")]
    AddressFull,
}

/// Why a peer does not get into the swarm of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// Over [`Limits::files_per_peer`].
    #[error("you have registered as many files as one peer may")]
    PeerFull,
    /// Over [`Limits::peers_per_swarm`].
    #[error("as many peers as the tracker takes already have this file")]
    SwarmFull,
    /// Over [`Limits::files`] or [`Limits::holdings`].
    #[error("this tracker has as many files as it takes; try again later, or another tracker")]
    TrackerFull,
    /// The peer has no lease.
    #[error(transparent)]
    UnknownLease(#[from] UnknownLease),
}

/// The lease is over, or never was, or the token is another one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tracker knows no such lease; REGISTER again")]
pub struct UnknownLease;
