//! Conformance of every store, wherever it keeps who holds what: one list of cases, run over each store.
//!
//! Time is real here, because the cluster has clocks of its own; so leases are short, and what is to happen after a while is
//! waited for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::PeerId;
use sprat_protocol::tracker::FileInfo;
use sprat_tracker::model::contact::Contact;
use sprat_tracker::model::error::{FileRefusal, LeaseError, PeerRefusal, RegisterError, UnknownLease};
use sprat_tracker::model::holding::{Accepted, Asker, Claim, Found, Offer, Renewal, Share, Totals};
use sprat_tracker::store::Store;
use sprat_tracker::store::cluster::Cluster;
use sprat_tracker::store::swarm::Swarms;
use sprat_tracker::{Limits, Now};
use tokio::task::JoinHandle;
use tokio::time;
use tokio_util::sync::CancellationToken;

use servers::Servers;

mod servers;

/// Time beyond anything here, so that what hangs fails.
const LONG: Duration = Duration::from_secs(30);
/// Pause before looking again.
const PAUSE: Duration = Duration::from_millis(20);
/// A lease that is not over before a test is.
const LONG_LEASE: Duration = Duration::from_secs(600);
/// A lease that a test can wait for the end of.
const SHORT_LEASE: Duration = Duration::from_secs(1);
/// Number of the address from which somebody asks who is no peer.
const ELSEWHERE: u8 = 255;

#[derive(Clone, Copy)]
enum Kind {
    Memory,
    Cluster,
}

/// A store, and what is said to it.
struct World {
    store: Arc<dyn Store>,
    background: JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.background.abort();
    }
}

/// Outcome of a REGISTER.
#[derive(Debug, PartialEq)]
struct Registered {
    token: u128,
    reachable: Option<bool>,
    /// Outcomes in the order of the files.
    files: Vec<Result<Accepted, FileRefusal>>,
}

fn peer(number: u8) -> PeerId {
    PeerId::new([number; 32])
}

fn file(number: u8) -> FileId {
    FileId::new([number; 32])
}

/// The address of a peer: one network each.
fn address(number: u8) -> IpAddr {
    [203, 0, 113, number].into()
}

fn claim(name: &str, len: u64, chunk_kib: u32) -> Claim {
    Claim { name: name.into(), layout: Layout::new(len, ChunkSize::new(chunk_kib * 1024).unwrap()).unwrap() }
}

fn share(number: u8, complete: bool) -> Share {
    Share { file_id: file(number), claim: claim("name", 300_000, 256), complete }
}

/// Parses the files that were found.
fn infos(found: &Found) -> Vec<FileInfo> {
    serde_json::from_slice(&[b"[", found.files.as_slice(), b"]"].concat()).unwrap()
}

fn told(info: &FileInfo) -> Vec<u8> {
    info.peers.iter().map(|info| info.peer_id.as_bytes()[0]).collect()
}

impl World {
    /// A store of this kind that knows nobody; none where there are no servers.
    async fn open(kind: Kind, lease: Duration, limits: Limits) -> Option<Self> {
        static SERVERS: OnceLock<Option<Servers>> = OnceLock::new();
        static PREFIXES: AtomicU32 = AtomicU32::new(0);
        let store = match kind {
            Kind::Memory => Arc::new(Swarms::new(lease, limits, StdRng::seed_from_u64(1))) as Arc<dyn Store>,
            Kind::Cluster => {
                let servers = tokio::task::spawn_blocking(|| SERVERS.get_or_init(Servers::start).as_ref());
                let prefix = format!("case {}:", PREFIXES.fetch_add(1, Ordering::Relaxed));
                let config = servers.await.unwrap()?.config(&prefix);
                Arc::new(Cluster::new(&config, lease, limits, Arc::default()).unwrap())
            }
        };
        let background = tokio::spawn({
            let store = store.clone();
            async move { store.run(&CancellationToken::new()).await }
        });
        let world = Self { store, background };
        world.until(async || world.store.is_ready()).await;
        Some(world)
    }

