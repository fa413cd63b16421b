//! News that the engine, and later starts of the program, send by themselves.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, watch};

use crate::model::engine::{EngineHandle, Event, Snapshot};

/// News that the engine sends by itself; empty without an engine.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    pub(super) events: Option<broadcast::Receiver<Event>>,
    pub(super) snapshots: Option<watch::Receiver<Arc<Snapshot>>>,
    /// Arguments of later starts of the program, and the engine that is to open them.
    pub(super) handed_over: Option<(mpsc::Receiver<Vec<String>>, EngineHandle)>,
}

/// Waits for the arguments of the next start of the program. Cancel safe.
pub(super) async fn next_call(
    handed_over: &mut Option<(mpsc::Receiver<Vec<String>>, EngineHandle)>,
) -> Option<(Vec<String>, EngineHandle)> {
    match handed_over {
        Some((calls, engine)) => calls.recv().await.map(|open| (open, engine.clone())),
        None => std::future::pending().await,
    }
}

/// Waits for the next event. A receiver that lags has lost only what the snapshot has too. Cancel safe.
pub(super) async fn next_event(events: &mut Option<broadcast::Receiver<Event>>) -> Event {
    loop {
        let Some(receiver) = events else { return std::future::pending().await };
        match receiver.recv().await {
            Ok(event) => return event,
            Err(broadcast::error::RecvError::Lagged(lost)) => tracing::debug!(lost, "events came too fast"),
            Err(broadcast::error::RecvError::Closed) => *events = None,
        }
    }
}

/// Waits for the next snapshot. Returns false if there will be none. Cancel safe.
pub(super) async fn next_snapshot(snapshots: &mut Option<watch::Receiver<Arc<Snapshot>>>) -> bool {
    match snapshots {
        Some(snapshots) => snapshots.changed().await.is_ok(),
        None => std::future::pending().await,
    }
}
