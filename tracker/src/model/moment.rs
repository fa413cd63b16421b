//! Moments, and the callers whose messages come in them.

use std::net::IpAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The moment in which something happens.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For everything that has a length.
    pub instant: Instant,
    /// For what is signed, and for people: seconds since 1970 (UTC).
    pub unix_seconds: u64,
}

impl Now {
    /// What the system's clocks say.
    pub fn read() -> Self {
        let unix_seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { instant: Instant::now(), unix_seconds }
    }
}

/// Who sent a message, and when it came.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The address that its connection came from.
    pub address: IpAddr,
    /// When.
    pub now: Now,
}

impl Caller {
    /// Somebody whose connection came from this address, maybe one of IPv4 in IPv6.
    pub fn new(address: IpAddr, now: Now) -> Self {
        Self { address: address.to_canonical(), now }
    }
}
