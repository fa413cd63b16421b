//! The scheduler in virtual time.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use sprat_chunking::{ChunkSize, Layout};

use super::*;

const CHUNK: u64 = 256 * 1024;

fn layout(num_chunks: u32) -> Layout {
    Layout::new(u64::from(num_chunks) * CHUNK, ChunkSize::DEFAULT).unwrap()
}

fn scheduler(num_chunks: u32, seed: u64) -> Scheduler {
    let config = SchedulerConfig {
        chunk_len: CHUNK,
        max_window: 64 * CHUNK,
        timeout: (Duration::from_secs(2), Duration::from_secs(60)),
    };
    Scheduler::new(config, layout(num_chunks).indices(), &Bitfield::empty(num_chunks), SmallRng::seed_from_u64(seed))
}

fn store(scheduler: &mut Scheduler, now: Instant, key: PeerKey, index: ChunkIndex) -> Option<PeerKey> {
    match scheduler.arrived(now, key, index, CHUNK) {
        Arrival::Wanted { cancel } => {
            scheduler.stored(index);
            cancel
        }
        Arrival::Superfluous => panic!("chunk {index} was superfluous"),
    }
}

fn some(num_chunks: u32, has: impl IntoIterator<Item = u32>) -> Bitfield {
    let mut bits = Bitfield::empty(num_chunks);
    has.into_iter().for_each(|n| assert!(bits.insert(layout(num_chunks).index(n).unwrap())));
    bits
}

#[test]
fn the_last_chunk_comes_first() {
    let mut scheduler = scheduler(100, 1);
    let now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(100));
    assert_eq!(scheduler.requests(now, 1)[0].get(), 99);
}

#[test]
fn two_peers_are_never_asked_for_the_same_chunk_while_any_is_missing() {
    let mut scheduler = scheduler(100, 2);
    let now = Instant::now();
    let mut asked = HashSet::new();
    for key in 0..10 {
        scheduler.peer_has(now, key, Bitfield::full(100));
        for index in scheduler.requests(now, key) {
            assert!(asked.insert(index), "{index} was asked for twice");
        }
    }
    assert_eq!(asked.len(), 20);
}

#[test]
fn the_rarest_chunk_comes_first_after_the_random_ones() {
    let mut scheduler = scheduler(50, 3);
    let now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(50));
    for _ in 0..3 {
        for index in scheduler.requests(now, 1) {
            store(&mut scheduler, now, 1, index);
        }
    }
    // The leechers have every chunk but one, which only the seeder has.
    let rare = layout(50).indices().find(|i| scheduler.chunks[i.as_usize()] == Chunk::Missing).unwrap();
    for key in 10..13 {
        scheduler.peer_has(now, key, some(50, (0..50).filter(|n| *n != rare.get())));
    }
    assert_eq!(scheduler.requests(now, 1)[0], rare);
}

#[test]
fn the_window_grows_with_what_a_peer_delivers() {
    let mut scheduler = scheduler(1000, 4);
    let mut now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(1000));
    let mut outstanding = scheduler.requests(now, 1);
    assert_eq!(outstanding.len(), 2);
    for _ in 0..60 {
        now += Duration::from_millis(5);
        let index = outstanding.remove(0);
        store(&mut scheduler, now, 1, index);
        outstanding.extend(scheduler.requests(now, 1));
    }
    assert!(outstanding.len() > 20, "{}", outstanding.len());
    assert!(outstanding.len() <= 64);
}

/// Number of chunks that are outstanding in the end with a peer that sends a hundred chunks a second, one after
/// another, each of which is on its way for `latency`.
fn outstanding_after_a_while(latency: Duration) -> usize {
    let mut scheduler = scheduler(2000, 12);
    let mut now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(2000));
    let mut sent = now;
    let mut on_the_way = std::collections::VecDeque::new();
    for _ in 0..1500 {
        for index in scheduler.requests(now, 1) {
            sent = sent.max(now) + Duration::from_millis(10);
            on_the_way.push_back((sent + latency, index));
        }
        let (arrival, index) = on_the_way.pop_front().unwrap();
        now = arrival;
        store(&mut scheduler, now, 1, index);
    }
    on_the_way.len()
}

