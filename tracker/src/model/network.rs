//! Networks: ranges of addresses, each of which counts as one party.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

/// The network that counts as one party, of which nobody has many: an IPv4 address, or an IPv6 /64, of which any host has 2^64 addresses.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

/// The network whose members may be one party with many addresses: an IPv4 /24, or an IPv6 /64. None for the tracker's own machine,
/// whose users have other ways to harm it.
pub fn neighbourhood_of(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(v4) => Some(IpAddr::V4((v4.to_bits() >> 8 << 8).into())),
        v6 => Some(network_of(v6)),
    }
}

/// A network as people write it: `192.0.2.0/24`, or one address. One of IPv4 in IPv6 is one of IPv4.
pub(crate) fn parse(text: &str) -> Option<IpNet> {
    let network = IpNet::from_str(text).or_else(|_| IpAddr::from_str(text).map(IpNet::from)).ok()?.trunc();
    let (IpNet::V6(v6), Some(length)) = (network, network.prefix_len().checked_sub(96)) else { return Some(network) };
    match v6.addr().to_ipv4_mapped() {
        Some(v4) => Ipv4Net::new(v4, length).ok().map(IpNet::V4),
        None => Some(network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(network_of(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(network_of(ip("203.0.113.5")), ip("203.0.113.5"));
        assert_eq!(network_of(ip("::ffff:203.0.113.5")), ip("203.0.113.5"));
    }

    #[test]
    fn neighbours_are_those_that_one_party_may_be() {
        assert_eq!(neighbourhood_of(ip("203.0.113.5")), Some(ip("203.0.113.0")));
        assert_eq!(neighbourhood_of(ip("::ffff:203.0.113.5")), Some(ip("203.0.113.0")));
        assert_eq!(neighbourhood_of(ip("2001:db8:1:2:3::4")), Some(ip("2001:db8:1:2::")));
        assert_eq!([ip("127.0.0.9"), ip("::1")].map(neighbourhood_of), [None, None]);
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0", "example.com", "10.0.0.0/-1", "10.0.0.0/8/8"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
