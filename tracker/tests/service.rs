//! The tracker without HTTP, in virtual time: what its parts do together.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::Identity;
use sprat_protocol::tracker::{
    FileInfo, FileOutcome, Nonce, Register, RegisterFile, Registered, Search, SearchHit, Signature,
};
use sprat_tracker::access::proof::Proof;
use sprat_tracker::refusal::Refusal;
use sprat_tracker::service::CATALOGUE;
use sprat_tracker::{Caller, Config, Limits, Now, Tracker};
use tokio_util::sync::CancellationToken;

/// Time beyond anything here, so that what hangs fails.
const LONG: Duration = Duration::from_secs(20);

struct World {
    tracker: Arc<Tracker>,
    now: Now,
    rng: StdRng,
}

fn file_id(number: u8) -> FileId {
    format!("{number:064x}").parse().unwrap()
}

fn seed(file: u8, name: &str) -> RegisterFile {
    numbered(file.into(), name)
}

fn numbered(number: u32, name: &str) -> RegisterFile {
    let (file_id, chunk_size) = (format!("{number:064x}").parse().unwrap(), ChunkSize::DEFAULT);
    RegisterFile { file_id, name: name.into(), size: 1, chunk_size, num_chunks: 1, complete: true }
}

impl World {
    fn new() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        let now = Now { instant: Instant::now(), unix_seconds: 1_790_000_000 };
        Self {
            tracker: Arc::new(Tracker::open(&config, StdRng::seed_from_u64(3), now).unwrap().0),
            now,
            rng: StdRng::seed_from_u64(4),
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now.instant += Duration::from_secs(seconds);
        self.now.unix_seconds += seconds;
    }

    fn caller(&self, address: &str) -> Caller {
        Caller::new(address.parse().unwrap(), self.now)
    }

    async fn register(&mut self, seed: u8, observed: &str, files: Vec<RegisterFile>) -> Registered {
        self.register_at(seed, observed, 4000, &[], files).await
    }

    async fn register_at(
        &mut self,
        seed: u8,
        observed: &str,
        port: u16,
        declared: &[SocketAddr],
        files: Vec<RegisterFile>,
    ) -> Registered {
        let identity = Identity::from_seed([seed; 32]);
        self.register_as(&identity, observed, port, declared, files).await.unwrap()
    }

    /// Registers no file for a peer that nobody knows yet.
    async fn try_register(&mut self, observed: &str) -> Result<Registered, Refusal> {
        let identity = Identity::from_seed(self.rng.random());
        self.register_as(&identity, observed, 4000, &[], vec![]).await
    }

    async fn register_as(
        &mut self,
        identity: &Identity,
        observed: &str,
        port: u16,
        declared: &[SocketAddr],
        files: Vec<RegisterFile>,
    ) -> Result<Registered, Refusal> {
        let register = Register {
            peer_id: identity.peer_id(),
            port,
            addresses: declared.to_vec(),
            files,
            tracker: "t:1".into(),
            time: self.now.unix_seconds,
            nonce: Nonce(self.rng.random()),
        };
        let body = serde_json::to_vec(&register).unwrap();
        let signature = Signature::new(identity, &body).to_string();
        let proof = Proof { body: &body, signature: Some(&signature) };
        self.tracker.register(self.caller(observed), register, proof).await
    }

    async fn search(&self, words: &str, page: u32) -> (Vec<SearchHit>, bool) {
        self.tracker.flush().await;
        let search = Search { words: words.into(), page };
        let answer = self.tracker.search(self.caller("10.0.0.1"), &search).await.unwrap();
        (answer.files, answer.more)
    }
}

#[tokio::test]
async fn the_catalogue_tells_the_present_name_and_keeps_what_nobody_has() {
    let mut world = World::new();
    world.register(1, "203.0.113.1", vec![seed(1, "lie")]).await;
    world.wait(80);
    world.register(2, "203.0.113.2", vec![seed(1, "truth")]).await;
    assert_eq!((world.search("lie", 0).await.0.len(), world.search("truth", 0).await.0.len()), (1, 0));
    world.wait(80);
    while world.tracker.expire(world.now) {}
    let hits = world.search("", 0).await.0;
    assert_eq!((hits[0].name.as_str(), hits[0].seeders, hits[0].first_seen), ("truth", 1, 1_790_000_000));
    world.register(3, "203.0.113.3", vec![seed(2, "other")]).await;
    world.wait(60);
    while world.tracker.expire(world.now) {}
    let hits = world.search("", 0).await.0;
    let told: Vec<_> = hits.iter().map(|hit| (hit.file_id, hit.seeders)).collect();
    assert_eq!(told, [(file_id(2), 1), (file_id(1), 0)], "what somebody has comes first");
}

