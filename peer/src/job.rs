//! Long work on the disk: how far it is, how long it will still take, and a way out.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::snapshot::Work;

/// How long work has to go on before it tells how long it will still take.
const FIRST_GUESS: Duration = Duration::from_secs(1);

/// A piece of work, told of by whoever does it, on as many threads as it likes.
#[derive(Debug, Default)]
pub(crate) struct Job {
    done: AtomicU64,
    /// Bytes in all; none while that is not known.
    plan: Mutex<Option<(u64, Instant)>>,
    stop: CancellationToken,
}

impl Job {
    /// Work that `stop` ends.
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self { done: AtomicU64::new(0), plan: Mutex::new(None), stop }
    }

    /// It begins now, and has so many bytes.
    pub(crate) fn expect(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        *self.plan.lock() = Some((total, clock::now()));
    }

    /// So many bytes are done. Whether to go on.
    pub(crate) fn at(&self, done: u64) -> ControlFlow<()> {
        self.done.fetch_max(done, Ordering::Relaxed);
        self.go_on()
    }

    /// So many bytes more are done. Whether to go on.
    pub(crate) fn advance(&self, bytes: u64) -> ControlFlow<()> {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        self.go_on()
    }

    /// Whether to go on.
    pub(crate) fn go_on(&self) -> ControlFlow<()> {
        if self.stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether it is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Ends it, at the next chance.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// How far it is, if it is known how much there is to do.
    pub(crate) fn work(&self, now: Instant) -> Option<Work> {
        let (total, began) = (*self.plan.lock())?;
        let done = self.done.load(Ordering::Relaxed).min(total);
        Some(Work { done, total, eta: eta(done, total, now.saturating_duration_since(began)) })
    }
}

/// How long it will still take, if it goes on as it did so far.
fn eta(done: u64, total: u64, since: Duration) -> Option<Duration> {
    if done == 0 || since < FIRST_GUESS {
        return None;
    }
    Duration::try_from_secs_f64(since.as_secs_f64() * (total - done) as f64 / done as f64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_tells_how_far_it_is_and_how_long_it_will_take() {
        let job = Job::default();
        let soon = Instant::now() + Duration::from_secs(10);
        assert_eq!(job.work(soon), None);
        job.expect(400);
        assert_eq!(job.work(soon), Some(Work { done: 0, total: 400, eta: None }));
        assert!(job.at(100).is_continue() && job.at(50).is_continue(), "threads tell in any order");
        let Work { done, eta, .. } = job.work(soon).unwrap();
        assert_eq!((done, eta.unwrap().as_secs_f64().round() as u64), (100, 30));
        job.stop();
        assert!(job.advance(1000).is_break());
        assert_eq!(job.work(soon).unwrap().done, 400, "never more than there is");
    }

    #[test]
    fn a_first_moment_tells_nothing() {
        assert_eq!(eta(1, 100, Duration::from_millis(10)), None);
        assert_eq!(eta(0, 100, Duration::from_secs(10)), None);
        assert_eq!(eta(100, 100, Duration::from_secs(10)), Some(Duration::ZERO));
    }
}
