//! A limit on bytes per second, which can be changed while tasks wait for it.
//!
//! Waiting tasks stand in line, so that they are served in the order in which they came, and only the first in line
//! looks at the clock.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

use crate::world::clock;

/// Length of a pause that may be made up for afterwards.
const BURST: Duration = Duration::from_millis(100);
/// Minimum and maximum number of bytes that should be taken at once.
const SLICE: (usize, usize) = (512, 16 * 1024);

/// Limit on the bytes that pass per second, or no limit.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// Copy of the bucket's rate, 0 for no limit, so that checking for a limit needs no lock.
    rate: AtomicU32,
    bucket: Mutex<Bucket>,
    /// Permit of the head of the line. A semaphore hands it on in order.
    line: Semaphore,
    /// Notified when the rate changes, so that no task keeps waiting at the old one.
    changed: Notify,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::new(None)
    }
}

impl RateLimit {
    /// Creates a limit in bytes per second; `None` lets everything pass.
    pub(crate) fn new(bytes_per_second: Option<NonZeroU32>) -> Self {
        Self {
            rate: AtomicU32::new(bytes_per_second.map_or(0, NonZeroU32::get)),
            bucket: Mutex::new(Bucket { rate: bytes_per_second, free_at: clock::now() }),
            line: Semaphore::new(1),
            changed: Notify::new(),
        }
    }

    /// Sets another limit, which also applies to tasks that already wait.
    pub(crate) fn set(&self, bytes_per_second: Option<NonZeroU32>) {
        self.bucket.lock().set_rate(clock::now(), bytes_per_second);
        self.rate.store(bytes_per_second.map_or(0, NonZeroU32::get), Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Returns the limit in bytes per second, if there is one.
    pub(crate) fn rate(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.rate.load(Ordering::Relaxed))
    }

    /// Returns whether there is no limit.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.rate().is_none()
    }

    /// Returns the number of bytes to take at once: few enough that each of many tasks sharing a low rate moves some
    /// every few seconds.
    pub(crate) fn slice_len(&self) -> usize {
        self.rate().map_or(SLICE.1, |rate| (rate.get() as usize / 8).clamp(SLICE.0, SLICE.1))
    }

    /// Returns whether a task that came now would have to wait.
    pub(crate) fn is_holding_back(&self) -> bool {
        !self.is_unlimited() && (self.line.available_permits() == 0 || self.bucket.lock().free_at > clock::now())
    }

    /// Waits until this many bytes may pass.
    pub(crate) async fn take(&self, bytes: usize) {
        if self.is_unlimited() {
            return;
        }
        let _head = self.line.acquire().await.expect("the line is never closed");
        loop {
            // The notification is registered before the rate is read, so that no change is missed.
            let changed = self.changed.notified();
            let taken = self.bucket.lock().take(clock::now(), bytes);
            let Err(wait) = taken else { return };
            tokio::select! {
                biased;
                () = sleep(wait) => {}
                () = changed => {}
            }
        }
    }
}

/// Token bucket without a clock: callers pass the time. A request of any size passes as soon as no earlier one is owed,
/// and is then owed itself.
#[derive(Debug)]
struct Bucket {
    rate: Option<NonZeroU32>,
    free_at: Instant,
}

impl Bucket {
    /// Lets this many bytes pass.
    ///
    /// # Errors
    /// The time to wait before asking again.
    fn take(&mut self, now: Instant, bytes: usize) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        if self.free_at > now {
            return Err(self.free_at - now);
        }
        let since = self.free_at.max(now.checked_sub(BURST).unwrap_or(now));
        self.free_at = since + duration_of(bytes as f64, rate);
        Ok(())
    }

    /// Changes the rate, and converts the bytes still owed to the new one.
    fn set_rate(&mut self, now: Instant, rate: Option<NonZeroU32>) {
        let left = self.free_at.saturating_duration_since(now).as_secs_f64();
        let owed = self.rate.map_or(0.0, |rate| left * f64::from(rate.get()));
        self.free_at = now + rate.map_or(Duration::ZERO, |rate| duration_of(owed, rate));
        self.rate = rate;
    }
}

fn duration_of(bytes: f64, rate: NonZeroU32) -> Duration {
    Duration::from_secs_f64(bytes / f64::from(rate.get()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    const RATE: u32 = 100_000;

    /// Number of bytes that pass in this time if there are always more to send.
    fn passed(bucket: &mut Bucket, mut now: Instant, time: Duration) -> usize {
        let (end, mut bytes) = (now + time, 0);
        while now < end {
            match bucket.take(now, 1000) {
                Ok(()) => bytes += 1000,
                Err(wait) => now += wait,
            }
        }
        bytes
    }

    #[test]
    fn a_limit_lets_no_more_pass_than_it_says_even_after_a_pause() {
        let now = Instant::now();
        let mut bucket = Bucket { rate: NonZeroU32::new(RATE), free_at: now };
        assert_eq!(passed(&mut bucket, now, Duration::from_secs(10)), 1_000_000);
        let later = now + Duration::from_secs(1000);
        assert_eq!(
            passed(&mut bucket, later, Duration::from_secs(10)),
            1_010_000,
            "a tenth of a second is made up for"
        );
    }

    #[test]
    fn what_is_owed_is_owed_at_the_new_rate() {
        let now = Instant::now();
        let mut bucket = Bucket { rate: NonZeroU32::new(1), free_at: now };
        assert_eq!(bucket.take(now, 1000), Ok(()));
        let wait = bucket.take(now, 1).unwrap_err();
        assert!(wait > Duration::from_secs(990), "{wait:?}");
        bucket.set_rate(now, NonZeroU32::new(1000));
        let wait = bucket.take(now, 1).unwrap_err();
        assert!(wait > Duration::from_millis(800) && wait <= Duration::from_secs(1), "{wait:?}");
        bucket.set_rate(now, None);
        assert_eq!(bucket.take(now, usize::MAX), Ok(()));
    }

    #[tokio::test]
    async fn whoever_waits_at_the_old_rate_notices_the_new_one() {
        let limit = Arc::new(RateLimit::new(NonZeroU32::new(1)));
        limit.take(100_000).await;
        assert!(limit.is_holding_back());
        let mut waiting = JoinSet::new();
        for _ in 0..3 {
            let limit = limit.clone();
            waiting.spawn(async move { limit.take(100_000).await });
        }
        while limit.line.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        // At the old rate these tasks would wait for a day.
        limit.set(None);
        waiting.join_all().await;
        assert!(!limit.is_holding_back() && limit.is_unlimited());
    }

    #[test]
    fn a_low_rate_is_taken_in_small_slices() {
        let slice = |rate| RateLimit::new(NonZeroU32::new(rate)).slice_len();
        assert_eq!([slice(1), slice(8 * 1024), slice(1 << 30)], [512, 1024, 16 * 1024]);
    }
}
