//! Why a peer does not get what it asks for.

/// Why a REGISTER fails as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// There is no room for the peer.
    #[error(transparent)]
    Refused(#[from] PeerRefusal),
    /// There is no answer for now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a HEARTBEAT or an UNREGISTER fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// There is no such lease.
    #[error(transparent)]
    Unknown(#[from] UnknownLease),
    /// There is no answer for now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a peer gets no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerRefusal {
    /// Over `limits.peers`.
    #[error("this tracker has as many peers as it takes; try again later, or another tracker")]
    TrackerFull,
    /// Over `limits.peers_per_address`.
    #[error("your network has as many peers here as one may have; try again when some have gone")]
    AddressFull,
}

/// Why a peer does not get into the swarm of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// Over `limits.files_per_peer`.
    #[error("you have registered as many files as one peer may")]
    PeerFull,
    /// Over `limits.peers_per_swarm`.
    #[error("as many peers as the tracker takes already have this file")]
    SwarmFull,
    /// Over `limits.files` or `limits.holdings`.
    #[error("this tracker has as many files as it takes; try again later, or another tracker")]
    TrackerFull,
    /// The part of the store that the file belongs to is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl PeerRefusal {
    /// Which limit it is, by its key.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Self::TrackerFull => "peers",
            Self::AddressFull => "peers_per_address",
        }
    }
}

impl FileRefusal {
    /// Which limit it is, by its key; none if it is no limit that keeps the file out.
    pub(crate) fn limit(self) -> Option<&'static str> {
        match self {
            Self::PeerFull => Some("files_per_peer"),
            Self::SwarmFull => Some("peers_per_swarm"),
            Self::TrackerFull => Some("files"),
            Self::Unavailable(_) => None,
        }
    }
}

/// The lease is over, or never was, or the token is another one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tracker knows no such lease; REGISTER again")]
pub struct UnknownLease;

/// Where this is kept does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of the tracker's memory is away; try again later")]
pub struct Unavailable;
