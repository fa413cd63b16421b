//! A store in a real cluster whose servers are killed, fall silent, and hand slots to each other while peers come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::PeerId;
use sprat_protocol::tracker::FileInfo;
use sprat_tracker::model::contact::Contact;
use sprat_tracker::model::error::{FileRefusal, LeaseError, RegisterError, Unavailable};
use sprat_tracker::model::holding::{Accepted, Asker, Claim, Found, Offer, Registration, Renewal, Share};
use sprat_tracker::store::Store;
use sprat_tracker::store::cluster::Cluster;
use sprat_tracker::store::cluster::changes::{Change, News, Position, STREAMS};
use sprat_tracker::{ClusterConfig, Limits, Now};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time;
use tokio_util::sync::CancellationToken;

use servers::{PRIMARIES, Servers};

mod servers;

/// Time beyond anything here, so that what hangs fails.
const LONG: Duration = Duration::from_secs(60);
/// Pause before looking again.
const PAUSE: Duration = Duration::from_millis(20);
const LEASE: Duration = Duration::from_secs(6);
/// Time for which a primary that is away may cost errors.
const RECOVERY: Duration = Duration::from_secs(15);
const LONG_LEASE: Duration = Duration::from_secs(600);
const ASKER: Asker = Asker { peer_id: None, address: IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1)) };

/// A tracker's store.
struct Tracker {
    cluster: Arc<Cluster>,
    background: JoinHandle<()>,
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.background.abort();
    }
}

impl Tracker {
    async fn start(config: &ClusterConfig, lease: Duration) -> Self {
        let cluster = Arc::new(Cluster::new(config, lease, Limits::default(), Arc::default()).unwrap());
        let background = tokio::spawn({
            let cluster = cluster.clone();
            async move { cluster.run(&CancellationToken::new()).await }
        });
        let tracker = Self { cluster, background };
        until(async || tracker.answers_everywhere().await).await;
        tracker
    }

    /// Says whether the slots of all primaries can be looked up.
    async fn answers_everywhere(&self) -> bool {
        let file_ids: Vec<FileId> = (0..PRIMARIES).map(|shard| files_of(shard).next().unwrap()).collect();
        let found = self.cluster.query(Now::read(), &file_ids, ASKER, 1).await;
        found.unavailable.is_empty() && infos(&found).iter().all(|info| !info.stale)
    }

    async fn query(&self, file_id: FileId) -> (Option<FileInfo>, Found) {
        let found = self.cluster.query(Now::read(), &[file_id], ASKER, 200).await;
        (infos(&found).pop(), found)
    }
}

async fn servers() -> Option<Servers> {
    tokio::task::spawn_blocking(Servers::start).await.unwrap()
}

/// Waits until something is so.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < LONG, "this takes too long");
        time::sleep(PAUSE).await;
    }
}

fn infos(found: &Found) -> Vec<FileInfo> {
    serde_json::from_slice(&[b"[", found.files.as_slice(), b"]"].concat()).unwrap()
}

fn file(number: u32) -> FileId {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    FileId::new(bytes)
}

fn peer(number: u32) -> PeerId {
    PeerId::new(*file(number).as_bytes())
}

fn contact(number: u32) -> Contact {
    let [_, a, b, c] = number.to_be_bytes();
    Contact::new([10, a, b, c].into(), 4000, &[])
}

fn observed(number: u32) -> IpAddr {
    contact(number).observed()
}

/// Outcome of a REGISTER.
#[derive(Debug, PartialEq)]
struct Told {
    token: u128,
    /// Outcomes in the order of the files.
    files: Vec<Result<Accepted, FileRefusal>>,
}

/// Registers a peer with these files.
async fn register(cluster: &Cluster, number: u32, shares: Vec<Share>) -> Result<Told, RegisterError> {
    let mut offers: Vec<Offer> = shares.into_iter().map(Offer::new).collect();
    let taken = offers.iter_mut().collect();
    let Registration { token, .. } = cluster.register(Now::read(), peer(number), contact(number), taken).await?;
    Ok(Told { token, files: offers.into_iter().map(|offer| offer.outcome).collect() })
}

/// Sends the heartbeat of a peer.
async fn heartbeat(cluster: &Cluster, number: u32, token: u128) -> Result<Renewal, LeaseError> {
    cluster.heartbeat(Now::read(), peer(number), token, observed(number), &[]).await
}

