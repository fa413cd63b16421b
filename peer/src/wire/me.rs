//! Identity of this peer, as other peers see it.

use std::net::SocketAddr;

use parking_lot::RwLock;
use sprat_protocol::name::clean_line;
use sprat_protocol::tls::TlsConfigs;
use sprat_protocol::wire::{Hello, WIRE_VERSION};
use sprat_protocol::{Identity, PeerId};

use crate::wire::remote::MAX_SAID;
use crate::world::Network;
use crate::world::address::reachable_at;
use crate::world::http::AGENT;

/// Key, display name and address of this peer.
#[derive(Debug)]
pub(crate) struct Me {
    /// ID of this peer.
    pub(crate) peer_id: PeerId,
    /// Key that REGISTERs are signed with.
    pub(crate) identity: Identity,
    /// TLS configurations that prove the peer ID.
    pub(crate) tls: TlsConfigs,
    /// Address that this peer listens on.
    pub(crate) listen: SocketAddr,
    display_name: RwLock<String>,
}

impl Me {
    /// Creates the peer with this identity, which listens at `listen` and is shown to others as `display_name`.
    pub(crate) fn new(identity: Identity, listen: SocketAddr, display_name: &str) -> Self {
        let display_name = RwLock::new(clean_line(display_name, MAX_SAID));
        Self { peer_id: identity.peer_id(), tls: TlsConfigs::new(&identity), identity, listen, display_name }
    }

    /// Changes the display name; HELLOs of later connections carry the new one.
    pub(crate) fn set_display_name(&self, name: &str) {
        *self.display_name.write() = clean_line(name, MAX_SAID);
    }

    /// Returns the HELLO of this peer.
    pub(crate) fn hello(&self) -> Hello {
        let (name, port) = (self.display_name.read().clone(), self.listen.port());
        Hello { version: WIRE_VERSION, peer_id: self.peer_id, agent: AGENT.to_owned(), port, name }
    }

    /// Returns the addresses at which others can reach this peer now.
    pub(crate) fn reachable_at(&self, network: &dyn Network) -> Vec<SocketAddr> {
        reachable_at(self.listen, || network.addresses())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_cleaned_and_can_be_changed() {
        let me = Me::new(Identity::from_seed([1; 32]), ([127, 0, 0, 1], 4000).into(), "a\nb");
        let hello = me.hello();
        assert_eq!((hello.peer_id, hello.port), (me.peer_id, 4000));
        assert!(!hello.name.contains('\n') && hello.name.starts_with('a'));
        me.set_display_name(&"x".repeat(1000));
        assert_eq!(me.hello().name.chars().count(), MAX_SAID);
    }
}
