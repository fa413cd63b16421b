//! Cache of answers of the cluster: fresh answers cost no round trip, old ones stand in where no fresh one is to be
//! had.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use super::encoding::Whereabouts;
use crate::model::holding::Summary;

/// Time for which an answer is as good as a new one.
const FRESH_TIME: Duration = Duration::from_secs(1);
/// Time for which an old answer is better than none.
const STALE_TIME: Duration = Duration::from_secs(15 * 60);
/// Capacity of the cache, counted in peers, of which each takes about 100 bytes.
const CAPACITY: u64 = 500_000;
/// Number of files that this is about, for the first allocation.
const FILES: usize = 10_000;

/// Answer about a file at some moment: the peers that hold it, or a sample of them if they are many.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) summary: Summary,
    pub(super) seeders: Vec<Source>,
    pub(super) leechers: Vec<Source>,
    at: Instant,
    /// Set once the answer is known to be no longer so.
    is_outdated: AtomicBool,
    /// Somebody is asking anew.
    is_being_renewed: AtomicBool,
}

/// A peer that has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) peer_id: PeerId,
    pub(super) place: Whereabouts,
}

impl Known {
    pub(super) fn new(summary: Summary, seeders: Vec<Source>, leechers: Vec<Source>, at: Instant) -> Self {
        let (is_outdated, is_being_renewed) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { summary, seeders, leechers, at, is_outdated, is_being_renewed }
    }

    /// Says whether this peer has all of the file; none if only a sample of its seeders is known and the peer is not in
    /// it.
    pub(super) fn is_seeder(&self, peer_id: PeerId) -> Option<bool> {
        let is_sampled = self.seeders.iter().any(|source| source.peer_id == peer_id);
        (is_sampled || self.seeders.len() >= self.summary.seeders).then_some(is_sampled)
    }

    /// Says whether nobody needs to ask anew. For the first one who asks after the answer has become old it is not
    /// fresh; the others get the old answer for a moment, so that many who want the same do not all ask.
    fn is_fresh(&self, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.at);
        !self.is_outdated.load(Ordering::Relaxed)
            && (age < FRESH_TIME || age < 2 * FRESH_TIME && self.is_being_renewed.swap(true, Ordering::Relaxed))
    }
}

/// The answers, as many as there is room for.
#[derive(Debug)]
pub(super) struct Answers {
    cache: Cache<FileId, Arc<Known>, ByPeers>,
}

/// An answer weighs what its peers weigh.
#[derive(Clone, Debug)]
struct ByPeers;

impl Weighter<FileId, Arc<Known>> for ByPeers {
    fn weight(&self, _: &FileId, known: &Arc<Known>) -> u64 {
        (4 + known.seeders.len() + known.leechers.len()) as u64
    }
}

impl Answers {
    pub(super) fn new() -> Self {
        Self { cache: Cache::with_weighter(FILES, CAPACITY, ByPeers) }
    }

    /// An answer as good as a new one.
    pub(super) fn fresh(&self, file_id: FileId, now: Instant) -> Option<Arc<Known>> {
        self.cache.get(&file_id).filter(|known| known.is_fresh(now))
    }

    /// An old answer that is better than none.
    pub(super) fn stale(&self, file_id: FileId, now: Instant) -> Option<Arc<Known>> {
        self.cache.get(&file_id).filter(|known| now.saturating_duration_since(known.at) < STALE_TIME)
    }

    pub(super) fn put(&self, file_id: FileId, known: Arc<Known>) {
        self.cache.insert(file_id, known);
    }

    /// Notes that these files are no longer what they were.
    pub(super) fn outdate<'a>(&self, file_ids: impl IntoIterator<Item = &'a FileId>) {
        for known in file_ids.into_iter().filter_map(|file_id| self.cache.get(file_id)) {
            known.is_outdated.store(true, Ordering::Relaxed);
        }
    }

    /// Forgets a file.
    pub(super) fn remove(&self, file_id: FileId) {
        self.cache.remove(&file_id);
    }
}

#[cfg(test)]
mod tests {
    use sprat_chunking::{ChunkSize, Layout};

    use super::*;
    use crate::model::contact::Contact;
    use crate::model::holding::Claim;

    const FILE: FileId = FileId::new([1; 32]);

    fn source(number: u8) -> Source {
        let contact = Contact::new([10, 0, 0, number].into(), 4000, &[]);
        Source { peer_id: PeerId::new([number; 32]), place: Whereabouts { contact, reachable: None } }
    }

    fn known(seeders: usize, sampled: &[u8], at: Instant) -> Arc<Known> {
        let claim = Claim { name: "name".into(), layout: Layout::new(1, ChunkSize::DEFAULT).unwrap() };
        let sources = sampled.iter().copied().map(source).collect();
        Arc::new(Known::new(Summary { claim, seeders, leechers: 0 }, sources, vec![], at))
    }

    #[test]
    fn an_answer_is_fresh_for_a_second_and_then_one_asks_anew() {
        let (answers, start) = (Answers::new(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        assert!(answers.fresh(FILE, start).is_none());
        answers.put(FILE, known(1, &[1], start));
        assert!(answers.fresh(FILE, at(999)).is_some());
        assert!(answers.fresh(FILE, at(1000)).is_none(), "the first one asks anew");
        assert!(answers.fresh(FILE, at(1001)).is_some(), "the second one need not");
        assert!(answers.fresh(FILE, at(2000)).is_none(), "but does not wait for the first one for long");
        answers.put(FILE, known(1, &[1], at(2000)));
        assert!(answers.fresh(FILE, at(2999)).is_some());
    }

    #[test]
    fn what_changed_is_not_fresh_but_stands_in() {
        let (answers, now) = (Answers::new(), Instant::now());
        answers.put(FILE, known(1, &[1], now));
        answers.outdate(&[FILE]);
        assert!(answers.fresh(FILE, now).is_none() && answers.stale(FILE, now).is_some());
        assert!(answers.stale(FILE, now + STALE_TIME).is_none());
        answers.remove(FILE);
        assert!(answers.stale(FILE, now).is_none());
    }

    #[test]
    fn a_sample_does_not_say_who_is_no_seeder() {
        let now = Instant::now();
        let is_seeder = |known: &Known, number| known.is_seeder(PeerId::new([number; 32]));
        let (all, some) = (known(2, &[1, 2], now), known(3, &[1, 2], now));
        assert_eq!((is_seeder(&all, 1), is_seeder(&all, 3)), (Some(true), Some(false)));
        assert_eq!((is_seeder(&some, 1), is_seeder(&some, 3)), (Some(true), None));
    }

    #[test]
    fn there_is_a_bound_to_what_is_kept() {
        let (answers, now) = (Answers::new(), Instant::now());
        let sampled = [7; 200];
        for number in 0..10_000u32 {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            answers.put(FileId::new(bytes), known(200, &sampled, now));
        }
        assert!(answers.cache.weight() <= CAPACITY);
        assert!(answers.cache.len() > 2000);
    }
}
