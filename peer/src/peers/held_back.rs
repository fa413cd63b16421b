//! Receiving chunks no faster than the limits allow: what a peer sends is left in the socket until it may pass, and the peer
//! is not held to be slow for it.

use std::time::Instant;

use parking_lot::Mutex;

/// When this side last held a peer's bytes back.
#[derive(Debug, Default)]
pub(crate) struct HeldBack(Mutex<Option<Held>>);

#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    /// It does so now.
    Now,
    /// It did so until then.
    Until(Instant),
}

impl HeldBack {
    /// Until when, if ever.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        match *self.0.lock() {
            Some(Held::Now) => Some(now),
            Some(Held::Until(then)) => Some(then),
            None => None,
        }
    }

    /// Notes that it does so now, or did until some moment.
    pub(super) fn set(&self, held: Held) {
        *self.0.lock() = Some(held);
    }
}
