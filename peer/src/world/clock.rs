//! The time for everything that has a length: that of the runtime, which a simulation holds still and moves on. What the wall says
//! is for people to read, and for what was signed or kept on a disk.

use std::time::Instant;

/// This moment.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
