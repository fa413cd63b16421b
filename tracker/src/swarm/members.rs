//! The peers of one swarm, in an order from which one can draw at random.

use std::collections::HashMap;

use rand::Rng;
use rand::seq::index;
use sprat_protocol::PeerId;

use crate::store::Claim;

/// The peers of one swarm with what they claim: seeders first, leechers after them, else in no order. Joining, leaving
/// and completing cost O(1), and a sample costs what it holds.
#[derive(Debug, Default)]
pub(super) struct Members {
    list: Vec<Member>,
    /// How many of the list, from its front, are seeders.
    seeders: usize,
    positions: HashMap<PeerId, usize>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) peer_id: PeerId,
    pub(super) claim: Claim,
}

impl Members {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn seeders(&self) -> usize {
        self.seeders
    }

    /// What this peer claims, and whether it is a seeder, if it is a member.
    pub(super) fn get(&self, peer_id: PeerId) -> Option<(&Claim, bool)> {
        let at = *self.positions.get(&peer_id)?;
        Some((&self.list[at].claim, at < self.seeders))
    }

    /// Adds a peer that is no member.
    pub(super) fn insert(&mut self, member: Member, complete: bool) {
        let last = self.list.len();
        self.positions.insert(member.peer_id, last);
        self.list.push(member);
        if complete {
            self.swap(last, self.seeders);
            self.seeders += 1;
        }
    }

    /// Removes a peer; returns what it claimed and whether it was a seeder.
    pub(super) fn remove(&mut self, peer_id: PeerId) -> Option<(Claim, bool)> {
        let mut at = *self.positions.get(&peer_id)?;
        let complete = at < self.seeders;
        if complete {
            self.seeders -= 1;
            self.swap(at, self.seeders);
            at = self.seeders;
        }
        self.swap(at, self.list.len() - 1);
        self.positions.remove(&peer_id);
        self.list.pop().map(|member| (member.claim, complete))
    }

    /// Up to `most` different members in random order, each with whether it is a seeder; leechers only, if so wanted.
    pub(super) fn sample(
        &self,
        rng: &mut impl Rng,
        leechers_only: bool,
        most: usize,
    ) -> impl Iterator<Item = (PeerId, bool)> {
        let start = if leechers_only { self.seeders } else { 0 };
        let len = self.list.len() - start;
        let drawn = index::sample(rng, len, most.min(len));
        drawn.into_iter().map(move |at| (self.list[start + at].peer_id, start + at < self.seeders))
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.list.swap(a, b);
        self.positions.insert(self.list[a].peer_id, a);
        self.positions.insert(self.list[b].peer_id, b);
    }
}
