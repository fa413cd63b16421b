//! Peers that a download may connect to, and when. Pure logic: `now` and randomness are arguments.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::{Rng, RngExt};
use sprat_protocol::tracker::MAX_ADDRESSES;
use sprat_protocol::{PeerAddr, PeerId};

/// Number of candidates that one download remembers.
const MAX_CANDIDATES: usize = 1000;
/// Number of addresses that are kept of one candidate: as many as two trackers name at most.
const MAX_KEPT: usize = 2 * MAX_ADDRESSES;
/// Wait after the first failure. It doubles with each further one; a random factor of 0.5 to 1 applies to each wait.
const BACKOFF: Duration = Duration::from_secs(1);

/// A peer that may be dialled: by peer ID if a tracker named it, else by the address that a link or the user named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Candidate {
    /// Peer whose ID is known.
    Peer(PeerId),
    /// Peer of which only the address is known.
    Address(PeerAddr),
}

/// The candidates of one download.
#[derive(Debug, Default)]
pub(crate) struct Candidates(BTreeMap<Candidate, Entry>);

#[derive(Debug)]
struct Entry {
    addresses: Vec<PeerAddr>,
    failures: u32,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting(Instant),
    /// Candidate that is being dialled, or is connected.
    Taken,
    /// Candidate that is this peer itself.
    Never,
}

impl Candidates {
    /// Adds a candidate, or addresses of a candidate that is known already. Trackers may each name other addresses: all
    /// are kept, the latest first.
    pub(crate) fn add(&mut self, now: Instant, candidate: Candidate, addresses: Vec<PeerAddr>) {
        match self.0.get_mut(&candidate) {
            Some(entry) if addresses.iter().all(|addr| entry.addresses.contains(addr)) => {}
            // The peer was started anew, or is on another network.
            Some(entry) => {
                let before = std::mem::replace(&mut entry.addresses, addresses);
                let gone = before.into_iter().filter(|addr| !entry.addresses.contains(addr)).collect::<Vec<_>>();
                entry.addresses.extend(gone);
                entry.addresses.truncate(MAX_KEPT);
                entry.hurry(now);
            }
            None => {
                if self.0.len() >= MAX_CANDIDATES && !self.drop_worst() {
                    return;
                }
                self.0.insert(candidate, Entry { addresses, failures: 0, state: State::Waiting(now) });
            }
        }
    }

    /// Removes the candidate that failed most often, to make room for a new one. Returns whether there was one.
    fn drop_worst(&mut self) -> bool {
        let waiting = self.0.iter().filter(|(_, entry)| matches!(entry.state, State::Waiting(_)) && entry.failures > 0);
        let worst = waiting.max_by_key(|(_, entry)| entry.failures).map(|(candidate, _)| candidate.clone());
        worst.is_some_and(|worst| self.0.remove(&worst).is_some())
    }

    /// Takes the next candidate to dial, at random among those that are due. It stays taken until its outcome is noted.
    pub(crate) fn take(&mut self, now: Instant, rng: &mut impl Rng) -> Option<(Candidate, Vec<PeerAddr>)> {
        let ready = |entry: &Entry| matches!(entry.state, State::Waiting(until) if until <= now);
        let count = self.0.values().filter(|entry| ready(entry)).count();
        if count == 0 {
            return None;
        }
        let draw = rng.random_range(0..count);
        let (candidate, entry) = self.0.iter_mut().filter(|(_, entry)| ready(entry)).nth(draw)?;
        entry.state = State::Taken;
        Some((candidate.clone(), entry.addresses.clone()))
    }

    /// Notes that a candidate could not be reached, had nothing to give, or left. It waits, longer after each failure
    /// in a row, but never longer than `longest`.
    pub(crate) fn failed(&mut self, now: Instant, candidate: &Candidate, longest: Duration, rng: &mut impl Rng) {
        if let Some(entry) = self.0.get_mut(candidate) {
            let wait = BACKOFF.saturating_mul(1 << entry.failures.min(10)).min(longest);
            entry.failures += 1;
            entry.state = State::Waiting(now + wait.mul_f64(rng.random_range(0.5..1.0)));
        }
    }

    /// Shortens all waits that end after `latest`, so that they end then.
    pub(crate) fn not_after(&mut self, latest: Instant) {
        for entry in self.0.values_mut() {
            if let State::Waiting(until) = &mut entry.state {
                *until = latest.min(*until);
            }
        }
    }

    /// Notes that a candidate delivered: its next failure counts as the first.
    pub(crate) fn delivered(&mut self, candidate: &Candidate) {
        if let Some(entry) = self.0.get_mut(candidate) {
            entry.failures = 0;
        }
    }

    /// Notes that a candidate is never to be dialled again.
    pub(crate) fn never(&mut self, candidate: &Candidate) {
        if let Some(entry) = self.0.get_mut(candidate) {
            entry.state = State::Never;
        }
    }

