//! The trackers that this peer uses.

use std::sync::Arc;

use parking_lot::RwLock;
use sprat_api::TrackerView;
use sprat_protocol::tracker::AccessToken;
use url::Url;

use crate::discovery::trackers::announcer::{self, Announced};
use crate::discovery::trackers::client::TrackerClient;
use crate::discovery::trackers::token_keeper::TokenKeeper;
use crate::discovery::trackers::tokens::{Tokens, is_readable_on_the_way};
use crate::discovery::trackers::tracker::Tracker;
use crate::world::asked::Reply;
use crate::world::tasks::Tasks;

/// All trackers of one engine.
#[derive(Debug)]
pub(crate) struct Trackers {
    used: RwLock<Vec<Arc<Tracker>>>,
    tokens: RwLock<Tokens>,
    keeper: Arc<TokenKeeper>,
    /// Peer and files that the trackers are told of.
    announced: Announced,
    tasks: Tasks,
}

impl Trackers {
    /// Creates the trackers of an engine, none yet. `tokens` open the private ones; `keeper` keeps those that are changed.
    pub(crate) fn new(tokens: Tokens, keeper: TokenKeeper, announced: Announced, tasks: Tasks) -> Self {
        let (tokens, keeper) = (RwLock::new(tokens), Arc::new(keeper));
        Self { used: RwLock::default(), tokens, keeper, announced, tasks }
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

    /// Sets or removes the token for a tracker, and keeps that in the file of the tokens. If the tracker is in use, it is
    /// told goodbye and started anew.
    pub(crate) fn set_token(&self, url: Url, token: Option<AccessToken>, reply: Reply) {
        match &token {
            Some(token) => self.tokens.write().insert(&url, token.clone()),
            None => drop(self.tokens.write().remove(&url)),
        }
        for tracker in self.used.write().iter_mut().filter(|tracker| *tracker.client.url() == url) {
            tracker.stop.cancel();
            *tracker = self.start(&url);
        }
        self.keeper.keep(url, token, reply);
    }

    /// Returns a client of any tracker: that of a tracker in use, with its connections, or else a new one.
    pub(crate) fn client_of(&self, url: &Url) -> TrackerClient {
        let used = self.used.read().iter().find(|tracker| tracker.client.url() == url).cloned();
        used.map_or_else(|| self.client(url), |tracker| tracker.client.clone())
    }

    fn start(&self, url: &Url) -> Arc<Tracker> {
        if self.tokens.read().of(url).is_some() && is_readable_on_the_way(url) {
            tracing::warn!(%url, "the token for this tracker can be read on the way; use https");
        }
        let tracker = Arc::new(Tracker::new(self.client(url), self.tasks.stopped(), self.announced.news.clone()));
        // The task is not dropped with the other tasks: it still has to say goodbye.
        self.tasks.spawn_to_its_end(announcer::run(self.announced.clone(), tracker.clone()));
        tracker
    }

    fn client(&self, url: &Url) -> TrackerClient {
        TrackerClient::by(self.announced.network.courier(url), url.clone()).with_token(self.tokens.read().of(url))
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
