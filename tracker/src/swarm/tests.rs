//! Swarms in virtual time.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

const LEASE: Duration = Duration::from_secs(90);
const SECOND: Duration = Duration::from_secs(1);

/// Swarms with a clock that stands still until it is told otherwise, and the tokens of everybody's lease.
struct World {
    swarms: Swarms,
    rng: StdRng,
    now: Instant,
    tokens: BTreeMap<u8, u128>,
}

fn peer(number: u8) -> PeerId {
    PeerId::new([number; 32])
}

fn file(number: u8) -> FileId {
    format!("{number:064x}").parse().unwrap()
}

fn claim(name: &str, size: u64, chunk_kib: u32) -> Claim {
    let chunk_size = ChunkSize::new(chunk_kib * 1024).unwrap();
    Claim { name: name.into(), layout: Layout::new(size, chunk_size).unwrap() }
}

fn share(number: u8, complete: bool) -> Share {
    Share { file_id: file(number), claim: claim("name", 300_000, 256), complete }
}

/// The address of a peer: one network each.
fn address(number: u8) -> IpAddr {
    IpAddr::from([203, 0, 113, number])
}

impl World {
    fn new(limits: Limits) -> Self {
        let swarms = Swarms::new(LEASE, limits);
        Self { swarms, rng: StdRng::seed_from_u64(1), now: Instant::now(), tokens: BTreeMap::new() }
    }

    fn register_from(&mut self, number: u8, observed: IpAddr, shares: &[Share]) -> Result<(), PeerRefusal> {
        let contact = Contact::new(observed, 4000, &[]);
        let token = self.swarms.register(self.now, &mut self.rng, peer(number), contact)?;
        self.tokens.insert(number, token);
        for share in shares {
            self.swarms.add(self.now, peer(number), share.clone()).unwrap();
        }
        Ok(())
    }

    fn register(&mut self, number: u8, shares: &[Share]) {
        self.register_from(number, address(number), shares).unwrap();
    }

    fn add(&mut self, number: u8, share: Share) -> Result<ChunkSize, FileRefusal> {
        self.swarms.add(self.now, peer(number), share)
    }

    fn heartbeat(&mut self, number: u8, completed: &[FileId]) -> Result<(), UnknownLease> {
        self.swarms.heartbeat(self.now, peer(number), self.tokens[&number], address(number), completed)
    }

    fn unregister(&mut self, number: u8, file_ids: Option<&[FileId]>) -> Result<usize, UnknownLease> {
        self.swarms.unregister(self.now, peer(number), self.tokens[&number], file_ids)
    }

    fn query(&mut self, asker: Option<u8>, file_id: FileId, max_peers: usize) -> Option<(Summary, Vec<PeerInfo>)> {
        let asker = Asker { peer_id: asker.map(peer), address: address(255) };
        self.swarms.query(self.now, &mut self.rng, file_id, asker, max_peers)
    }

    /// Who is told to an asker, in order of their numbers.
    fn told(&mut self, asker: Option<u8>, file_id: FileId) -> Vec<u8> {
        let peers = self.query(asker, file_id, 100).map(|(_, peers)| peers).unwrap_or_default();
        let numbers: BTreeSet<u8> = peers.iter().map(|info| info.peer_id.as_bytes()[0]).collect();
        numbers.into_iter().collect()
    }

    fn counts(&self, file_id: FileId) -> (usize, usize) {
        self.swarms.summary(file_id).map_or((0, 0), |summary| (summary.seeders, summary.leechers))
    }
}

#[test]
fn a_lease_ends_when_nothing_renews_it() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true), share(2, false)]);
    world.now += LEASE - SECOND;
    assert_eq!((world.told(None, file(1)), world.told(None, file(2))), (vec![1], vec![1]));
    world.now += SECOND;
    assert_eq!(world.query(None, file(1), 10), None);
    assert_eq!(world.heartbeat(1, &[]), Err(UnknownLease));
    assert_eq!(world.add(1, share(3, true)), Err(FileRefusal::UnknownLease(UnknownLease)));
    assert!(world.swarms.is_empty());
}

#[test]
fn one_heartbeat_renews_everything() {
    let mut world = World::new(Limits::default());
    let shares: Vec<Share> = (0..50).map(|number| share(number, true)).collect();
    world.register(1, &shares);
    for _ in 0..10 {
        world.now += LEASE - SECOND;
        world.heartbeat(1, &[]).unwrap();
    }
    assert!((0..50).all(|number| world.told(None, file(number)) == [1]));
    world.now += LEASE;
    assert!(!world.swarms.expire(world.now, usize::MAX));
    assert!(world.swarms.is_empty());
}

