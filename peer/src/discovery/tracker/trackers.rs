//! The trackers that this peer uses, and how each is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use sprat_api::{Event, TrackerState, TrackerView};
use sprat_protocol::tracker::AccessToken;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::discovery::tracker::announcer;
use crate::discovery::tracker::client::{TrackerClient, TrackerError};
use crate::discovery::tracker::tokens::{Tokens, is_readable_on_the_way};
use crate::engine::node::Node;
use crate::world::clock;

/// All trackers of one engine.
#[derive(Debug)]
pub(crate) struct Trackers {
    used: RwLock<Vec<Arc<Tracker>>>,
    tokens: RwLock<Tokens>,
}

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

/// The address of a tracker as people type it: a URL of `http` or `https`, or `host:port`, which is taken for
/// `http://host:port`. None if it is neither.
pub fn tracker_url(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

impl Trackers {
    /// None yet; private ones will be opened with these.
    pub(crate) fn new(tokens: Tokens) -> Self {
        Self { used: RwLock::default(), tokens: RwLock::new(tokens) }
    }

    /// The trackers as they are now.
    pub(crate) fn all(&self) -> Vec<Arc<Tracker>> {
        self.used.read().clone()
    }

    /// Where they are.
    pub(crate) fn urls(&self) -> Vec<Url> {
        self.used.read().iter().map(|tracker| tracker.client.url().clone()).collect()
    }

    /// How they are.
    pub(crate) fn views(&self) -> Vec<TrackerView> {
        self.used.read().iter().map(|tracker| tracker.view()).collect()
    }

    /// Uses exactly these from now on: the others are told goodbye, new ones hello.
    pub(crate) fn set(&self, node: &Arc<Node>, urls: &[Url]) {
        let mut trackers = self.used.write();
        let (kept, dropped): (Vec<_>, Vec<_>) =
            trackers.drain(..).partition(|tracker| urls.contains(tracker.client.url()));
        dropped.iter().for_each(|tracker| tracker.stop.cancel());
        for url in urls {
            if trackers.iter().any(|tracker| tracker.client.url() == url) {
                continue;
            }
            let tracker = kept.iter().find(|tracker| tracker.client.url() == url).cloned();
            trackers.push(tracker.unwrap_or_else(|| self.start(node, url)));
        }
    }

    /// Uses this token for a tracker from now on, or none. Where that tracker is in use, it is told goodbye and hello.
    pub(crate) fn set_token(&self, node: &Arc<Node>, url: &Url, token: Option<AccessToken>) {
        match token {
            Some(token) => self.tokens.write().insert(url, token),
            None => drop(self.tokens.write().remove(url)),
        }
        for tracker in self.used.write().iter_mut().filter(|tracker| tracker.client.url() == url) {
            tracker.stop.cancel();
            *tracker = self.start(node, url);
        }
    }

    fn start(&self, node: &Arc<Node>, url: &Url) -> Arc<Tracker> {
        let tracker = Arc::new(Tracker::new(self.client(node, url), node.stop.child_token()));
        // Not dropped with the other tasks: it still has to say goodbye.
        node.tasks.spawn(announcer::run(node.clone(), tracker.clone()));
        tracker
    }

    fn client(&self, node: &Node, url: &Url) -> TrackerClient {
        let tokens = self.tokens.read();
        let token = tokens.of(url);
        if token.is_some() && is_readable_on_the_way(url) {
            tracing::warn!(%url, "the token for this tracker can be read on the way; use https");
        }
        TrackerClient::by(node.world.network.courier(url), url.clone()).with_token(token)
    }

    /// This machine lost an address: what is under way to them would never get back.
    pub(crate) fn moved(&self, node: &Node) {
        let used = self.used.read();
        used.iter().for_each(|tracker| tracker.client.moved(node.world.network.courier(tracker.client.url())));
    }

    /// What is held has changed, this machine has other addresses, or the user wants them tried again.
    pub(crate) fn kick(&self) {
        self.used.read().iter().for_each(|tracker| tracker.kick.notify_one());
    }
}

impl Tracker {
    fn new(client: TrackerClient, stop: CancellationToken) -> Self {
        let (kick, state) = (Notify::new(), Mutex::new(State::Connecting));
        Self { client, kick, stop, state, reachable: Mutex::default(), refusals: Mutex::default() }
    }

    /// Notes whether it could connect to this peer.
    pub(crate) fn note_reachable(&self, node: &Node, reachable: Option<bool>) {
        let before = std::mem::replace(&mut *self.reachable.lock(), reachable);
        if before != reachable {
            node.changed.notify_one();
        }
    }

    /// Notes how a request to it ended.
    pub(crate) fn note<T>(&self, node: &Node, purpose: Purpose, result: &Result<T, TrackerError>, retry_in: Duration) {
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
            node.changed.notify_one();
        }
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
