//! The other side of a connection.

use std::net::{IpAddr, SocketAddr};

use sprat_protocol::PeerId;
use sprat_protocol::name::clean_line;
use sprat_protocol::wire::Hello;
use tokio_util::sync::CancellationToken;

/// How many characters of what a peer says of itself are shown, and of its own name are told.
pub(crate) const MAX_SAID: usize = 64;

/// A peer of this download, for as long as it is connected.
pub type PeerKey = u64;

/// Between whom a connection runs, and who dialled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// The other side's address.
    pub(crate) addr: SocketAddr,
    /// This side's, if the system tells.
    pub(crate) own: Option<IpAddr>,
    /// Whether this side dialled.
    pub(crate) dialled: bool,
}

/// The other side of a connection, also after it has ended.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// Its peer ID.
    pub(crate) peer_id: PeerId,
    /// Its address.
    pub(crate) addr: SocketAddr,
    /// Its words of itself.
    pub(crate) said: Said,
    /// Cancelled once the connection has ended.
    pub(crate) gone: CancellationToken,
}

impl Remote {
    /// Whether the connection has ended, or is about to.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }
}

/// What a peer says of itself, cleaned.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Its program.
    pub(crate) agent: String,
    /// What the person there calls it.
    pub(crate) name: String,
}

impl Said {
    /// The words of a HELLO, cleaned.
    pub(crate) fn of(hello: &Hello) -> Self {
        Self { agent: clean_line(&hello.agent, MAX_SAID), name: clean_line(&hello.name, MAX_SAID) }
    }
}
