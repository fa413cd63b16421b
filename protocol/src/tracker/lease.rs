//! A peer's lease at a tracker.

use serde::{Deserialize, Serialize};

use super::LeaseToken;

/// Time for which a tracker believes a peer without another word from it, and the proof that a word is the peer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lease {
    /// Random, told to nobody else.
    pub token: LeaseToken,
    /// Seconds until everything that the peer registered is forgotten. A peer says HEARTBEAT after a third of it.
    pub seconds: u32,
}
