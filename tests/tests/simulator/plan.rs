//! Plan of one swarm, drawn from its seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sprat_tests::liar::Lie;

use crate::network::Weather;

/// Lies that make a peer no seeder of good chunks.
const LIES: [Lie; 11] = [
    Lie::CorruptChunks,
    Lie::CorruptSome,
    Lie::Trickle,
    Lie::CorruptHashes,
    Lie::WrongSize,
    Lie::Silence,
    Lie::HalfAChunk,
    Lie::Unasked,
    Lie::TooLong,
    Lie::AnotherName,
    Lie::Zeros,
];
/// Sizes at which something changes.
const SIZES: [usize; 6] = [0, 1, 16 * 1024, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1];
/// For how long something new may go wrong.
const TROUBLED: Duration = Duration::from_secs(60);

/// One swarm's fate.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Seed that the plan was drawn from.
    pub(crate) seed: u64,
    /// The network.
    pub(crate) weather: Weather,
    /// Bytes of the file.
    pub(crate) size: usize,
    /// Number of peers that share the file from the beginning.
    pub(crate) seeders: usize,
    /// Time at which each of the others wants the file.
    pub(crate) wanted: Vec<Duration>,
    /// Peers that only claim to have the file, by their lies.
    pub(crate) liars: Vec<Lie>,
    /// Events in their order. Peers are numbered, seeders first.
    pub(crate) events: Vec<(Duration, Event)>,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// Nothing gets from one peer to another.
    Blocked(usize, usize),
    /// Hosts that are connected again.
    Healed(usize, usize),
    /// The connections of a peer end.
    Cut {
        /// The peer whose host moves.
        peer: usize,
        /// Without anybody hearing of it.
        silently: bool,
    },
    /// A peer's host gets another address.
    Moved(usize),
    /// The tracker goes, and forgets everything.
    TrackerGone,
    /// The tracker is back.
    TrackerBack,
    /// A peer's program ends.
    Left(usize),
    /// A peer is started again.
    Came(usize),
}

impl Plan {
    /// The fate that this seed gives.
    pub(crate) fn of(seed: u64) -> Self {
        let rng = &mut StdRng::seed_from_u64(seed);
        let millis = |rng: &mut StdRng, range| Duration::from_millis(rng.random_range(range));
        let weather = Weather {
            latency: millis(rng, 0..150),
            jitter: millis(rng, 0..50),
            lost_of_1000: *[0, 0, 1, 10, 50].choose(rng).expect("there are some"),
            rate: *[300_000, 1_000_000, 10_000_000, 100_000_000].choose(rng).expect("there are some"),
        };
        let size = match rng.random_range(0..4) {
            0 => *SIZES.choose(rng).expect("there are some"),
            1 => rng.random_range(0..512 * 1024),
            _ => rng.random_range(512 * 1024..3 * 1024 * 1024),
        };
        let seeders = rng.random_range(1..3);
        let wanted = (0..rng.random_range(1..4)).map(|_| millis(rng, 0..10_000)).collect::<Vec<_>>();
        let liars = (0..rng.random_range(0..3)).map(|_| *LIES.choose(rng).expect("there are some")).collect();
        let peers = seeders + wanted.len();
        let mut events = Vec::new();
        for _ in 0..rng.random_range(0..6) {
            let (at, lasts) = (millis(rng, 0..TROUBLED.as_millis() as u64), millis(rng, 100..60_000));
            let [one, other] = [rng.random_range(0..peers), rng.random_range(0..peers)];
            match rng.random_range(0..6) {
                0 => events.extend([(at, Event::Blocked(one, other)), (at + lasts, Event::Healed(one, other))]),
                1 => {
                    let both = [(one, other), (other, one)];
                    events.extend(both.map(|(from, to)| (at, Event::Blocked(from, to))));
                    events.extend(both.map(|(from, to)| (at + lasts, Event::Healed(from, to))));
                }
                2 => events.push((at, Event::Cut { peer: one, silently: false })),
                3 => events.push((at, Event::Cut { peer: one, silently: true })),
                4 => events.extend([(at, Event::TrackerGone), (at + lasts, Event::TrackerBack)]),
                _ => events.extend([(at, Event::Left(one)), (at + lasts, Event::Came(one))]),
            }
        }
        for _ in 0..rng.random_range(0..3) {
            events.push((millis(rng, 0..TROUBLED.as_millis() as u64), Event::Moved(rng.random_range(0..peers))));
        }
        events.sort_by_key(|(at, _)| *at);
        Self { seed, weather, size, seeders, wanted, liars, events }
    }
}
