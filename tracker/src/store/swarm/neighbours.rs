//! Neighbours: all peers that come from one network, and their share of the room.
//!
//! Limits for one address bound somebody with one address. Who has a network of them could still fill the store; so one network has
//! only a share of what there is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Limits;
use crate::model::network::neighbourhood_of;

/// Counts of what the peers of one network have. Peers change only while all peers are locked to write.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    peers: AtomicUsize,
    holdings: AtomicUsize,
}

/// Counts of each network with a peer, but for the tracker's own machine.
#[derive(Debug, Default)]
pub(super) struct Neighbourhoods(HashMap<IpAddr, Arc<Neighbours>>);

impl Neighbours {
    /// Says whether these peers may hold one file more.
    pub(super) fn has_room_for_holding(&self, limits: &Limits) -> bool {
        self.holdings.load(Ordering::Relaxed) < limits.share_of(limits.holdings)
    }

    /// Counts so many more files that they hold.
    pub(super) fn hold(&self, holdings: usize) {
        self.holdings.fetch_add(holdings, Ordering::Relaxed);
    }

    /// Counts so many files less that they hold.
    pub(super) fn release(&self, holdings: usize) {
        self.holdings.fetch_sub(holdings, Ordering::Relaxed);
    }
}

impl Neighbourhoods {
    /// Says whether one peer more that holds so many files may come from this address.
    pub(super) fn has_room(&self, address: IpAddr, holdings: usize, limits: &Limits) -> bool {
        let Some(neighbours) = neighbourhood_of(address).and_then(|network| self.0.get(&network)) else { return true };
        let held = neighbours.holdings.load(Ordering::Relaxed);
        neighbours.peers.load(Ordering::Relaxed) < limits.share_of(limits.peers)
            && (holdings == 0 || held + holdings <= limits.share_of(limits.holdings))
    }

    /// Counts one peer more at this address, and returns its neighbours.
    pub(super) fn enter(&mut self, address: IpAddr) -> Option<Arc<Neighbours>> {
        let neighbours = self.0.entry(neighbourhood_of(address)?).or_default();
        neighbours.peers.fetch_add(1, Ordering::Relaxed);
        Some(neighbours.clone())
    }

    /// Counts one peer less at this address.
    pub(super) fn leave(&mut self, address: IpAddr) {
        let Some(network) = neighbourhood_of(address) else { return };
        if let Some(neighbours) = self.0.get(&network)
            && neighbours.peers.fetch_sub(1, Ordering::Relaxed) == 1
        {
            debug_assert_eq!(neighbours.holdings.load(Ordering::Relaxed), 0, "nobody is left who holds anything");
            self.0.remove(&network);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
