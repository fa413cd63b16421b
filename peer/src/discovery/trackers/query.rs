//! Queries that ask trackers who has a file. They are repeated, at first often. Each tracker is asked by itself, so
//! that one that does not answer delays no other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sprat_chunking::FileId;
use sprat_protocol::tracker::{FileInfo, Query};
use sprat_protocol::{PeerAddr, PeerId};
use tokio::task::JoinSet;
use url::Url;

use crate::discovery::candidates::Candidate;
use crate::discovery::trackers::all::Trackers;
use crate::discovery::trackers::tracker::Purpose;
use crate::world::clock;

/// Number of peers that a tracker is asked to name.
pub(crate) const ASKED_PEERS: u32 = 50;
/// Interval of queries while there are enough peers.
const CALM_QUERY: Duration = Duration::from_secs(60);
/// Interval between the first query and the second; from then on it doubles. Peers that begin a download together find
/// each other only when all of them are registered.
const FIRST_QUERY: Duration = Duration::from_millis(250);

/// Peers that may have a file, and the addresses to dial them at.
pub(crate) type Known = Vec<(Candidate, Vec<PeerAddr>)>;

/// Peer that asks, and the trackers that it asks.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    /// ID of this peer.
    pub(crate) peer_id: PeerId,
    /// Trackers that are asked.
    pub(crate) trackers: Arc<Trackers>,
    /// Longest time between two queries of a download that has too few peers.
    pub(crate) interval: Duration,
}

/// Queries about one file.
#[derive(Debug)]
pub(crate) struct Asking {
    file_id: FileId,
    /// Trackers that have not answered yet.
    waiting: Vec<Url>,
    answers: JoinSet<Found>,
    next: Instant,
    /// Number of rounds of queries so far.
    times: u32,
    /// Tells whether every tracker was asked once, so that finding no peer means something.
    pub(crate) asked: bool,
}

/// Answer of one tracker.
#[derive(Debug)]
pub(crate) struct Found {
    url: Url,
    infos: Vec<FileInfo>,
}

impl Asking {
    /// Creates the queries about a file, which begin at once.
    pub(crate) fn new(file_id: FileId) -> Self {
        let next = clock::now();
        Self { file_id, waiting: Vec::new(), answers: JoinSet::new(), next, times: 0, asked: false }
    }

    /// Asks all trackers that owe no answer, if it is time. `calm` says that there are enough peers.
    pub(crate) fn ask(&mut self, asker: &Asker, calm: bool) {
        let now = clock::now();
        if now < self.next {
            return;
        }
        let most = if calm { CALM_QUERY } else { asker.interval };
        self.next = now + FIRST_QUERY.saturating_mul(1 << self.times.min(16)).min(most);
        self.times += 1;
        let trackers = asker.trackers.all();
        self.asked |= trackers.is_empty();
        for tracker in trackers {
            let url = tracker.client.url().clone();
            if self.waiting.contains(&url) {
                continue;
            }
            self.waiting.push(url.clone());
            let (peer_id, interval, file_id) = (asker.peer_id, asker.interval, self.file_id);
            self.answers.spawn(async move {
                let query = Query { peer_id: Some(peer_id), file_ids: vec![file_id], max_peers: ASKED_PEERS };
                let answer = tracker.client.query(query).await;
                tracker.note(Purpose::Asking, &answer, interval);
                let infos = answer.map(|answer| answer.files).unwrap_or_default();
                let infos = infos.into_iter().filter(|info| info.file_id == file_id).collect();
                Found { url, infos }
            });
        }
    }

    /// Waits for the next answer; None if no query is under way.
    pub(crate) async fn answer(&mut self) -> Option<Found> {
        let found = self.answers.join_next().await?.expect("asking does not panic");
        self.waiting.retain(|waiting| *waiting != found.url);
        self.asked |= self.waiting.is_empty();
        Some(found)
    }

    /// Time of the next round of queries.
    pub(crate) fn next(&self) -> Instant {
        self.next
    }

    /// Starts a new round of queries at once, with the short intervals of the beginning.
    pub(crate) fn hurry(&mut self) {
        (self.next, self.times) = (clock::now(), 0);
    }
}

impl Found {
    /// Name that the tracker has for the file, if any.
    pub(crate) fn name(&self) -> Option<&str> {
        self.infos.iter().map(|info| info.name.as_str()).find(|name| !name.is_empty())
    }

    /// Peers that the tracker named, without this peer (`me`).
    pub(crate) fn peers(&self, me: PeerId) -> Known {
        let named = self.infos.iter().flat_map(|info| &info.peers).filter(|peer| peer.peer_id != me);
        let dialled = |addresses: &[std::net::SocketAddr]| addresses.iter().copied().map(PeerAddr::from).collect();
        named.map(|peer| (Candidate::Peer(peer.peer_id), dialled(&peer.addresses))).collect()
    }
}
