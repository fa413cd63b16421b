//! A limit on bytes per second.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// The most bytes that may pass at once after a pause; a chunk is taken in parts of it.
const BURST: NonZeroU32 = NonZeroU32::new(256 * 1024).unwrap();

/// Lets so many bytes pass a second, or any number.
#[derive(Debug)]
pub(crate) struct RateLimit(Option<DefaultDirectRateLimiter>);

impl RateLimit {
    /// A limit in bytes per second; none lets everything pass.
    pub(crate) fn new(bytes_per_second: Option<NonZeroU32>) -> Self {
        Self(bytes_per_second.map(|rate| RateLimiter::direct(Quota::per_second(rate).allow_burst(BURST))))
    }

    /// Whether everything passes.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.0.is_none()
    }

    /// Waits until this many bytes may pass.
    pub(crate) async fn take(&self, bytes: usize) {
        let Some(limiter) = &self.0 else { return };
        let mut left = u32::try_from(bytes).unwrap_or(u32::MAX);
        while let Some(part) = NonZeroU32::new(left.min(BURST.get())) {
            limiter.until_n_ready(part).await.expect("a part is never more than the burst");
            left -= part.get();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn a_limit_lets_no_more_pass_than_it_says() {
        let limit = RateLimit::new(NonZeroU32::new(2 * 1024 * 1024));
        let start = Instant::now();
        limit.take(256 * 1024).await;
        limit.take(512 * 1024).await;
        // The first 256 KiB are the burst; the rest takes a quarter of a second.
        assert!(start.elapsed() >= Duration::from_millis(240), "{:?}", start.elapsed());
        RateLimit::new(None).take(usize::MAX).await;
    }
}