    /// Waits until something is so.
    async fn until(&self, mut is_so: impl AsyncFnMut() -> bool) {
        let start = Instant::now();
        while !is_so().await {
            assert!(start.elapsed() < LONG, "this takes too long");
            self.store.expire(Now::read());
            time::sleep(PAUSE).await;
        }
    }

    async fn try_register(&self, number: u8, from: IpAddr, shares: &[Share]) -> Result<Registered, RegisterError> {
        let contact = Contact::new(from, 4000, &["192.168.1.1:4000".parse().unwrap()]);
        let mut offers: Vec<Offer> = shares.iter().cloned().map(Offer::new).collect();
        let registration = self.store.register(Now::read(), peer(number), contact, offers.iter_mut().collect()).await?;
        let files = offers.into_iter().map(|offer| offer.outcome).collect();
        Ok(Registered { token: registration.token, reachable: registration.reachable, files })
    }

    /// Returns the token.
    async fn register(&self, number: u8, shares: &[Share]) -> u128 {
        let registration = self.try_register(number, address(number), shares).await.unwrap();
        assert!(registration.files.iter().all(Result::is_ok), "{registration:?}");
        registration.token
    }

    /// Adds one file.
    async fn add(&self, number: u8, share: Share) -> Result<Accepted, FileRefusal> {
        self.try_register(number, address(number), &[share]).await.unwrap().files.remove(0)
    }

    async fn heartbeat(&self, number: u8, token: u128, completed: &[FileId]) -> Result<(), LeaseError> {
        let renewal = self.store.heartbeat(Now::read(), peer(number), token, address(number), completed).await?;
        assert_eq!(renewal.unknown, []);
        Ok(())
    }

    async fn unregister(&self, number: u8, token: u128, file_ids: Option<&[FileId]>) -> Result<usize, LeaseError> {
        self.store.unregister(Now::read(), peer(number), token, file_ids).await
    }

    async fn query_from(&self, asker: Option<u8>, from: u8, number: u8, max_peers: usize) -> Option<FileInfo> {
        let asker = Asker { peer_id: asker.map(peer), address: address(from) };
        let found = self.store.query(Now::read(), &[file(number)], asker, max_peers).await;
        let info = infos(&found).pop();
        let unknown = if info.is_none() { vec![file(number)] } else { vec![] };
        assert_eq!((found.unknown, found.unavailable), (unknown, vec![]));
        info
    }

    async fn query(&self, asker: Option<u8>, number: u8) -> Option<FileInfo> {
        self.query_from(asker, ELSEWHERE, number, 100).await
    }

    /// Lists the peers that an asker is told of, in order of their numbers.
    async fn told(&self, asker: Option<u8>, number: u8) -> Vec<u8> {
        let mut told = self.query(asker, number).await.as_ref().map(told).unwrap_or_default();
        told.sort_unstable();
        told
    }

    async fn counts(&self, number: u8) -> (usize, usize) {
        let summary = self.store.summaries(Now::read(), &[file(number)]).await.remove(0);
        summary.map_or((0, 0), |summary| (summary.seeders, summary.leechers))
    }

    async fn claim(&self, number: u8) -> Claim {
        let info = self.query(None, number).await.unwrap();
        let layout = Layout::new(info.size, info.chunk_size).unwrap();
        assert_eq!(info.num_chunks, layout.num_chunks());
        Claim { name: info.name.into(), layout }
    }
}

const UNKNOWN_LEASE: LeaseError = LeaseError::Unknown(UnknownLease);

async fn nobody_holds_what_nobody_registered(world: World) {
    assert_eq!(world.query(None, 1).await, None);
    assert_eq!(world.counts(1).await, (0, 0));
    assert_eq!(world.heartbeat(1, 7, &[]).await, Err(UNKNOWN_LEASE));
    assert_eq!(world.unregister(1, 7, None).await, Err(UNKNOWN_LEASE));
}

