//! Refusals of a store.

/// Reason why a REGISTER fails as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The peer found no room.
    #[error(transparent)]
    Refused(#[from] PeerRefusal),
    /// The store has no answer for now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Reason why a HEARTBEAT or an UNREGISTER fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// The lease is unknown.
    #[error(transparent)]
    Unknown(#[from] UnknownLease),
    /// The store has no answer for now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Reason why a peer gets no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerRefusal {
    /// The tracker is over `limits.peers`.
    #[error("this tracker has as many peers as it takes; try again later, or another tracker")]
    TrackerFull,
    /// The peer's network is over `limits.peers_per_address`.
    #[error("your network has as many peers here as one may have; try again when some have gone")]
    AddressFull,
    /// The peers of the same /24 or /64 network have their share of all room.
    #[error("the network around your address has as many peers here as one may have; try again when some have gone")]
    NetworkFull,
}

/// Reason why a peer does not get into the swarm of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// The peer is over `limits.files_per_peer`.
    #[error("you have registered as many files as one peer may")]
    PeerFull,
    /// The file's swarm is over `limits.peers_per_swarm`.
    #[error("as many peers as the tracker takes already have this file")]
    SwarmFull,
    /// The tracker is over `limits.files` or `limits.holdings`.
    #[error("this tracker has as many files as it takes; try again later, or another tracker")]
    TrackerFull,
    /// The peers of the same /24 or /64 network hold their share of all.
    #[error("the network around your address has as many files here as one may have; try again when some have gone")]
    NetworkFull,
    /// The part of the store that the file belongs to is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl PeerRefusal {
    /// Names the limit by its key.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Self::TrackerFull => "peers",
            Self::AddressFull => "peers_per_address",
            Self::NetworkFull => "peers_per_network",
        }
    }
}

impl FileRefusal {
    /// Names the limit by its key; none if it is no limit that keeps the file out.
    pub(crate) fn limit(self) -> Option<&'static str> {
        match self {
            Self::PeerFull => Some("files_per_peer"),
            Self::SwarmFull => Some("peers_per_swarm"),
            Self::TrackerFull => Some("files"),
            Self::NetworkFull => Some("holdings_per_network"),
            Self::Unavailable(_) => None,
        }
    }
}

/// The lease is over, or never was, or the token is another one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tracker knows no such lease; REGISTER again")]
pub struct UnknownLease;

/// Silence of the part of the store that would know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of the tracker's memory is away; try again later")]
pub struct Unavailable;
