//! Long work on the disk: how far it is, how long it will still take, and a way out.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sprat_api::Work;

/// Time that work has to be looked at before it tells how long it will still take.
const FIRST_GUESS: Duration = Duration::from_secs(1);

/// Long work on the disk, told of by the threads that do it.
pub struct Job {
    done: AtomicU64,
    plan: Mutex<Option<Plan>>,
    stopped: AtomicBool,
    /// Further reason to end, asked at each step.
    is_over: Box<dyn Fn() -> bool + Send + Sync>,
}

/// Extent of a job, once that is known.
#[derive(Clone, Copy)]
struct Plan {
    /// Bytes in all.
    total: u64,
    /// Moment of the first look at it, and the bytes that were done by then.
    first_look: Option<(Instant, u64)>,
}

impl Default for Job {
    /// Returns a job that only [`Job::stop`] ends.
    fn default() -> Self {
        Self::until(|| false)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("done", &self.done).field("stopped", &self.is_stopped()).finish_non_exhaustive()
    }
}

impl Job {
    /// Returns a job that ends as soon as `is_over` says so, or [`Job::stop`] is called.
    pub fn until(is_over: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { done, plan: Mutex::new(None), stopped, is_over: Box::new(is_over) }
    }

    /// Begins the work, with so many bytes to go through.
    pub fn expect(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        *self.plan.lock() = Some(Plan { total, first_look: None });
    }

    /// Notes that so many bytes are done. Says whether to go on.
    pub fn at(&self, done: u64) -> ControlFlow<()> {
        self.done.fetch_max(done, Ordering::Relaxed);
        self.go_on()
    }

    /// Notes that so many bytes more are done. Says whether to go on.
    pub fn advance(&self, bytes: u64) -> ControlFlow<()> {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        self.go_on()
    }

    /// Says whether to go on.
    pub fn go_on(&self) -> ControlFlow<()> {
        if self.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Returns true if the work is to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || (self.is_over)()
    }

    /// Ends the work at its next step.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Progress as of `now`, if the extent is known. The rate is measured from the first look on.
    pub fn work(&self, now: Instant) -> Option<Work> {
        let mut plan = self.plan.lock();
        let Plan { total, first_look } = plan.as_mut()?;
        let done = self.done.load(Ordering::Relaxed).min(*total);
        let (since, before) = *first_look.get_or_insert((now, done));
        Some(Work { done, total: *total, eta: eta(done, before, *total, now.saturating_duration_since(since)) })
    }
}

/// Time left, if work goes on as it did since there were `before` bytes.
fn eta(done: u64, before: u64, total: u64, since: Duration) -> Option<Duration> {
    if done <= before || since < FIRST_GUESS {
        return None;
    }
    Duration::try_from_secs_f64(since.as_secs_f64() * (total - done) as f64 / (done - before) as f64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_SECONDS: Duration = Duration::from_secs(10);

    #[test]
    fn work_tells_how_far_it_is_and_how_long_it_will_take() {
        let (job, start) = (Job::default(), Instant::now());
        assert_eq!(job.work(start), None);
        job.expect(500);
        assert!(job.at(100).is_continue());
        assert_eq!(job.work(start), Some(Work { done: 100, total: 500, eta: None }));
        assert!(job.at(200).is_continue() && job.at(150).is_continue(), "threads tell in any order");
        assert_eq!(job.work(start + TEN_SECONDS), Some(Work { done: 200, total: 500, eta: Some(3 * TEN_SECONDS) }));
        job.stop();
        assert!(job.advance(1000).is_break());
        assert_eq!(job.work(start + TEN_SECONDS).unwrap().done, 500, "never more than there is");
    }

    #[test]
    fn a_first_moment_tells_nothing() {
        assert_eq!(eta(1, 0, 100, Duration::from_millis(10)), None);
        assert_eq!(eta(0, 0, 100, TEN_SECONDS), None);
        assert_eq!(eta(100, 0, 100, TEN_SECONDS), Some(Duration::ZERO));
    }

    #[test]
    fn a_job_ends_when_it_is_over_elsewhere() {
        let over = std::sync::Arc::new(AtomicBool::new(false));
        let job = Job::until({
            let over = over.clone();
            move || over.load(Ordering::Relaxed)
        });
        assert!(job.go_on().is_continue());
        over.store(true, Ordering::Relaxed);
        assert!(job.go_on().is_break() && job.is_stopped());
    }
}
