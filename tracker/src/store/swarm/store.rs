//! The store in memory, as the rest of the tracker sees it.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use super::answer::Answer;
use super::files::{Files, Place};
use super::handles::Handle;
use super::leases::Leases;
use super::millis::{LONG_OVER, Millis};
use super::peer::Held;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::error::{FileRefusal, PeerRefusal, UnknownLease};
use crate::model::holding::{Accepted, Asker, Found, Registration, Renewal, Share, Summary, Totals};

/// Who holds what.
///
/// A lease belongs to a peer and covers all its files, so keeping it costs the same for one file as for 100,000. A peer
/// whose lease is over is told to nobody from that moment on; its places in the counts are cleared step by step, by
/// [`Self::expire`], so that no call pays for a crowd that left.
pub struct Swarms {
    pub(super) leases: Leases,
    pub(super) files: Files,
}

/// How many holdings are cleared, or how many leases found to be renewed, before others get their turn.
const STEPS: usize = 256;

impl Swarms {
    /// Nobody holds anything yet, and leases will have this length. Lease tokens are drawn from `rng`, so it must be one
    /// that nobody can predict.
    pub fn new(lease: Duration, limits: Limits, mut rng: StdRng) -> Self {
        let files = Files::new(limits.clone(), &mut rng);
        Self { leases: Leases::new(lease, limits, rng), files }
    }

    /// Opens a lease for a peer, or opens its lease anew, and adds these files to what it holds. It keeps the files that
    /// it had, and gets this contact.
    ///
    /// # Errors
    /// [`PeerRefusal`] if there are too many peers. Then nothing is changed.
    pub fn register(
        &self,
        now: Instant,
        peer_id: PeerId,
        contact: Contact,
        shares: Vec<Share>,
    ) -> Result<Registration, PeerRefusal> {
        let now = self.leases.millis(now);
        // Who has gone makes room before anybody is refused.
        self.clear(now, STEPS);
        let opened = loop {
            match self.leases.open(now, peer_id, contact.clone())? {
                Some(opened) => break opened,
                None => self.forget(now, peer_id, usize::MAX),
            };
        };
        let peer = opened.peer();
        let mut held = peer.held();
        let files = shares.into_iter().map(|share| self.join(opened.handle, &mut held, share)).collect();
        Ok(Registration { token: opened.token, reachable: peer.reachable(), files })
    }

    /// Renews everything that the peer holds and marks these files as complete. The peer is told from now on at the
    /// address that this came from: the token proves who it is.
    ///
    /// # Errors
    /// [`UnknownLease`] if this is not the token of a lease that still holds.
    pub fn heartbeat(
        &self,
        now: Instant,
        peer_id: PeerId,
        token: u128,
        observed: IpAddr,
        completed: &[FileId],
    ) -> Result<Renewal, UnknownLease> {
        let (now, observed) = (self.leases.millis(now), observed.to_canonical());
        let peers = self.leases.peers();
        let (handle, peer) = peers.find(peer_id).ok_or(UnknownLease)?;
        let held = peer.held_with(now, token)?;
        self.leases.renew(now, peer);
        let unknown = completed.iter().copied().filter(|file_id| !self.files.complete(handle, *file_id));
        let mut renewal = Renewal { reachable: peer.reachable(), moved_to: None, unknown: unknown.collect() };
        renewal.unknown.sort_unstable();
        renewal.unknown.dedup();
        let moves = self.leases.moves(&peers, peer, observed);
        drop(held);
        drop(peers);
        if moves {
            renewal.moved_to = self.leases.move_to(now, peer_id, token, observed);
        }
        if renewal.moved_to.is_some() {
            renewal.reachable = None;
        }
        Ok(renewal)
    }

    /// Takes a peer out of the swarms of these files, or out of all and its lease with it. Returns how many it was in.
    ///
    /// # Errors
    /// [`UnknownLease`] if this is not the token of a lease that still holds.
    pub fn unregister(
        &self,
        now: Instant,
        peer_id: PeerId,
        token: u128,
        file_ids: Option<&[FileId]>,
    ) -> Result<usize, UnknownLease> {
        let now = self.leases.millis(now);
        let peers = self.leases.peers();
        let (handle, peer) = peers.find(peer_id).ok_or(UnknownLease)?;
        let mut held = peer.held_with(now, token)?;
        let before = held.files.len();
        if let Some(file_ids) = file_ids {
            file_ids.iter().for_each(|file_id| self.leave(handle, &mut held, *file_id));
            return Ok(before - held.files.len());
        }
        peer.set_expires(LONG_OVER);
        drop(held);
        drop(peers);
        self.forget(now, peer_id, usize::MAX);
        Ok(before)
    }

