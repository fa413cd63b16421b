//! All peers with a lease.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use sprat_protocol::PeerId;

use super::handles::{Handle, IdTable};
use super::neighbours::Neighbourhoods;
use super::peer::Peer;
use super::slots::Slots;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::error::PeerRefusal;
use crate::model::network::{neighbourhood_of, network_of};

/// Every peer in its slot, found by its ID or by its handle, and how many come from each network.
#[derive(Default)]
pub(super) struct Peers {
    slots: Slots<Peer>,
    by_id: IdTable,
    /// Strangers choose their IDs, so the hash has a key.
    hasher: RandomState,
    networks: HashMap<IpAddr, u32>,
    neighbourhoods: Neighbourhoods,
}

impl Peers {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn get(&self, handle: Handle) -> Option<&Peer> {
        self.slots.get(handle)
    }

    pub(super) fn get_mut(&mut self, handle: Handle) -> Option<&mut Peer> {
        self.slots.get_mut(handle)
    }

    pub(super) fn handle(&self, peer_id: PeerId) -> Option<Handle> {
        let is_it = |handle| self.get(handle).is_some_and(|peer| peer.peer_id() == peer_id);
        self.by_id.find(self.hasher.hash_one(peer_id), is_it)
    }

    pub(super) fn find(&self, peer_id: PeerId) -> Option<(Handle, &Peer)> {
        let handle = self.handle(peer_id)?;
        Some((handle, self.get(handle)?))
    }

    /// Adds a peer that is not there.
    pub(super) fn insert(&mut self, mut peer: Peer, limits: &Limits) -> Result<Handle, PeerRefusal> {
        if self.len() >= limits.peers {
            return Err(PeerRefusal::TrackerFull);
        }
        let network = network_of(peer.contact().observed());
        if !has_room(&self.networks, network, limits) {
            return Err(PeerRefusal::AddressFull);
        }
        let observed = peer.contact().observed();
        if !self.neighbourhoods.has_room(observed, 0, limits) {
            return Err(PeerRefusal::NetworkFull);
        }
        peer.set_neighbours(self.neighbourhoods.enter(observed));
        let hash = self.hasher.hash_one(peer.peer_id());
        let handle = self.slots.insert(peer);
        self.by_id.insert(hash, handle);
        *self.networks.entry(network).or_default() += 1;
        Ok(handle)
    }

    /// Removes a peer that is in no swarm any more.
    pub(super) fn remove(&mut self, handle: Handle) {
        let Some(peer) = self.slots.remove(handle) else { return };
        self.by_id.remove(self.hasher.hash_one(peer.peer_id()), handle);
        self.leave(network_of(peer.contact().observed()));
        self.neighbourhoods.leave(peer.contact().observed());
    }

    /// Tells the peer from now on at this contact.
    pub(super) fn relocate(&mut self, handle: Handle, contact: Contact, limits: &Limits) -> Result<(), PeerRefusal> {
        let Some(peer) = self.slots.get_mut(handle) else { return Ok(()) };
        let (from, to) = (network_of(peer.contact().observed()), network_of(contact.observed()));
        if from != to && !has_room(&self.networks, to, limits) {
            return Err(PeerRefusal::AddressFull);
        }
        let (before, after) = (peer.contact().observed(), contact.observed());
        let moves = neighbourhood_of(before) != neighbourhood_of(after);
        if moves && !self.neighbourhoods.has_room(after, peer.num_files(), limits) {
            return Err(PeerRefusal::NetworkFull);
        }
        peer.set_contact(contact);
        if moves {
            peer.set_neighbours(self.neighbourhoods.enter(after));
            self.neighbourhoods.leave(before);
        }
        if from != to {
            self.leave(from);
            *self.networks.entry(to).or_default() += 1;
        }
        Ok(())
    }

    /// Says whether the peer may come from there.
    pub(super) fn has_room_for(&self, peer: &Peer, observed: IpAddr, limits: &Limits) -> bool {
        let network = network_of(observed);
        let before = peer.contact().observed();
        (network == network_of(before) || has_room(&self.networks, network, limits))
            && (neighbourhood_of(before) == neighbourhood_of(observed)
                || self.neighbourhoods.has_room(observed, 0, limits))
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
        self.slots.len() == 0 && self.by_id.is_empty() && self.networks.is_empty() && self.neighbourhoods.is_empty()
    }
}

fn has_room(networks: &HashMap<IpAddr, u32>, network: IpAddr, limits: &Limits) -> bool {
    networks.get(&network).is_none_or(|peers| (*peers as usize) < limits.peers_per_address)
}
