//! Dissent within a swarm whose members do not all claim the same.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sprat_chunking::Layout;

use super::handles::Handle;
use super::votes::Votes;
use crate::model::holding::Claim;

/// Claims of members that disagree. Name and layout are voted on apart, so that seeders who renamed the file still
/// outvote a liar on its length.
pub(super) struct Dissent {
    /// Claim of those who are not among the others: the claim of all before the first one disagreed.
    common: Claim,
    others: HashMap<Handle, Claim>,
    names: Votes<Arc<str>>,
    layouts: Votes<LayoutVote>,
}

impl Dissent {
    /// Begins with so many peers that have claimed the same until now.
    pub(super) fn new(common: Claim, seeders: usize, leechers: usize) -> Self {
        let names = Votes::unanimous(common.name.clone(), seeders, leechers);
        let layouts = Votes::unanimous(LayoutVote(common.layout), seeders, leechers);
        Self { common, others: HashMap::new(), names, layouts }
    }

    /// Returns the claim of this member.
    pub(super) fn claim_of(&self, member: Handle) -> &Claim {
        self.others.get(&member).unwrap_or(&self.common)
    }

    /// Counts what a peer claims. `was` says whether it was a seeder until now, if it was a member.
    pub(super) fn put(&mut self, peer: Handle, was: Option<bool>, claim: Claim, complete: bool) {
        // The new vote comes before the old one goes, so that a claim repeated keeps its age.
        let claim = Claim {
            name: self.names.cast(claim.name, complete),
            layout: self.layouts.cast(LayoutVote(claim.layout), complete).0,
        };
        if let Some(was_seeder) = was {
            self.remove(peer, was_seeder);
        }
        if claim != self.common {
            self.others.insert(peer, claim);
        }
    }

    /// Takes back what a member claimed.
    pub(super) fn remove(&mut self, member: Handle, was_seeder: bool) {
        let claim = self.others.remove(&member).unwrap_or_else(|| self.common.clone());
        self.names.withdraw(&claim.name, was_seeder);
        self.layouts.withdraw(&LayoutVote(claim.layout), was_seeder);
    }

    /// Returns the claim of most seeders.
    pub(super) fn winner(&self) -> Claim {
        Claim { name: self.names.winner().clone(), layout: self.layouts.winner().0 }
    }

    /// Says whether all claim the same again.
    pub(super) fn is_over(&self) -> bool {
        self.names.is_unanimous() && self.layouts.is_unanimous()
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
