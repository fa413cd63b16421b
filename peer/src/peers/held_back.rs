//! Receiving chunks no faster than the limits allow: the bytes of a peer stay in the socket until they may pass. The
//! peer is not considered slow for this delay.

use std::time::Instant;

use parking_lot::Mutex;

/// Last time this side delayed reading from a peer.
#[derive(Debug, Default)]
pub(crate) struct HeldBack(Mutex<Option<Held>>);

#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    /// Reading is delayed now.
    Now,
    /// Reading was delayed until this time.
    Until(Instant),
}

impl HeldBack {
    /// Returns the time until which reading was last delayed: `now` if it still is, `None` if it never was.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        match *self.0.lock() {
            Some(Held::Now) => Some(now),
            Some(Held::Until(then)) => Some(then),
            None => None,
        }
    }

    /// Records that reading is delayed now, or was until some time.
    pub(super) fn set(&self, held: Held) {
        *self.0.lock() = Some(held);
    }
}
