//! Which peers the tracker believes, and until when.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use crate::config::Limits;
use crate::contact::{Contact, network_of};
use crate::store::{PeerRefusal, UnknownLease};

/// The peers with a lease. Each has exactly one expiry in the queue, so renewing one forgets nothing and leaks nothing.
#[derive(Debug)]
pub(super) struct Leases {
    length: Duration,
    peers: HashMap<PeerId, Peer>,
    expiries: BTreeSet<(Instant, PeerId)>,
    /// How many of the peers come from each network.
    networks: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
pub(super) struct Peer {
    token: u128,
    expires: Instant,
    pub(super) contact: Contact,
    pub(super) files: BTreeSet<FileId>,
}

impl Leases {
    pub(super) fn new(length: Duration) -> Self {
        Self { length, peers: HashMap::new(), expiries: BTreeSet::new(), networks: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    /// The peer, whether its lease is over or not.
    pub(super) fn peer_mut(&mut self, peer_id: PeerId) -> Option<&mut Peer> {
        self.peers.get_mut(&peer_id)
    }

    /// The peer, if its lease is not over.
    pub(super) fn live(&self, now: Instant, peer_id: PeerId) -> Option<&Peer> {
        self.peers.get(&peer_id).filter(|peer| peer.expires > now)
    }

    /// Opens a lease, or opens it anew with another token and contact for a peer that has one.
    pub(super) fn open(
        &mut self,
        now: Instant,
        peer_id: PeerId,
        token: u128,
        contact: Contact,
        limits: &Limits,
    ) -> Result<(), PeerRefusal> {
        let network = network_of(contact.observed());
        let left = self.peers.get(&peer_id).map(|peer| network_of(peer.contact.observed()));
        if left.is_none() && self.peers.len() >= limits.peers {
            return Err(PeerRefusal::TrackerFull);
        }
        if left != Some(network) && !self.has_room(network, limits) {
            return Err(PeerRefusal::AddressFull);
        }
        let expires = now + self.length;
        let mut files = BTreeSet::new();
        if let Some(former) = self.close(peer_id) {
            files = former.files;
        }
        *self.networks.entry(network).or_default() += 1;
        self.expiries.insert((expires, peer_id));
        self.peers.insert(peer_id, Peer { token, expires, contact, files });
        Ok(())
    }

    /// Whether this is the token of the peer's lease. Comparing all bits of two integers at once takes the same time
    /// whichever of them differ, so an answer's delay tells nothing about a token.
    pub(super) fn check(&self, now: Instant, peer_id: PeerId, token: u128) -> Result<(), UnknownLease> {
        let peer = self.live(now, peer_id).ok_or(UnknownLease)?;
        if peer.token ^ token == 0 { Ok(()) } else { Err(UnknownLease) }
    }

    /// Lets the lease begin now. The peer is found from now on where its word came from, unless that network has its
    /// fill of peers.
    pub(super) fn renew(&mut self, now: Instant, peer_id: PeerId, observed: IpAddr, limits: &Limits) {
        let Some(former) = self.peers.get(&peer_id).map(|peer| network_of(peer.contact.observed())) else { return };
        let network = network_of(observed);
        let stays = former == network;
        if stays || self.has_room(network, limits) {
            if !stays {
                self.leave(former);
                *self.networks.entry(network).or_default() += 1;
            }
            if let Some(peer) = self.peers.get_mut(&peer_id) {
                peer.contact.move_to(observed);
            }
        }
        if let Some(peer) = self.peers.get_mut(&peer_id) {
            self.expiries.remove(&(peer.expires, peer_id));
            peer.expires = now + self.length;
            self.expiries.insert((peer.expires, peer_id));
        }
    }

    /// The peer whose lease has been over for longest, if one is.
    pub(super) fn first_over(&self, now: Instant) -> Option<PeerId> {
        self.expiries.first().filter(|(expires, _)| *expires <= now).map(|(_, peer_id)| *peer_id)
    }

    /// Ends a lease.
    pub(super) fn close(&mut self, peer_id: PeerId) -> Option<Peer> {
        let peer = self.peers.remove(&peer_id)?;
        self.expiries.remove(&(peer.expires, peer_id));
        self.leave(network_of(peer.contact.observed()));
        Some(peer)
    }

    fn has_room(&self, network: IpAddr, limits: &Limits) -> bool {
        self.networks.get(&network).is_none_or(|peers| *peers < limits.peers_per_address)
    }

    fn leave(&mut self, network: IpAddr) {
        if let Some(peers) = self.networks.get_mut(&network) {
            *peers -= 1;
            if *peers == 0 {
                self.networks.remove(&network);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.peers.is_empty() && self.expiries.is_empty() && self.networks.is_empty()
    }
}