async fn what_is_registered_is_found(world: World) {
    let registration = world.try_register(1, address(1), &[share(1, true), share(2, false)]).await.unwrap();
    let accepted = |is_news| Ok(Accepted { chunk_size: ChunkSize::DEFAULT, is_news });
    assert_eq!((registration.reachable, registration.files), (None, vec![accepted(true), accepted(true)]));
    let asker = Asker { peer_id: None, address: address(ELSEWHERE) };
    let found = world.store.query(Now::read(), &[file(1), file(3), file(2)], asker, 10).await;
    assert_eq!((&found.unknown, &found.unavailable), (&vec![file(3)], &vec![]));
    let infos = infos(&found);
    let counts: Vec<_> = infos.iter().map(|info| (info.file_id, info.seeders, info.leechers)).collect();
    assert_eq!(counts, [(file(1), 1, 0), (file(2), 0, 1)]);
    let told: Vec<_> = infos.iter().map(|info| (info.peers[0].peer_id, info.peers[0].complete)).collect();
    assert_eq!(told, [(peer(1), true), (peer(1), false)]);
    assert!(infos.iter().all(|info| !info.stale && info.name == "name" && info.size == 300_000));
    assert_eq!(infos[0].peers[0].addresses, [(address(1), 4000).into()]);
}

async fn a_lease_ends_when_nothing_renews_it(world: World) {
    let token = world.register(1, &[share(1, true), share(2, false)]).await;
    world.heartbeat(1, token, &[]).await.unwrap();
    world.until(async || world.heartbeat_is_unknown(1).await && world.told(None, 1).await.is_empty()).await;
    world.until(async || world.query(None, 1).await.is_none() && world.query(None, 2).await.is_none()).await;
    assert_eq!(world.heartbeat(1, token, &[]).await, Err(UNKNOWN_LEASE));
    world.until(async || world.store.totals() == Totals::default()).await;
}

impl World {
    /// Says whether the peer has no lease. Unlike a heartbeat with its token this does not renew one.
    async fn heartbeat_is_unknown(&self, number: u8) -> bool {
        self.heartbeat(number, 0, &[]).await == Err(UNKNOWN_LEASE)
    }
}

async fn one_heartbeat_renews_everything(world: World) {
    let shares: Vec<Share> = (0..50).map(|number| share(number, number % 2 == 0)).collect();
    let token = world.register(1, &shares).await;
    let start = Instant::now();
    while start.elapsed() < 4 * SHORT_LEASE {
        world.heartbeat(1, token, &[]).await.unwrap();
        for number in 0..50 {
            assert_eq!(world.told(None, number).await, [1]);
        }
        time::sleep(SHORT_LEASE / 5).await;
    }
    world.until(async || world.query(None, 49).await.is_none()).await;
}

async fn a_heartbeat_makes_seeders_of_leechers(world: World) {
    let token = world.register(1, &[share(1, false), share(2, false)]).await;
    let completed = [file(9), file(1), file(1), file(8), file(9)];
    let renewal = world.store.heartbeat(Now::read(), peer(1), token, address(1), &completed).await.unwrap();
    assert_eq!(renewal.unknown, [file(8), file(9)], "these are to be registered first");
    assert_eq!((world.counts(1).await, world.counts(2).await, world.counts(9).await), ((1, 0), (0, 1), (0, 0)));
    assert!(world.query(None, 1).await.unwrap().peers[0].complete);
}

async fn only_the_right_token_keeps_or_ends_a_lease(world: World) {
    let token = world.register(1, &[share(1, true)]).await;
    for wrong in [token ^ 1, token ^ (1 << 127), !token, 0] {
        assert_eq!(world.heartbeat(1, wrong, &[]).await, Err(UNKNOWN_LEASE));
        assert_eq!(world.unregister(1, wrong, None).await, Err(UNKNOWN_LEASE));
        assert_eq!(world.unregister(1, wrong, Some(&[file(1)])).await, Err(UNKNOWN_LEASE));
    }
    assert_eq!(world.heartbeat(2, token, &[]).await, Err(UNKNOWN_LEASE));
    let fresh = world.register(1, &[]).await;
    assert_ne!(fresh, token);
    assert_eq!(world.heartbeat(1, token, &[]).await, Err(UNKNOWN_LEASE));
    world.heartbeat(1, fresh, &[]).await.unwrap();
    assert_eq!(world.told(None, 1).await, [1]);
}

