//! Connections of a download: asks trackers, dials candidates, and accepts peers that come by themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sprat_protocol::{PeerAddr, PeerId};

use super::{Download, Happening, MAX_DIALS, Remote, dial_one};
use crate::discovery::candidates::Candidate;
use crate::discovery::trackers::query::{Found, Known};
use crate::peers::connection::Connection;
use crate::wire::handshake::ConnectError;
use crate::wire::remote::PeerKey;
use crate::world::clock;

/// Upper bound of the wait before a candidate that could not be reached is dialled again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Upper bound of that wait while no peer is connected and few downloads run.
const LONELY_WAIT: Duration = Duration::from_secs(5);
/// Share of each running download in that bound: many downloads raise it above [`LONELY_WAIT`].
const WAIT_PER_DOWNLOAD: Duration = Duration::from_millis(20);

impl Download {
    /// Asks trackers who has the file, if it is time. A part of a folder asks nobody: the folder does that.
    pub(super) fn ask_trackers(&mut self) {
        if self.folder.is_none() {
            let calm = self.peers.values().filter(|remote| remote.claim.is_some()).count() >= 4;
            self.asking.ask(&self.env.asker, calm);
        }
    }

    /// Time at which trackers are asked again; None for a part of a folder.
    pub(super) fn next_question(&self) -> Option<Instant> {
        self.folder.is_none().then(|| self.asking.next())
    }

    /// Notes the peers that a tracker named.
    pub(super) fn found_peers(&mut self, found: &Found) -> Happening {
        self.heard_name = self.heard_name.take().or_else(|| found.name().map(str::to_owned));
        self.note(&found.peers(self.env.asker.peer_id))
    }

    /// Notes peers that may have the folder that this file is a part of.
    pub(super) fn known(&mut self, known: &Known) -> Happening {
        self.asking.asked = true;
        self.note(known)
    }

    fn note(&mut self, known: &Known) -> Happening {
        let now = clock::now();
        for (candidate, addresses) in known {
            self.doubt_where_it_was(candidate, addresses);
            self.candidates.add(now, candidate.clone(), addresses.clone());
        }
        Happening::Network
    }

    /// Doubts the connection to a dialled peer that is now named at other addresses: the peer may have left the dialled
    /// one without closing the connection.
    fn doubt_where_it_was(&mut self, candidate: &Candidate, addresses: &[PeerAddr]) {
        let is_it = |remote: &&mut Remote| Candidate::Peer(remote.connection.remote.peer_id) == *candidate;
        for remote in self.peers.values_mut().filter(is_it).filter(|remote| remote.named != addresses) {
            remote.named = addresses.to_vec();
            if remote.connection.dialled && !addresses.contains(&remote.connection.remote.addr.into()) {
                remote.connection.doubt();
            }
        }
    }

    /// Adds the addresses that the user added as candidates that are due at once.
    pub(super) fn peers_added(&mut self) -> Happening {
        let (now, added) = (clock::now(), self.reins.added_peers.borrow_and_update().clone());
        for addr in added {
            let candidate = Candidate::Address(addr.clone());
            self.candidates.add(now, candidate.clone(), vec![addr]);
            self.candidates.hurry_one(now, &candidate);
        }
        Happening::Network
    }

    /// Dials candidates that are due, as long as there is room.
    pub(super) fn dial(&mut self) {
        let now = clock::now();
        while self.has_room() {
            let Some((candidate, addresses)) = self.candidates.take(now, &mut self.rng) else { return };
            self.dials.spawn(dial_one(self.env.clone(), candidate, addresses));
        }
    }

    /// Time at which the next candidate is due; None if there is no room for it.
    pub(super) fn dial_deadline(&self) -> Option<Instant> {
        self.candidates.next_deadline().filter(|_| self.has_room())
    }

    fn has_room(&self) -> bool {
        let most = self.env.limits.peers_per_download;
        self.dials.len() < MAX_DIALS && self.peers.len() + self.dials.len() < most
    }

