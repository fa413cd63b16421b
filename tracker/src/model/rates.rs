//! Rates at which something may happen for one party: an IPv4 address, or an IPv6 /64.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::model::network::network_of;

/// A rate for each party, in turn with a burst of one minute's worth. Parties are forgotten when they have been quiet for
/// long enough that nothing is left to remember of them.
#[derive(Debug)]
pub(crate) struct Rates {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    per_minute: NonZeroU32,
}

impl Rates {
    pub(crate) fn per_minute(per_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(per_minute));
        Self { limiter, clock: DefaultClock::default(), per_minute }
    }

    /// Counts this many at once for whoever has this address.
    ///
    /// # Errors
    /// How long to wait, where that is too many. Then none is counted.
    pub(crate) fn take(&self, address: IpAddr, count: usize) -> Result<(), Duration> {
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(self.per_minute.get());
        let Some(count) = NonZeroU32::new(count) else { return Ok(()) };
        let checked = self.limiter.check_key_n(&network_of(address), count);
        let checked = checked.expect("no more is asked for than fits a minute");
        checked.map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// Forgets those of whom nothing is to be remembered.
    pub(crate) fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.limiter.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_edge_holds_for_each_party_by_itself() {
        let rates = Rates::per_minute(NonZeroU32::new(3).unwrap());
        assert_eq!(rates.take(ip("203.0.113.1"), 2), Ok(()));
        let wait = rates.take(ip("203.0.113.1"), 2).unwrap_err();
        assert!(wait <= Duration::from_secs(20) && wait > Duration::from_secs(10), "{wait:?}");
        assert_eq!(rates.take(ip("203.0.113.1"), 1), Ok(()), "what was refused is not counted");
        assert!(rates.take(ip("203.0.113.1"), 1).is_err());
        assert_eq!(rates.take(ip("203.0.113.1"), 0), Ok(()));
        assert_eq!(rates.take(ip("203.0.113.2"), 3), Ok(()));
    }

    #[test]
    fn a_batch_over_a_minutes_worth_passes_when_nothing_else_did() {
        let rates = Rates::per_minute(NonZeroU32::new(3).unwrap());
        assert_eq!(rates.take(ip("203.0.113.1"), 100), Ok(()));
        assert!(rates.take(ip("203.0.113.1"), 1).is_err());
    }

    #[test]
    fn an_ipv6_network_is_one_party() {
        let rates = Rates::per_minute(NonZeroU32::new(1).unwrap());
        assert_eq!(rates.take(ip("2001:db8::1"), 1), Ok(()));
        assert!(rates.take(ip("2001:db8::2"), 1).is_err());
        assert_eq!(rates.take(ip("2001:db8:0:1::1"), 1), Ok(()));
    }

    #[test]
    fn those_who_did_little_are_forgotten() {
        let rates = Rates::per_minute(NonZeroU32::new(1_000_000_000).unwrap());
        (0..100).for_each(|last| rates.take(IpAddr::from([10, 0, 0, last]), 1).unwrap());
        // A billion a minute: after a moment it is as if they had never come.
        let mut tries = 0;
        while rates.len() > 0 {
            rates.forget_idle();
            tries += 1;
            assert!(tries < 1_000_000);
        }
    }
}