async fn registering_again_adds_files_and_replaces_what_was_said(world: World) {
    world.register(1, &[share(1, true), share(2, true)]).await;
    let moved = world.try_register(1, address(9), &[share(3, false), share(1, false)]).await.unwrap();
    assert!(moved.files.iter().all(Result::is_ok));
    for number in [1, 2, 3] {
        let info = world.query(None, number).await.unwrap();
        assert_eq!(info.peers[0].addresses, [(address(9), 4000).into()], "{number}");
    }
    let counts = (world.counts(1).await, world.counts(2).await, world.counts(3).await);
    assert_eq!(counts, ((0, 1), (1, 0), (0, 1)));
}

async fn a_heartbeat_from_elsewhere_moves_the_peer(world: World) {
    let token = world.register(1, &[share(1, true), share(2, true)]).await;
    world.store.set_reachable(peer(1), address(1), true).await;
    let renewal = world.store.heartbeat(Now::read(), peer(1), token, address(9), &[]).await.unwrap();
    let here = (address(9), 4000).into();
    assert_eq!(renewal, Renewal { reachable: None, moved_to: Some(here), unknown: vec![] });
    world.store.set_reachable(peer(1), address(1), false).await;
    for number in [1, 2] {
        let info = world.query(None, number).await.unwrap();
        assert_eq!(info.peers[0].addresses, [here]);
    }
    let renewal = world.store.heartbeat(Now::read(), peer(1), token, address(9), &[]).await.unwrap();
    assert_eq!(
        (renewal.reachable, renewal.moved_to),
        (None, None),
        "what was found out of the former address says nothing of this one"
    );
}

async fn unregister_takes_back_some_or_all(world: World) {
    let token = world.register(1, &[share(1, true), share(2, true), share(3, false)]).await;
    let other = world.register(2, &[share(1, true)]).await;
    assert_eq!(world.unregister(1, token, Some(&[file(1), file(1), file(9)])).await, Ok(1));
    assert_eq!((world.told(None, 1).await, world.told(None, 2).await), (vec![2], vec![1]));
    assert_eq!(world.unregister(1, token, None).await, Ok(2));
    assert_eq!(world.unregister(1, token, None).await, Err(UNKNOWN_LEASE));
    assert_eq!(world.unregister(2, other, None).await, Ok(1));
    for number in [1, 2, 3] {
        assert_eq!(world.query(None, number).await, None);
    }
}

async fn nobody_is_told_of_itself_and_no_seeder_of_seeders(world: World) {
    for number in 1..=6 {
        world.register(number, &[share(1, number <= 3)]).await;
    }
    assert_eq!(world.told(None, 1).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.told(Some(9), 1).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.told(Some(4), 1).await, [1, 2, 3, 5, 6]);
    assert_eq!(world.told(Some(1), 1).await, [4, 5, 6]);
    let info = world.query(None, 1).await.unwrap();
    assert!(info.peers.iter().all(|info| info.complete == (info.peer_id.as_bytes()[0] <= 3)));
}

async fn everybody_is_told_about_as_often(world: World) {
    for number in 0..20 {
        world.register(number, &[share(1, number % 2 == 0)]).await;
    }
    let mut times = [0u32; 20];
    for _ in 0..2000 {
        let info = world.query_from(Some(19), ELSEWHERE, 1, 5).await.unwrap();
        let distinct: BTreeSet<u8> = told(&info).into_iter().collect();
        assert_eq!(distinct.len(), 5);
        distinct.iter().for_each(|number| times[usize::from(*number)] += 1);
    }
    // 2000 × 5 / 19 = 526 each, with a standard deviation of about 20.
    assert_eq!(times[19], 0);
    assert!(times[..19].iter().all(|count| (400..650).contains(count)), "{times:?}");
}