    /// Handles the outcome of dialling a candidate.
    pub(super) fn dialled(
        &mut self,
        (candidate, result): (Candidate, Result<Arc<Connection>, ConnectError>),
    ) -> Happening {
        match result {
            Ok(connection) => self.meet(&connection, candidate),
            Err(ConnectError::Myself) => self.candidates.never(&candidate),
            Err(error) => {
                tracing::debug!(?candidate, %error, "can't connect");
                self.failed(&candidate);
            }
        }
        Happening::Network
    }

    /// Handles a peer that wants the same file and came by itself: it may have chunks that are missing here.
    pub(super) fn visited(&mut self, peer_id: PeerId) -> Happening {
        // A peer that comes by itself may have nothing to give: half of the room is kept for candidates.
        if self.peers.len() < self.env.limits.peers_per_download / 2 {
            // A visitor that has left since is not dialled.
            if let Some(connection) = self.env.peers.pool.get(&peer_id) {
                self.meet(&connection, Candidate::Peer(peer_id));
            }
        }
        Happening::Network
    }

    /// Tells a connected peer that the file is wanted, and adds it to the peers of this download.
    fn meet(&mut self, connection: &Arc<Connection>, candidate: Candidate) {
        if let Some(known) = self.peers.get_mut(&connection.key) {
            if !known.candidates.contains(&candidate) {
                known.candidates.push(candidate);
            }
            return;
        }
        if connection.want(self.file_id(), self.chunk_size, self.inbox.0.clone()) {
            let (connection, candidates, asked) = (connection.clone(), vec![candidate], self.chunk_size);
            let remote = Remote { connection, candidates, named: Vec::new(), claim: None, asked };
            self.peers.insert(remote.connection.key, remote);
        } else {
            self.failed(&candidate);
        }
    }

    /// Removes a peer that left or has nothing to give. Its candidates are tried again later.
    pub(super) fn part_with(&mut self, key: PeerKey) {
        if let Some(remote) = self.peers.remove(&key) {
            remote.connection.forget(&self.order.link.file_id);
            remote.candidates.iter().for_each(|candidate| self.failed(candidate));
            if self.peers.is_empty() {
                self.candidates.not_after(clock::now() + self.longest_wait());
            }
            self.status.disconnected(&remote.connection.remote.peer_id);
            // The peer may be connected again already, over another address of its own or of this machine.
            let back =
                self.env.peers.pool.get(&remote.connection.remote.peer_id).filter(|connection| connection.key != key);
            if let Some(connection) = back {
                remote.candidates.into_iter().for_each(|candidate| self.meet(&connection, candidate));
            }
            self.env.news.changed();
        }
    }

    fn failed(&mut self, candidate: &Candidate) {
        let longest = self.longest_wait();
        self.candidates.failed(clock::now(), candidate, longest, &mut self.rng);
    }

    /// Upper bound of the wait before a candidate that could not be reached is dialled again. While no peer is
    /// connected it is shorter, but it grows with the number of running downloads, which would together dial too often.
    fn longest_wait(&self) -> Duration {
        let all = u32::try_from(self.env.rights.len()).unwrap_or(u32::MAX);
        let lonely = LONELY_WAIT.max(WAIT_PER_DOWNLOAD.saturating_mul(all)).min(LONGEST_WAIT);
        if self.peers.is_empty() { lonely } else { LONGEST_WAIT }
    }

    /// Makes all candidates and trackers due at once, because the user asked for it.
    pub(super) fn hurried(&mut self) -> Happening {
        let now = clock::now();
        self.candidates.hurry(now);
        self.asking.hurry();
        Happening::Network
    }

    /// Returns whether a tracker, a dialled candidate or a connected peer still owes its first answer.
    pub(super) fn is_searching(&self) -> bool {
        !self.asking.asked || !self.dials.is_empty() || self.peers.values().any(|remote| remote.claim.is_none())
    }
}
