//! Moments as the store counts them.

use std::time::Duration;

/// Milliseconds since the first moment that the store was told of: a moment that fits into an atomic.
pub(super) type Millis = u64;

/// End of the lease of a peer that gave it up, or that is being cleared away.
pub(super) const LONG_OVER: Millis = 0;

/// A length of time in milliseconds.
pub(super) fn to_millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
