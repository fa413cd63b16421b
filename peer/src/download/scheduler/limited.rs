//! The limit that a download keeps to: bytes that come late are no peer's fault then, bytes outstanding would only wait in sockets,
//! and nothing that is fetched twice comes for free.

use std::num::NonZeroU32;
use std::time::Duration;

/// Time that the outstanding chunks may take at the limit.
const BUDGET_TIME: Duration = Duration::from_secs(4);
/// Chunks that may be outstanding at any limit.
const MIN_BUDGET_CHUNKS: u64 = 2;

/// The limit that a download keeps to.
#[derive(Clone, Copy, Debug)]
pub struct Limited {
    /// Bytes per second.
    pub rate: NonZeroU32,
    /// Whether peers are held back by it now: then no other peer would be sooner.
    pub is_reached: bool,
}

impl Limited {
    /// Whether so many chunks, outstanding with all peers together, are as many as the limit lets in for some time.
    pub(super) fn is_spent(&self, outstanding: usize, chunk_len: u64) -> bool {
        let budget = u64::from(self.rate.get()) * BUDGET_TIME.as_secs() / chunk_len;
        outstanding as u64 >= budget.max(MIN_BUDGET_CHUNKS)
    }
}
