//! Keys, and the slot of each.

use std::net::IpAddr;

use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use super::topology::slot_of;

/// A key, and its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SlotKey {
    pub(super) name: String,
    pub(super) slot: u16,
}

/// Maker of keys. The part within braces decides on the slot, so all keys of one file are in one slot.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

/// End of the key of a swarm, and of that of a peer.
const SWARM: &str = ":swarm";
const PEER: &str = ":peer";

impl Keys {
    /// Keys that begin like this. The prefix has no braces.
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix }
    }

    /// The peers of a file and their expiry, and what they claim: the two keys of a file.
    pub(super) fn file(&self, file_id: FileId) -> [SlotKey; 2] {
        let tag = file_id.to_string();
        [self.key("", &tag, SWARM), self.key("", &tag, ":notes")]
    }

    /// The lease of a peer and what it holds.
    pub(super) fn peer(&self, peer_id: PeerId) -> SlotKey {
        self.key("", &peer_id.to_string(), PEER)
    }

    /// Makes the key of a number that this peer has used.
    pub(super) fn nonce(&self, peer_id: PeerId, nonce: u128) -> SlotKey {
        self.key("", &peer_id.to_string(), &format!(":nonce:{nonce:032x}"))
    }

    /// The peers of a network.
    pub(super) fn network(&self, network: IpAddr) -> SlotKey {
        self.key("", &format!("net:{network}"), "")
    }

    /// One of the streams of changes of the catalogue.
    pub(super) fn stream(&self, number: usize) -> SlotKey {
        self.key("catalogue:", &number.to_string(), "")
    }

    /// Finds the file of which this is the name of the first key, if it is one.
    pub(super) fn file_of(&self, name: &[u8]) -> Option<FileId> {
        let tag = name.strip_prefix(self.prefix.as_bytes())?.strip_prefix(b"{")?.strip_suffix(SWARM.as_bytes())?;
        str::from_utf8(tag.strip_suffix(b"}")?).ok()?.parse().ok()
    }

    /// Says whether this is the name of the key of a peer.
    pub(super) fn is_peer(&self, name: &[u8]) -> bool {
        name.starts_with(self.prefix.as_bytes()) && name.ends_with(PEER.as_bytes())
    }

    fn key(&self, kind: &str, tag: &str, end: &str) -> SlotKey {
        SlotKey { name: format!("{}{kind}{{{tag}}}{end}", self.prefix), slot: slot_of(tag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_file_are_in_one_slot() {
        let keys = Keys::new("sprat:".into());
        let [swarm, notes] = keys.file(FileId::new([7; 32]));
        assert_eq!(swarm.name, format!("sprat:{{{}}}:swarm", "07".repeat(32)));
        assert_eq!(swarm.slot, notes.slot);
        let file_of = |name: &str| keys.file_of(name.as_bytes());
        assert_eq!(file_of(&swarm.name), Some(FileId::new([7; 32])));
        assert_eq!(
            (file_of(&notes.name), file_of("other:{07}:swarm"), file_of("sprat:{07}:swarm")),
            (None, None, None)
        );
        let peer_id = PeerId::new([1; 32]);
        assert!(keys.is_peer(keys.peer(peer_id).name.as_bytes()) && !keys.is_peer(swarm.name.as_bytes()));
        assert_eq!(keys.peer(peer_id).slot, keys.nonce(peer_id, 5).slot);
        assert_eq!(keys.network("2001:db8::".parse().unwrap()).name, "sprat:{net:2001:db8::}");
        assert_eq!(keys.stream(15), SlotKey { name: "sprat:catalogue:{15}".into(), slot: slot_of("15") });
    }

    #[test]
    fn the_streams_are_spread_over_the_cluster() {
        let keys = Keys::new(String::new());
        let thirds: Vec<u16> = (0..16).map(|number| keys.stream(number).slot / 5462).collect();
        for third in 0..3 {
            assert!(thirds.iter().filter(|found| **found == third).count() >= 3, "{thirds:?}");
        }
    }
}
