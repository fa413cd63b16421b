//! The peers of all transfers together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use sprat_protocol::PeerId;

use crate::model::engine::Snapshot;

/// Peer, as far as all transfers are concerned.
#[derive(Clone, Debug)]
pub struct Person {
    /// Name that the peer gives itself; empty if it gives none.
    pub name: String,
    /// Peer ID.
    pub peer_id: PeerId,
    /// Last address of the peer.
    pub addr: SocketAddr,
    /// Program of the peer.
    pub agent: String,
    /// True while the peer is connected.
    pub connected: bool,
    /// Moment at which the peer was seen last, in seconds since 1970 (UTC).
    pub last_seen: u64,
    /// Bytes of chunks that came from the peer.
    pub bytes_down: u64,
    /// Bytes of chunks sent to the peer.
    pub bytes_up: u64,
    /// Bytes a second that come from the peer.
    pub down_rate: u64,
    /// Bytes a second that go to the peer.
    pub up_rate: u64,
}

/// Peers of all transfers, worked out once a snapshot.
#[derive(Debug, Default)]
pub struct People {
    of: Option<Arc<Snapshot>>,
    all: Vec<Person>,
}

impl People {
    /// Works the peers out anew, if the snapshot is another one.
    pub fn refresh(&mut self, snapshot: &Arc<Snapshot>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, snapshot)) {
            return;
        }
        self.of = Some(snapshot.clone());
        let mut people = BTreeMap::new();
        for peer in snapshot.transfers.iter().flat_map(|transfer| &transfer.peers) {
            let person = people.entry(peer.peer_id).or_insert_with(|| Person {
                name: peer.name.clone(),
                peer_id: peer.peer_id,
                addr: peer.addr,
                agent: peer.agent.clone(),
                connected: false,
                last_seen: 0,
                bytes_down: 0,
                bytes_up: 0,
                down_rate: 0,
                up_rate: 0,
            });
            if peer.last_seen >= person.last_seen {
                (person.addr, person.name, person.agent) = (peer.addr, peer.name.clone(), peer.agent.clone());
            }
            person.connected |= peer.connected;
            person.last_seen = person.last_seen.max(peer.last_seen);
            person.bytes_down += peer.bytes_down;
            person.bytes_up += peer.bytes_up;
            person.down_rate += peer.down_rate;
            person.up_rate += peer.up_rate;
        }
        self.all = people.into_values().collect();
        self.all
            .sort_by_key(|person| (!person.connected, u64::MAX - person.bytes_down.saturating_add(person.bytes_up)));
    }

    /// All peers: connected ones first, then those that moved most.
    pub fn all(&self) -> &[Person] {
        &self.all
    }
}
