//! Bounds on everything that a stranger can grow.

use std::num::NonZeroU32;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

/// Bounds on everything that a stranger can grow. Over one of them the answer is a refusal, and nothing else suffers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Peers with a lease.
    pub peers: usize,
    /// Peers with a lease that come from one IPv4 address or one IPv6 /64 network.
    pub peers_per_address: usize,
    /// Files that one peer holds.
    pub files_per_peer: usize,
    /// Peers that hold one file.
    pub peers_per_swarm: usize,
    /// Different files.
    pub files: usize,
    /// Files that were not known before and that one IPv4 address or one IPv6 /64 network may register in a minute.
    pub new_files_per_minute: NonZeroU32,
    /// REGISTERs that one IPv4 /24 or one IPv6 /64 network may send in a minute. Each is remembered for up to 20 minutes, so
    /// that nobody says it again, and no network may take all the room for that.
    pub registers_per_minute: NonZeroU32,
    /// Percent of `peers` and of `holdings` that one IPv4 /24 or one IPv6 /64 network may take, with `store = "memory"`.
    pub network_share: u8,
    /// Pairs of a peer and a file that it holds: what the memory of a tracker grows with.
    pub holdings: usize,
}

impl Limits {
    /// The share of one network in so much room: at least one, and without bound where it may take all.
    pub(crate) fn share_of(&self, room: usize) -> usize {
        if self.network_share >= 100 {
            return usize::MAX;
        }
        let share = room as u128 * u128::from(self.network_share) / 100;
        usize::try_from(share).unwrap_or(usize::MAX).max(1)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peers: 1_000_000,
            peers_per_address: 1000,
            files_per_peer: 100_000,
            peers_per_swarm: 100_000,
            files: 10_000_000,
            new_files_per_minute: NonZeroU32::new(10_000).expect("it is not 0"),
            registers_per_minute: NonZeroU32::new(10_000).expect("it is not 0"),
            network_share: 50,
            holdings: 20_000_000,
        }
    }
}
