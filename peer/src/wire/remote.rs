//! The other side of a connection.

use std::net::{IpAddr, SocketAddr};

use sprat_protocol::PeerId;
use sprat_protocol::name::clean_line;
use sprat_protocol::wire::Hello;
use tokio_util::sync::CancellationToken;

/// Maximum number of characters of a text that a peer sends about itself, such as its name; longer texts are cut.
pub(crate) const MAX_SAID: usize = 64;

/// Key of a connection to a peer, unique within one engine.
pub type PeerKey = u64;

/// Addresses of both sides of a connection, and the side that dialled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// Address of the other side.
    pub(crate) addr: SocketAddr,
    /// Local IP address, if the system reports it.
    pub(crate) own: Option<IpAddr>,
    /// True if this side dialled.
    pub(crate) dialled: bool,
}

/// The other side of a connection, known also after the connection has ended.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// ID of the peer.
    pub(crate) peer_id: PeerId,
    /// Address of the peer.
    pub(crate) addr: SocketAddr,
    /// Texts that the peer sent about itself.
    pub(crate) said: Said,
    /// Cancelled once the connection has ended.
    pub(crate) gone: CancellationToken,
}

impl Remote {
    /// Returns whether the connection has ended, or is about to.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }
}

/// Texts that a peer sent about itself, cleaned.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Name and version of the peer's program.
    pub(crate) agent: String,
    /// Display name that the peer's user chose.
    pub(crate) name: String,
}

impl Said {
    /// Cleans the texts of a HELLO.
    pub(crate) fn of(hello: &Hello) -> Self {
        Self { agent: clean_line(&hello.agent, MAX_SAID), name: clean_line(&hello.name, MAX_SAID) }
    }
}
