//! Settings of the server, for those who connect to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize};

use super::duration;
use crate::model::network;

/// Connections: how many, how long they may take, and who is believed about where a request came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Time that a client may take from the first byte of a request to the end of its headers, and for a TLS handshake.
    #[serde(with = "duration")]
    pub header_time: Duration,
    /// Time that a connection may be without a request, before the first one or between two.
    #[serde(with = "duration")]
    pub idle_time: Duration,
    /// Time that a request may take from the end of its headers, with its body, until it is answered; then it gets 503.
    #[serde(with = "duration")]
    pub handler_time: Duration,
    /// Time that a client may take to read an answer.
    #[serde(with = "duration")]
    pub answer_time: Duration,
    /// Bytes of the start and headers of one request.
    pub max_header_len: usize,
    /// Bytes of a request's body.
    pub max_body_len: usize,
    /// Bytes of the body of a REGISTER, a HEARTBEAT or an UNREGISTER, which may name many files.
    pub max_batch_len: usize,
    /// Bytes that the bodies of all requests and answers may take together, those longer than 16 KiB half of it.
    pub max_memory: usize,
    /// Open connections. Over it the one that has waited longest for a request, of some looked at, makes room.
    pub connections: usize,
    /// Open connections from one IPv4 address or one IPv6 /64 network; those from `proxies` are not counted.
    pub connections_per_address: usize,
    /// Networks of the proxies whose word is taken for the address that a request came from.
    #[serde(deserialize_with = "from_texts")]
    pub proxies: Vec<IpNet>,
    /// Header in which those proxies say so, "x-forwarded-for" or "forwarded". Only this one is read: a proxy hands
    /// others on as the client wrote them.
    pub proxy_header: ProxyHeader,
    /// Serves HTTPS and nothing else, but for the metrics at an address of their own. Such as
    /// `{ cert = "/etc/sprat/cert.pem", key = "/etc/sprat/key.pem" }`.
    pub tls: Option<TlsFiles>,
    /// Address at which `/metrics` is served, with `/healthz` and `/readyz`, to everybody who gets there; otherwise
    /// they are served with all else. Such as `"127.0.0.1:5001"`.
    pub metrics_listen: Option<SocketAddr>,
    /// Time for which new connections are still taken after the tracker is told to end and says at `/readyz` that it
    /// does: as long as a load balancer needs to notice.
    #[serde(with = "duration")]
    pub drain_delay: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(5),
            idle_time: Duration::from_secs(30),
            handler_time: Duration::from_secs(5),
            answer_time: Duration::from_secs(30),
            max_header_len: 16 * 1024,
            max_body_len: 64 * 1024,
            max_batch_len: 1024 * 1024,
            max_memory: 512 * 1024 * 1024,
            connections: 10_000,
            connections_per_address: 64,
            proxies: Vec::new(),
            proxy_header: ProxyHeader::XForwardedFor,
            tls: None,
            metrics_listen: None,
            drain_delay: Duration::ZERO,
        }
    }
}

/// The header in which a proxy says where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which most proxies write.
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

/// A certificate and its key, both as PEM. They are read again when they change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, followed by those that lead to one that clients know.
    pub cert: PathBuf,
    /// Its private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Networks as people write them, also as single addresses.
fn from_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let parse = |text: &String| {
        let network = network::parse(text);
        network.ok_or_else(|| serde::de::Error::custom(format!("{text:?} is neither an address nor a network")))
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(parse).collect()
}
