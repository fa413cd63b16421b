//! Tasks of an engine, which the engine awaits before it ends.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Set of the tasks of one engine. Clones share the same set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Runs a task that is dropped when the engine stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// Runs a task that continues when the engine stops, and learns by a token of [`Tasks::stopped`] that it is to end.
    pub(crate) fn spawn_to_its_end(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Returns a token that is cancelled when the engine stops, and that may be cancelled before.
    pub(crate) fn stopped(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Cancels every task and token, and lets [`Tasks::ended`] return once all tasks have ended.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
    }

    /// Waits until every task has ended; returns only after [`Tasks::stop`] was called.
    pub(crate) async fn ended(&self) {
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_stop_drops_what_may_be_dropped_and_awaits_the_rest() {
        let (tasks, said_goodbye) = (Tasks::default(), Arc::new(AtomicBool::new(false)));
        tasks.spawn(pending());
        let (stopped, goodbye) = (tasks.stopped(), said_goodbye.clone());
        tasks.spawn_to_its_end(async move {
            stopped.cancelled().await;
            tokio::task::yield_now().await;
            goodbye.store(true, Ordering::Relaxed);
        });
        tasks.stop();
        tasks.ended().await;
        assert!(said_goodbye.load(Ordering::Relaxed));
    }
}
