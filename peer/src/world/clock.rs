//! Clock of the engine, for durations and deadlines: that of the runtime, which a simulation can stop and advance. The
//! wall clock is only for times that people read, and for those that are signed or stored.

use std::time::Instant;

/// Returns the current time of the runtime's clock.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
