//! Addresses, by the network that they are in.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

/// Values of networks. An address costs one look-up for each length of prefix that occurs, of 33 and 129 at most.
#[derive(Clone, Debug)]
pub(super) struct Networks<T> {
    networks: HashMap<IpNet, T>,
    /// The lengths that occur, for IPv4 and for IPv6.
    lengths: [BTreeSet<u8>; 2],
}

impl<T> Default for Networks<T> {
    fn default() -> Self {
        Self { networks: HashMap::new(), lengths: Default::default() }
    }
}

impl<T> Networks<T> {
    /// Says something of a network.
    pub(super) fn insert(&mut self, network: IpNet, value: T) {
        let network = network.trunc();
        self.lengths[usize::from(network.addr().is_ipv6())].insert(network.prefix_len());
        self.networks.insert(network, value);
    }

    /// Finds the value of the smallest network that this address is in.
    pub(super) fn of(&self, address: IpAddr) -> Option<&T> {
        let address = address.to_canonical();
        let lengths = self.lengths[usize::from(address.is_ipv6())].iter().rev();
        lengths.filter_map(|length| IpNet::new(address, *length).ok()).find_map(|net| self.networks.get(&net.trunc()))
    }

    /// Counts the networks.
    pub(super) fn len(&self) -> usize {
        self.networks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::parse;

    #[test]
    fn an_address_is_found_by_the_smallest_network_around_it() {
        let mut networks = Networks::default();
        for text in ["10.0.0.0/8", "10.1.2.3/16", "203.0.113.5", "2001:db8::/32", "::ffff:198.51.100.0/120"] {
            networks.insert(parse(text).unwrap(), text);
        }
        for (address, expected) in [
            ("10.0.0.1", Some("10.0.0.0/8")),
            ("10.1.255.255", Some("10.1.2.3/16")),
            ("::ffff:10.0.0.1", Some("10.0.0.0/8")),
            ("11.0.0.0", None),
            ("203.0.113.5", Some("203.0.113.5")),
            ("203.0.113.6", None),
            ("2001:db8:ffff::1", Some("2001:db8::/32")),
            ("2001:db9::", None),
            ("198.51.100.255", Some("::ffff:198.51.100.0/120")),
        ] {
            assert_eq!(networks.of(address.parse().unwrap()).copied(), expected, "{address}");
        }
        assert_eq!((networks.len(), Networks::<()>::default().of([1, 2, 3, 4].into())), (5, None));
    }

    #[test]
    fn everybody_is_a_network_too() {
        let mut networks = Networks::default();
        networks.insert(parse("0.0.0.0/0").unwrap(), ());
        assert!(networks.of([1, 2, 3, 4].into()).is_some());
        assert!(networks.of("::1".parse().unwrap()).is_none());
    }
}
