//! One swarm: the peers that hold one file, and what they say of it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rand::Rng;
use sprat_chunking::Layout;
use sprat_protocol::PeerId;

use super::members::{Member, Members};
use super::votes::Votes;
use crate::store::Claim;

/// The peers that hold one file. Name and layout are voted on apart, so that seeders who renamed the file still
/// outvote a liar on its length.
#[derive(Debug, Default)]
pub(super) struct Swarm {
    members: Members,
    names: Votes<Arc<str>>,
    layouts: Votes<LayoutVote>,
}

impl Swarm {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn seeders(&self) -> usize {
        self.members.seeders()
    }

    pub(super) fn has(&self, peer_id: PeerId) -> bool {
        self.members.get(peer_id).is_some()
    }

    pub(super) fn is_seeder(&self, peer_id: PeerId) -> bool {
        self.members.get(peer_id).is_some_and(|(_, complete)| complete)
    }

    /// Up to `most` different members in random order, each with whether it is a seeder; leechers only, if so wanted.
    pub(super) fn sample(
        &self,
        rng: &mut impl Rng,
        leechers_only: bool,
        most: usize,
    ) -> impl Iterator<Item = (PeerId, bool)> {
        self.members.sample(rng, leechers_only, most)
    }

    /// What most seeders claim; none of an empty swarm.
    pub(super) fn claim(&self) -> Option<Claim> {
        Some(Claim { name: self.names.winner()?.clone(), layout: self.layouts.winner()?.0 })
    }

    /// Adds a peer, or replaces what it said before.
    pub(super) fn put(&mut self, peer_id: PeerId, claim: Claim, complete: bool) {
        // The new vote comes before the old one goes, so that a claim repeated keeps its age.
        let claim = Claim {
            name: self.names.cast(claim.name, complete),
            layout: self.layouts.cast(LayoutVote(claim.layout), complete).0,
        };
        self.remove(peer_id);
        self.members.insert(Member { peer_id, claim }, complete);
    }

    /// Makes a seeder of a leecher.
    pub(super) fn complete(&mut self, peer_id: PeerId) {
        if let Some((claim, false)) = self.members.get(peer_id) {
            let claim = claim.clone();
            self.put(peer_id, claim, true);
        }
    }

    /// Removes a peer, if it is a member.
    pub(super) fn remove(&mut self, peer_id: PeerId) -> bool {
        let Some((claim, complete)) = self.members.remove(peer_id) else { return false };
        self.names.withdraw(&claim.name, complete);
        self.layouts.withdraw(&LayoutVote(claim.layout), complete);
        true
    }
}

/// A layout as a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LayoutVote(Layout);

impl Hash for LayoutVote {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.len(), self.0.chunk_size()).hash(state);
    }
}
