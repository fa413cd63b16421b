//! The `sprat:` URI: a file ID with what helps to find the file.
//!
//! `sprat:<file id>?name=<text>&size=<bytes>&tracker=<url>&peer=<host:port>`: all but the ID optional, `tracker` and
//! `peer` repeatable, percent-encoded as RFC 3986. A bare file ID is a link too. Unknown keys are ignored, so that later
//! links work in older programs.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sprat_chunking::FileId;
use url::Url;

/// A file ID with hints. None of the hints is believed: the file is what hashes to the ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// File or folder that is linked to.
    pub file_id: FileId,
    /// The name that the sharer gave it, as it came: clean it before it meets a file system or a screen.
    pub name: Option<String>,
    /// Length in bytes.
    pub size: Option<u64>,
    /// Trackers that know who has it; `http` or `https`.
    pub trackers: Vec<Url>,
    /// Peers that have it.
    pub peers: Vec<PeerAddr>,
}

/// Address that a peer listens at: a host name or an IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerAddr {
    host: String,
    port: u16,
}

/// The longest link that is read, in bytes.
const MAX_LEN: usize = 8 * 1024;
/// The most trackers and the most peers that one link may name.
pub const MAX_HINTS: usize = 16;
/// RFC 3986 §2.3 unreserved characters, and two that are legal in a query and make addresses readable.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'/');

impl Link {
    /// A link without hints.
    pub fn new(file_id: FileId) -> Self {
        Self { file_id, name: None, size: None, trackers: Vec::new(), peers: Vec::new() }
    }

    fn add(&mut self, key: &str, value: String) -> Result<(), LinkError> {
        match key {
            "name" => self.name = Some(value),
            "size" => self.size = Some(value.parse().map_err(|_| LinkError::Size(value))?),
            "tracker" if self.trackers.len() < MAX_HINTS => {
                let url = Url::parse(&value).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
                self.trackers.push(url.ok_or(LinkError::Tracker(value))?);
            }
            "peer" if self.peers.len() < MAX_HINTS => self.peers.push(value.parse()?),
            _ => {}
        }
        Ok(())
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() > MAX_LEN {
            return Err(LinkError::TooLong);
        }
        let scheme = text.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case("sprat:"));
        let body = scheme.map_or(text, |scheme| &text[scheme.len()..]);
        let (file_id, query) = body.split_once('?').unwrap_or((body, ""));
        let mut link = Self::new(file_id.parse().map_err(|_| LinkError::FileId)?);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8().map_err(|_| LinkError::Encoding(key.to_owned()))?;
            link.add(key, value.into_owned())?;
        }
        Ok(link)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sprat:{}", self.file_id)?;
        let name = self.name.iter().map(|name| ("name", name.clone()));
        let size = self.size.iter().map(|size| ("size", size.to_string()));
        let trackers = self.trackers.iter().map(|url| ("tracker", shortened(url).to_owned()));
        let peers = self.peers.iter().map(|peer| ("peer", peer.to_string()));
        for (n, (key, value)) in name.chain(size).chain(trackers).chain(peers).enumerate() {
            let separator = if n == 0 { '?' } else { '&' };
            write!(f, "{separator}{key}={}", utf8_percent_encode(&value, ENCODED))?;
        }
        Ok(())
    }
}

/// A tracker's URL without the slash that stands for no path; any other slash says something.
fn shortened(url: &Url) -> &str {
    let says_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
    let text = url.as_str();
    if says_more { text } else { text.strip_suffix('/').unwrap_or(text) }
}

impl PeerAddr {
    /// Host name or IP address, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl From<std::net::SocketAddr> for PeerAddr {
    fn from(addr: std::net::SocketAddr) -> Self {
        Self { host: addr.ip().to_string(), port: addr.port() }
    }
}

impl FromStr for PeerAddr {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.rsplit_once(':').and_then(|(host, port)| {
            let port = port.parse().ok().filter(|port| *port != 0)?;
            let host = match host.strip_prefix('[') {
                Some(bracketed) => bracketed.strip_suffix(']').filter(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok())?,
                None => Some(host).filter(|host| is_host(host))?,
            };
            Some(Self { host: host.to_owned(), port })
        });
        parsed.ok_or_else(|| LinkError::Peer(text.to_owned()))
    }
}