    /// Time at which the next waiting candidate is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let waiting = self.0.values().filter_map(|entry| match entry.state {
            State::Waiting(until) => Some(until),
            State::Taken | State::Never => None,
        });
        waiting.min()
    }

    /// Makes all waiting candidates due at once: the user asked for it, or the network came back.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.0.values_mut().for_each(|entry| entry.hurry(now));
    }

    /// Makes this candidate due at once, if it is waiting.
    pub(crate) fn hurry_one(&mut self, now: Instant, candidate: &Candidate) {
        self.0.get_mut(candidate).into_iter().for_each(|entry| entry.hurry(now));
    }
}

impl Entry {
    fn hurry(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting(_)) {
            (self.state, self.failures) = (State::Waiting(now), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    const LONGEST: Duration = Duration::from_secs(60);

    fn candidate(n: u16) -> Candidate {
        Candidate::Address(format!("10.0.0.1:{}", n + 1).parse().unwrap())
    }

    #[test]
    fn one_that_fails_waits_longer_each_time_and_is_forgiven_when_it_delivers() {
        let (mut candidates, mut rng) = (Candidates::default(), SmallRng::seed_from_u64(1));
        let mut now = Instant::now();
        candidates.add(now, candidate(0), Vec::new());
        let mut waits = Vec::new();
        for _ in 0..9 {
            assert!(candidates.take(now, &mut rng).is_some());
            assert!(candidates.take(now, &mut rng).is_none(), "it is taken");
            candidates.failed(now, &candidate(0), LONGEST, &mut rng);
            let until = candidates.next_deadline().unwrap();
            waits.push(until - now);
            now = until;
        }
        assert!(waits[0] <= BACKOFF && waits[8] > LONGEST / 2 && waits[8] <= LONGEST, "{waits:?}");
        candidates.take(now, &mut rng);
        candidates.delivered(&candidate(0));
        candidates.failed(now, &candidate(0), LONGEST, &mut rng);
        assert!(candidates.next_deadline().unwrap() - now <= BACKOFF);
        candidates.hurry(now);
        assert!(candidates.take(now, &mut rng).is_some());
    }

    #[test]
    fn one_with_a_new_address_is_dialled_at_once() {
        let (mut candidates, mut rng) = (Candidates::default(), SmallRng::seed_from_u64(1));
        let (now, addresses) = (Instant::now(), |port| vec![format!("10.0.0.2:{port}").parse::<PeerAddr>().unwrap()]);
        candidates.add(now, candidate(0), addresses(1));
        candidates.take(now, &mut rng);
        candidates.failed(now, &candidate(0), LONGEST, &mut rng);
        candidates.add(now, candidate(0), addresses(1));
        assert_eq!(candidates.take(now, &mut rng), None, "nothing is new");
        candidates.add(now, candidate(0), addresses(2));
        let both = [addresses(2), addresses(1)].concat();
        assert_eq!(candidates.take(now, &mut rng), Some((candidate(0), both)));
    }

    #[test]
    fn one_that_each_tracker_has_other_addresses_of_is_not_dialled_at_each_word_of_them() {
        let (mut candidates, mut rng) = (Candidates::default(), SmallRng::seed_from_u64(1));
        let (now, addresses) = (Instant::now(), |port| vec![format!("10.0.0.2:{port}").parse::<PeerAddr>().unwrap()]);
        for port in [1, 2] {
            candidates.add(now, candidate(0), addresses(port));
            assert!(candidates.take(now, &mut rng).is_some());
            candidates.failed(now, &candidate(0), LONGEST, &mut rng);
        }
        for port in [1, 2, 1, 2] {
            candidates.add(now, candidate(0), addresses(port));
            assert_eq!(candidates.take(now, &mut rng), None, "nothing is new");
        }
        // The number of addresses that are kept of one candidate is bounded.
        (1..=1000).for_each(|port| candidates.add(now, candidate(0), addresses(port)));
        let (_, kept) = candidates.take(now, &mut rng).unwrap();
        assert!(kept.len() == MAX_KEPT && kept[0] == addresses(1000)[0]);
    }

    #[test]
    fn there_are_only_so_many_and_none_that_is_never_to_be_dialled() {
        let (mut candidates, mut rng) = (Candidates::default(), SmallRng::seed_from_u64(1));
        let now = Instant::now();
        (0..2000).for_each(|n| candidates.add(now, candidate(n), Vec::new()));
        assert_eq!(candidates.0.len(), MAX_CANDIDATES);
        candidates.never(&candidate(0));
        let taken: Vec<Candidate> =
            std::iter::from_fn(|| candidates.take(now, &mut rng)).map(|(candidate, _)| candidate).collect();
        assert_eq!(taken.len(), MAX_CANDIDATES - 1);
        assert!(!taken.contains(&candidate(0)));
        // A candidate that failed makes room for a new one.
        candidates.failed(now, &candidate(1), LONGEST, &mut rng);
        candidates.add(now, candidate(3000), Vec::new());
        assert_eq!(candidates.take(now, &mut rng).map(|(candidate, _)| candidate), Some(candidate(3000)));
    }
}
