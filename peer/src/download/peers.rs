//! Whom a download is connected with: asking trackers, dialling, taking visitors in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sprat_protocol::tracker::{FileInfo, Query};
use url::Url;

use super::{Download, Happening, MAX_DIALS, Remote, addresses, dial_one};
use crate::candidates::Candidate;
use crate::connection::Connection;
use crate::pool::ConnectError;
use crate::scheduler::PeerKey;

/// How many peers a tracker is asked to name.
const ASKED_PEERS: u32 = 50;
/// How often trackers are asked while there are peers enough.
const CALM_QUERY: Duration = Duration::from_secs(60);
/// How soon trackers are asked for the second time; from then on the time doubles. Those who begin a download together
/// find each other only when all of them are registered.
const FIRST_QUERY: Duration = Duration::from_millis(250);

/// What a tracker answered.
#[derive(Debug)]
pub(super) struct Found {
    url: Url,
    infos: Vec<FileInfo>,
}

impl Download {
    /// Asks all trackers who has the file, if it is time. Each answers by itself, so that one that is away delays no other.
    pub(super) fn ask_trackers(&mut self) {
        let now = Instant::now();
        if now < self.next_query {
            return;
        }
        let calm = self.peers.values().filter(|remote| remote.claim.is_some()).count() >= 4;
        let most = if calm { CALM_QUERY } else { self.node.limits.query_interval };
        self.next_query = now + FIRST_QUERY.saturating_mul(1 << self.queried.min(16)).min(most);
        self.queried += 1;
        let trackers = self.node.trackers.all();
        self.asked |= trackers.is_empty();
        for tracker in trackers {
            let url = tracker.client.url().clone();
            if self.asking.contains(&url) {
                continue;
            }
            self.asking.push(url.clone());
            let (node, file_id, retry_in) = (self.node.clone(), self.file_id(), self.node.limits.query_interval);
            self.queries.spawn(async move {
                let query = Query { peer_id: Some(node.peer_id), file_ids: vec![file_id], max_peers: ASKED_PEERS };
                let answer = tracker.client.query(query).await;
                tracker.note(&node, &answer, retry_in);
                let infos = answer.map(|answer| answer.files).unwrap_or_default();
                let infos = infos.into_iter().filter(|info| info.file_id == file_id).collect();
                Found { url, infos }
            });
        }
    }

    /// Notes the peers that trackers named.
    pub(super) fn found_peers(&mut self, Found { url, infos }: Found) -> Happening {
        let now = Instant::now();
        self.asking.retain(|asking| *asking != url);
        self.asked |= self.asking.is_empty();
        for info in infos {
            if self.heard_name.is_none() && !info.name.is_empty() {
                self.heard_name = Some(info.name);
            }
            let named = info.peers.into_iter().filter(|peer| peer.peer_id != self.node.peer_id);
            for peer in named {
                self.candidates.add(now, Candidate::Peer(peer.peer_id), addresses(&peer.addresses));
            }
        }
        Happening::Network
    }

    /// Dials as many candidates as there is room for.
    pub(super) fn dial(&mut self) {
        let now = Instant::now();
        while self.has_room() {
            let Some((candidate, addresses)) = self.candidates.take(now, &mut self.rng) else { return };
            self.dials.spawn(dial_one(self.node.clone(), candidate, addresses));
        }
    }

    /// When there is somebody to dial, unless there is no room anyway.
    pub(super) fn dial_deadline(&self) -> Option<Instant> {
        self.candidates.next_deadline().filter(|_| self.has_room())
    }

    fn has_room(&self) -> bool {
        let most = self.node.limits.peers_per_download;
        self.dials.len() < MAX_DIALS && self.peers.len() + self.dials.len() < most
    }

    /// A dialled candidate answered, or did not.
    pub(super) fn dialled(
        &mut self,
        (candidate, result): (Candidate, Result<Arc<Connection>, ConnectError>),
    ) -> Happening {
        match result {
            Ok(connection) => self.meet(&connection, candidate),
            Err(ConnectError::Myself) => self.candidates.never(&candidate),
            Err(error) => {
                tracing::debug!(?candidate, %error, "can't connect");
                self.candidates.failed(Instant::now(), &candidate, &mut self.rng);
            }
        }
        Happening::Network
    }

    /// A peer that wants the same file came by itself: it may have chunks that are missing here.
    pub(super) fn visited(&mut self, connection: Arc<Connection>) -> Happening {
        // Who comes by itself may have nothing to give: half of the room is for those who were looked for.
        if self.peers.len() < self.node.limits.peers_per_download / 2 {
            let candidate = Candidate::Peer(connection.peer_id);
            self.meet(&connection, candidate);
        }
        Happening::Network
    }

    /// Tells a connected peer that the file is wanted.
    fn meet(&mut self, connection: &Arc<Connection>, candidate: Candidate) {
        if let Some(known) = self.peers.get_mut(&connection.key) {
            if !known.candidates.contains(&candidate) {
                known.candidates.push(candidate);
            }
            return;
        }
        if connection.want(self.file_id(), self.chunk_size, self.inbox.0.clone()) {
            let remote = Remote { connection: connection.clone(), candidates: vec![candidate], claim: None };
            self.peers.insert(connection.key, remote);
        } else {
            self.candidates.failed(Instant::now(), &candidate, &mut self.rng);
        }
    }

    /// A peer left, or has nothing to give. It is tried again later.
    pub(super) fn part_with(&mut self, key: PeerKey) {
        if let Some(remote) = self.peers.remove(&key) {
            remote.connection.forget(&self.order.link.file_id);
            let now = Instant::now();
            remote.candidates.iter().for_each(|candidate| self.candidates.failed(now, candidate, &mut self.rng));
            self.status.disconnected(&remote.connection.peer_id);
            self.node.changed.notify_one();
        }
    }

    /// The user wants everybody tried again now.
    pub(super) fn hurried(&mut self) -> Happening {
        let now = Instant::now();
        self.candidates.hurry(now);
        (self.next_query, self.queried) = (now, 0);
        Happening::Network
    }

    /// Whether a first answer, or a first connection, is still to be expected.
    pub(super) fn is_searching(&self) -> bool {
        !self.asked || !self.dials.is_empty() || self.peers.values().any(|remote| remote.claim.is_none())
    }
}
