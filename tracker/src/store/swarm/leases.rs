//! Leases: the peers that the tracker believes, and until when.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use rand::RngExt;
use rand::rngs::StdRng;
use sprat_protocol::PeerId;

use super::handles::Handle;
use super::millis::{LONG_OVER, Millis, to_millis};
use super::peer::Peer;
use super::peers::Peers;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::error::PeerRefusal;

/// The peers with a lease.
pub(super) struct Leases {
    length: Millis,
    limits: Limits,
    tokens: Mutex<StdRng>,
    first_moment: OnceLock<Instant>,
    peers: RwLock<Peers>,
    /// Each peer once, with the moment in which to look whether its lease is over. A HEARTBEAT does not touch it: if the
    /// lease turns out to have been renewed, the peer is put where it then belongs.
    queue: Mutex<BTreeSet<(Millis, Handle)>>,
}

/// A lease just opened; nobody can close it while this is held.
pub(super) struct Opened<'a> {
    peers: RwLockReadGuard<'a, Peers>,
    pub(super) handle: Handle,
    pub(super) token: u128,
}

impl Opened<'_> {
    pub(super) fn peer(&self) -> &Peer {
        self.peers.get(self.handle).expect("nobody goes while all peers are locked")
    }
}

impl Leases {
    pub(super) fn new(length: Duration, limits: Limits, rng: StdRng) -> Self {
        Self {
            length: to_millis(length),
            limits: Limits { peers: limits.peers.min(Handle::MAX as usize), ..limits },
            tokens: Mutex::new(rng),
            first_moment: OnceLock::new(),
            peers: RwLock::default(),
            queue: Mutex::default(),
        }
    }

    pub(super) fn millis(&self, now: Instant) -> Millis {
        let first = self.first_moment.get_or_init(|| now);
        // Not 0, which is long over.
        to_millis(now.saturating_duration_since(*first)).saturating_add(1)
    }

    /// The peers, none of which comes, goes or moves while this is held.
    pub(super) fn peers(&self) -> RwLockReadGuard<'_, Peers> {
        self.peers.read()
    }

    /// Opens a lease for a peer, or opens its lease anew. None if a lease of this peer is over that has to be cleared
    /// away first.
    pub(super) fn open(
        &self,
        now: Millis,
        peer_id: PeerId,
        contact: Contact,
    ) -> Result<Option<Opened<'_>>, PeerRefusal> {
        let token = self.tokens.lock().random();
        let expires = now.saturating_add(self.length);
        let mut peers = self.peers.write();
        let handle = match peers.handle(peer_id) {
            None => {
                let handle = peers.insert(Peer::new(peer_id, contact, token, expires), &self.limits)?;
                self.queue.lock().insert((expires, handle));
                handle
            }
            Some(handle) => {
                if !peers.get(handle).is_some_and(|peer| peer.is_live(now)) {
                    return Ok(None);
                }
                peers.relocate(handle, contact, &self.limits)?;
                if let Some(peer) = peers.get_mut(handle) {
                    peer.reopen(token, expires);
                }
                handle
            }
        };
        Ok(Some(Opened { peers: RwLockWriteGuard::downgrade(peers), handle, token }))
    }

    /// Lets the lease of a peer, whose [`Peer::held`] is locked, begin now.
    pub(super) fn renew(&self, now: Millis, peer: &Peer) {
        peer.set_expires(now.saturating_add(self.length));
    }

    /// Says whether the peer, whose lease holds, is to be told at another address than until now, and may be.
    pub(super) fn moves(&self, peers: &Peers, peer: &Peer, observed: IpAddr) -> bool {
        peer.contact().observed() != observed && peers.has_room_for(peer, observed, &self.limits)
    }

    /// Tells the peer at this address from now on, if this is the token of its lease. Returns where it is told.
    pub(super) fn move_to(&self, now: Millis, peer_id: PeerId, token: u128, observed: IpAddr) -> Option<SocketAddr> {
        let mut peers = self.peers.write();
        let (handle, peer) = peers.find(peer_id)?;
        drop(peer.held_with(now, token).ok()?);
        let mut contact = peer.contact().clone();
        contact.move_to(observed);
        let address = contact.observed_address();
        // If its network has its fill of peers by now, it is told where it was.
        peers.relocate(handle, contact, &self.limits).ok().map(|()| address)
    }

    /// The peer whose lease has been over for longest, if one is. Renewed leases on the way to it cost a step each; none
    /// when the steps are used up.
    pub(super) fn next_over(&self, now: Millis, steps: &mut usize) -> Option<PeerId> {
        let peers = self.peers.read();
        let mut queue = self.queue.lock();
        while *steps > 0 {
            let (due, handle) = queue.first().copied().filter(|(due, _)| *due <= now)?;
            let peer = peers.get(handle)?;
            if !peer.is_live(now) {
                return Some(peer.peer_id());
            }
            *steps -= 1;
            queue.remove(&(due, handle));
            queue.insert((peer.expires(), handle));
            peer.set_due(peer.expires());
        }
        None
    }

    /// Says whether there are leases to look at that may be over.
    pub(super) fn is_any_due(&self, now: Millis) -> bool {
        self.queue.lock().first().is_some_and(|(due, _)| *due <= now)
    }

    /// Forgets a peer, unless it holds something or has come back.
    pub(super) fn close(&self, peer_id: PeerId) {
        let mut peers = self.peers.write();
        let Some((handle, peer)) = peers.find(peer_id) else { return };
        if peer.expires() == LONG_OVER && peer.held().files.is_empty() {
            self.queue.lock().remove(&(peer.due(), handle));
            peers.remove(handle);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.peers.read().is_empty() && self.queue.lock().is_empty()
    }
}
