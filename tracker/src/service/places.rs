//! Places for what waits its turn, of which one network has only some.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use parking_lot::Mutex;

use crate::model::network::neighbourhood_of;

/// Places, so many in all and so many for one network.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    most_per_network: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    networks: HashMap<IpAddr, usize>,
}

/// A place, until this is dropped.
#[derive(Debug)]
pub(super) struct PlaceGuard<'a> {
    places: &'a Places,
    network: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(most: usize, most_per_network: usize) -> Self {
        Self { most, most_per_network, taken: Mutex::default() }
    }

    /// Takes a place for somebody at this address; none if all are taken, or all that its network has. The tracker's own machine
    /// may take them all.
    pub(super) fn take(&self, address: IpAddr) -> Option<PlaceGuard<'_>> {
        let network = neighbourhood_of(address);
        let mut taken = self.taken.lock();
        if taken.all >= self.most {
            return None;
        }
        if let Some(network) = network {
            let of_network = taken.networks.entry(network).or_default();
            if *of_network >= self.most_per_network {
                return None;
            }
            *of_network += 1;
        }
        taken.all += 1;
        Some(PlaceGuard { places: self, network })
    }
}

impl Drop for PlaceGuard<'_> {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        taken.all -= 1;
        if let Some(Entry::Occupied(mut of_network)) = self.network.map(|network| taken.networks.entry(network)) {
            *of_network.get_mut() -= 1;
            if *of_network.get() == 0 {
                of_network.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_takes_its_share_and_nothing_stays_taken() {
        let places = Places::new(5, 2);
        let take = |address: &str| places.take(address.parse().unwrap());
        let taken = [take("203.0.113.1"), take("203.0.113.2")];
        assert!(taken.iter().all(Option::is_some));
        assert!(take("203.0.113.3").is_none(), "its network has two");
        let others = [take("2001:db8::1"), take("2001:db8::2"), take("198.51.100.1")];
        assert!(others.iter().all(Option::is_some));
        assert!(take("192.0.2.1").is_none() && take("127.0.0.1").is_none(), "there are five");
        drop((taken, others));
        let own: Vec<_> = (0..5).map(|_| take("127.0.0.1")).collect();
        assert!(own.iter().all(Option::is_some), "who runs the tracker has it all");
        drop(own);
        let taken = places.taken.lock();
        assert!(taken.all == 0 && taken.networks.is_empty());
    }
}
