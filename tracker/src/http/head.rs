//! Heads of requests: which host they are for, and how their bodies are written.
//!
//! A page of the web may make its own name point to this machine or network (DNS rebinding), and a browser then takes the tracker for
//! a part of that page. The name that was asked for gives it away.

use std::net::Ipv6Addr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Request, Version, header};

use crate::model::shown::shown;
use crate::service::refusal::Refusal;

/// Hosts that requests may be for.
#[derive(Debug)]
pub(super) struct Hosts {
    /// Names of the tracker, without their ports; empty if it answers to every name.
    names: Vec<String>,
}

impl Hosts {
    /// Takes the names of a tracker, each with its port. A proxy may leave that out, so it says nothing.
    pub(super) fn new(names: &[String]) -> Self {
        Self { names: names.iter().map(|name| without_port(name).to_owned()).collect() }
    }

    /// Checks the head of a request.
    ///
    /// # Errors
    /// [`Refusal`]: it is not clear whom it is for, it is for somebody else, or its body is written in a way that nobody reads here.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let headers = request.headers();
        codings(headers)?;
        let mut hosts = headers.get_all(header::HOST).iter();
        let (host, another) = (hosts.next(), hosts.next());
        if another.is_some() {
            return Err(Refusal::Malformed("the request has more than one Host".into()));
        }
        let host = host.map(|host| host.to_str()).transpose();
        let host = host.map_err(|_| Refusal::Malformed("the Host of the request is no text".into()))?;
        if host.is_none() && request.version() == Version::HTTP_11 {
            return Err(Refusal::Malformed("the request has no Host".into()));
        }
        // RFC 9112 §3.2.2: what the request itself is for counts, if it says so.
        let authority = request.uri().authority().map(Authority::as_str);
        match authority.or(host) {
            Some(host) if !self.contains(host) => Err(Refusal::OtherHost(shown(host))),
            _ => Ok(()),
        }
    }

    /// Says whether this is a name of the tracker, or one that no page of the web can have: an address, or `localhost`.
    fn contains(&self, host: &str) -> bool {
        let host = without_port(host);
        let is_address = host.parse::<std::net::Ipv4Addr>().is_ok()
            || host
                .strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'))
                .is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
        let is_named = |name: &String| name.eq_ignore_ascii_case(host);
        self.names.is_empty() || is_address || host.eq_ignore_ascii_case("localhost") || self.names.iter().any(is_named)
    }
}

/// Host of `host`, `host:port`, `[::1]` or `[::1]:port`. A dot at the end says that nothing follows.
fn without_port(text: &str) -> &str {
    let host = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => text,
    };
    host.strip_suffix('.').unwrap_or(host)
}

/// Checks that a body comes as it is, whole or in chunks.
fn codings(headers: &HeaderMap) -> Result<(), Refusal> {
    let odd = |name, plain: &str| {
        let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
        let mut codings = values.flat_map(|value| value.split(',')).map(str::trim);
        codings.find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(plain)).map(shown)
    };
    if let Some(coding) = odd(header::TRANSFER_ENCODING, "chunked") {
        return Err(Refusal::TransferCoding(coding));
    }
    odd(header::CONTENT_ENCODING, "identity").map_or(Ok(()), |coding| Err(Refusal::ContentCoding(coding)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_with_its_port_and_without() {
        let hosts = Hosts::new(&["Tracker.example:443".to_owned(), "[2001:db8::1]:5000".to_owned()]);
        for known in [
            "tracker.example",
            "tracker.EXAMPLE:5000",
            "tracker.example.",
            "localhost",
            "LOCALHOST:1",
            "192.0.2.1",
            "192.0.2.1:80",
            "[::1]",
            "[::1]:5000",
        ] {
            assert!(hosts.contains(known), "{known}");
        }
        for other in
            ["evil.example", "tracker.example.evil", "evil.tracker.example", "localhost.evil", "1.2.3", "[x]", ""]
        {
            assert!(!hosts.contains(other), "{other}");
        }
        assert!(Hosts::new(&[]).contains("evil.example"));
    }
}
