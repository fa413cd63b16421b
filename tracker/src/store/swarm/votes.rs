//! Votes of the peers of a swarm.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

/// The values that peers claim, and which of them most seeders claim. Among equals the one wins that has been claimed
/// for longest, so a latecomer needs a majority to change an answer.
///
/// A vote costs O(1), but for the withdrawal of a vote for the winner: that looks through all different values.
pub(super) struct Votes<T> {
    tallies: HashMap<T, Tally>,
    winner: T,
    next: u64,
}

struct Tally {
    seeders: usize,
    leechers: usize,
    /// The number of the vote that was the first for this value.
    since: u64,
}

impl Tally {
    fn rank(&self) -> (usize, Reverse<u64>) {
        (self.seeders, Reverse(self.since))
    }

    fn voters(&mut self, complete: bool) -> &mut usize {
        if complete { &mut self.seeders } else { &mut self.leechers }
    }
}

impl<T: Clone + Eq + Hash> Votes<T> {
    /// Begins with so many peers that claim this value, and no other was ever claimed.
    pub(super) fn unanimous(value: T, seeders: usize, leechers: usize) -> Self {
        let tally = Tally { seeders, leechers, since: 0 };
        Self { tallies: HashMap::from([(value.clone(), tally)]), winner: value, next: 1 }
    }

    /// Counts one more peer for this value. Returns the value as it is stored, so that equal ones share their memory.
    pub(super) fn cast(&mut self, value: T, complete: bool) -> T {
        let value = self.tallies.get_key_value(&value).map(|(stored, _)| stored.clone()).unwrap_or(value);
        let fresh = Tally { seeders: 0, leechers: 0, since: self.next };
        self.next += 1;
        let tally = self.tallies.entry(value.clone()).or_insert(fresh);
        *tally.voters(complete) += 1;
        let rank = tally.rank();
        if self.tallies.get(&self.winner).is_none_or(|winner| winner.rank() < rank) {
            self.winner = value.clone();
        }
        value
    }

    /// Takes back what one peer cast.
    pub(super) fn withdraw(&mut self, value: &T, complete: bool) {
        let Some(tally) = self.tallies.get_mut(value) else { return };
        *tally.voters(complete) -= 1;
        if tally.seeders + tally.leechers == 0 {
            self.tallies.remove(value);
        } else if !complete {
            return;
        }
        if self.winner == *value
            && let Some((best, _)) = self.tallies.iter().max_by_key(|(_, tally)| tally.rank())
        {
            self.winner = best.clone();
        }
    }

    /// Returns the value that most seeders claim. Once everybody has gone, it is the one that the last one claimed.
    pub(super) fn winner(&self) -> &T {
        &self.winner
    }

    /// Says whether all claim the same.
    pub(super) fn is_unanimous(&self) -> bool {
        self.tallies.len() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_seeders_win_and_among_equals_the_earliest() {
        let mut votes = Votes::unanimous("a", 0, 1);
        for (value, complete, winner) in [
            ("b", false, "a"),
            ("b", false, "a"),
            ("b", true, "b"),
            ("a", true, "a"),
            ("c", true, "a"),
            ("c", true, "c"),
        ] {
            votes.cast(value, complete);
            assert_eq!(votes.winner(), &winner);
        }
    }

    #[test]
    fn a_withdrawn_vote_no_longer_counts() {
        let mut votes = Votes::unanimous("a", 1, 0);
        for (value, complete) in [("b", true), ("b", true), ("a", false)] {
            votes.cast(value, complete);
        }
        for (value, complete, winner, is_unanimous) in
            [("b", true, "a", false), ("a", true, "b", false), ("b", true, "a", true), ("a", false, "a", true)]
        {
            votes.withdraw(&value, complete);
            assert_eq!((votes.winner(), votes.is_unanimous()), (&winner, is_unanimous));
        }
        assert!(votes.tallies.is_empty());
        votes.cast("c", false);
        assert_eq!(votes.winner(), &"c");
    }
}