async fn addresses_at_home_are_told_at_home(world: World) {
    world.register(1, &[share(1, true)]).await;
    let observed = (address(1), 4000).into();
    let home = world.query_from(None, 1, 1, 10).await.unwrap();
    assert_eq!(home.peers[0].addresses, [observed, "192.168.1.1:4000".parse().unwrap()]);
    assert_eq!(world.query(None, 1).await.unwrap().peers[0].addresses, [observed]);
}

async fn those_at_home_come_first(world: World) {
    for number in 1..=9 {
        world.register(number, &[share(1, true)]).await;
    }
    world.store.set_reachable(peer(3), address(3), false).await;
    for _ in 0..20 {
        assert_eq!(told(&world.query_from(None, 3, 1, 100).await.unwrap())[0], 3);
    }
}

async fn a_peer_that_the_asker_cannot_reach_is_not_told(world: World) {
    let contact = Contact::new([127, 0, 0, 1].into(), 4000, &[]);
    let mut offer = Offer::new(share(1, true));
    world.store.register(Now::read(), peer(1), contact, vec![&mut offer]).await.unwrap();
    assert_eq!((world.told(None, 1).await, world.counts(1).await), (vec![], (1, 0)));
}

async fn those_who_could_not_be_reached_come_last(world: World) {
    for number in 1..=9 {
        world.register(number, &[share(1, true)]).await;
        world.store.set_reachable(peer(number), address(number), number % 3 != 0).await;
    }
    for _ in 0..20 {
        let told = told(&world.query(None, 1).await.unwrap());
        assert_eq!(told.len(), 9);
        assert!(told[6..].iter().all(|number| number % 3 == 0), "{told:?}");
    }
}

async fn whether_a_peer_can_be_reached_is_kept_with_its_address(world: World) {
    let token = world.register(1, &[share(1, true)]).await;
    world.store.set_reachable(peer(1), address(9), true).await;
    let reachable = async |token| {
        let renewal = world.store.heartbeat(Now::read(), peer(1), token, address(1), &[]).await.unwrap();
        renewal.reachable
    };
    assert_eq!(reachable(token).await, None, "that was another address");
    world.store.set_reachable(peer(1), address(1), false).await;
    assert_eq!(reachable(token).await, Some(false));
    let again = world.try_register(1, address(1), &[]).await.unwrap();
    assert_eq!(again.reachable, Some(false));
    let moved = world.try_register(1, address(2), &[]).await.unwrap();
    assert_eq!(moved.reachable, None);
    world.store.set_reachable(peer(2), address(2), true).await;
}

async fn a_liar_is_outvoted_whatever_others_call_the_file(world: World) {
    let put = async |number, claim, complete| {
        let added = world.add(number, Share { file_id: file(1), claim, complete }).await.unwrap();
        added.is_news
    };
    assert!(put(1, claim("evil", 1 << 30, 1024), true).await);
    assert!(!put(2, claim("evil", 1 << 30, 1024), false).await);
    assert_eq!(world.claim(1).await, claim("evil", 1 << 30, 1024));
    assert!(!put(3, claim("a", 300_000, 256), true).await, "a latecomer needs a majority");
    assert_eq!(world.claim(1).await, claim("evil", 1 << 30, 1024));
    assert!(put(4, claim("b", 300_000, 256), true).await);
    assert_eq!(world.claim(1).await.layout, claim("", 300_000, 256).layout);
    assert!(put(5, claim("b", 300_000, 256), true).await);
    assert_eq!(world.claim(1).await, claim("b", 300_000, 256));
    let late = Share { file_id: file(1), claim: claim("c", 300_000, 64), complete: true };
    assert_eq!(world.add(6, late).await, Ok(Accepted { chunk_size: ChunkSize::DEFAULT, is_news: false }));
}

