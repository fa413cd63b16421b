//! Addresses of this machine that others on its network can reach.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// Returns the addresses of this machine's interfaces that others might reach, best first: IPv4 before IPv6, private
/// networks before others. Never loopback, never link-local. Empty if the interfaces cannot be listed.
pub fn lan_addresses() -> Vec<IpAddr> {
    or_none(own_addresses())
}

/// Returns the addresses of this machine's interfaces that others might reach, ordered as by [`lan_addresses`].
///
/// # Errors
/// The system cannot list the interfaces.
pub(crate) fn own_addresses() -> io::Result<Vec<IpAddr>> {
    let interfaces = if_addrs::get_if_addrs()?.into_iter();
    let up = interfaces.filter(|interface| !interface.is_loopback() && !interface.is_link_local());
    let mut addresses: Vec<IpAddr> = up.map(|interface| interface.ip()).collect();
    addresses.sort_by_key(|ip| match ip {
        IpAddr::V4(ip) => (0, !ip.is_private()),
        IpAddr::V6(ip) => (1, !ip.is_unique_local()),
    });
    addresses.dedup();
    Ok(addresses)
}

fn or_none(addresses: io::Result<Vec<IpAddr>>) -> Vec<IpAddr> {
    addresses.unwrap_or_else(|error| {
        tracing::warn!(%error, "can't list this machine's network interfaces");
        Vec::new()
    })
}

/// Returns the addresses at which others can reach a socket that listens on `listen`: that address, or, if it is the
/// unspecified one, all of `own`.
pub(crate) fn reachable_at(listen: SocketAddr, own: impl FnOnce() -> io::Result<Vec<IpAddr>>) -> Vec<SocketAddr> {
    let ips = if listen.ip().is_unspecified() { or_none(own()) } else { vec![listen.ip()] };
    let same_family = |ip: &IpAddr| listen.is_ipv6() || ip.is_ipv4();
    ips.into_iter().filter(same_family).map(|ip| SocketAddr::new(ip, listen.port())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_one_that_others_cannot_reach() {
        assert!(lan_addresses().iter().all(|ip| !ip.is_loopback() && !ip.is_unspecified()));
    }

    #[test]
    fn a_socket_on_one_address_is_reached_there_and_nowhere_else() {
        let own = || Ok(vec!["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()]);
        let at = |listen: &str| reachable_at(listen.parse().unwrap(), own);
        assert_eq!(at("127.0.0.1:4000"), ["127.0.0.1:4000".parse().unwrap()]);
        assert_eq!(at("0.0.0.0:4000"), ["10.0.0.1:4000".parse().unwrap()]);
        assert_eq!(at("[::]:4000"), ["10.0.0.1:4000".parse().unwrap(), "[fd00::1]:4000".parse().unwrap()]);
    }
}
