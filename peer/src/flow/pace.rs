//! Measurement of transfers: rates, and the regularity of arrivals.

use std::time::{Duration, Instant};

/// Time over which a rate is measured.
const PERIOD: Duration = Duration::from_millis(500);
/// Time-out of a peer that has not delivered anything yet.
const FIRST_TIMEOUT: Duration = Duration::from_secs(10);

/// Meter of bytes per second, smoothed over a few periods, which also tells whether the rate still grows.
#[derive(Clone, Debug)]
pub(crate) struct RateMeter {
    since: Instant,
    bytes: u64,
    rate: f64,
    growing: bool,
}

impl RateMeter {
    /// Creates a meter that has counted no bytes.
    pub(crate) fn new(now: Instant) -> Self {
        Self { since: now, bytes: 0, rate: 0.0, growing: true }
    }

    /// Counts bytes that arrived now.
    pub(crate) fn add(&mut self, now: Instant, bytes: u64) -> &Self {
        self.bytes += bytes;
        self.roll(now);
        self
    }

    /// Closes the current period if it is over. To be called even if no bytes are added: otherwise the rate would never
    /// fall.
    pub(crate) fn roll(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed < PERIOD {
            return;
        }
        let measured = self.bytes as f64 / elapsed.as_secs_f64();
        self.growing &= measured > self.rate * 1.1;
        self.rate = if self.growing { measured } else { (self.rate + measured) / 2.0 };
        // A fading rate ends at zero, not at a fraction of a byte.
        if self.rate < 1.0 {
            self.rate = 0.0;
        }
        (self.since, self.bytes) = (now, 0);
    }

    /// Returns whether every period so far was clearly faster than the one before, so that slow start continues.
    pub(crate) fn is_growing(&self) -> bool {
        self.growing
    }

    /// Returns whether the rate is zero, and stays so unless more bytes are counted.
    pub(crate) fn is_still(&self) -> bool {
        self.rate == 0.0 && self.bytes == 0
    }

    /// Returns the rate as of the last period.
    pub(crate) fn bytes_per_second(&self) -> f64 {
        self.rate
    }
}

/// Mean and deviation of the time between arrivals, smoothed as round-trip times are in RFC 6298.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace {
    /// Mean and deviation in seconds; `None` before the first arrival.
    mean_and_deviation: Option<(f64, f64)>,
}

impl Pace {
    /// Records an arrival, this long after the one before it.
    pub(crate) fn arrived(&mut self, after: Duration) {
        let sample = after.as_secs_f64();
        self.mean_and_deviation = Some(match self.mean_and_deviation {
            None => (sample, sample / 2.0),
            Some((mean, deviation)) => {
                (mean + (sample - mean) / 8.0, deviation + ((sample - mean).abs() - deviation) / 4.0)
            }
        });
    }

    /// Returns the time after which silence is unusual: mean + 4 × deviation, within these bounds.
    pub(crate) fn timeout(&self, (min, max): (Duration, Duration)) -> Duration {
        let ordinary = self.mean_and_deviation.map_or(FIRST_TIMEOUT, |(mean, deviation)| {
            Duration::try_from_secs_f64(mean + 4.0 * deviation).unwrap_or(max)
        });
        ordinary.clamp(min, max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_measured_and_fades_when_nothing_comes() {
        let start = Instant::now();
        let mut meter = RateMeter::new(start);
        assert!(meter.is_still());
        meter.add(start, 0);
        assert!(meter.is_still());
        for n in 1..=40 {
            meter.add(start + Duration::from_millis(100 * n), 100_000);
        }
        assert!((meter.bytes_per_second() - 1_000_000.0).abs() < 100_000.0, "{meter:?}");
        assert!(!meter.is_growing() && !meter.is_still());
        for n in 1..=40 {
            meter.roll(start + Duration::from_secs(4 + n));
        }
        assert_eq!(meter.bytes_per_second(), 0.0);
        assert!(meter.is_still());
        meter.add(start + Duration::from_secs(44), 1);
        assert!(!meter.is_still(), "what was counted and not measured yet");
    }

    #[test]
    fn the_time_out_follows_the_pace_within_its_bounds() {
        let bounds = (Duration::from_secs(2), Duration::from_secs(60));
        let mut pace = Pace::default();
        assert_eq!(pace.timeout(bounds), FIRST_TIMEOUT);
        (0..50).for_each(|_| pace.arrived(Duration::from_millis(10)));
        assert_eq!(pace.timeout(bounds), bounds.0);
        (0..200).for_each(|n| pace.arrived(Duration::from_secs(4 + n % 3)));
        let timeout = pace.timeout(bounds);
        assert!((6..12).contains(&timeout.as_secs()), "{timeout:?}");
        pace.arrived(Duration::from_secs(1_000_000));
        assert_eq!(pace.timeout(bounds), bounds.1);
    }
}
