//! One swarm: the peers that hold one file, and what they say of it.

use rand::Rng;
use sprat_chunking::FileId;

use super::dissent::Dissent;
use super::handles::Handle;
use super::members::Members;
use crate::model::holding::{Claim, Summary};

/// The peers that hold one file. Mostly they agree on what it is, so that what each of them claims takes no room.
pub(super) struct Swarm {
    file_id: FileId,
    members: Members,
    /// Claim of most seeders, or of all members if there is no dissent.
    claim: Claim,
    dissent: Option<Box<Dissent>>,
}

impl Swarm {
    /// Makes a swarm without members; the first who joins will claim this.
    pub(super) fn new(file_id: FileId, claim: Claim) -> Self {
        Self { file_id, members: Members::default(), claim, dissent: None }
    }

    pub(super) fn file_id(&self) -> FileId {
        self.file_id
    }

    pub(super) fn members(&self) -> &Members {
        &self.members
    }

    pub(super) fn claim(&self) -> &Claim {
        &self.claim
    }

    pub(super) fn summary(&self) -> Summary {
        let seeders = self.members.seeders();
        Summary { claim: self.claim.clone(), seeders, leechers: self.members.len() - seeders }
    }

    /// Draws up to `most` different members in random order, each with whether it is a seeder. The asker is never
    /// drawn, and no seeders are if the asker is one itself.
    pub(super) fn sample(
        &self,
        rng: &mut impl Rng,
        asker: Option<Handle>,
        most: usize,
    ) -> impl Iterator<Item = (Handle, bool)> {
        let is_seeder = asker.and_then(|asker| self.members.is_seeder(asker)).unwrap_or(false);
        self.members.sample(rng, is_seeder, most).filter(move |(peer, _)| Some(*peer) != asker)
    }

    /// Adds a peer, or replaces what it said before.
    pub(super) fn put(&mut self, peer: Handle, claim: Claim, complete: bool) {
        let (seeders, members) = (self.members.seeders(), self.members.len());
        if self.dissent.is_none() && claim != self.claim {
            self.dissent = Some(Box::new(Dissent::new(self.claim.clone(), seeders, members - seeders)));
        }
        if let Some(dissent) = &mut self.dissent {
            dissent.put(peer, self.members.is_seeder(peer), claim, complete);
        }
        self.members.put(peer, complete);
        self.count_votes();
    }

    /// Makes a seeder of a member. Returns whether it was one before, if it is a member.
    pub(super) fn complete(&mut self, peer: Handle) -> Option<bool> {
        let was_seeder = self.members.is_seeder(peer)?;
        let claim = self.dissent.as_ref().map_or(&self.claim, |dissent| dissent.claim_of(peer));
        self.put(peer, claim.clone(), true);
        Some(was_seeder)
    }

    /// Removes a peer; returns whether it was a seeder, if it was a member.
    pub(super) fn remove(&mut self, peer: Handle) -> Option<bool> {
        let was_seeder = self.members.remove(peer)?;
        if let Some(dissent) = &mut self.dissent {
            dissent.remove(peer, was_seeder);
        }
        self.count_votes();
        Some(was_seeder)
    }

    fn count_votes(&mut self) {
        if let Some(dissent) = &self.dissent {
            self.claim = dissent.winner();
            if dissent.is_over() {
                self.dissent = None;
            }
        }
    }
}