async fn a_vote_that_is_withdrawn_no_longer_counts(world: World) {
    let mut tokens = Vec::new();
    for (number, name) in [(1, "a"), (2, "b"), (3, "b"), (4, "a")] {
        let share = Share { file_id: file(1), claim: claim(name, 1, 256), complete: number != 4 };
        tokens.push(world.register(number, &[share]).await);
    }
    let name = async || world.claim(1).await.name.to_string();
    assert_eq!(name().await, "b");
    world.unregister(3, tokens[2], None).await.unwrap();
    assert_eq!(name().await, "a", "one each, and this is the older one");
    world.unregister(1, tokens[0], Some(&[file(1)])).await.unwrap();
    assert_eq!(name().await, "b");
    world.heartbeat(4, tokens[3], &[file(1)]).await.unwrap();
    assert_eq!(name().await, "a", "one each again");
    world.unregister(4, tokens[3], None).await.unwrap();
    assert_eq!(name().await, "b");
}

async fn votes_of_leases_that_are_over_no_longer_count(world: World) {
    let named = |name| Share { file_id: file(1), claim: claim(name, 1, 256), complete: true };
    for number in 1..=3 {
        world.register(number, &[named("gone")]).await;
    }
    let token = world.register(4, &[named("here")]).await;
    assert_eq!(&*world.claim(1).await.name, "gone");
    world
        .until(async || {
            world.heartbeat(4, token, &[]).await.unwrap();
            &*world.claim(1).await.name == "here"
        })
        .await;
    assert_eq!((world.told(None, 1).await, world.counts(1).await), (vec![4], (1, 0)));
}

async fn any_number_of_names_leaves_one(world: World) {
    for number in 1..=40 {
        let share = Share { file_id: file(1), claim: claim(&format!("name {number}"), 1, 256), complete: true };
        world.register(number, &[share]).await;
    }
    assert_eq!((&*world.claim(1).await.name, world.counts(1).await), ("name 1", (40, 0)));
    for number in 1..=39 {
        let share = Share { file_id: file(1), claim: claim("name 40", 1, 256), complete: true };
        world.register(number, &[share]).await;
    }
    assert_eq!((&*world.claim(1).await.name, world.counts(1).await), ("name 40", (40, 0)));
}

async fn a_network_has_its_fill_of_peers(world: World) {
    let one = address(1);
    let first = world.try_register(1, one, &[]).await.unwrap().token;
    let second = world.try_register(2, one, &[]).await.unwrap().token;
    let full = Err(RegisterError::Refused(PeerRefusal::AddressFull));
    assert_eq!(world.try_register(3, one, &[]).await, full);
    world.try_register(2, one, &[]).await.unwrap();
    let third = world.try_register(3, address(3), &[share(1, true)]).await.unwrap().token;
    assert_eq!(world.try_register(3, one, &[]).await, full);
    // A heartbeat from a full network keeps the lease, and the address as it was.
    assert_eq!(world.heartbeat(2, second, &[]).await, Err(UNKNOWN_LEASE), "its second token counts");
    world.store.heartbeat(Now::read(), peer(3), third, one, &[]).await.unwrap();
    assert_eq!(world.query(None, 1).await.unwrap().peers[0].addresses, [(address(3), 4000).into()]);
    world.unregister(1, first, None).await.unwrap();
    world.store.heartbeat(Now::read(), peer(3), third, one, &[]).await.unwrap();
    assert_eq!(world.query(None, 1).await.unwrap().peers[0].addresses, [(one, 4000).into()]);
    assert_eq!(world.try_register(4, one, &[]).await, full);
}

async fn a_network_has_room_again_when_leases_are_over(world: World) {
    for number in [1, 2] {
        world.try_register(number, address(1), &[]).await.unwrap();
    }
    world.until(async || world.try_register(3, address(1), &[]).await.is_ok()).await;
}

