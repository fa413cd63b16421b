//! The store in memory: what the messages cost of which there are most, without HTTP.

use std::hint::black_box;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::rngs::StdRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};
use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::PeerId;
use sprat_tracker::Limits;
use sprat_tracker::model::contact::Contact;
use sprat_tracker::model::holding::{Asker, Claim, Offer, Share};
use sprat_tracker::store::swarm::Swarms;

const NUM_FILES: u32 = 10_000;
const NUM_PEERS: u32 = 60_000;
const FILES_PER_PEER: usize = 10;

/// Everybody's swarms, in each of which are about 60 peers, and the tokens.
struct World {
    swarms: Swarms,
    now: Instant,
    tokens: Vec<u128>,
    rng: StdRng,
}

fn peer_id(number: u32) -> PeerId {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    PeerId::new(bytes)
}

fn file_id(number: u32) -> FileId {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    FileId::new(bytes)
}

fn address(number: u32) -> IpAddr {
    IpAddr::from((0x0B00_0000 + number).to_be_bytes())
}

impl World {
    fn new() -> Self {
        let swarms = Swarms::new(Duration::from_secs(90), Limits::default(), StdRng::seed_from_u64(1));
        let mut world = Self { swarms, now: Instant::now(), tokens: Vec::new(), rng: StdRng::seed_from_u64(2) };
        for number in 0..NUM_PEERS {
            let token = world.register(number);
            world.tokens.push(token);
        }
        world
    }

    fn register(&mut self, number: u32) -> u128 {
        let files = index::sample(&mut self.rng, NUM_FILES as usize, FILES_PER_PEER);
        let shares = files.iter().map(|file| {
            let layout = Layout::new(1 << 30, ChunkSize::DEFAULT).unwrap();
            let claim = Claim { name: format!("a file with a name of usual length {file}").into(), layout };
            Share { file_id: file_id(file as u32), claim, complete: file % 2 == 0 }
        });
        let declared = ["192.168.1.20:4000".parse().unwrap()];
        let contact = Contact::new(address(number), 4000, &declared);
        let mut offers: Vec<Offer> = shares.map(Offer::new).collect();
        self.swarms.register(self.now, peer_id(number), contact, &mut offers).unwrap().token
    }

    fn query(&mut self) -> Vec<u8> {
        let asker = Asker { peer_id: None, address: IpAddr::from([203, 0, 113, 1]) };
        let file_id = file_id(self.rng.random_range(0..NUM_FILES));
        self.swarms.query(self.now, &[file_id], asker, 50).files
    }
}

fn messages(criterion: &mut Criterion) {
    let mut world = World::new();
    let mut group = criterion.benchmark_group("query");
    group.throughput(Throughput::Bytes(world.query().len() as u64));
    group.bench_function("50 peers", |bencher| bencher.iter(|| black_box(world.query())));
    group.finish();

    criterion.bench_function("heartbeat", |bencher| {
        bencher.iter(|| {
            let number = world.rng.random_range(0..NUM_PEERS);
            let token = world.tokens[number as usize];
            world.swarms.heartbeat(world.now, peer_id(number), token, address(number), &[]).unwrap()
        });
    });
    criterion.bench_function("unregister and register 10 files", |bencher| {
        bencher.iter(|| {
            let number = world.rng.random_range(0..NUM_PEERS);
            let token = world.tokens[number as usize];
            world.swarms.unregister(world.now, peer_id(number), token, None).unwrap();
            world.tokens[number as usize] = world.register(number);
        });
    });
}

criterion_group!(benches, messages);
criterion_main!(benches);