#[test]
fn a_heartbeat_makes_seeders_of_leechers() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, false), share(2, false)]);
    world.heartbeat(1, &[file(1), file(1), file(9)]).unwrap();
    assert_eq!((world.counts(file(1)), world.counts(file(2)), world.counts(file(9))), ((1, 0), (0, 1), (0, 0)));
    assert_eq!(world.swarms.totals(), Totals { peers: 1, files: 2, seeders: 1, leechers: 1 });
}

#[test]
fn only_the_right_token_keeps_or_ends_a_lease() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true)]);
    let token = world.tokens[&1];
    for wrong in [token ^ 1, token ^ (1 << 127), !token] {
        world.tokens.insert(1, wrong);
        assert_eq!(world.heartbeat(1, &[]), Err(UnknownLease));
        assert_eq!(world.unregister(1, None), Err(UnknownLease));
    }
    world.tokens.insert(1, token);
    world.register(1, &[]);
    assert_ne!(world.tokens[&1], token);
    world.heartbeat(1, &[]).unwrap();
    world.tokens.insert(1, token);
    assert_eq!(world.heartbeat(1, &[]), Err(UnknownLease));
}

#[test]
fn registering_again_adds_files_and_replaces_the_address() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true)]);
    world.register_from(1, address(9), &[share(2, false), share(1, false)]).unwrap();
    let (_, peers) = world.query(None, file(1), 10).unwrap();
    assert_eq!(peers[0].addresses, [(address(9), 4000).into()]);
    assert_eq!((world.counts(file(1)), world.counts(file(2))), ((0, 1), (0, 1)));
    world.heartbeat(1, &[]).unwrap();
    let (_, peers) = world.query(None, file(1), 10).unwrap();
    assert_eq!(peers[0].addresses, [(address(1), 4000).into()]);
}

#[test]
fn unregister_takes_back_some_or_all() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true), share(2, true), share(3, false)]);
    world.register(2, &[share(1, true)]);
    assert_eq!(world.unregister(1, Some(&[file(1), file(1), file(9)])), Ok(1));
    assert_eq!((world.told(None, file(1)), world.told(None, file(2))), (vec![2], vec![1]));
    assert_eq!(world.unregister(1, None), Ok(2));
    assert_eq!(world.unregister(1, None), Err(UnknownLease));
    assert_eq!(world.unregister(2, None), Ok(1));
    assert!(world.swarms.is_empty());
}

#[test]
fn nobody_is_told_of_itself_and_no_seeder_of_seeders() {
    let mut world = World::new(Limits::default());
    for number in 1..=6 {
        world.register(number, &[share(1, number <= 3)]);
    }
    assert_eq!(world.told(None, file(1)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.told(Some(9), file(1)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.told(Some(4), file(1)), [1, 2, 3, 5, 6]);
    assert_eq!(world.told(Some(1), file(1)), [4, 5, 6]);
    let (_, peers) = world.query(None, file(1), 100).unwrap();
    assert!(peers.iter().all(|info| info.complete == (info.peer_id.as_bytes()[0] <= 3)));
}

#[test]
fn everybody_is_told_about_as_often() {
    let mut world = World::new(Limits::default());
    for number in 0..20 {
        world.register(number, &[share(1, number % 2 == 0)]);
    }
    let mut told = [0u32; 20];
    for _ in 0..2000 {
        let (_, peers) = world.query(Some(19), file(1), 5).unwrap();
        let distinct: BTreeSet<PeerId> = peers.iter().map(|info| info.peer_id).collect();
        assert_eq!(distinct.len(), 5);
        distinct.iter().for_each(|peer_id| told[usize::from(peer_id.as_bytes()[0])] += 1);
    }
    // 2000 × 5 / 19 = 526 each, with a standard deviation of about 20.
    assert_eq!(told[19], 0);
    assert!(told[..19].iter().all(|count| (426..626).contains(count)), "{told:?}");
}

#[test]
fn a_peer_that_the_asker_cannot_reach_is_not_told() {
    let mut world = World::new(Limits::default());
    world.register_from(1, IpAddr::from([127, 0, 0, 1]), &[share(1, true)]).unwrap();
    assert_eq!((world.told(None, file(1)), world.counts(file(1))), (vec![], (1, 0)));
}

#[test]
fn a_liar_is_outvoted_whatever_others_call_the_file() {
    let mut world = World::new(Limits::default());
    let put = |world: &mut World, number, claim, complete| {
        world.register(number, &[Share { file_id: file(1), claim, complete }]);
    };
    let told = |world: &World| world.swarms.summary(file(1)).unwrap().claim;
    put(&mut world, 1, claim("evil", 1 << 30, 1024), true);
    put(&mut world, 2, claim("evil", 1 << 30, 1024), false);
    assert_eq!(told(&world), claim("evil", 1 << 30, 1024));
    put(&mut world, 3, claim("a", 300_000, 256), true);
    assert_eq!(told(&world), claim("evil", 1 << 30, 1024));
    put(&mut world, 4, claim("b", 300_000, 256), true);
    assert_eq!(told(&world).layout, claim("", 300_000, 256).layout);
    put(&mut world, 5, claim("b", 300_000, 256), true);
    assert_eq!(told(&world), claim("b", 300_000, 256));
    let late = Share { file_id: file(1), claim: claim("c", 300_000, 64), complete: true };
    world.register(6, &[]);
    assert_eq!(world.add(6, late), Ok(ChunkSize::DEFAULT));
}

#[test]
fn changed_names_and_emptied_swarms_are_reported() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true), share(2, true)]);
    assert_eq!(world.swarms.take_changed(), [file(1), file(2)]);
    world.register(2, &[share(1, true)]);
    assert_eq!(world.swarms.take_changed(), []);
    world.unregister(1, None).unwrap();
    assert_eq!(world.swarms.take_changed(), [file(2)]);
    world.now += LEASE;
    world.swarms.expire(world.now, 100);
    assert_eq!(world.swarms.take_changed(), [file(1)]);
}

