//! Execution of blocking work.

use tokio::task::{JoinHandle, JoinSet};
use tokio_util::task::TaskTracker;

/// Executor of blocking work, such as reading, writing and hashing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disk {
    /// Blocking threads of the runtime.
    #[default]
    Threads,
    /// The calling task, at once: so that in a simulation everything happens in the same order in every run.
    AtOnce,
}

impl Disk {
    /// Starts blocking work as a task of `set`.
    pub(crate) fn spawn_in<T: Send + 'static>(self, set: &mut JoinSet<T>, work: impl FnOnce() -> T + Send + 'static) {
        match self {
            Self::Threads => set.spawn_blocking(work),
            Self::AtOnce => {
                let done = work();
                set.spawn(async { done })
            }
        };
    }

    /// Starts blocking work that `tasks` tracks.
    pub(crate) fn spawn_among<T: Send + 'static>(
        self,
        tasks: &TaskTracker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        match self {
            Self::Threads => tasks.spawn_blocking(work),
            Self::AtOnce => {
                let done = work();
                tasks.spawn(async { done })
            }
        }
    }

    /// Starts blocking work that the caller awaits.
    pub(crate) fn spawn<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        match self {
            Self::Threads => tokio::task::spawn_blocking(work),
            Self::AtOnce => {
                let done = work();
                tokio::spawn(async { done })
            }
        }
    }
}
