//! Origin of a request.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use crate::config::{ProxyHeader, ServerConfig};

/// The address that a request came from, never one of IPv4 in IPv6. Every request has it as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientAddr(pub(super) IpAddr);

/// Proxies, whose word is taken for the address that a request came from.
#[derive(Debug)]
pub(super) struct Proxies {
    networks: Vec<IpNet>,
    header: ProxyHeader,
}

impl Proxies {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self { networks: config.proxies.clone(), header: config.proxy_header }
    }

    /// Says whether this is the address of a proxy.
    pub(super) fn contain(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Finds the origin of a request that a proxy at this address handed on: the last address on its way that is not a
    /// proxy's. Each proxy adds at the end the address that it saw; what stands before the last stranger is that
    /// stranger's word.
    pub(super) fn client(&self, proxy: IpAddr, headers: &HeaderMap) -> ClientAddr {
        let mut last = proxy;
        for hop in self.hops(headers) {
            // A proxy that does not tell the address hides it on purpose: then the request is taken for its own.
            let Some(address) = hop else { break };
            last = address;
            if !self.contain(address) {
                break;
            }
        }
        ClientAddr(last)
    }

    /// The addresses on the way of a request, last one first.
    fn hops<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + 'a {
        const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
        let (name, address): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => (X_FORWARDED_FOR, node),
            ProxyHeader::Forwarded => (header::FORWARDED, forwarded_for),
        };
        let lines = headers.get_all(name).iter().rev();
        lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(address)
    }
}

/// The address in one element of `Forwarded`, such as `for="[2001:db8::1]:80";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let parameters = element.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut values = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    node(values.next()?.1.trim().trim_matches('"'))
}

/// An address as proxies write it: with a port or without, that of IPv6 in brackets or not.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn proxies(header: ProxyHeader) -> Proxies {
        let networks = ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap());
        Proxies { networks: networks.into(), header }
    }

    fn client(header: ProxyHeader, lines: &[(&'static str, &'static str)]) -> String {
        let lines = lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers: HeaderMap = lines.collect();
        proxies(header).client(PROXY.parse().unwrap(), &headers).0.to_string()
    }

    #[test]
    fn the_last_address_that_is_no_proxys_counts() {
        for (value, expected) in [
            ("203.0.113.5", "203.0.113.5"),
            ("1.2.3.4, 203.0.113.5", "203.0.113.5"),
            ("1.2.3.4,203.0.113.5 , 10.0.0.2,10.9.9.9", "203.0.113.5"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("203.0.113.5:4711", "203.0.113.5"),
            ("2001:db8::5", "2001:db8::5"),
            ("[2001:db8::5]:80, 2001:db8:1::1", "2001:db8::5"),
            ("::ffff:203.0.113.5", "203.0.113.5"),
            ("203.0.113.5, unknown", PROXY),
            ("203.0.113.5, 10.0.0.2, ", PROXY),
            ("203.0.113.5, nonsense, 10.0.0.2", "10.0.0.2"),
            ("", PROXY),
        ] {
            assert_eq!(client(ProxyHeader::XForwardedFor, &[("x-forwarded-for", value)]), expected, "{value}");
        }
        let lines = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.5, 10.0.0.2")];
        assert_eq!(client(ProxyHeader::XForwardedFor, &lines), "203.0.113.5");
        assert_eq!(client(ProxyHeader::XForwardedFor, &[]), PROXY);
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_says() {
        for (value, expected) in [
            ("for=203.0.113.5", "203.0.113.5"),
            ("For=203.0.113.5;proto=http;by=10.0.0.1", "203.0.113.5"),
            ("by=10.0.0.1; for=\"203.0.113.5:80\"", "203.0.113.5"),
            ("for=1.2.3.4, for=\"[2001:db8::5]:4711\", for=10.0.0.2", "2001:db8::5"),
            ("for=\"[2001:db8::5]\"", "2001:db8::5"),
            ("for=203.0.113.5, for=_hidden", PROXY),
            ("for=203.0.113.5, proto=https", PROXY),
            ("203.0.113.5", PROXY),
        ] {
            assert_eq!(client(ProxyHeader::Forwarded, &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[test]
    fn only_the_header_that_the_proxy_writes_is_read() {
        let lines = [("x-forwarded-for", "203.0.113.5"), ("forwarded", "for=203.0.113.6")];
        assert_eq!(client(ProxyHeader::XForwardedFor, &lines), "203.0.113.5");
        assert_eq!(client(ProxyHeader::Forwarded, &lines), "203.0.113.6");
    }
}