async fn limits_on_files_and_swarms_hold_at_their_edge(world: World) {
    world.register(1, &[share(1, true), share(2, true)]).await;
    world.register(2, &[share(1, true)]).await;
    assert!(world.add(1, share(2, false)).await.is_ok(), "what is there may be replaced");
    assert_eq!(world.add(1, share(3, true)).await, Err(FileRefusal::PeerFull));
    assert_eq!(world.query(None, 3).await, None);
    assert_eq!(world.add(3, share(1, true)).await, Err(FileRefusal::SwarmFull));
    assert_eq!((world.told(None, 1).await, world.counts(1).await), (vec![1, 2], (2, 0)));
    // Who was refused still has room for as many files.
    world.register(3, &[share(4, true), share(5, true)]).await;
    let outcomes = world.try_register(4, address(4), &[share(6, true), share(1, true), share(7, true)]).await.unwrap();
    assert!(outcomes.files[0].is_ok());
    assert_eq!(outcomes.files[1], Err(FileRefusal::SwarmFull));
}

async fn a_limit_on_all_peers_holds_in_the_end(world: World) {
    a_limit_on_the_whole_holds_in_the_end(world).await;
}

async fn a_limit_on_all_files_holds_in_the_end(world: World) {
    a_limit_on_the_whole_holds_in_the_end(world).await;
}

async fn a_limit_on_all_holdings_holds_in_the_end(world: World) {
    a_limit_on_the_whole_holds_in_the_end(world).await;
}

async fn a_limit_on_the_whole_holds_in_the_end(world: World) {
    let mut number = 0;
    let refused = async |number: u8| {
        let registered = world.try_register(number, address(number), &[share(number, true)]).await;
        match registered {
            Ok(registration) => registration.files == [Err(FileRefusal::TrackerFull)],
            Err(refusal) => refusal == RegisterError::Refused(PeerRefusal::TrackerFull),
        }
    };
    world
        .until(async || {
            number += 1;
            time::sleep(4 * PAUSE).await;
            refused(number).await
        })
        .await;
    assert!(
        world.try_register(1, address(1), &[share(1, true)]).await.unwrap().files[0].is_ok(),
        "who is there may stay"
    );
}

async fn totals_are_told(world: World) {
    world.register(1, &[share(1, true), share(2, false)]).await;
    world.register(2, &[share(1, true), share(3, false)]).await;
    world.until(async || world.store.totals() == Totals { peers: 2, files: 3, seeders: 2, leechers: 2 }).await;
}

async fn a_file_that_is_removed_is_forgotten(world: World) {
    let token = world.register(1, &[share(1, true), share(2, true)]).await;
    world.told(None, 1).await;
    world.store.remove_file(file(1)).await.unwrap();
    assert_eq!((world.query(None, 1).await, world.told(None, 2).await), (None, vec![1]));
    world.store.heartbeat(Now::read(), peer(1), token, address(1), &[]).await.unwrap();
    assert_eq!(world.query(None, 1).await, None);
    world.register(1, &[share(1, true)]).await;
    assert_eq!(world.told(None, 1).await, [1]);
    world.store.remove_file(file(9)).await.unwrap();
}

async fn a_peer_that_is_removed_is_forgotten(world: World) {
    let token = world.register(1, &[share(1, true), share(2, true)]).await;
    world.register(2, &[share(1, true)]).await;
    world.store.remove_peer(peer(1)).await.unwrap();
    assert_eq!((world.told(None, 1).await, world.query(None, 2).await), (vec![2], None));
    assert_eq!(world.heartbeat(1, token, &[]).await, Err(UNKNOWN_LEASE));
    world.store.remove_peer(peer(9)).await.unwrap();
}

