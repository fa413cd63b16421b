//! The store in memory, as the rest of the tracker sees it.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{self, BoxStream};
use rand::rngs::StdRng;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::files::{Cursor, Files};
use super::handles::Handle;
use super::leases::Leases;
use super::millis::{LONG_OVER, Millis};
use super::peer::Held;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::error::{FileRefusal, LeaseError, PeerRefusal, RegisterError, Unavailable, UnknownLease};
use crate::model::holding::{Accepted, Asker, Found, Offer, Registration, Renewal, Share, Summary, Totals};
use crate::model::moment::Now;
use crate::store::contract::Store;

/// Store in memory.
///
/// A lease belongs to a peer and covers all its files, so keeping it costs the same for one file as for 100,000. A peer
/// whose lease is over is told to nobody from that moment on; its places in the counts are cleared step by step, by
/// [`Self::expire`], so that no call pays for a crowd that left.
pub struct Swarms {
    pub(super) leases: Leases,
    pub(super) files: Files,
}

/// Number of holdings that are cleared, or of leases found to be renewed, before others get their turn.
const STEPS: usize = 256;

impl Swarms {
    /// Makes a store in which nobody holds anything yet, and leases will have this length. Lease tokens are drawn from
    /// `rng`, so it must be one that nobody can predict.
    pub fn new(lease: Duration, limits: Limits, mut rng: StdRng) -> Self {
        let files = Files::new(limits.clone(), &mut rng);
        Self { leases: Leases::new(lease, limits, rng), files }
    }

    /// [`Store::register`], without waiting.
    ///
    /// # Errors
    /// [`PeerRefusal`] if there are too many peers. Then nothing is changed.
    pub fn register<'a>(
        &self,
        now: Instant,
        peer_id: PeerId,
        contact: Contact,
        offers: impl IntoIterator<Item = &'a mut Offer>,
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
        for offer in offers {
            offer.outcome = self.join(opened.handle, &mut held, offer.share.clone());
        }
        Ok(Registration { token: opened.token, reachable: peer.reachable() })
    }

    /// [`Store::heartbeat`], without waiting.
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

    /// [`Store::unregister`], without waiting.
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

    /// [`Store::query`], without waiting.
    pub fn query(&self, now: Instant, file_ids: &[FileId], asker: Asker, max_peers: usize) -> Found {
        let now = self.leases.millis(now);
        let mut answer = Answer::new(now, asker, max_peers);
        for file_id in file_ids {
            answer.add(*file_id, &self.leases.peers(), &self.files);
        }
        answer.finish()
    }

    /// [`Store::summaries`], without waiting.
    pub fn summaries(&self, file_ids: &[FileId]) -> Vec<Option<Summary>> {
        file_ids.iter().map(|file_id| self.files.look(*file_id, |swarm, _| swarm.summary())).collect()
    }

    /// [`Store::set_reachable`], without waiting.
    pub fn set_reachable(&self, peer_id: PeerId, observed: IpAddr, reachable: bool) {
        let peers = self.leases.peers();
        if let Some((_, peer)) = peers.find(peer_id)
            && peer.contact().observed() == observed.to_canonical()
        {
            peer.set_reachable(reachable);
        }
    }

    /// [`Store::remove_file`], without waiting.
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

    /// [`Store::remove_peer`], without waiting.
    pub fn remove_peer(&self, peer_id: PeerId) {
        if let Some((_, peer)) = self.leases.peers().find(peer_id) {
            let _held = peer.held();
            peer.set_expires(LONG_OVER);
        }
        self.forget(LONG_OVER, peer_id, usize::MAX);
    }

    /// [`Store::totals`], without waiting.
    pub fn totals(&self) -> Totals {
        self.files.totals(self.leases.peers().len())
    }

    /// [`Store::expire`], without waiting.
    pub fn expire(&self, now: Instant) -> bool {
        self.clear(self.leases.millis(now), STEPS)
    }
}