#[test]
fn as_much_is_outstanding_as_is_on_its_way_and_little_more() {
    let near = outstanding_after_a_while(Duration::from_millis(1));
    assert!((15..=40).contains(&near), "{near}");
    let far = outstanding_after_a_while(Duration::from_millis(400));
    assert!((40..=64).contains(&far), "{far}");
}

#[test]
fn a_wide_window_is_filled_in_one_go_and_not_chunk_by_chunk() {
    let mut scheduler = scheduler(1000, 11);
    let mut now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(1000));
    let mut outstanding = scheduler.requests(now, 1);
    let mut asked = 0;
    for _ in 0..200 {
        now += Duration::from_millis(5);
        let index = outstanding.remove(0);
        store(&mut scheduler, now, 1, index);
        let more = scheduler.requests(now, 1);
        asked += usize::from(!more.is_empty());
        outstanding.extend(more);
        assert!(!outstanding.is_empty());
    }
    assert!(asked < 60, "{asked} times for 200 chunks");
}

#[test]
fn a_peer_that_stops_is_snubbed_and_its_chunks_go_to_another() {
    let mut scheduler = scheduler(4, 5);
    let start = Instant::now();
    scheduler.peer_has(start, 1, Bitfield::full(4));
    let stuck = scheduler.requests(start, 1);
    let deadline = scheduler.next_deadline().unwrap();
    assert!(scheduler.time_out(deadline - Duration::from_millis(1)).is_empty());
    assert_eq!(scheduler.time_out(deadline), [1]);
    scheduler.peer_has(deadline, 2, Bitfield::full(4));
    let mut asked: Vec<ChunkIndex> = scheduler.requests(deadline, 2);
    while let Some(index) = asked.pop() {
        store(&mut scheduler, deadline, 2, index);
        asked.extend(scheduler.requests(deadline, 2));
    }
    assert!(scheduler.is_done());
    // A chunk that the slow peer sends in the end is no longer needed.
    assert_eq!(scheduler.arrived(deadline, 1, stuck[0], CHUNK), Arrival::Superfluous);
}

#[test]
fn peers_that_never_deliver_do_not_keep_a_chunk_among_themselves() {
    let mut scheduler = scheduler(1, 6);
    let mut now = Instant::now();
    (0..3).for_each(|key| scheduler.peer_has(now, key, Bitfield::full(1)));
    let mut asked = Vec::new();
    for _ in 0..4 {
        let snubbed = scheduler.time_out(now);
        let others = (0..3).filter(|key| !snubbed.contains(key)).collect::<Vec<PeerKey>>();
        for key in others.into_iter().chain(snubbed) {
            asked.extend(scheduler.requests(now, key).into_iter().map(|_| key));
        }
        now = scheduler.next_deadline().unwrap();
    }
    assert!(asked.contains(&2), "{asked:?}");
}

#[test]
fn a_snubbed_peer_gets_one_request_until_it_delivers() {
    let mut scheduler = scheduler(20, 6);
    let start = Instant::now();
    scheduler.peer_has(start, 1, Bitfield::full(20));
    scheduler.requests(start, 1);
    let later = scheduler.next_deadline().unwrap();
    scheduler.time_out(later);
    let one = scheduler.requests(later, 1);
    assert_eq!(one.len(), 1);
    assert!(scheduler.requests(later, 1).is_empty());
    store(&mut scheduler, later, 1, one[0]);
    assert!(scheduler.requests(later, 1).len() >= 2);
}

#[test]
fn in_the_endgame_an_idle_peer_duplicates_and_the_loser_is_cancelled() {
    let mut scheduler = scheduler(2, 7);
    let now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(2));
    let slow = scheduler.requests(now, 1);
    assert_eq!(slow.len(), 2);
    scheduler.peer_has(now, 2, Bitfield::full(2));
    let duplicated = scheduler.requests(now, 2);
    assert_eq!(duplicated, [slow[1]], "the one that would take longest");
    assert_eq!(store(&mut scheduler, now, 2, duplicated[0]), Some(1));
    assert_eq!(store(&mut scheduler, now, 1, slow[0]), None);
    assert!(scheduler.is_done());
}