fn share(file_id: FileId) -> Share {
    let claim = Claim { name: "name".into(), layout: Layout::new(1, ChunkSize::DEFAULT).unwrap() };
    Share { file_id, claim, complete: true }
}

/// Finds the primary that has the slot of this tag at first.
fn shard_of(tag: &str) -> usize {
    Servers::shard_of(crc::Crc::<u16>::new(&crc::CRC_16_XMODEM).checksum(tag.as_bytes()) % 16384)
}

fn shard_of_file(file_id: FileId) -> usize {
    shard_of(&file_id.to_string())
}

fn shard_of_peer(number: u32) -> usize {
    shard_of(&peer(number).to_string())
}

/// Files in the slots of one primary.
fn files_of(shard: usize) -> impl Iterator<Item = FileId> {
    (1_000_000..).map(file).filter(move |file_id| shard_of_file(*file_id) == shard)
}

/// Peers in the slots of one primary.
fn peers_of(shard: usize) -> impl Iterator<Item = u32> {
    (1_000_000..).filter(move |number| shard_of_peer(*number) == shard)
}

/// Errors: the moment of each, and the primary whose slots it was about.
type Errors = Arc<Mutex<Vec<(Instant, usize)>>>;

/// Holders of each file, by what peers were told to be registered.
type Registered = Arc<Mutex<BTreeMap<FileId, BTreeSet<u32>>>>;

/// Peers that register more and more, keep their leases, and register again what the tracker lost; and somebody who asks for
/// all that was ever registered.
struct Load {
    errors: Errors,
    registered: Registered,
    tasks: JoinSet<()>,
}

const NUM_PEERS: u32 = 30;

impl Load {
    fn start(tracker: &Tracker) -> Self {
        let (errors, registered) = (Errors::default(), Registered::default());
        let mut tasks = JoinSet::new();
        for number in 0..NUM_PEERS {
            let peer = Peer {
                number,
                cluster: tracker.cluster.clone(),
                errors: errors.clone(),
                registered: registered.clone(),
                files: BTreeSet::new(),
                open: BTreeSet::new(),
                token: None,
            };
            tasks.spawn(peer.run());
        }
        tasks.spawn(ask(tracker.cluster.clone(), errors.clone(), registered.clone()));
        Self { errors, registered, tasks }
    }

    /// Waits until so many files are registered.
    async fn grow_to(&mut self, files: usize) {
        until(async || self.registered.lock().len() >= files).await;
        self.assert_running();
    }

    fn assert_running(&mut self) {
        assert!(self.tasks.try_join_next().is_none(), "a peer failed");
    }

    /// Finds the moment of the last error with the slots of this primary.
    fn last_error(&self, shard: usize) -> Option<Instant> {
        self.errors.lock().iter().filter(|(_, of)| *of == shard).map(|(at, _)| *at).max()
    }

    fn errors(&self, shard: usize) -> usize {
        self.errors.lock().iter().filter(|(_, of)| *of == shard).count()
    }

    /// Waits until everybody is found for what it registered, and does so within a lease.
    async fn assert_nothing_is_lost(&mut self, tracker: &Tracker) {
        let start = Instant::now();
        let registered = self.registered.lock().clone();
        for (file_id, holders) in &registered {
            loop {
                let told = match tracker.query(*file_id).await {
                    (Some(info), _) => info.peers.iter().map(|info| info.peer_id).collect(),
                    (None, _) => BTreeSet::new(),
                };
                if holders.iter().all(|number| told.contains(&peer(*number))) {
                    break;
                }
                assert!(start.elapsed() < LEASE, "{file_id} is not found for {holders:?}, only for {told:?}");
                time::sleep(PAUSE).await;
            }
        }
        self.assert_running();
    }
}

/// A peer, as it behaves.
struct Peer {
    number: u32,
    cluster: Arc<Cluster>,
    errors: Errors,
    registered: Registered,
    /// Files that it holds; below, those of them that it still has to register.
    files: BTreeSet<FileId>,
    open: BTreeSet<FileId>,
    token: Option<u128>,
}

