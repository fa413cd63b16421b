//! Swarms that several threads use at once: nothing leaks, nothing tears, and nobody waits for ever.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use std::time::Instant;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sprat_chunking::FileId;
use sprat_chunking::{ChunkSize, Layout};
use sprat_protocol::PeerId;

use super::world::parse;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::holding::Summary;
use crate::model::holding::{Asker, Claim, Offer, Share};
use crate::store::swarm::store::Swarms;

const LEASE: Duration = Duration::from_secs(4);
const NUM_THREADS: u64 = 4;
/// Time that a machine that is busy with something else may need.
const PATIENCE: Duration = Duration::from_secs(120);

/// State that all threads share: the swarms, the time, and everybody's token as far as others know it.
struct Arena {
    swarms: Swarms,
    start: Instant,
    millis: AtomicU64,
    tokens: Vec<Mutex<u128>>,
    num_files: u32,
    limits: Limits,
}

fn file_id(number: u32) -> FileId {
    format!("{number:064x}").parse().unwrap()
}

fn peer_id(number: usize) -> PeerId {
    PeerId::new([number as u8; 32])
}

impl Arena {
    fn new(num_peers: usize, num_files: u32, limits: Limits) -> Self {
        Self {
            swarms: Swarms::new(LEASE, limits.clone(), StdRng::seed_from_u64(1)),
            start: Instant::now(),
            millis: AtomicU64::new(0),
            tokens: (0..num_peers).map(|_| Mutex::new(0)).collect(),
            num_files,
            limits,
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }

    /// One of a handful of addresses, so that networks fill up and peers move.
    fn address(rng: &mut StdRng) -> IpAddr {
        IpAddr::from([203, 0, 113, rng.random_range(0..8)])
    }

    fn file_ids(&self, rng: &mut StdRng) -> Vec<FileId> {
        (0..rng.random_range(0..4)).map(|_| file_id(rng.random_range(0..self.num_files))).collect()
    }

    /// Does something to some peer. Whether that is granted depends on what the others do.
    fn step(&self, rng: &mut StdRng) {
        let number = rng.random_range(0..self.tokens.len());
        let (now, peer, token) = (self.now(), peer_id(number), *self.tokens[number].lock());
        match rng.random_range(0..1000) {
            0..300 => self.register(rng, number),
            300..600 => self.query(rng, peer),
            600..800 => {
                let _ = self.swarms.heartbeat(now, peer, token, Self::address(rng), &self.file_ids(rng));
            }
            800..860 => {
                let some = self.file_ids(rng);
                let all = rng.random_bool(0.3);
                let _ = self.swarms.unregister(now, peer, token, (!all).then_some(some.as_slice()));
            }
            860..900 => self.swarms.set_reachable(peer, Self::address(rng), rng.random()),
            900..940 => {
                // Seldom everybody is late.
                let wait = if rng.random_bool(0.02) { LEASE.as_millis() as u64 } else { rng.random_range(0..50) };
                self.millis.fetch_add(wait, Ordering::Relaxed);
            }
            940..990 => {
                self.swarms.expire(now);
            }
            990..998 => self.swarms.remove_peer(peer),
            _ => self.swarms.remove_file(file_id(rng.random_range(0..self.num_files))),
        }
    }

    fn register(&self, rng: &mut StdRng, number: usize) {
        let shares = self.file_ids(rng).into_iter().map(|file_id| {
            let layout = Layout::new(rng.random_range(0..2), ChunkSize::DEFAULT).unwrap();
            let claim = Claim { name: rng.random_range(0..3).to_string().into(), layout };
            Share { file_id, claim, complete: rng.random() }
        });
        let mut offers: Vec<Offer> = shares.map(Offer::new).collect();
        let contact = Contact::new(Self::address(rng), 4000, &[]);
        if let Ok(registration) = self.swarms.register(self.now(), peer_id(number), contact, &mut offers) {
            *self.tokens[number].lock() = registration.token;
        }
    }

    fn query(&self, rng: &mut StdRng, peer_id: PeerId) {
        let file_ids = self.file_ids(rng);
        let asker = Asker { peer_id: Some(peer_id), address: Self::address(rng) };
        let found = self.swarms.query(self.now(), &file_ids, asker, 10);
        let files = parse(&found);
        assert_eq!(files.len() + found.unknown.len(), file_ids.len());
        for info in files {
            let told: BTreeSet<PeerId> = info.peers.iter().map(|info| info.peer_id).collect();
            assert!(told.len() == info.peers.len() && told.len() <= 10 && !told.contains(&peer_id));
        }
    }

    /// Asserts that the lists of the peers, the swarms and the counts say the same.
    fn assert_sound(&self) {
        let totals = self.swarms.totals();
        assert!(totals.peers <= self.limits.peers && totals.files <= self.limits.files);
        assert!(totals.seeders + totals.leechers <= self.limits.holdings);
        let file_ids: Vec<FileId> = (0..self.num_files).map(file_id).collect();
        let summaries: Vec<Summary> = self.swarms.summaries(&file_ids).into_iter().flatten().collect();
        let peers = self.swarms.leases.peers();
        let held = (0..self.tokens.len()).filter_map(|number| Some(peers.find(peer_id(number))?.1.held().files.len()));
        let held: Vec<usize> = held.collect();
        assert_eq!(summaries.len(), totals.files);
        assert_eq!(summaries.iter().map(|summary| summary.seeders).sum::<usize>(), totals.seeders);
        assert_eq!(summaries.iter().map(|summary| summary.leechers).sum::<usize>(), totals.leechers);
        assert_eq!((held.len(), held.iter().sum()), (totals.peers, totals.seeders + totals.leechers));
    }
}

/// Lets the threads do so many steps each, several times over, and looks each time when all are done.
fn run(arena: Arena, steps: usize) {
    let arena = Arc::new(arena);
    for round in 0..5 {
        let (done, all_done) = mpsc::channel::<()>();
        let threads = (0..NUM_THREADS).map(|thread| {
            let (arena, done) = (arena.clone(), done.clone());
            thread::spawn(move || {
                let mut rng = StdRng::seed_from_u64(round * NUM_THREADS + thread);
                (0..steps).for_each(|_| arena.step(&mut rng));
                drop(done);
            })
        });
        let threads: Vec<_> = threads.collect();
        drop(done);
        // Nothing is ever sent: a thread that is done, or panics, drops its end.
        assert_eq!(all_done.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected), "they wait for each other");
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        arena.assert_sound();
    }
    arena.millis.fetch_add(LEASE.as_millis() as u64, Ordering::Relaxed);
    while arena.swarms.expire(arena.now()) {}
    assert!(arena.swarms.is_empty(), "something leaked: {:?}", arena.swarms);
}

#[test]
fn few_peers_with_few_files_that_everybody_quarrels_about() {
    let limits = Limits {
        peers: 5,
        peers_per_address: 2,
        files: 4,
        holdings: 12,
        files_per_peer: 3,
        network_share: 70,
        ..Limits::default()
    };
    run(Arena::new(6, 5, limits), 3000);
}

#[test]
fn crowds() {
    run(Arena::new(200, 3, Limits::default()), 3000);
}