#[test]
fn a_peer_that_is_busy_is_left_alone_until_it_said() {
    let mut scheduler = scheduler(10, 8);
    let now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(10));
    for index in scheduler.requests(now, 1) {
        scheduler.busy(now, 1, index, Duration::from_millis(500));
    }
    assert!(scheduler.requests(now, 1).is_empty());
    assert_eq!(scheduler.next_deadline(), Some(now + Duration::from_millis(500)));
    assert_eq!(scheduler.requests(now + Duration::from_millis(500), 1).len(), 2);
}

#[test]
fn a_chunk_that_is_put_off_is_asked_for_later_and_others_at_once() {
    let mut scheduler = scheduler(3, 10);
    let now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(3));
    let asked = scheduler.requests(now, 1);
    assert_eq!(asked.len(), 2);
    scheduler.put_off(now, 1, asked[0], Duration::from_secs(1));
    let other = scheduler.requests(now, 1);
    assert!(other.len() == 1 && !asked.contains(&other[0]), "{other:?}");
    store(&mut scheduler, now, 1, asked[1]);
    assert!(scheduler.requests(now, 1).is_empty());
    let later = now + Duration::from_secs(1);
    assert!(scheduler.next_deadline().is_some_and(|deadline| deadline <= later));
    assert_eq!(scheduler.requests(later, 1), [asked[0]]);
}

#[test]
fn a_chunk_that_a_peer_does_not_have_after_all_is_not_asked_of_it_again() {
    let mut scheduler = scheduler(1, 9);
    let now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(1));
    let asked = scheduler.requests(now, 1);
    scheduler.rejected(1, asked[0]);
    assert!(scheduler.requests(now, 1).is_empty());
    scheduler.peer_got(1, asked[0]);
    assert_eq!(scheduler.requests(now, 1), asked);
}

fn limited(bytes_per_second: u32, is_reached: bool) -> Option<Limited> {
    Some(Limited { rate: bytes_per_second.try_into().unwrap(), is_reached })
}

#[test]
fn at_a_limit_no_more_is_outstanding_than_comes_in_a_while() {
    let mut scheduler = scheduler(100, 12);
    let now = Instant::now();
    (0..10).for_each(|key| scheduler.peer_has(now, key, Bitfield::full(100)));
    let mut asked = |rate| {
        scheduler.set_limited(limited(rate, true));
        (0..10).map(|key| scheduler.requests(now, key).len()).sum::<usize>()
    };
    assert_eq!(asked(10_000), 2, "however low the limit is");
    assert_eq!(asked(CHUNK as u32), 4 - 2, "four seconds' worth");
    assert_eq!(asked(u32::MAX), 20 - 4, "a high limit leaves it to the windows");
}

#[test]
fn at_a_limit_nothing_is_fetched_twice() {
    let mut scheduler = scheduler(2, 13);
    let now = Instant::now();
    scheduler.peer_has(now, 1, Bitfield::full(2));
    assert_eq!(scheduler.requests(now, 1).len(), 2);
    scheduler.peer_has(now, 2, Bitfield::full(2));
    scheduler.set_limited(limited(u32::MAX, true));
    assert!(scheduler.requests(now, 2).is_empty());
    scheduler.set_limited(limited(u32::MAX, false));
    assert_eq!(scheduler.requests(now, 2).len(), 1, "a limit that is not reached changes nothing");
}

#[test]
fn a_peer_that_this_side_held_back_is_not_late() {
    let mut scheduler = scheduler(4, 14);
    let start = Instant::now();
    scheduler.peer_has(start, 1, Bitfield::full(4));
    scheduler.requests(start, 1);
    let deadline = scheduler.next_deadline().unwrap();
    scheduler.held_back(1, deadline);
    assert!(scheduler.time_out(deadline).is_empty());
    let later = scheduler.next_deadline().unwrap();
    assert!(later > deadline);
    assert_eq!(scheduler.time_out(later), [1], "from then on it is");
}

