//! Access tokens of private trackers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use sprat_protocol::tracker::AccessToken;
use url::{Host, Url};

/// Access tokens, each with the tracker that it opens.
///
/// A token goes to the tracker that it is for and to no other: to the same scheme, host, port and path. So a link that
/// names a tracker by plain `http` gets no token that is for the same tracker by `https`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens(HashMap<String, AccessToken>);

impl Tokens {
    /// Remembers the token for this tracker, in place of an older one.
    pub(crate) fn insert(&mut self, tracker: &Url, token: AccessToken) {
        self.0.insert(key(tracker), token);
    }

    /// Forgets the token for this tracker. Returns whether there was one.
    pub(crate) fn remove(&mut self, tracker: &Url) -> bool {
        self.0.remove(&key(tracker)).is_some()
    }

    /// Returns the token for this tracker, if there is one.
    pub(crate) fn of(&self, tracker: &Url) -> Option<&AccessToken> {
        self.0.get(&key(tracker))
    }

    /// Iterates over all tokens, each with the address of its tracker.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &AccessToken)> {
        self.0.iter().map(|(tracker, token)| (tracker.as_str(), token))
    }
}

/// Returns whether others can read on the way what is sent to this tracker: the tracker is reached by plain `http`, and
/// is neither this machine nor, as far as its name or address tells, on this network.
pub fn is_readable_on_the_way(tracker: &Url) -> bool {
    let is_near = match tracker.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => is_near_v6(ip),
        Some(Host::Domain(name)) => is_near_name(name),
        None => false,
    };
    tracker.scheme() != "https" && !is_near
}

fn is_near_v6(ip: Ipv6Addr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Returns whether a name means nothing outside of a network: by RFC 6761, RFC 6762 or RFC 8375, or without a dot.
fn is_near_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or_default();
    !name.contains('.') || ["localhost", "local", "lan", "internal"].contains(&last) || name.ends_with(".home.arpa")
}

/// Key of a tracker, equal for addresses of it that differ in query, fragment or trailing slashes.
fn key(tracker: &Url) -> String {
    let mut tracker = tracker.clone();
    tracker.set_query(None);
    tracker.set_fragment(None);
    tracker.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_goes_to_its_own_tracker_only() {
        let mut tokens = Tokens::default();
        tokens.insert(&url("https://Tracker.example/a/"), AccessToken::new([1; 32]));
        for same in ["https://tracker.example/a", "https://tracker.example:443/a/#x", "https://tracker.example/a/?x"] {
            assert!(tokens.of(&url(same)).is_some(), "{same}");
        }
        for other in [
            "http://tracker.example/a",
            "https://tracker.example:444/a",
            "https://tracker.example/b",
            "https://tracker.example/",
            "https://tracker.example.evil/a",
            "https://evil.example/a",
        ] {
            assert_eq!(tokens.of(&url(other)), None, "{other}");
        }
        assert!(tokens.remove(&url("https://tracker.example/a")) && !tokens.remove(&url("https://tracker.example/a")));
    }

    #[test]
    fn nothing_shows_a_token() {
        let mut tokens = Tokens::default();
        let token = AccessToken::new([1; 32]);
        tokens.insert(&url("https://tracker.example"), token.clone());
        assert!(!format!("{tokens:?}").contains(&token.reveal()[6..]));
    }

    #[test]
    fn plain_http_to_far_away_can_be_read() {
        for far in ["http://tracker.example", "http://203.0.113.5:5000", "http://[2001:db8::1]", "http://local.example"]
        {
            assert!(is_readable_on_the_way(&url(far)), "{far}");
            assert!(!is_readable_on_the_way(&url(&far.replace("http:", "https:"))), "{far}");
        }
        for near in [
            "http://localhost:5000",
            "http://127.0.0.1:5000",
            "http://[::1]",
            "http://192.168.1.2",
            "http://[::ffff:10.0.0.1]",
            "http://[fd00::1]",
            "http://[fe80::1]",
            "http://nas",
            "http://nas.local.",
            "http://nas.home.arpa",
        ] {
            assert!(!is_readable_on_the_way(&url(near)), "{near}");
        }
    }
}
