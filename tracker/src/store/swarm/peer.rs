//! One peer with a lease.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use sprat_protocol::PeerId;

use super::handles::{Handle, HandleSet};
use super::millis::Millis;
use super::neighbours::Neighbours;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::error::UnknownLease;
use crate::store::answer::{PeerStart, peer_start};

/// A peer: who it is and where, until when it is believed, and what it holds.
///
/// What QUERY reads is either atomic or changes only while nobody reads, so it takes no lock on a peer. Each atomic
/// stands for itself, so no order between them is needed.
///
/// What it reads comes first, and fills two cache lines: most of what a QUERY costs is to wait for those of 50 peers.
#[repr(C, align(64))]
pub(super) struct Peer {
    /// End of the peer's lease.
    expires: AtomicU64,
    /// The peer in an answer, up to the address that its connection came from.
    json: PeerStart,
    network: NetworkTag,
    reachable: AtomicU8,
    peer_id: PeerId,
    contact: Contact,
    /// Moment in which to look whether the peer still is there: its place in the queue of
    /// [`Leases`](super::leases::Leases).
    due: AtomicU64,
    held: Mutex<Held>,
}

/// State that changes when the peer itself says something.
pub(super) struct Held {
    token: u128,
    pub(super) files: HandleSet,
    /// Those with whom the peer has a share of the room; none on the tracker's own machine.
    neighbours: Option<Arc<Neighbours>>,
}

impl Held {
    /// Says whether the peer's network may hold one file more.
    pub(super) fn has_room(&self, limits: &Limits) -> bool {
        self.neighbours.as_ref().is_none_or(|neighbours| neighbours.has_room_for_holding(limits))
    }

    /// Adds a file to those of the peer, which did not hold it.
    pub(super) fn add(&mut self, file: Handle) {
        self.files.insert(file);
        self.neighbours.as_ref().inspect(|neighbours| neighbours.hold(1));
    }

    /// Counts so many files less for the peer's network.
    pub(super) fn released(&self, files: usize) {
        self.neighbours.as_ref().inspect(|neighbours| neighbours.release(files));
    }
}

const UNTRIED: u8 = 0;
const REACHABLE: u8 = 1;
const UNREACHABLE: u8 = 2;

impl Peer {
    pub(super) fn new(peer_id: PeerId, contact: Contact, token: u128, expires: Millis) -> Self {
        Self {
            expires: AtomicU64::new(expires),
            json: peer_start(peer_id, contact.observed_address()),
            network: NetworkTag::of(contact.observed()),
            reachable: AtomicU8::new(UNTRIED),
            peer_id,
            contact,
            due: AtomicU64::new(expires),
            held: Mutex::new(Held { token, files: HandleSet::default(), neighbours: None }),
        }
    }

    pub(super) fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    pub(super) fn contact(&self) -> &Contact {
        &self.contact
    }

    pub(super) fn json(&self) -> &[u8] {
        &self.json
    }

    /// Says whether somebody at this address, of which this is the tag, is on the peer's own network.
    pub(super) fn is_near(&self, asker: IpAddr, tag: NetworkTag) -> bool {
        self.network == tag && self.contact.is_near(asker)
    }

    /// Says whether the peer runs on the tracker's own machine.
    pub(super) fn is_beside_tracker(&self) -> bool {
        self.network == NetworkTag::LOOPBACK && self.contact.is_beside_tracker()
    }

    /// Locks what the peer holds. To be locked before any swarm is.
    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock()
    }

    /// Locks what the peer holds, if this is the token of its lease and that still lasts.
    pub(super) fn held_with(&self, now: Millis, token: u128) -> Result<MutexGuard<'_, Held>, UnknownLease> {
        let held = self.held();
        // Comparing all bits of two integers at once takes the same time whichever of them differ, so an answer's delay
        // tells nothing about a token.
        if self.is_live(now) && held.token ^ token == 0 { Ok(held) } else { Err(UnknownLease) }
    }

    /// Lets the lease last until then, for whoever has this token.
    pub(super) fn reopen(&mut self, token: u128, expires: Millis) {
        self.held.get_mut().token = token;
        self.set_expires(expires);
    }

    /// Number of files that the peer holds.
    pub(super) fn num_files(&mut self) -> usize {
        self.held.get_mut().files.len()
    }

    /// The peer, with all that it holds, counts among these from now on.
    pub(super) fn set_neighbours(&mut self, neighbours: Option<Arc<Neighbours>>) {
        let held = self.held.get_mut();
        held.released(held.files.len());
        held.neighbours = neighbours;
        held.neighbours.as_ref().inspect(|neighbours| neighbours.hold(held.files.len()));
    }

    /// The peer is to be found there from now on. Whether it can be is to be tried anew, unless it stays where it was.
    pub(super) fn set_contact(&mut self, contact: Contact) {
        if contact == self.contact {
            return;
        }
        if contact.observed_address() != self.contact.observed_address() {
            self.reachable = AtomicU8::new(UNTRIED);
        }
        self.json = peer_start(self.peer_id, contact.observed_address());
        self.network = NetworkTag::of(contact.observed());
        self.contact = contact;
    }

    /// Returns the end of the peer's lease.
    pub(super) fn expires(&self) -> Millis {
        self.expires.load(Ordering::Relaxed)
    }

    pub(super) fn is_live(&self, now: Millis) -> bool {
        self.expires() > now
    }

    /// Sets the end of the lease. Only with [`Self::held`] locked, so that a lease never comes back to life while it is
    /// cleared away.
    pub(super) fn set_expires(&self, expires: Millis) {
        self.expires.store(expires, Ordering::Relaxed);
    }

    pub(super) fn due(&self) -> Millis {
        self.due.load(Ordering::Relaxed)
    }

    /// Sets the peer's place in the queue. Only with the queue locked.
    pub(super) fn set_due(&self, due: Millis) {
        self.due.store(due, Ordering::Relaxed);
    }

    pub(super) fn reachable(&self) -> Option<bool> {
        match self.reachable.load(Ordering::Relaxed) {
            REACHABLE => Some(true),
            UNREACHABLE => Some(false),
            _ => None,
        }
    }

    pub(super) fn set_reachable(&self, reachable: bool) {
        self.reachable.store(if reachable { REACHABLE } else { UNREACHABLE }, Ordering::Relaxed);
    }
}

/// Four bytes of an address that are the same for all that are near each other, and mostly differ for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NetworkTag(u32);

impl NetworkTag {
    const LOOPBACK: Self = Self(0);

    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            address if address.is_loopback() => Self::LOOPBACK,
            IpAddr::V4(v4) => Self(v4.to_bits()),
            IpAddr::V6(v6) => Self(v6.segments().into_iter().fold(0, |tag, part| tag.rotate_left(4) ^ u32::from(part))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_near_has_the_same_tag() {
        let addresses = ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "203.0.113.5", "::ffff:203.0.113.5"];
        let addresses = addresses.iter().chain(&["203.0.113.6", "2001:db8::1", "2001:db8::2", "2001:db8:1::1"]);
        let addresses: Vec<IpAddr> = addresses.map(|address| address.parse().unwrap()).collect();
        for observed in &addresses {
            let contact = Contact::new(*observed, 4000, &[]);
            for asker in &addresses {
                let is_same = NetworkTag::of(contact.observed()) == NetworkTag::of(*asker);
                assert_eq!(is_same, contact.is_near(*asker), "{observed} {asker}");
            }
        }
    }
}
