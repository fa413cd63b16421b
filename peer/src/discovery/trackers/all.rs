//! The trackers that this peer uses.

use std::sync::Arc;

use parking_lot::RwLock;
use sprat_api::TrackerView;
use sprat_protocol::tracker::AccessToken;
use url::Url;

use crate::discovery::trackers::announcer::{self, Announced};
use crate::discovery::trackers::client::TrackerClient;
use crate::discovery::trackers::tokens::{Tokens, is_readable_on_the_way};
use crate::discovery::trackers::tracker::Tracker;
use crate::world::tasks::Tasks;

/// All trackers of one engine.
#[derive(Debug)]
pub(crate) struct Trackers {
    used: RwLock<Vec<Arc<Tracker>>>,
    tokens: RwLock<Tokens>,
    /// Peer and files that the trackers are told of.
    announced: Announced,
    tasks: Tasks,
}

impl Trackers {
    /// Creates the trackers of an engine, none yet. `tokens` open the private ones.
    pub(crate) fn new(tokens: Tokens, announced: Announced, tasks: Tasks) -> Self {
        Self { used: RwLock::default(), tokens: RwLock::new(tokens), announced, tasks }
    }

    /// Returns the trackers in use.
    pub(crate) fn all(&self) -> Vec<Arc<Tracker>> {
        self.used.read().clone()
    }

    /// URLs of the trackers in use.
    pub(crate) fn urls(&self) -> Vec<Url> {
        self.used.read().iter().map(|tracker| tracker.client.url().clone()).collect()
    }

    /// Views of the trackers in use, for a snapshot.
    pub(crate) fn views(&self) -> Vec<TrackerView> {
        self.used.read().iter().map(|tracker| tracker.view()).collect()
    }

    /// Uses exactly these trackers from now on. Those no longer used are told goodbye, and new ones are started.
    pub(crate) fn set(&self, urls: &[Url]) {
        let mut trackers = self.used.write();
        let (kept, dropped): (Vec<_>, Vec<_>) =
            trackers.drain(..).partition(|tracker| urls.contains(tracker.client.url()));
        dropped.iter().for_each(|tracker| tracker.stop.cancel());
        for url in urls {
            if trackers.iter().any(|tracker| tracker.client.url() == url) {
                continue;
            }
            let tracker = kept.iter().find(|tracker| tracker.client.url() == url).cloned();
            trackers.push(tracker.unwrap_or_else(|| self.start(url)));
        }
    }

    /// Sets or removes the token for a tracker. If the tracker is in use, it is told goodbye and started anew.
    pub(crate) fn set_token(&self, url: &Url, token: Option<AccessToken>) {
        match token {
            Some(token) => self.tokens.write().insert(url, token),
            None => drop(self.tokens.write().remove(url)),
        }
        for tracker in self.used.write().iter_mut().filter(|tracker| tracker.client.url() == url) {
            tracker.stop.cancel();
            *tracker = self.start(url);
        }
    }

    fn start(&self, url: &Url) -> Arc<Tracker> {
        let tracker = Arc::new(Tracker::new(self.client(url), self.tasks.stopped(), self.announced.news.clone()));
        // The task is not dropped with the other tasks: it still has to say goodbye.
        self.tasks.spawn_to_its_end(announcer::run(self.announced.clone(), tracker.clone()));
        tracker
    }

    fn client(&self, url: &Url) -> TrackerClient {
        let tokens = self.tokens.read();
        let token = tokens.of(url);
        if token.is_some() && is_readable_on_the_way(url) {
            tracing::warn!(%url, "the token for this tracker can be read on the way; use https");
        }
        TrackerClient::by(self.announced.network.courier(url), url.clone()).with_token(token)
    }

    /// Fails all requests under way, because this machine lost an address and their answers would not arrive.
    pub(crate) fn moved(&self) {
        let used = self.used.read();
        used.iter().for_each(|tracker| tracker.client.moved(self.announced.network.courier(tracker.client.url())));
    }

    /// Wakes all announcers: the files held or this machine's addresses changed, or the user wants another try.
    pub(crate) fn kick(&self) {
        self.used.read().iter().for_each(|tracker| tracker.kick.notify_one());
    }
}