impl Peer {
    async fn run(mut self) {
        let mut last_beat = Instant::now();
        for turn in 0.. {
            if turn % 5 == 0 {
                // Each file is shared by two peers.
                let file_id = file((turn / 5) * NUM_PEERS + self.number / 2);
                self.files.insert(file_id);
                self.open.insert(file_id);
            }
            if let Some(token) = self.token.filter(|_| last_beat.elapsed() > LEASE / 3) {
                last_beat = Instant::now();
                self.heartbeat(token).await;
            }
            if self.token.is_none() {
                self.open = self.files.clone();
            }
            if !self.open.is_empty() {
                self.register().await;
            }
            time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn heartbeat(&mut self, token: u128) {
        match heartbeat(&self.cluster, self.number, token).await {
            Ok(renewal) => self.open.extend(renewal.unknown),
            Err(LeaseError::Unknown(_)) => self.token = None,
            Err(LeaseError::Unavailable(_)) => self.note(shard_of_peer(self.number)),
        }
    }

    async fn register(&mut self) {
        let shares: Vec<Share> = self.open.iter().take(100).copied().map(share).collect();
        match register(&self.cluster, self.number, shares.clone()).await {
            Ok(registration) => {
                self.token = Some(registration.token);
                for (share, result) in shares.iter().zip(registration.files) {
                    match result {
                        Ok(_) => {
                            self.open.remove(&share.file_id);
                            self.registered.lock().entry(share.file_id).or_default().insert(self.number);
                        }
                        Err(FileRefusal::Unavailable(_)) => self.note(shard_of_file(share.file_id)),
                        Err(refusal) => panic!("{refusal}"),
                    }
                }
            }
            Err(RegisterError::Unavailable(_)) => self.note(shard_of_peer(self.number)),
            Err(refusal) => panic!("{refusal}"),
        }
    }

    fn note(&self, shard: usize) {
        self.errors.lock().push((Instant::now(), shard));
    }
}

/// Asks for one file after another.
async fn ask(cluster: Arc<Cluster>, errors: Errors, registered: Registered) {
    loop {
        let file_ids: Vec<FileId> = registered.lock().keys().copied().collect();
        for file_id in file_ids {
            let found = cluster.query(Now::read(), &[file_id], ASKER, 10).await;
            if !found.unavailable.is_empty() || infos(&found).iter().any(|info| info.stale) {
                errors.lock().push((Instant::now(), shard_of_file(file_id)));
            }
            time::sleep(Duration::from_millis(2)).await;
        }
        time::sleep(PAUSE).await;
    }
}

/// A primary goes away under load: only its slots see errors, only for a while, and nothing is lost.
async fn a_primary_goes_away(away: impl FnOnce(&Servers)) -> Option<Servers> {
    let servers = servers().await?;
    let tracker = Tracker::start(&servers.config("sprat:"), LEASE).await;
    let mut load = Load::start(&tracker);
    load.grow_to(100).await;
    assert_eq!(load.errors.lock().len(), 0);
    away(&servers);
    let start = Instant::now();
    until(async || load.last_error(0).is_some()).await;
    // It is over when nothing has gone wrong for a while.
    until(async || load.last_error(0).is_some_and(|at| at.elapsed() > LEASE / 2)).await;
    let lasted = load.last_error(0).unwrap().duration_since(start);
    eprintln!("{} errors of its slots in {lasted:?}", load.errors(0));
    assert!(lasted < RECOVERY, "{lasted:?}");
    assert_eq!((load.errors(1), load.errors(2)), (0, 0), "the slots of others are not affected");
    load.assert_nothing_is_lost(&tracker).await;
    Some(servers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_is_killed_under_load() {
    a_primary_goes_away(|servers| servers.kill(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_falls_silent_under_load() {
    a_primary_goes_away(|servers| servers.freeze(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_move_under_load() {
    let Some(servers) = servers().await else { return };
    let tracker = Tracker::start(&servers.config("sprat:"), LEASE).await;
    let mut load = Load::start(&tracker);
    load.grow_to(100).await;
    let moved = tokio::task::spawn_blocking(move || {
        servers.reshard(0, 1, 2000);
        servers
    });
    let servers = moved.await.unwrap();
    assert_eq!(servers.say(1, &["CLUSTER", "COUNTKEYSINSLOT", "0"]).parse::<u32>().map(drop), Ok(()));
    let files = load.registered.lock().len();
    load.grow_to(files + 100).await;
    load.assert_nothing_is_lost(&tracker).await;
    assert_eq!(load.errors.lock().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_that_is_away_costs_only_its_files() {
    let Some(servers) = servers().await else { return };
    let tracker = Tracker::start(&servers.config("sprat:"), LONG_LEASE).await;
    let number = peers_of(1).next().unwrap();
    let here: Vec<FileId> = files_of(1).take(2).collect();
    let away: Vec<FileId> = files_of(0).take(3).collect();
    let shares: Vec<Share> = here.iter().chain(&away[..2]).copied().map(share).collect();
    let token = register(&tracker.cluster, number, shares).await.unwrap().token;
    assert!(tracker.query(away[0]).await.0.is_some_and(|info| !info.stale));

    servers.freeze(PRIMARIES);
    servers.freeze(0);
    until(async || !tracker.query(away[1]).await.1.unavailable.is_empty()).await;
    // The answer of a moment ago may still be as good as new.
    until(async || tracker.query(away[0]).await.0.is_some_and(|info| info.stale)).await;
    let (info, _) = tracker.query(away[0]).await;
    assert_eq!(info.unwrap().peers[0].peer_id, peer(number));
    // It is known to be away, so nobody waits for it.
    let start = Instant::now();
    let asked: Vec<FileId> = [&here[..], &away[..]].concat();
    let found = tracker.cluster.query(Now::read(), &asked, ASKER, 10).await;
    assert_eq!((infos(&found).len(), &found.unknown[..], &found.unavailable[..]), (3, &[][..], &away[1..]));
    assert!(start.elapsed() < Duration::from_millis(150), "{:?}", start.elapsed());
    let shares = vec![share(files_of(2).next().unwrap()), share(away[2])];
    let registered = register(&tracker.cluster, number, shares).await.unwrap();
    assert!(registered.files[0].is_ok());
    assert_eq!(registered.files[1], Err(FileRefusal::Unavailable(Unavailable)));
    let renewal = heartbeat(&tracker.cluster, number, registered.token).await.unwrap();
    assert_eq!(renewal.unknown, []);
    assert!(token != registered.token && tracker.cluster.is_ready());
    let other = peers_of(0).next().unwrap();
    let refused = register(&tracker.cluster, other, vec![]).await;
    assert_eq!(refused, Err(RegisterError::Unavailable(Unavailable)));
    assert_eq!(tracker.cluster.remove_file(away[0]).await, Err(Unavailable));

    for server in 1..PRIMARIES {
        servers.kill(server);
        servers.kill(server + PRIMARIES);
    }
    until(async || !tracker.cluster.is_ready()).await;
    servers.thaw(0);
    until(async || tracker.cluster.is_ready()).await;
    until(async || tracker.query(away[0]).await.0.is_some_and(|info| !info.stale)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_were_lost_are_reported_and_registered_again() {
    let Some(servers) = servers().await else { return };
    let tracker = Tracker::start(&servers.config("sprat:"), LEASE).await;
    let number = peers_of(1).next().unwrap();
    let files: Vec<FileId> = [files_of(0).next().unwrap(), files_of(1).next().unwrap()].into();
    let register = async |files: &[FileId]| {
        let shares = files.iter().copied().map(share).collect();
        register(&tracker.cluster, number, shares).await.unwrap().token
    };
    let mut token = register(&files).await;
    // All that one of the primaries has is gone.
    servers.say(0, &["FLUSHALL"]);
    let start = Instant::now();
    until(async || {
        let renewal = heartbeat(&tracker.cluster, number, token).await.unwrap();
        assert!(renewal.unknown.is_empty() || renewal.unknown == files[..1]);
        !renewal.unknown.is_empty()
    })
    .await;
    assert!(start.elapsed() < LEASE * 2 / 3, "{:?}", start.elapsed());
    token = register(&files[..1]).await;
    assert!(tracker.query(files[0]).await.0.is_some());
    // All that the peer's own primary has is gone.
    servers.say(1, &["FLUSHALL"]);
    let beat = heartbeat(&tracker.cluster, number, token).await;
    assert!(matches!(beat, Err(LeaseError::Unknown(_))), "{beat:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trackers_share_what_they_know() {
    let Some(servers) = servers().await else { return };
    let config = servers.config("sprat:");
    let (one, other) = (Tracker::start(&config, LONG_LEASE).await, Tracker::start(&config, LONG_LEASE).await);
    let registered = register(&one.cluster, 1, vec![share(file(1))]).await.unwrap();
    assert!(other.query(file(1)).await.0.is_some());
    heartbeat(&other.cluster, 1, registered.token).await.unwrap();
    assert_eq!(other.cluster.use_nonce(peer(1), 7, 60).await, Ok(true));
    assert_eq!(one.cluster.use_nonce(peer(1), 7, 60).await, Ok(false));
    assert_eq!(
        (one.cluster.use_nonce(peer(1), 8, 60).await, one.cluster.use_nonce(peer(2), 7, 60).await),
        (Ok(true), Ok(true))
    );
    assert_eq!(one.cluster.use_nonce(peer(1), 9, 1).await, Ok(true));
    until(async || one.cluster.use_nonce(peer(1), 9, 1).await == Ok(true)).await;
    // Servers that have forgotten the scripts are told them again.
    (0..PRIMARIES).for_each(|number| drop(servers.say(number, &["SCRIPT", "FLUSH"])));
    other.cluster.unregister(Now::read(), peer(1), registered.token, None).await.unwrap();
    until(async || one.query(file(1)).await.0.is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_crowd_everybody_is_told_about_as_often() {
    const CROWD: u32 = 1000;
    const ROUNDS: u32 = 100;
    let Some(servers) = servers().await else { return };
    let tracker = Tracker::start(&servers.config("sprat:"), LONG_LEASE).await;
    for number in 0..CROWD {
        let share = Share { complete: number % 4 == 0, ..share(file(1)) };
        assert!(register(&tracker.cluster, number, vec![share]).await.unwrap().files[0].is_ok());
    }
    let mut times: BTreeMap<PeerId, u32> = (0..CROWD).map(|number| (peer(number), 0)).collect();
    for _ in 0..ROUNDS {
        // What this tracker changes itself it sees at once, so each round has a sample of its own.
        register(&tracker.cluster, 0, vec![share(file(1))]).await.unwrap();
        let info = tracker.query(file(1)).await.0.unwrap();
        assert_eq!((info.seeders, info.leechers), (CROWD / 4, CROWD * 3 / 4));
        let told: BTreeSet<PeerId> = info.peers.iter().map(|info| info.peer_id).collect();
        assert_eq!((told.len(), info.peers.len()), (200, 200));
        told.into_iter().for_each(|peer_id| *times.get_mut(&peer_id).unwrap() += 1);
    }
    // 20 times each, with a standard deviation of 4.
    assert!(times.values().all(|times| (2..45).contains(times)), "{times:?}");
    // A seeder that is not in the sample is known to be one too.
    for number in (0..40).map(|number| 4 * number) {
        let asker = Asker { peer_id: Some(peer(number)), ..ASKER };
        let found = tracker.cluster.query(Now::read(), &[file(1)], asker, 200).await;
        assert!(infos(&found)[0].peers.iter().all(|info| !info.complete));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_and_a_password_are_given() {
    let Some(servers) = servers().await else { return };
    for number in 0..2 * PRIMARIES {
        let rules = ["ACL", "SETUSER", "tracker", "on", ">secret", "~theirs:*", "+@all", "-@admin"];
        assert_eq!(servers.say(number, &rules), "OK");
        assert_eq!(servers.say(number, &["ACL", "SETUSER", "default", "on", "nopass", "-@all", "+@admin"]), "OK");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "secret\n").unwrap();
    let config =
        ClusterConfig { username: Some("tracker".into()), password_file: Some(path), ..servers.config("theirs:") };
    let tracker = Tracker::start(&config, LONG_LEASE).await;
    register(&tracker.cluster, 1, vec![share(file(1))]).await.unwrap();
    assert!(tracker.query(file(1)).await.0.is_some());
}

fn put(number: u32) -> Change {
    let (file_id, by) = (file(number << 24), peer(1));
    let name = format!("name {number}");
    Change::Put { file_id, name, size: 1, chunk_size: ChunkSize::DEFAULT, first_seen: 5, by }
}

/// Changes that were read of each stream.
type Read = [Vec<Change>; STREAMS];

/// Reads news until that is enough. Says whether something was said to be missing.
async fn read_until(
    cluster: &Cluster,
    positions: &mut [Position; STREAMS],
    is_enough: impl Fn(&Read) -> bool,
) -> (Read, bool) {
    let mut follower = cluster.follow(*positions);
    let mut read = Read::default();
    let mut is_missing = false;
    while !is_enough(&read) {
        let News { stream, has_gap, changes, position } =
            time::timeout(LONG, follower.next()).await.expect("there is something new");
        positions[stream] = position;
        is_missing |= has_gap;
        read[stream].extend(changes);
    }
    (read, is_missing)
}

/// Reads news until there are so many changes. Returns how many there were, and whether something was said to be missing.
async fn read_changes(cluster: &Cluster, positions: &mut [Position; STREAMS], count: usize) -> (usize, bool) {
    let len = |read: &Read| read.iter().map(Vec::len).sum::<usize>();
    let (read, is_missing) = read_until(cluster, positions, |read| len(read) >= count).await;
    (len(&read), is_missing)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_the_catalogue_reach_everybody() {
    let Some(servers) = servers().await else { return };
    let config = servers.config("sprat:");
    let (one, other) = (Tracker::start(&config, LONG_LEASE).await, Tracker::start(&config, LONG_LEASE).await);
    let mut positions = [Position::default(); STREAMS];
    for number in 0..STREAMS as u32 {
        one.cluster.publish(put(number));
        one.cluster.publish(Change::Remove { file_id: put(number).file_id() });
        one.cluster.publish(put(number));
    }
    let (read, is_missing) =
        read_until(&other.cluster, &mut positions, |read| read.iter().all(|changes| changes.len() >= 3)).await;
    assert!(!is_missing);
    for (number, changes) in (0..).zip(read) {
        // A change may come twice, after all of them.
        assert_eq!(changes[..3], [put(number), Change::Remove { file_id: put(number).file_id() }, put(number)]);
    }

    // While a shard is away, what is published waits, and whoever follows hears the rest.
    let is_away = |number: usize| shard_of(&number.to_string()) == 0;
    let is_read = |read: &Read, number: usize| read[number].last() == Some(&put(number as u32));
    servers.freeze(PRIMARIES);
    servers.freeze(0);
    (0..STREAMS as u32).for_each(|number| one.cluster.publish(put(number)));
    let are_here = |read: &Read| (0..STREAMS).all(|number| is_away(number) || is_read(read, number));
    let (read, is_missing) = read_until(&other.cluster, &mut positions, are_here).await;
    assert!(!is_missing && (0..STREAMS).all(|number| !is_away(number) || read[number].is_empty()), "{read:?}");
    servers.thaw(0);
    servers.thaw(PRIMARIES);
    let are_late = |read: &Read| (0..STREAMS).all(|number| !is_away(number) || is_read(read, number));
    assert!(!read_until(&other.cluster, &mut positions, are_late).await.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_away_for_too_long_is_told_that_something_is_missing() {
    let Some(servers) = servers().await else { return };
    let config = servers.config("sprat:");
    let tracker = Tracker::start(&config, LONG_LEASE).await;
    let mut positions = [Position::default(); STREAMS];
    let publish = |numbers: std::ops::Range<u32>| {
        // All are in one stream.
        numbers.for_each(|number| tracker.cluster.publish(Change::Remove { file_id: file(number) }));
    };
    publish(0..5);
    let (_, is_missing) = read_changes(&tracker.cluster, &mut positions, 5).await;
    assert!(!is_missing);
    let before = positions;
    publish(5..10);
    read_changes(&tracker.cluster, &mut positions, 5).await;
    let trim = ["XTRIM", "sprat:catalogue:{0}", "MAXLEN", "=", "2"];
    (0..PRIMARIES).for_each(|number| drop(servers.say(number, &trim)));
    // Who has read on does not miss what was cut off; who has not does, and so does a newcomer.
    publish(10..11);
    assert!(!read_changes(&tracker.cluster, &mut positions, 1).await.1);
    assert!(read_changes(&tracker.cluster, &mut before.clone(), 3).await.1);
    assert!(read_changes(&tracker.cluster, &mut [Position::default(); STREAMS], 3).await.1);
    // The stream is lost as a whole, and begins anew.
    (0..PRIMARIES).for_each(|number| drop(servers.say(number, &["FLUSHALL"])));
    publish(11..12);
    let (changes, is_missing) = read_changes(&tracker.cluster, &mut positions, 1).await;
    assert!(changes > 0 && is_missing);
}
