//! Contact of a peer: the addresses at which others reach it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sprat_protocol::tracker::MAX_ADDRESSES;

/// The addresses of a peer: the one that the tracker saw, and those that the peer declares.
///
/// The observed address cannot be forged, so it goes to everybody. The declared ones could be anybody's, so they go only
/// to those who share the peer's observed address, which are on the same network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    observed: SocketAddr,
    declared: Box<[SocketAddr]>,
}

impl Contact {
    /// The contact of a peer whose connection came from `observed` and that listens on `port`. Of what it declares, the
    /// addresses that lead nowhere, or only to the asker itself, are dropped, and all past [`MAX_ADDRESSES`].
    pub fn new(observed: IpAddr, port: u16, declared: &[SocketAddr]) -> Self {
        let observed = SocketAddr::new(observed.to_canonical(), port);
        let mut kept = Vec::new();
        for address in declared.iter().map(|a| SocketAddr::new(a.ip().to_canonical(), a.port())) {
            if kept.len() < MAX_ADDRESSES && address != observed && is_useful(address) && !kept.contains(&address) {
                kept.push(address);
            }
        }
        Self { observed, declared: kept.into() }
    }

    /// The address that the peer's connection came from, as others are told it.
    pub fn observed(&self) -> IpAddr {
        self.observed.ip()
    }

    /// That address, and the port on which the peer says that it listens.
    pub fn observed_address(&self) -> SocketAddr {
        self.observed
    }

    /// The peer's connection now comes from elsewhere; all else is as it was.
    pub fn move_to(&mut self, observed: IpAddr) {
        *self = Self::new(observed, self.observed.port(), &self.declared);
    }

    /// Says whether a connection from `asker` comes from the peer's own network.
    pub fn is_near(&self, asker: IpAddr) -> bool {
        let (asker, observed) = (asker.to_canonical(), self.observed());
        asker == observed || asker.is_loopback() && observed.is_loopback()
    }

    /// Lists the addresses at which somebody whose connection comes from `asker` may reach the peer, most promising
    /// first; maybe none.
    ///
    /// A peer that comes over loopback runs on the tracker's own machine, where others do not reach it at 127.0.0.1:
    /// towards them its declared addresses, those of that machine's interfaces, stand in.
    pub fn addresses_for(&self, asker: IpAddr) -> Vec<SocketAddr> {
        if self.is_near(asker) {
            std::iter::once(self.observed).chain(self.declared.iter().copied()).collect()
        } else if self.is_beside_tracker() {
            self.declared.to_vec()
        } else {
            vec![self.observed]
        }
    }

    /// Says whether the peer runs on the tracker's own machine, so that it is reached at what it declares, except from
    /// there.
    pub fn is_beside_tracker(&self) -> bool {
        self.observed().is_loopback()
    }

    /// The addresses that the peer declares and that lead somewhere.
    pub fn declared(&self) -> &[SocketAddr] {
        &self.declared
    }
}

fn is_useful(address: SocketAddr) -> bool {
    let ip = address.ip();
    let is_broadcast = ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    !(address.port() == 0 || ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || is_broadcast)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn contact(observed: &str, declared: &[&str]) -> Contact {
        let declared: Vec<SocketAddr> = declared.iter().map(|a| a.parse().unwrap()).collect();
        Contact::new(ip(observed), 4000, &declared)
    }

    fn told(contact: &Contact, asker: &str) -> Vec<String> {
        contact.addresses_for(ip(asker)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn declared_addresses_are_told_only_on_the_same_network() {
        let peer = contact("203.0.113.5", &["192.168.1.20:4000", "[2001:db8::1]:4000"]);
        assert_eq!(told(&peer, "203.0.113.5"), ["203.0.113.5:4000", "192.168.1.20:4000", "[2001:db8::1]:4000"]);
        for asker in ["203.0.113.6", "192.168.1.20", "127.0.0.1", "::1", "2001:db8::1"] {
            assert_eq!(told(&peer, asker), ["203.0.113.5:4000"], "{asker}");
        }
    }

    #[test]
    fn a_peer_beside_the_tracker_is_reached_from_elsewhere_at_what_it_declares() {
        for observed in ["127.0.0.1", "::1"] {
            let peer = contact(observed, &["192.168.1.2:4000"]);
            for asker in ["192.168.1.9", "203.0.113.6", "2001:db8::1"] {
                assert_eq!(told(&peer, asker), ["192.168.1.2:4000"], "{asker}");
            }
            for asker in ["127.0.0.1", "::1", "127.0.0.2"] {
                let own = SocketAddr::new(ip(observed), 4000).to_string();
                assert_eq!(told(&peer, asker), [own.as_str(), "192.168.1.2:4000"], "{asker}");
            }
            assert!(told(&contact(observed, &[]), "203.0.113.6").is_empty());
        }
    }

    #[test]
    fn ipv4_in_ipv6_is_ipv4() {
        let peer = contact("::ffff:203.0.113.5", &["[::ffff:10.0.0.1]:4000", "10.0.0.1:4000"]);
        assert_eq!(peer.observed(), ip("203.0.113.5"));
        assert_eq!(told(&peer, "::ffff:203.0.113.5"), ["203.0.113.5:4000", "10.0.0.1:4000"]);
        assert_eq!(told(&contact("::ffff:127.0.0.1", &["10.0.0.1:1"]), "10.0.0.2"), ["10.0.0.1:1"]);
    }

    #[test]
    fn addresses_that_lead_nowhere_are_dropped() {
        let useless = [
            "127.0.0.1:4000",
            "[::1]:4000",
            "[::ffff:127.0.0.1]:4000",
            "0.0.0.0:4000",
            "[::]:4000",
            "224.0.0.1:4000",
            "[ff02::1]:4000",
            "255.255.255.255:4000",
            "10.0.0.1:0",
            "203.0.113.5:4000",
        ];
        assert_eq!(told(&contact("203.0.113.5", &useless), "203.0.113.5"), ["203.0.113.5:4000"]);
        let many: Vec<String> = (0..50).map(|i| format!("10.0.0.{i}:4000")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(told(&contact("203.0.113.5", &many), "203.0.113.5").len(), 1 + MAX_ADDRESSES);
    }

    #[test]
    fn a_peer_that_moves_keeps_its_port() {
        let mut peer = contact("203.0.113.5", &["10.0.0.1:4000", "10.0.0.2:4000"]);
        peer.move_to(ip("10.0.0.2"));
        assert_eq!(told(&peer, "10.0.0.2"), ["10.0.0.2:4000", "10.0.0.1:4000"]);
    }
}