impl Store for Swarms {
    fn register<'a>(
        &'a self,
        now: Now,
        peer_id: PeerId,
        contact: Contact,
        offers: Vec<&'a mut Offer>,
    ) -> BoxFuture<'a, Result<Registration, RegisterError>> {
        at_once(self.register(now.instant, peer_id, contact, offers).map_err(RegisterError::from))
    }

    fn heartbeat<'a>(
        &'a self,
        now: Now,
        peer_id: PeerId,
        token: u128,
        observed: IpAddr,
        completed: &'a [FileId],
    ) -> BoxFuture<'a, Result<Renewal, LeaseError>> {
        at_once(self.heartbeat(now.instant, peer_id, token, observed, completed).map_err(LeaseError::from))
    }

    fn unregister<'a>(
        &'a self,
        now: Now,
        peer_id: PeerId,
        token: u128,
        file_ids: Option<&'a [FileId]>,
    ) -> BoxFuture<'a, Result<usize, LeaseError>> {
        at_once(self.unregister(now.instant, peer_id, token, file_ids).map_err(LeaseError::from))
    }

    fn query<'a>(&'a self, now: Now, file_ids: &'a [FileId], asker: Asker, max_peers: usize) -> BoxFuture<'a, Found> {
        at_once(self.query(now.instant, file_ids, asker, max_peers))
    }

    fn summaries<'a>(&'a self, _: Now, file_ids: &'a [FileId]) -> BoxFuture<'a, Vec<Option<Summary>>> {
        at_once(self.summaries(file_ids))
    }

    fn may_be_held<'a>(&'a self, _: Now, file_ids: &'a [FileId]) -> BoxFuture<'a, Vec<bool>> {
        at_once(self.summaries(file_ids).iter().map(Option::is_some).collect())
    }

    fn walk(&self) -> BoxStream<'_, Result<Vec<(FileId, PeerId)>, Unavailable>> {
        let mut place = Cursor::default();
        let blocks = std::iter::from_fn(move || {
            let (files, next) = self.block(place)?;
            place = next;
            Some(Ok(files))
        });
        Box::pin(stream::iter(blocks))
    }

    fn set_reachable(&self, peer_id: PeerId, observed: IpAddr, reachable: bool) -> BoxFuture<'_, ()> {
        self.set_reachable(peer_id, observed, reachable);
        at_once(())
    }

    /// Answers that it is the first time, always: no other tracker shares this store.
    fn use_nonce(&self, _: PeerId, _: u128, _: u64) -> BoxFuture<'_, Result<bool, Unavailable>> {
        at_once(Ok(true))
    }

    fn remove_file(&self, file_id: FileId) -> BoxFuture<'_, Result<(), Unavailable>> {
        self.remove_file(file_id);
        at_once(Ok(()))
    }

    fn remove_peer(&self, peer_id: PeerId) -> BoxFuture<'_, Result<(), Unavailable>> {
        self.remove_peer(peer_id);
        at_once(Ok(()))
    }

    fn totals(&self) -> Totals {
        self.totals()
    }

    fn expire(&self, now: Now) -> bool {
        self.expire(now.instant)
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn run<'a>(&'a self, _: &'a CancellationToken) -> BoxFuture<'a, ()> {
        at_once(())
    }
}

impl Swarms {
    /// Finds some of the files that somebody holds, each with one of those who do, and the place after them; none after the
    /// last one.
    fn block(&self, place: Cursor) -> Option<(Vec<(FileId, PeerId)>, Cursor)> {
        let peers = self.leases.peers();
        let (files, next) = self.files.block(place)?;
        let holder = |(file_id, peer)| Some((file_id, peers.get(peer)?.peer_id()));
        Some((files.into_iter().filter_map(holder).collect(), next))
    }

    /// Adds a file to what a peer holds, or replaces what it said of it before.
    fn join(&self, peer: Handle, held: &mut Held, share: Share) -> Result<Accepted, FileRefusal> {
        let joined = self.files.join(peer, held, share)?;
        if let Some(file) = joined.added {
            held.add(file);
        }
        Ok(joined.accepted)
    }

    /// Takes a peer out of one swarm, if it is a member.
    fn leave(&self, peer: Handle, held: &mut Held, file_id: FileId) {
        if let Some(file) = self.files.leave(peer, file_id) {
            held.files.remove(file);
            held.released(1);
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
        let left = held.files.take(most).map(|file| self.files.leave_held(handle, file)).count();
        held.released(left);
        Some(left)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.leases.is_empty() && self.files.is_empty()
    }
}

/// Wraps an answer that nothing has to be waited for.
fn at_once<'a, T: Send + 'a>(answer: T) -> BoxFuture<'a, T> {
    Box::pin(ready(answer))
}

impl fmt::Debug for Swarms {
    /// Writes the totals only: there may be a million peers, and their tokens are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Swarms").field(&self.totals()).finish()
    }
}
