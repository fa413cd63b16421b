//! One tracker, and how it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sprat_api::{Event, TrackerState, TrackerView};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::discovery::trackers::client::{TrackerClient, TrackerError};
use crate::world::clock;
use crate::world::news::News;

/// One tracker.
#[derive(Debug)]
pub(crate) struct Tracker {
    /// How it is talked to.
    pub(crate) client: TrackerClient,
    /// Wakes its announcer: what is held has changed, or it is to be tried again at once.
    pub(crate) kick: Notify,
    /// Ends its announcer, which says goodbye first.
    pub(crate) stop: CancellationToken,
    news: Arc<News>,
    state: Mutex<State>,
    reachable: Mutex<Option<bool>>,
    refusals: Mutex<Refusals>,
}

/// What a tracker is talked to for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// To tell it what is shared.
    Telling,
    /// To ask it who has a file.
    Asking,
}

/// Why it will not, for each purpose, if it will not. One may be refused and the other not.
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
    /// A tracker that is not connected to yet. `stop` ends its announcer.
    pub(crate) fn new(client: TrackerClient, stop: CancellationToken, news: Arc<News>) -> Self {
        let (kick, state) = (Notify::new(), Mutex::new(State::Connecting));
        Self { client, kick, stop, news, state, reachable: Mutex::default(), refusals: Mutex::default() }
    }

    /// Notes whether it could connect to this peer.
    pub(crate) fn note_reachable(&self, reachable: Option<bool>) {
        let before = std::mem::replace(&mut *self.reachable.lock(), reachable);
        if before != reachable {
            self.news.changed();
        }
    }

    /// Notes how a request to it ended.
    pub(crate) fn note<T>(&self, purpose: Purpose, result: &Result<T, TrackerError>, retry_in: Duration) {
        let view_before = self.view();
        self.refusals.lock().note(purpose, result);
        let state = match result {
            // A refusal is an answer too.
            Ok(_) | Err(TrackerError::Refused { .. }) => State::Online,
            Err(error) => State::Away { reason: error.to_string(), retry_at: clock::now() + retry_in },
        };
        let before = std::mem::replace(&mut *self.state.lock(), state.clone());
        // That all is well as before is no news: whoever looks is to rest.
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

    /// How it is, for a snapshot.
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
            // Whoever is away has not changed its mind.
            Err(TrackerError::Unreachable { .. }) => return,
            _ => None,
        };
    }

    fn first(&self) -> Option<String> {
        self.telling.clone().or_else(|| self.asking.clone())
    }
}
