//! The hints of a link: trackers that know a file, and this peer's own addresses.

use sprat_chunking::FileId;
use sprat_protocol::{Link, PeerAddr};
use url::Url;

/// Hints that help others to find the files of this peer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    /// Trackers that this peer uses.
    pub(crate) trackers: Vec<Url>,
    /// Addresses of this peer.
    pub(crate) peers: Vec<PeerAddr>,
}

impl Hints {
    /// Creates the link to hand to others for a file.
    pub(crate) fn link(&self, file_id: FileId, name: &str, size: Option<u64>) -> Link {
        let (trackers, peers) = (self.trackers.clone(), self.peers.clone());
        Link { file_id, name: Some(name.to_owned()), size, trackers, peers }
    }
}
