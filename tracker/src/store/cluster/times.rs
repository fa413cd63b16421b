//! Lengths of time that follow from that of a lease.

use std::time::Duration;

/// Quarters of a lease that an entry lasts. An entry has to outlast the time between two renewals: at most [`RENEW_AFTER`]
/// and the lease that a heartbeat may be late by.
const ENTRY_LEASES: (u32, u32) = (7, 4);
/// Part of a lease after which the entries of a peer are renewed.
const RENEW_AFTER: (u32, u32) = (1, 2);

/// Times of one length of lease, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeaseTimes {
    /// Length of a lease.
    pub(super) lease: u64,
    /// Length for which an entry of a file lasts.
    pub(super) entry: u64,
    /// Age at which the entries of a peer are renewed.
    pub(super) renew_after: u64,
}

impl LeaseTimes {
    /// Derives all times from the length of a lease.
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease: millis(lease),
            entry: millis(part(lease, ENTRY_LEASES)),
            renew_after: millis(part(lease, RENEW_AFTER)),
        }
    }
}

fn part(whole: Duration, (numerator, denominator): (u32, u32)) -> Duration {
    whole * numerator / denominator
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
