//! Rate limit that a download keeps to. At the limit, late bytes are no peer's fault, more outstanding requests would
//! only fill sockets, and a chunk that is fetched twice takes the place of another.

use std::num::NonZeroU32;
use std::time::Duration;

/// Time that the outstanding chunks may take at the limit.
const BUDGET_TIME: Duration = Duration::from_secs(4);
/// Chunks that may be outstanding at any limit.
const MIN_BUDGET_CHUNKS: u64 = 2;

/// Rate limit of a download.
#[derive(Clone, Copy, Debug)]
pub struct Limited {
    /// Limit in bytes per second.
    pub rate: NonZeroU32,
    /// Tells whether the limit holds peers back now: then no other peer would be sooner.
    pub is_reached: bool,
}

impl Limited {
    /// Returns whether `outstanding` chunks, of all peers together, are as many as the limit lets in for some time.
    pub(super) fn is_spent(&self, outstanding: usize, chunk_len: u64) -> bool {
        let budget = u64::from(self.rate.get()) * BUDGET_TIME.as_secs() / chunk_len;
        outstanding as u64 >= budget.max(MIN_BUDGET_CHUNKS)
    }
}