#[test]
fn in_sequence_the_lowest_missing_chunk_that_a_peer_has_comes_next_after_the_last() {
    let mut scheduler = scheduler(100, 15);
    let now = Instant::now();
    scheduler.set_sequential(true);
    let numbers = |asked: &[ChunkIndex]| asked.iter().map(|index| index.get()).collect::<Vec<_>>();
    scheduler.peer_has(now, 1, Bitfield::full(100));
    let first = scheduler.requests(now, 1);
    assert_eq!(numbers(&first), [99, 0], "the window is kept, and the last chunk proves the length");
    scheduler.peer_has(now, 2, some(100, [0, 1, 4, 7, 99]));
    let second = scheduler.requests(now, 2);
    assert_eq!(numbers(&second), [1, 4]);
    first.iter().for_each(|index| assert_eq!(store(&mut scheduler, now, 1, *index), None));
    assert_eq!(numbers(&scheduler.requests(now, 1)), [2, 3, 5, 6], "it grew by what came");
    // Chunks that are missing again come first again.
    scheduler.peer_gone(2);
    scheduler.peer_has(now, 3, Bitfield::full(100));
    assert_eq!(numbers(&scheduler.requests(now, 3)), [1, 4]);
}

#[test]
fn a_sequence_can_begin_and_end_on_the_way() {
    let mut scheduler = scheduler(200, 16);
    let now = Instant::now();
    let mut next = |key, sequential| {
        scheduler.set_sequential(sequential);
        scheduler.peer_has(now, key, Bitfield::full(200));
        scheduler.requests(now, key).iter().map(|index| index.get()).collect::<Vec<_>>()
    };
    next(1, false);
    let lowest: Vec<u32> = (2..6).flat_map(|key| next(key, true)).collect();
    assert!(lowest.is_sorted() && lowest[7] < 12, "{lowest:?}");
    let rarest: Vec<u32> = (6..10).flat_map(|key| next(key, false)).collect();
    assert!(!rarest.is_sorted(), "{rarest:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Peers come, go, stall, refuse and send rubbish at random; one honest seeder stays. The download always ends, and
    /// no chunk is stored twice.
    #[test]
    fn every_download_ends(seed: u64, num_chunks in 0u32..60) {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut scheduler = scheduler(num_chunks, seed);
        let mut now = Instant::now();
        let mut outstanding: HashMap<PeerKey, Vec<ChunkIndex>> = HashMap::new();
        let mut stored = HashSet::new();
        scheduler.peer_has(now, 0, Bitfield::full(num_chunks));
        for step in 0u64.. {
            if scheduler.is_done() {
                break;
            }
            prop_assert!(step < 20_000, "stuck: {scheduler:?}");
            now += Duration::from_millis(rng.random_range(0..400));
            let stalled = scheduler.time_out(now);
            prop_assert!(stalled.iter().all(|key| outstanding.contains_key(key)));
            let key = rng.random_range(0..6);
            scheduler.set_sequential(rng.random_bool(0.5));
            match rng.random_range(0..12) {
                0 if key != 0 => { scheduler.peer_gone(key); outstanding.remove(&key); }
                1 if key != 0 => {
                    let has = (0..num_chunks).filter(|_| rng.random_bool(0.5));
                    scheduler.peer_has(now, key, some(num_chunks, has));
                }
                2 if num_chunks > 0 => {
                    let index = layout(num_chunks).index(rng.random_range(0..num_chunks)).unwrap();
                    scheduler.peer_got(key, index);
                }
                3..6 => {
                    let asked = scheduler.requests(now, key);
                    outstanding.entry(key).or_default().extend(asked);
                }
                _ => {
                    let Some(queue) = outstanding.get_mut(&key).filter(|queue| !queue.is_empty()) else { continue };
                    let index = queue.remove(0);
                    if key != 0 && rng.random_bool(0.2) {
                        match rng.random_range(0..3) {
                            0 => scheduler.busy(now, key, index, Duration::from_millis(300)),
                            1 => scheduler.put_off(now, key, index, Duration::from_millis(300)),
                            _ => scheduler.rejected(key, index),
                        }
                    } else if let Arrival::Wanted { cancel } = scheduler.arrived(now, key, index, CHUNK) {
                        if let Some(queue) = cancel.and_then(|other| outstanding.get_mut(&other)) {
                            queue.retain(|i| *i != index);
                        }
                        if key != 0 && rng.random_bool(0.3) {
                            scheduler.discarded(index);
                        } else {
                            scheduler.stored(index);
                            prop_assert!(stored.insert(index), "{} was stored twice", index);
                        }
                    }
                }
            }
        }
        prop_assert_eq!(stored.len() as u32, num_chunks);
    }
}
