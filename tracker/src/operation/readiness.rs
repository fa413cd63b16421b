//! Whether the tracker can serve, for those who send requests to one that can.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

/// Why a tracker is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// It is about to.
    Starting,
    /// It was told to end.
    Draining,
    /// Nothing that is kept elsewhere can be reached.
    StoreAway,
}

/// Whether a tracker takes requests; not before it says that it has started.
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
    /// From now on this reason holds, or holds no longer.
    pub fn set(&self, reason: NotReady, holds: bool) {
        if holds {
            self.reasons.fetch_or(reason.bit(), Ordering::Relaxed);
        } else {
            self.reasons.fetch_and(!reason.bit(), Ordering::Relaxed);
        }
    }

    /// Whether the tracker is ready.
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
