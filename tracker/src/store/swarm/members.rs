//! The members of one swarm, in an order from which one can draw at random.

use hashbrown::HashTable;
use rand::Rng;
use rand::seq::index;

use super::handles::{Handle, hash_of};

/// The peers of one swarm: seeders first, leechers after them, else in no order. Joining, leaving and completing cost
/// O(1), and a sample costs what it holds.
#[derive(Default)]
pub(super) struct Members {
    list: Vec<Handle>,
    /// Number of seeders, which are at the front of the list.
    seeders: u32,
    /// Positions of the peers in the list. Only a list that is too long to be looked through has them.
    positions: Option<Box<HashTable<u32>>>,
}

/// The longest list that is looked through: at four bytes each, a few cache lines.
const LONGEST_PLAIN: usize = 64;

impl Members {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn seeders(&self) -> usize {
        self.seeders as usize
    }

    pub(super) fn list(&self) -> &[Handle] {
        &self.list
    }

    /// Says whether this peer is a seeder, if it is a member.
    pub(super) fn is_seeder(&self, peer: Handle) -> Option<bool> {
        self.position(peer).map(|at| at < self.seeders())
    }

    /// Adds a peer, or makes it what it now is.
    pub(super) fn put(&mut self, peer: Handle, complete: bool) {
        let at = self.position(peer).unwrap_or_else(|| self.push(peer));
        if complete && at >= self.seeders() {
            self.swap(at, self.seeders());
            self.seeders += 1;
        } else if !complete && at < self.seeders() {
            self.seeders -= 1;
            self.swap(at, self.seeders());
        }
    }

    /// Removes a peer; returns whether it was a seeder, if it was a member.
    pub(super) fn remove(&mut self, peer: Handle) -> Option<bool> {
        let was_seeder = self.is_seeder(peer)?;
        self.put(peer, false);
        let at = self.position(peer)?;
        self.swap(at, self.len() - 1);
        if let Some(positions) = &mut self.positions
            && let Ok(entry) = positions.find_entry(hash_of(peer), |at| self.list[*at as usize] == peer)
        {
            entry.remove();
        }
        self.list.pop();
        // Far below the length at which it is made, or a peer that comes and goes would have it made each time.
        if self.len() < LONGEST_PLAIN / 2 {
            self.positions = None;
        }
        Some(was_seeder)
    }

    /// Draws up to `most` different members in random order, each with whether it is a seeder; leechers only, if so
    /// wanted.
    pub(super) fn sample(
        &self,
        rng: &mut impl Rng,
        leechers_only: bool,
        most: usize,
    ) -> impl Iterator<Item = (Handle, bool)> {
        let start = if leechers_only { self.seeders() } else { 0 };
        let len = self.len() - start;
        let drawn = index::sample(rng, len, most.min(len));
        drawn.into_iter().map(move |at| (self.list[start + at], start + at < self.seeders()))
    }

    fn position(&self, peer: Handle) -> Option<usize> {
        match &self.positions {
            None => self.list.iter().position(|member| *member == peer),
            Some(positions) => {
                let at = positions.find(hash_of(peer), |at| self.list[*at as usize] == peer);
                at.map(|at| *at as usize)
            }
        }
    }

    /// Adds a peer at the end, as a leecher; returns where that is.
    fn push(&mut self, peer: Handle) -> usize {
        let at = self.len();
        self.list.push(peer);
        if let Some(positions) = &mut self.positions {
            positions.insert_unique(hash_of(peer), at as u32, |at| hash_of(self.list[*at as usize]));
        } else if self.len() > LONGEST_PLAIN {
            let mut positions = HashTable::with_capacity(2 * self.len());
            for (at, member) in (0..).zip(&self.list) {
                positions.insert_unique(hash_of(*member), at, |at: &u32| hash_of(self.list[*at as usize]));
            }
            self.positions = Some(Box::new(positions));
        }
        at
    }

    fn swap(&mut self, a: usize, b: usize) {
        if a == b {
            return;
        }
        if let Some(positions) = &mut self.positions {
            let [peer_a, peer_b] = [self.list[a], self.list[b]].map(hash_of);
            // Found by what they say, which differs, before either is changed.
            let found_a = positions.find_bucket_index(peer_a, |at| *at as usize == a);
            let found_b = positions.find_bucket_index(peer_b, |at| *at as usize == b);
            for (found, at) in [(found_a, b), (found_b, a)] {
                if let Some(position) = found.and_then(|bucket| positions.get_bucket_mut(bucket)) {
                    *position = at as u32;
                }
            }
        }
        self.list.swap(a, b);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn assert_is(members: &Members, expected: &BTreeMap<Handle, bool>) {
        let seeders = expected.values().filter(|complete| **complete).count();
        assert_eq!((members.len(), members.seeders()), (expected.len(), seeders));
        for (at, peer) in members.list().iter().enumerate() {
            assert_eq!((members.position(*peer), expected[peer]), (Some(at), at < seeders));
        }
        assert!(members.positions.as_ref().is_none_or(|positions| positions.len() == expected.len()));
    }

    #[test]
    fn a_swarm_that_grows_and_shrinks_knows_where_everybody_is() {
        let mut rng = StdRng::seed_from_u64(1);
        let (mut members, mut expected) = (Members::default(), BTreeMap::new());
        let mut had_index = [false; 2];
        for round in 0..12_000 {
            let peer = rng.random_range(0..300);
            // It grows for a while, then it shrinks.
            if rng.random_bool(if round / 2000 % 2 == 0 { 0.8 } else { 0.2 }) {
                let complete = rng.random();
                members.put(peer, complete);
                expected.insert(peer, complete);
            } else {
                assert_eq!(members.remove(peer), expected.remove(&peer));
            }
            had_index[usize::from(members.positions.is_some())] = true;
            assert_is(&members, &expected);
        }
        assert_eq!(had_index, [true; 2]);
    }
}