    /// What is known of these files, with up to `max_peers` of the peers of each, drawn at random: never the asker, no
    /// seeders if the asker is one itself, and only peers that this asker can reach. Those on the asker's own network come
    /// first, and those last that the tracker could not connect to.
    pub fn query(&self, now: Instant, file_ids: &[FileId], asker: Asker, max_peers: usize) -> Found {
        let now = self.leases.millis(now);
        let mut answer = Answer::new(now, asker, max_peers);
        for file_id in file_ids {
            answer.add(*file_id, &self.leases.peers(), &self.files);
        }
        answer.found
    }

    /// What is known of these files, in their order; none of a file that nobody holds.
    pub fn summaries(&self, _now: Instant, file_ids: &[FileId]) -> Vec<Option<Summary>> {
        file_ids.iter().map(|file_id| self.files.look(*file_id, |swarm, _| swarm.summary())).collect()
    }

    /// Some of the files that somebody holds, each with one of those who do, and the place after them; none after the last
    /// one. Whoever was there all the time while somebody walked through all of them was seen.
    pub fn block(&self, place: Place) -> Option<(Vec<(FileId, PeerId)>, Place)> {
        let peers = self.leases.peers();
        let (files, next) = self.files.block(place)?;
        let holder = |(file_id, peer)| Some((file_id, peers.get(peer)?.peer_id()));
        Some((files.into_iter().filter_map(holder).collect(), next))
    }

    /// Notes whether the tracker could connect to a peer at this address, if the peer is still there.
    pub fn set_reachable(&self, peer_id: PeerId, observed: IpAddr, reachable: bool) {
        let peers = self.leases.peers();
        if let Some((_, peer)) = peers.find(peer_id)
            && peer.contact().observed() == observed.to_canonical()
        {
            peer.set_reachable(reachable);
        }
    }

    /// Forgets a file and who holds it.
    pub fn remove_file(&self, file_id: FileId) {
        let members = self.files.look(file_id, |swarm, _| swarm.members().list().to_vec());
        for members in members.unwrap_or_default().chunks(STEPS) {
            let peers = self.leases.peers();
            for member in members {
                if let Some(peer) = peers.get(*member) {
                    self.leave(*member, &mut peer.held(), file_id);
                }
            }
        }
    }

    /// Forgets a peer, its lease, and what it holds.
    pub fn remove_peer(&self, peer_id: PeerId) {
        if let Some((_, peer)) = self.leases.peers().find(peer_id) {
            let _held = peer.held();
            peer.set_expires(LONG_OVER);
        }
        self.forget(LONG_OVER, peer_id, usize::MAX);
    }

    /// How much is known.
    pub fn totals(&self) -> Totals {
        self.files.totals(self.leases.peers().len())
    }

    /// Forgets some of what the leases that are over held. Returns whether there is more to forget.
    pub fn expire(&self, now: Instant) -> bool {
        self.clear(self.leases.millis(now), STEPS)
    }

    /// Adds a file to what a peer holds, or replaces what it said of it before.
    fn join(&self, peer: Handle, held: &mut Held, share: Share) -> Result<Accepted, FileRefusal> {
        let joined = self.files.join(peer, held.files.len(), share)?;
        if let Some(file) = joined.added {
            held.files.insert(file);
        }
        Ok(joined.accepted)
    }

    /// Takes a peer out of one swarm, if it is a member.
    fn leave(&self, peer: Handle, held: &mut Held, file_id: FileId) {
        if let Some(file) = self.files.leave(peer, file_id) {
            held.files.remove(file);
        }
    }

    /// Clears up to so many holdings of peers whose lease is over. Returns whether there are more.
    pub(super) fn clear(&self, now: Millis, mut steps: usize) -> bool {
        while let Some(peer_id) = self.leases.next_over(now, &mut steps) {
            steps = self.forget(now, peer_id, steps);
        }
        self.leases.is_any_due(now)
    }

    /// Takes a peer whose lease is over out of all swarms, one a step, and forgets it with a last one. Returns the steps
    /// left over.
    fn forget(&self, now: Millis, peer_id: PeerId, mut steps: usize) -> usize {
        while steps > 0 {
            match self.leave_some(now, peer_id, steps.min(STEPS)) {
                None => break,
                Some(0) => {
                    self.leases.close(peer_id);
                    return steps - 1;
                }
                Some(left) => steps -= left,
            }
        }
        steps
    }

    /// Takes a peer out of so many swarms. Returns how many those were; none if its lease is not over.
    fn leave_some(&self, now: Millis, peer_id: PeerId, most: usize) -> Option<usize> {
        let peers = self.leases.peers();
        let (handle, peer) = peers.find(peer_id)?;
        let mut held = peer.held();
        if peer.is_live(now) {
            return None;
        }
        // From now on it is over whatever the time, even for somebody whose clock was read a moment earlier.
        peer.set_expires(LONG_OVER);
        Some(held.files.take(most).map(|file| self.files.leave_held(handle, file)).count())
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.leases.is_empty() && self.files.is_empty()
    }
}

impl fmt::Debug for Swarms {
    /// How much there is. What there is may be a million peers, and their tokens are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Swarms").field(&self.totals()).finish()
    }
}
