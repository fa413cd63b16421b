//! Who does the work that blocks.

use tokio::task::{JoinHandle, JoinSet};
use tokio_util::task::TaskTracker;

/// Who does the work that blocks, such as reading, writing and hashing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disk {
    /// Threads of the runtime that may block.
    #[default]
    Threads,
    /// Whoever asks for it, before anything else happens: so that in a simulation all happens in the same order every time.
    AtOnce,
}

impl Disk {
    /// Begins work that ends as one of the set's.
    pub(crate) fn spawn_in<T: Send + 'static>(self, set: &mut JoinSet<T>, work: impl FnOnce() -> T + Send + 'static) {
        match self {
            Self::Threads => set.spawn_blocking(work),
            Self::AtOnce => {
                let done = work();
                set.spawn(async { done })
            }
        };
    }

    /// Begins work that is awaited with all of these.
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

    /// Begins work that whoever asks for it awaits.
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
