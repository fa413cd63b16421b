//! Readiness of the tracker, for those who send requests to one that can serve.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

/// Reason why a tracker is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// The tracker has not started yet.
    Starting,
    /// The tracker was told to end.
    Draining,
    /// Nothing that is kept elsewhere can be reached.
    StoreAway,
}

/// Readiness of a tracker, which takes no requests before it says that it has started.
#[derive(Debug)]
pub struct Readiness {
    /// A bit for each reason that holds.
    reasons: AtomicU8,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { reasons: AtomicU8::new(NotReady::Starting.bit()) }
    }
}

impl Readiness {
    /// Notes that this reason holds from now on, or holds no longer.
    pub fn set(&self, reason: NotReady, holds: bool) {
        if holds {
            self.reasons.fetch_or(reason.bit(), Ordering::Relaxed);
        } else {
            self.reasons.fetch_and(!reason.bit(), Ordering::Relaxed);
        }
    }

    /// Checks that the tracker is ready.
    ///
    /// # Errors
    /// The weightiest reason why not.
    pub fn check(&self) -> Result<(), NotReady> {
        let reasons = self.reasons.load(Ordering::Relaxed);
        let holds = |reason: &NotReady| reasons & reason.bit() != 0;
        [NotReady::Draining, NotReady::Starting].into_iter().find(holds).map_or(Ok(()), Err)
    }
}

impl NotReady {
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Draining => "draining",
            Self::StoreAway => "the store is away",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_to_go() {
        let readiness = Readiness::default();
        assert_eq!(readiness.check(), Err(NotReady::Starting));
        readiness.set(NotReady::Draining, true);
        assert_eq!(readiness.check(), Err(NotReady::Draining));
        readiness.set(NotReady::Starting, false);
        assert_eq!(readiness.check(), Err(NotReady::Draining));
        readiness.set(NotReady::Draining, false);
        assert_eq!(readiness.check(), Ok(()));
    }
}
