//! The trackers that this peer uses, and how each is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::announcer;
use crate::event::Event;
use crate::node::Node;
use crate::snapshot::{TrackerState, TrackerView};
use crate::tracker_client::{TrackerClient, TrackerError};

/// All trackers of one engine.
#[derive(Debug, Default)]
pub(crate) struct Trackers(RwLock<Vec<Arc<Tracker>>>);

/// One tracker.
#[derive(Debug)]
pub(crate) struct Tracker {
    /// How it is talked to.
    pub(crate) client: TrackerClient,
    /// Wakes its announcer: what is held has changed, or it is to be tried again at once.
    pub(crate) kick: Notify,
    /// Ends its announcer, which says goodbye first.
    pub(crate) stop: CancellationToken,
    state: Mutex<State>,
    reachable: Mutex<Option<bool>>,
}

#[derive(Clone, Debug)]
enum State {
    Connecting,
    Online,
    Away { reason: String, retry_at: Instant },
}

impl Trackers {
    /// The trackers as they are now.
    pub(crate) fn all(&self) -> Vec<Arc<Tracker>> {
        self.0.read().clone()
    }

    /// Where they are.
    pub(crate) fn urls(&self) -> Vec<Url> {
        self.0.read().iter().map(|tracker| tracker.client.url().clone()).collect()
    }

    /// How they are.
    pub(crate) fn views(&self) -> Vec<TrackerView> {
        self.0.read().iter().map(|tracker| tracker.view()).collect()
    }

    /// Uses exactly these from now on: the others are told goodbye, new ones hello.
    pub(crate) fn set(&self, node: &Arc<Node>, urls: &[Url]) {
        let mut trackers = self.0.write();
        let (kept, dropped): (Vec<_>, Vec<_>) =
            trackers.drain(..).partition(|tracker| urls.contains(tracker.client.url()));
        dropped.iter().for_each(|tracker| tracker.stop.cancel());
        for url in urls {
            if trackers.iter().any(|tracker| tracker.client.url() == url) {
                continue;
            }
            let tracker = kept.iter().find(|tracker| tracker.client.url() == url).cloned();
            trackers.push(tracker.unwrap_or_else(|| {
                let tracker = Arc::new(Tracker::new(url.clone(), node.stop.child_token()));
                // Not dropped with the other tasks: it still has to say goodbye.
                node.tasks.spawn(announcer::run(node.clone(), tracker.clone()));
                tracker
            }));
        }
    }

    /// What is held has changed, or the user wants them tried again.
    pub(crate) fn kick(&self) {
        self.0.read().iter().for_each(|tracker| tracker.kick.notify_one());
    }
}

impl Tracker {
    fn new(url: Url, stop: CancellationToken) -> Self {
        let (kick, state) = (Notify::new(), Mutex::new(State::Connecting));
        Self { client: TrackerClient::new(url), kick, stop, state, reachable: Mutex::default() }
    }

    /// Notes whether it could connect to this peer.
    pub(crate) fn note_reachable(&self, node: &Node, reachable: Option<bool>) {
        let before = std::mem::replace(&mut *self.reachable.lock(), reachable);
        if before != reachable {
            node.changed.notify_one();
        }
    }

    /// Notes how a request to it ended.
    pub(crate) fn note<T>(&self, node: &Node, result: &Result<T, TrackerError>, retry_in: Duration) {
        let state = match result {
            // A refusal is an answer too.
            Ok(_) | Err(TrackerError::Refused { .. }) => State::Online,
            Err(error) => State::Away { reason: error.to_string(), retry_at: Instant::now() + retry_in },
        };
        let before = std::mem::replace(&mut *self.state.lock(), state.clone());
        node.changed.notify_one();
        if matches!(before, State::Online) == matches!(state, State::Online) && !matches!(before, State::Connecting) {
            return;
        }
        let url = self.client.url();
        match &state {
            State::Away { reason, .. } => tracing::warn!(%url, reason, "tracker away"),
            _ => tracing::info!(%url, "tracker online"),
        }
        node.emit(Event::TrackerChanged);
    }

    fn view(&self) -> TrackerView {
        let state = match &*self.state.lock() {
            State::Connecting => TrackerState::Connecting,
            State::Online => TrackerState::Online,
            State::Away { reason, retry_at } => {
                let retry_in = retry_at.saturating_duration_since(Instant::now());
                TrackerState::Away { reason: reason.clone(), retry_in }
            }
        };
        TrackerView { reachable: *self.reachable.lock(), url: self.client.url().clone(), state }
    }
}