#[tokio::test]
async fn a_search_goes_over_more_names_than_one_page_has() {
    let mut world = World::new();
    for peer in 0..25u8 {
        let files = (0..100u32).map(|number| RegisterFile {
            file_id: format!("{:064x}", u32::from(peer) * 100 + number).parse().unwrap(),
            ..seed(0, &format!("file {number:03} of {peer}"))
        });
        world.register(peer, &format!("203.0.113.{peer}"), files.collect()).await;
    }
    let (hits, more) = world.search("FILE 007", 0).await;
    assert_eq!((hits.len(), more), (25, false));
    assert!(world.search("file", 18).await.1);
    let (hits, more) = world.search("file", 19).await;
    assert_eq!((hits.len(), more), (50, false));
}

#[tokio::test]
async fn a_network_brings_so_many_new_files_a_minute_and_known_ones_beside() {
    let limits = Limits { new_files_per_minute: NonZeroU32::new(2).unwrap(), ..Limits::default() };
    let mut world = World::with(Config { limits, ..Config::default() });
    let accepted = |registered: &Registered| -> Vec<bool> {
        registered.files.iter().map(|file| matches!(file, FileOutcome::Accepted { .. })).collect()
    };
    let first = world.register(1, "203.0.113.1", vec![seed(1, "a"), seed(2, "b")]).await;
    assert_eq!(accepted(&first), [true, true]);
    let second = world.register(2, "203.0.113.1", vec![seed(1, "a"), seed(3, "c")]).await;
    assert_eq!(accepted(&second), [true, false], "what is known already is not new");
    let FileOutcome::Refused { retry_after: Some(1..=30), .. } = second.files[1] else { panic!("{second:?}") };
    let elsewhere = world.register(3, "203.0.113.2", vec![seed(3, "c")]).await;
    assert_eq!(accepted(&elsewhere), [true]);
    let known_now = world.register(2, "203.0.113.1", vec![seed(3, "c")]).await;
    assert_eq!(accepted(&known_now), [true]);
}

#[tokio::test]
async fn names_are_there_after_a_restart_and_who_has_the_files_when_they_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
    let mut world = World::with(config.clone());
    world.register(1, "203.0.113.1", vec![seed(1, "kept")]).await;
    world.tracker.flush().await;
    let World { tracker, now, .. } = world;
    drop(tracker);
    let mut world = World { now, ..World::with(config) };
    let hits = world.search("kept", 0).await.0;
    assert_eq!((hits[0].file_id, hits[0].seeders, hits[0].first_seen), (file_id(1), 0, 1_790_000_000));
    world.wait(5);
    world.register(1, "203.0.113.1", vec![seed(1, "kept")]).await;
    let hits = world.search("kept", 0).await.0;
    assert_eq!((hits[0].seeders, hits[0].first_seen), (1, 1_790_000_000));
}

