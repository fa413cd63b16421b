//! What is different while this side receives no faster than the user allows: what comes late is no peer's fault, what is
//! outstanding would only wait in sockets, and nothing that is fetched twice comes for free.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::{PeerKey, Scheduler};

/// For how long what is outstanding may take at the limit.
const BUDGET_TIME: Duration = Duration::from_secs(4);
/// How many chunks may be outstanding at any limit.
const MIN_BUDGET_CHUNKS: u64 = 2;

/// The limit that a download keeps to.
#[derive(Clone, Copy, Debug)]
pub struct Limited {
    /// Bytes per second.
    pub rate: NonZeroU32,
    /// Whether peers are held back by it now: then no other peer would be sooner.
    pub is_reached: bool,
}

impl Scheduler {
    /// The limit from now on, if there is one.
    pub fn set_limited(&mut self, limited: Option<Limited>) {
        self.limited = limited;
    }

    /// This side held the peer's bytes back until then: until then it was not late.
    pub fn held_back(&mut self, key: PeerKey, until: Instant) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.last_progress = peer.last_progress.max(until);
        }
    }

    /// Whether as much is outstanding with all peers together as the limit lets in for some time.
    pub(super) fn is_budget_spent(&self) -> bool {
        let Some(limited) = self.limited else { return false };
        let outstanding: usize = self.peers.values().map(|peer| peer.outstanding.len()).sum();
        let budget = (u64::from(limited.rate.get()) * BUDGET_TIME.as_secs()) / self.config.chunk_len;
        outstanding as u64 >= budget.max(MIN_BUDGET_CHUNKS)
    }

    /// Whether a second copy of what is on its way would only make everything later.
    pub(super) fn is_limit_reached(&self) -> bool {
        self.limited.is_some_and(|limited| limited.is_reached)
    }
}
