//! Moments, and the callers whose messages come in them.

use std::net::IpAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The moment in which something happens.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Reading of the steady clock, for everything that has a length.
    pub instant: Instant,
    /// Seconds since 1970 (UTC), for what is signed, and for people.
    pub unix_seconds: u64,
}

impl Now {
    /// Reads the system's clocks.
    pub fn read() -> Self {
        let unix_seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { instant: Instant::now(), unix_seconds }
    }
}

/// Sender of a message, and the moment in which the message came.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The address that its connection came from.
    pub address: IpAddr,
    /// Moment in which the message came.
    pub now: Now,
}

impl Caller {
    /// Somebody whose connection came from this address, maybe one of IPv4 in IPv6.
    pub fn new(address: IpAddr, now: Now) -> Self {
        Self { address: address.to_canonical(), now }
    }
}