#[tokio::test]
async fn a_peer_over_ipv4_in_ipv6_is_a_peer_over_ipv4() {
    let mut world = World::new();
    let registered = world.register(1, "::ffff:203.0.113.1", vec![seed(1, "a")]).await;
    assert_eq!(registered.observed, IpAddr::from([203, 0, 113, 1]));
    let info = world.tracker.file(world.caller("203.0.113.9"), file_id(1)).await.unwrap();
    let info: FileInfo = serde_json::from_slice(&info).unwrap();
    assert_eq!(info.peers[0].addresses, ["203.0.113.1:4000".parse().unwrap()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_were_lost_are_learned_from_who_holds_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
    let now = Now::read();
    let (tracker, background) = Tracker::open(&config, StdRng::seed_from_u64(3), now).unwrap();
    let tracker = Arc::new(tracker);
    let shutdown = CancellationToken::new();
    let running = tokio::spawn({
        let (tracker, shutdown) = (tracker.clone(), shutdown.clone());
        async move { tracker.run(background, &shutdown).await }
    });
    let mut world = World { tracker, now, rng: StdRng::seed_from_u64(4) };
    // More than one peer, and more than what one step of a walk sees.
    let files = |numbers: Range<u32>| numbers.map(|number| numbered(number, &format!("thesis {number}"))).collect();
    for number in 0..6 {
        world.register(number, "10.0.0.1", files(u32::from(number) * 100..u32::from(number + 1) * 100)).await;
    }
    world.register(9, "10.0.0.1", vec![numbered(600, "poems")]).await;
    world.tracker.flush().await;
    let harm = Connection::open(folder.path().join(CATALOGUE)).unwrap();
    harm.execute_batch("UPDATE files SET name = 'THESIS' || id").unwrap();
    drop(harm);
    let start = Instant::now();
    let mut found = HashSet::new();
    while found.len() < 601 {
        assert!(start.elapsed() < LONG, "only {} of the names are back", found.len());
        found.clear();
        for (words, pages) in [("thesis", 0..20), ("poems", 0..1)] {
            for page in pages {
                let search = Search { words: words.into(), page };
                let Ok(answer) = world.tracker.search(world.caller("10.0.0.1"), &search).await else { continue };
                found.extend(answer.files.into_iter().map(|file| file.name));
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_crowd_that_searches_waits_for_its_turn_and_one_too_many_comes_back_later() {
    let mut world = World::new();
    world.register(1, "10.0.0.1", vec![seed(1, "poems")]).await;
    world.tracker.flush().await;
    let search = Search { words: "poems".into(), page: 0 };
    // All have begun before one of them goes on. They come from twenty networks, none of which has too many.
    let caller = |number: u32| world.caller(&format!("10.0.{}.1", number % 20));
    let answers = join_all((0..1001).map(|number| world.tracker.search(caller(number), &search))).await;
    let found = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.files.len() == 1)).count();
    assert_eq!((found, answers[1000].is_err()), (1000, true));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_peer_is_called_back_where_it_says_something_from_and_nowhere_else() {
    use sprat_protocol::tracker::Heartbeat;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    let config = Config { lease: LONG, ..Config::default() };
    let (tracker, background) = Tracker::open(&config, StdRng::seed_from_u64(3), Now::read()).unwrap();
    let mut world = World { tracker: Arc::new(tracker), now: Now::read(), rng: StdRng::seed_from_u64(4) };
    let running = tokio::spawn({
        let tracker = world.tracker.clone();
        async move { tracker.run(background, &CancellationToken::new()).await }
    });
    // Somebody else's address in a message is not an address to call.
    let victim = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let there = TcpListener::bind(("127.0.0.3", here.local_addr().unwrap().port())).await.unwrap();
    let call = async |listener: &TcpListener| timeout(LONG, listener.accept()).await.expect("it calls").unwrap();
    let (port, declared) = (here.local_addr().unwrap().port(), [victim.local_addr().unwrap()]);
    let registered = world.register_at(1, "127.0.0.2", port, &declared, vec![seed(1, "a")]).await;
    call(&here).await;
    let peer_id = Identity::from_seed([1; 32]).peer_id();
    let heartbeat = Heartbeat { peer_id, token: registered.lease.token, completed: vec![] };
    world.tracker.heartbeat(world.caller("127.0.0.3"), heartbeat).await.unwrap();
    call(&there).await;
    let nobody = timeout(Duration::ZERO, victim.accept()).await;
    assert!(nobody.is_err(), "{nobody:?}");
    running.abort();
}

#[tokio::test]
async fn one_network_registers_so_often_and_others_still_do() {
    let limits = Limits { registers_per_minute: NonZeroU32::new(3).unwrap(), ..Limits::default() };
    for [network, elsewhere] in [["203.0.113.", "198.51.100.1"], ["2001:db8::", "2001:db8:0:1::1"]] {
        let mut world = World::with(Config { limits: limits.clone(), ..Config::default() });
        for host in 1..=3 {
            world.try_register(&format!("{network}{host}")).await.unwrap();
        }
        let refused = world.try_register(&format!("{network}9")).await.unwrap_err();
        assert!(matches!(refused, Refusal::TooManyRegisters { retry_after: 1..=21 }), "{refused:?}");
        world.try_register(elsewhere).await.unwrap();
    }
}

/// As one party with a few connections of HTTP/2 would: more at once than there are places.
#[tokio::test]
async fn who_searches_much_keeps_nobody_else_from_searching() {
    let mut world = World::new();
    world.register(1, "203.0.113.1", vec![seed(1, "name")]).await;
    world.tracker.flush().await;
    let search = Search { words: "name".into(), page: 0 };
    let many = (0..1200).map(|number| {
        let caller = world.caller(&format!("203.0.113.{}", number % 250));
        Box::pin(world.tracker.search(caller, &search))
    });
    let mut many: Vec<_> = many.collect();
    // All of them begin before the one that counts.
    many.retain_mut(|search| search.as_mut().now_or_never().is_none());
    assert!(!many.is_empty());
    let mut honest = Box::pin(world.tracker.search(world.caller("198.51.100.1"), &search));
    assert!(honest.as_mut().now_or_never().is_none(), "it has a place");
    let (_, honest) = tokio::join!(join_all(many), honest);
    assert_eq!(honest.unwrap().files.len(), 1);
}