#[test]
fn expiry_goes_in_steps() {
    let mut world = World::new(Limits::default());
    for number in 0..10 {
        world.register(number, &[share(1, true), share(2, true), share(3, number > 0)]);
    }
    world.now += LEASE;
    let mut calls = 1;
    while world.swarms.expire(world.now, 4) {
        calls += 1;
        assert!((0..10).all(|number| world.swarms.leases.live(world.now, peer(number)).is_none()));
    }
    assert_eq!(calls, 10);
    assert!(world.swarms.is_empty());
}

#[test]
fn a_peer_that_comes_back_before_it_was_cleared_starts_anew() {
    let mut world = World::new(Limits::default());
    for number in 0..200 {
        world.register(number, &[share(1, true)]);
    }
    world.now += LEASE;
    world.register(199, &[share(2, true)]);
    assert_eq!(world.told(None, file(2)), [199]);
    world.swarms.expire(world.now, usize::MAX);
    assert_eq!(world.swarms.totals(), Totals { peers: 1, files: 1, seeders: 1, leechers: 0 });
}

#[test]
fn limits_on_peers_hold_at_their_edge() {
    let limits = Limits { peers: 3, peers_per_address: 2, ..Limits::default() };
    let mut world = World::new(limits);
    world.register_from(1, address(1), &[]).unwrap();
    world.register_from(2, address(1), &[]).unwrap();
    assert_eq!(world.register_from(3, address(1), &[]), Err(PeerRefusal::AddressFull));
    world.register_from(2, address(1), &[]).unwrap();
    world.register_from(3, address(3), &[]).unwrap();
    assert_eq!(world.register_from(4, address(4), &[]), Err(PeerRefusal::TrackerFull));
    assert_eq!(world.register_from(3, address(1), &[]), Err(PeerRefusal::AddressFull));
    // A heartbeat from a full network keeps the lease, and the address as it was.
    let token = world.tokens[&3];
    world.swarms.heartbeat(world.now, peer(3), token, address(1), &[]).unwrap();
    assert_eq!(world.swarms.leases.live(world.now, peer(3)).unwrap().contact.observed(), address(3));
    world.unregister(1, None).unwrap();
    world.register_from(4, address(1), &[]).unwrap();
    world.now += LEASE;
    world.register_from(5, address(1), &[]).unwrap();
}

#[test]
fn limits_on_files_hold_at_their_edge() {
    let edge = |limits: Limits, refusal: FileRefusal| {
        let mut world = World::new(limits);
        world.register(1, &[share(1, true)]);
        world.register(2, &[share(1, true), share(2, true)]);
        world.register(3, &[]);
        assert_eq!(world.add(2, share(2, false)), Ok(ChunkSize::DEFAULT), "what is there may be replaced");
        assert_eq!(world.add(2, share(3, true)), Err(refusal));
        assert_eq!(world.swarms.totals().files, 2);
        world
    };
    edge(Limits { files_per_peer: 2, ..Limits::default() }, FileRefusal::PeerFull);
    edge(Limits { files: 2, ..Limits::default() }, FileRefusal::TrackerFull);
    let mut world = edge(Limits { holdings: 3, ..Limits::default() }, FileRefusal::TrackerFull);
    assert_eq!(world.add(3, share(1, true)), Err(FileRefusal::TrackerFull));
    world.unregister(1, None).unwrap();
    assert_eq!(world.add(3, share(1, true)), Ok(ChunkSize::DEFAULT));

    let mut world = World::new(Limits { peers_per_swarm: 2, ..Limits::default() });
    (1..=2).for_each(|number| world.register(number, &[share(1, true)]));
    world.register(3, &[share(2, true)]);
    assert_eq!(world.add(3, share(1, true)), Err(FileRefusal::SwarmFull));
}