/// Letters, digits, `-` and `.`: what host names (RFC 1123 §2.1) and IPv4 addresses are made of.
fn is_host(host: &str) -> bool {
    (1..=253).contains(&host.len()) && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Reason for which a text is no link. Each says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No file ID where one should be.
    #[error("that isn't a file ID. A file ID has 64 letters and digits, 0-9 and a-f; a link is one after \"sprat:\"")]
    FileId,
    /// Longer than any link that Sprat writes.
    #[error("the link is longer than {MAX_LEN} bytes; copy just the link, or only the file ID in it")]
    TooLong,
    /// A value is not UTF-8 after percent-decoding.
    #[error("the link's \"{0}\" is damaged; copy the link again, or use only the file ID in it")]
    Encoding(String),
    /// `size` is no number of bytes.
    #[error("the link's size \"{0}\" is not a number of bytes; use only the file ID in it")]
    Size(String),
    /// `tracker` is no http or https URL.
    #[error("\"{0}\" is not a tracker's address; one looks like http://tracker.example:5000")]
    Tracker(String),
    /// `peer` is no `host:port`.
    #[error("\"{0}\" is not a peer's address; one looks like 192.168.1.20:4000 or [2001:db8::1]:4000")]
    Peer(String),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_bare_id_is_a_link() {
        let link = Link::new(ID.parse().unwrap());
        assert_eq!(ID.parse(), Ok(link.clone()));
        assert_eq!(format!("  SPRAT:{ID}\n").parse(), Ok(link.clone()));
        assert_eq!(link.to_string(), format!("sprat:{ID}"));
    }

    #[test]
    fn golden_text_of_a_full_link() {
        let text = format!(
            "sprat:{ID}?name=Gro%C3%9Fes%20Buch%20%26%20mehr%3F.pdf&size=1048577\
             &tracker=http://tracker.example:5000&tracker=https://b.example/x\
             &peer=192.168.1.20:4000&peer=%5B2001:db8::1%5D:4001&peer=box.local:4002"
        );
        let link: Link = text.parse().unwrap();
        assert_eq!(link.name.as_deref(), Some("Großes Buch & mehr?.pdf"));
        assert_eq!(link.size, Some(1_048_577));
        assert_eq!(link.trackers.len(), 2);
        assert_eq!(link.peers[1].host(), "2001:db8::1");
        assert_eq!(link.to_string(), text);
    }

    #[test]
    fn a_trackers_url_is_read_as_it_was_written() {
        for url in
            ["http://a", "http://a/x", "http://a/x/", "http://a//", "http://a?b=/", "http://a#/", "http://a?b=%//"]
        {
            let mut link = Link::new(ID.parse().unwrap());
            link.trackers.push(Url::parse(url).unwrap());
            assert_eq!(link.to_string().parse::<Link>(), Ok(link), "{url}");
        }
    }

    #[test]
    fn unknown_keys_are_ignored_and_hints_are_bounded() {
        let many = "&peer=a:1".repeat(100);
        let link: Link = format!("sprat:{ID}?key=secret&later&size=3{many}").parse().unwrap();
        assert_eq!((link.size, link.peers.len()), (Some(3), MAX_HINTS));
    }

    #[test]
    fn what_is_no_link_is_refused_with_its_reason() {
        let refused = |text: &str| text.parse::<Link>().unwrap_err();
        for text in ["", "sprat:", "hello", "sprat:xyz?name=a", "http://tracker.example", "é".repeat(7).as_str()] {
            assert_eq!(refused(text), LinkError::FileId, "{text:?}");
        }
        assert_eq!(refused(&"a".repeat(MAX_LEN + 1)), LinkError::TooLong);
        assert_eq!(refused(&format!("{ID}?name=%ff")), LinkError::Encoding("name".into()));
        assert_eq!(refused(&format!("{ID}?size=-1")), LinkError::Size("-1".into()));
        assert_eq!(refused(&format!("{ID}?tracker=file:///etc")), LinkError::Tracker("file:///etc".into()));
        for peer in ["a", ":1", "a:", "a:0", "a:65536", "[::1:5", "::1:5", "a b:5", "a/b:5"] {
            assert_eq!(peer.parse::<PeerAddr>(), Err(LinkError::Peer(peer.into())));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_panics(text in "\\PC*", query in "[a-z=&%0-9:\\[\\].]*") {
            let _ = text.parse::<Link>();
            let _ = format!("sprat:{ID}?{query}").parse::<Link>();
            let _ = query.parse::<PeerAddr>();
        }

        #[test]
        fn every_link_is_read_as_it_was_written(bytes: [u8; 32], name in prop::option::of("\\PC{0,40}"), size: Option<u64>, ip: std::net::IpAddr, port in 1u16..) {
            let mut link = Link::new(FileId::new(bytes));
            (link.name, link.size) = (name, size);
            link.peers.push(std::net::SocketAddr::new(ip, port).into());
            prop_assert_eq!(link.to_string().parse::<Link>(), Ok(link));
        }
    }
}
