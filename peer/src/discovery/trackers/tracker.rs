//! One tracker and its state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sprat_api::{Event, TrackerError, TrackerState, TrackerView};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::discovery::trackers::client::TrackerClient;
use crate::world::clock;
use crate::world::news::News;

/// A tracker that this peer uses, and its state.
#[derive(Debug)]
pub(crate) struct Tracker {
    /// Client that sends the requests to the tracker.
    pub(crate) client: TrackerClient,
    /// Wakes the tracker's announcer: the files held have changed, or the tracker is to be tried again at once.
    pub(crate) kick: Notify,
    /// Ends the tracker's announcer, which says goodbye first.
    pub(crate) stop: CancellationToken,
    news: Arc<News>,
    state: Mutex<State>,
    reachable: Mutex<Option<bool>>,
    refusals: Mutex<Refusals>,
}

/// Purpose of a request to a tracker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Telling the tracker what is shared.
    Telling,
    /// Asking the tracker who has a file.
    Asking,
}

/// Reasons why the tracker refuses this peer, by purpose. One purpose may be refused and the other not.
#[derive(Debug, Default)]
struct Refusals {
    telling: Option<String>,
    asking: Option<String>,
}

#[derive(Clone, Debug)]
enum State {
    Connecting,
    Online,
    Away { reason: String, retry_at: Instant },
}

impl Tracker {
    /// Creates a tracker that is not connected to yet. `stop` ends its announcer.
    pub(crate) fn new(client: TrackerClient, stop: CancellationToken, news: Arc<News>) -> Self {
        let (kick, state) = (Notify::new(), Mutex::new(State::Connecting));
        Self { client, kick, stop, news, state, reachable: Mutex::default(), refusals: Mutex::default() }
    }

    /// Notes whether the tracker could connect to this peer, if that is known.
    pub(crate) fn note_reachable(&self, reachable: Option<bool>) {
        let before = std::mem::replace(&mut *self.reachable.lock(), reachable);
        if before != reachable {
            self.news.changed();
        }
    }

    /// Notes the outcome of a request to the tracker. If the tracker is away, it is tried again in `retry_in`.
    pub(crate) fn note<T>(&self, purpose: Purpose, result: &Result<T, TrackerError>, retry_in: Duration) {
        let view_before = self.view();
        self.refusals.lock().note(purpose, result);
        let state = match result {
            // A tracker that refuses is online too.
            Ok(_) | Err(TrackerError::Refused { .. }) => State::Online,
            Err(error) => State::Away { reason: error.to_string(), retry_at: clock::now() + retry_in },
        };
        let before = std::mem::replace(&mut *self.state.lock(), state.clone());
        // A view that is unchanged is no news: front ends need not draw it again.
        if self.view() != view_before {
            self.news.changed();
        }
        if matches!(before, State::Online) == matches!(state, State::Online) && !matches!(before, State::Connecting) {
            return;
        }
        let url = self.client.url();
        match &state {
            State::Away { reason, .. } => tracing::warn!(%url, reason, "tracker away"),
            _ => tracing::info!(%url, "tracker online"),
        }
        self.news.emit(Event::TrackerChanged);
    }

    /// View of the tracker, for a snapshot.
    pub(crate) fn view(&self) -> TrackerView {
        let state = match &*self.state.lock() {
            State::Connecting => TrackerState::Connecting,
            State::Online => TrackerState::Online,
            State::Away { reason, retry_at } => {
                let retry_in = retry_at.saturating_duration_since(clock::now());
                TrackerState::Away { reason: reason.clone(), retry_in }
            }
        };
        let refusal = self.refusals.lock().first();
        TrackerView { reachable: *self.reachable.lock(), refusal, url: self.client.url().clone(), state }
    }
}

impl Refusals {
    fn note<T>(&mut self, purpose: Purpose, result: &Result<T, TrackerError>) {
        let refusal = match purpose {
            Purpose::Telling => &mut self.telling,
            Purpose::Asking => &mut self.asking,
        };
        *refusal = match result {
            Err(error) if error.is_forbidden() => Some(error.to_string()),
            // A tracker that is away has not lifted its refusal.
            Err(TrackerError::Unreachable { .. }) => return,
            _ => None,
        };
    }

    fn first(&self) -> Option<String> {
        self.telling.clone().or_else(|| self.asking.clone())
    }
}