async fn summaries_come_in_the_order_of_the_files(world: World) {
    world.register(1, &[share(1, true), share(2, false)]).await;
    world.register(2, &[share(1, false)]).await;
    let summaries = world.store.summaries(Now::read(), &[file(2), file(9), file(1)]).await;
    let counts: Vec<_> =
        summaries.iter().map(|summary| summary.as_ref().map(|summary| (summary.seeders, summary.leechers))).collect();
    assert_eq!(counts, [Some((0, 1)), None, Some((1, 1))]);
    assert_eq!(summaries[0].as_ref().unwrap().claim, claim("name", 300_000, 256));
}

fn few() -> Limits {
    Limits { peers_per_address: 2, peers_per_swarm: 2, files_per_peer: 2, ..Limits::default() }
}

/// Each case over each store.
macro_rules! conformance {
    ($($case:ident($lease:expr, $limits:expr);)*) => {
        mod memory {
            use super::*;
            $(#[tokio::test]
            async fn $case() {
                super::$case(World::open(Kind::Memory, $lease, $limits).await.unwrap()).await;
            })*
        }
        mod cluster {
            use super::*;
            $(#[tokio::test]
            async fn $case() {
                if let Some(world) = World::open(Kind::Cluster, $lease, $limits).await {
                    super::$case(world).await;
                }
            })*
        }
    };
}

conformance! {
    nobody_holds_what_nobody_registered(LONG_LEASE, Limits::default());
    what_is_registered_is_found(LONG_LEASE, Limits::default());
    a_lease_ends_when_nothing_renews_it(SHORT_LEASE, Limits::default());
    one_heartbeat_renews_everything(SHORT_LEASE, Limits::default());
    a_heartbeat_makes_seeders_of_leechers(LONG_LEASE, Limits::default());
    only_the_right_token_keeps_or_ends_a_lease(LONG_LEASE, Limits::default());
    registering_again_adds_files_and_replaces_what_was_said(LONG_LEASE, Limits::default());
    a_heartbeat_from_elsewhere_moves_the_peer(LONG_LEASE, Limits::default());
    unregister_takes_back_some_or_all(LONG_LEASE, Limits::default());
    nobody_is_told_of_itself_and_no_seeder_of_seeders(LONG_LEASE, Limits::default());
    everybody_is_told_about_as_often(LONG_LEASE, Limits::default());
    addresses_at_home_are_told_at_home(LONG_LEASE, Limits::default());
    those_at_home_come_first(LONG_LEASE, Limits::default());
    a_peer_that_the_asker_cannot_reach_is_not_told(LONG_LEASE, Limits::default());
    those_who_could_not_be_reached_come_last(LONG_LEASE, Limits::default());
    whether_a_peer_can_be_reached_is_kept_with_its_address(LONG_LEASE, Limits::default());
    a_liar_is_outvoted_whatever_others_call_the_file(LONG_LEASE, Limits::default());
    a_vote_that_is_withdrawn_no_longer_counts(LONG_LEASE, Limits::default());
    votes_of_leases_that_are_over_no_longer_count(SHORT_LEASE, Limits::default());
    any_number_of_names_leaves_one(LONG_LEASE, Limits::default());
    a_network_has_its_fill_of_peers(LONG_LEASE, few());
    a_network_has_room_again_when_leases_are_over(SHORT_LEASE, few());
    limits_on_files_and_swarms_hold_at_their_edge(LONG_LEASE, few());
    a_limit_on_all_peers_holds_in_the_end(LONG_LEASE, Limits { peers: 3, network_share: 100, ..Limits::default() });
    a_limit_on_all_files_holds_in_the_end(LONG_LEASE, Limits { files: 3, network_share: 100, ..Limits::default() });
    a_limit_on_all_holdings_holds_in_the_end(LONG_LEASE, Limits { holdings: 3, network_share: 100, ..Limits::default() });
    totals_are_told(LONG_LEASE, Limits::default());
    a_file_that_is_removed_is_forgotten(LONG_LEASE, Limits::default());
    a_peer_that_is_removed_is_forgotten(LONG_LEASE, Limits::default());
    summaries_come_in_the_order_of_the_files(LONG_LEASE, Limits::default());
}
