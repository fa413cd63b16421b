//! The tracker without HTTP, in virtual time: what its parts do together.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::PeerId;
use sprat_protocol::tracker::{Answer, Register, RegisterFile, Registered, Request, Search, SearchHit};
use sprat_tracker::{Config, Now, Tracker};

struct World {
    tracker: Tracker,
    now: Now,
}

fn file_id(number: u8) -> FileId {
    format!("{number:064x}").parse().unwrap()
}

fn seed(file: u8, name: &str) -> RegisterFile {
    let chunk_size = ChunkSize::DEFAULT;
    RegisterFile { file_id: file_id(file), name: name.into(), size: 1, chunk_size, num_chunks: 1, complete: true }
}

impl World {
    fn new() -> Self {
        let now = Now { instant: Instant::now(), unix_seconds: 1_790_000_000 };
        Self { tracker: Tracker::new(&Config::default(), StdRng::seed_from_u64(3), now), now }
    }

    fn wait(&mut self, seconds: u64) {
        self.now.instant += Duration::from_secs(seconds);
        self.now.unix_seconds += seconds;
    }

    fn register(&self, peer: u8, observed: &str, files: Vec<RegisterFile>) -> Registered {
        let register = Register { peer_id: PeerId::new([peer; 32]), port: 4000, addresses: vec![], files };
        let answer = self.tracker.answer(Request::Register(register), observed.parse().unwrap(), self.now);
        let Ok(Answer::Registered(registered)) = answer else { panic!("{answer:?}") };
        registered
    }

    fn search(&self, words: &str, page: u32) -> (Vec<SearchHit>, bool) {
        let search = Request::Search(Search { words: words.into(), page });
        let answer = self.tracker.answer(search, IpAddr::from([10, 0, 0, 1]), self.now);
        let Ok(Answer::SearchAnswer(answer)) = answer else { panic!("{answer:?}") };
        (answer.files, answer.more)
    }
}

#[test]
fn the_catalogue_follows_the_swarms() {
    let mut world = World::new();
    world.register(1, "203.0.113.1", vec![seed(1, "lie")]);
    world.wait(80);
    world.register(2, "203.0.113.2", vec![seed(1, "truth")]);
    assert_eq!((world.search("lie", 0).0.len(), world.search("truth", 0).0.len()), (1, 0));
    world.wait(80);
    while world.tracker.expire(world.now) {}
    let hits = world.search("truth", 0).0;
    assert_eq!((hits[0].file_id, hits[0].seeders, hits[0].first_seen), (file_id(1), 1, 1_790_000_000));
    assert!(world.search("lie", 0).0.is_empty());
    world.wait(80);
    while world.tracker.expire(world.now) {}
    assert!(world.search("", 0).0.is_empty());
}

#[test]
fn a_search_goes_over_more_files_than_one_slice() {
    let world = World::new();
    for peer in 0..25u8 {
        let files = (0..100u32).map(|number| RegisterFile {
            file_id: format!("{:064x}", u32::from(peer) * 100 + number).parse().unwrap(),
            ..seed(0, &format!("file {number:03} of {peer}"))
        });
        world.register(peer, &format!("203.0.113.{peer}"), files.collect());
    }
    let (hits, more) = world.search("FILE 007", 0);
    assert_eq!((hits.len(), more), (25, false));
    let (hits, more) = world.search("file", 49);
    assert_eq!((hits.len(), more), (50, false));
    assert!(world.search("file", 48).1);
}

#[test]
fn a_peer_over_ipv4_in_ipv6_is_a_peer_over_ipv4() {
    let world = World::new();
    let registered = world.register(1, "::ffff:203.0.113.1", vec![seed(1, "a")]);
    assert_eq!(registered.observed, IpAddr::from([203, 0, 113, 1]));
    let info = world.tracker.file(file_id(1), "203.0.113.9".parse().unwrap(), world.now).unwrap();
    assert_eq!(info.peers[0].addresses, ["203.0.113.1:4000".parse().unwrap()]);
}
