//! Things that can be blocked: peers, networks and files, each with a reason.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use sprat_protocol::name::is_invisible;
use utoipa::ToSchema;

use super::networks::Networks;
use crate::model::network;

/// The most characters of a reason that are told.
pub const MAX_REASON_LEN: usize = 200;
/// Kind of thing that can be blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Peers, by their IDs.
    Peers,
    /// Addresses, by their networks.
    Addresses,
    /// Files, by their IDs.
    Files,
}

/// Something that is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A peer: it cannot register.
    Peer(PeerId),
    /// A network: what comes from it is refused.
    Address(IpNet),
    /// A file: nobody registers it or finds it.
    File(FileId),
}

/// Reason that is told to whom it concerns: as much of a text as fits into a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason(Option<Arc<str>>);

/// Things that were blocked while the tracker ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Added {
    /// Peers, by their IDs.
    #[schema(value_type = BTreeMap<String, Note>)]
    peers: BTreeMap<PeerId, Note>,
    /// Networks, such as `192.0.2.0/24`.
    #[schema(value_type = BTreeMap<String, Note>)]
    addresses: BTreeMap<IpNet, Note>,
    /// Files, by their IDs.
    #[schema(value_type = BTreeMap<String, Note>)]
    files: BTreeMap<FileId, Note>,
}

/// Reason and time of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// Reason, as it is told to whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Time since when it is blocked, in seconds since 1970 (UTC).
    since: u64,
}

/// Entries in a form to look them up.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) peers: HashMap<PeerId, Reason>,
    pub(super) addresses: Networks<Reason>,
    pub(super) files: HashMap<FileId, Reason>,
}

impl Entries {
    pub(super) fn insert(&mut self, target: Target, reason: Reason) {
        match target {
            Target::Peer(peer_id) => {
                self.peers.insert(peer_id, reason);
            }
            Target::Address(network) => self.addresses.insert(network, reason),
            Target::File(file_id) => {
                self.files.insert(file_id, reason);
            }
        }
    }
}

impl From<Added> for Entries {
    fn from(added: Added) -> Self {
        let peers = added.peers.into_iter().map(|(id, note)| (Target::Peer(id), note));
        let addresses = added.addresses.into_iter().map(|(network, note)| (Target::Address(network), note));
        let files = added.files.into_iter().map(|(id, note)| (Target::File(id), note));
        let mut entries = Self::default();
        for (target, note) in peers.chain(addresses).chain(files) {
            entries.insert(target, Reason::new(note.reason.as_deref().unwrap_or_default()));
        }
        entries
    }
}

impl Added {
    pub(super) fn insert(&mut self, target: Target, reason: &Reason, since: u64) {
        let note = Note { reason: reason.0.as_deref().map(str::to_owned), since };
        match target {
            Target::Peer(peer_id) => self.peers.insert(peer_id, note),
            Target::Address(network) => self.addresses.insert(network, note),
            Target::File(file_id) => self.files.insert(file_id, note),
        };
    }

    /// Returns whether it was there.
    pub(super) fn remove(&mut self, target: Target) -> bool {
        match target {
            Target::Peer(peer_id) => self.peers.remove(&peer_id).is_some(),
            Target::Address(network) => self.addresses.remove(&network).is_some(),
            Target::File(file_id) => self.files.remove(&file_id).is_some(),
        }
    }

    /// Counts the entries of this kind.
    pub(super) fn len(&self, kind: Kind) -> usize {
        match kind {
            Kind::Peers => self.peers.len(),
            Kind::Addresses => self.addresses.len(),
            Kind::Files => self.files.len(),
        }
    }
}

impl Target {
    /// Parses something of this kind.
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Peers => text.parse().ok().map(Self::Peer),
            Kind::Addresses => network::parse(text).map(Self::Address),
            Kind::Files => text.parse().ok().map(Self::File),
        }
    }

    /// Returns the kind of this thing.
    pub fn kind(self) -> Kind {
        match self {
            Self::Peer(_) => Kind::Peers,
            Self::Address(_) => Kind::Addresses,
            Self::File(_) => Kind::Files,
        }
    }
}

impl Reason {
    /// Takes this text, without what changes how the rest is shown, and not all of it if it is long.
    pub fn new(text: &str) -> Self {
        let shown = text.trim().chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(MAX_REASON_LEN);
        let text: String = shown.collect();
        Self((!text.is_empty()).then(|| text.into()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Peers => "peer IDs",
            Self::Addresses => "addresses or networks",
            Self::Files => "file IDs",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_an_end() {
        assert_eq!(Reason::new(&"ä".repeat(1000)).to_string().chars().count(), MAX_REASON_LEN + 2);
        assert_eq!(Reason::new(" \n\u{200b} "), Reason::default());
    }
}
