//! The state of the engine, as the window sees it.

use std::sync::Arc;

use crate::model::engine::Snapshot;

/// State of the engine.
#[derive(Clone, Debug)]
pub enum Phase {
    /// The engine is being started.
    Starting,
    /// The engine did not start, or ended. The text says what to do next.
    Failed(String),
    /// The engine runs.
    Running(Received),
}

/// A snapshot, and the moment at which it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Snapshot of the engine.
    pub snapshot: Arc<Snapshot>,
    /// Moment at which the snapshot came, in seconds on the window's clock.
    pub at: f64,
}

impl Phase {
    /// Newest snapshot, if there is one.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Running(received) => Some(&received.snapshot),
            Self::Starting | Self::Failed(_) => None,
        }
    }
}
