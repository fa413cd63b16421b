//! One swarm: real engines and a real tracker, on a network that follows a plan.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sprat_api::{Command, Event as Told, Target, TransferState};
use sprat_peer::world::{Disk, World};
use sprat_peer::{Engine, EngineConfig, EngineHandle};
use sprat_protocol::{Identity, Link, PeerId};
use sprat_tests::files::noise;
use sprat_tests::liar::Script;
use tempfile::TempDir;
use tokio::runtime::{Builder, Handle};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::network::Net;
use crate::plan::{Event, Plan};
use crate::tracker::{Host, Post};

/// Time after the last trouble until everybody must have the file, besides what the cables take for it.
const PATIENCE: Duration = Duration::from_secs(180);
/// Interval at which somebody looks who has the file.
const LOOK: Duration = Duration::from_millis(250);
const TRACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 2, 1));
const PORT: u16 = 4000;

/// Outcome of one swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// All that happened on the network, as a number.
    pub(crate) story: u64,
    /// Bytes that the network carried.
    pub(crate) carried: u64,
    /// From the beginning until everybody had the file.
    pub(crate) took: Duration,
}

/// Lives through one plan in virtual time.
///
/// # Panics
/// If anything that must hold does not.
pub(crate) fn live(plan: &Plan) -> Outcome {
    in_virtual_time(plan, async |swarm| swarm.run(plan).await)
}

/// Has something happen in the swarm of this plan, of which nothing has begun, in virtual time.
pub(crate) fn in_virtual_time<T>(plan: &Plan, happens: impl AsyncFnOnce(&mut Swarm) -> T) -> T {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async { happens(&mut Swarm::new(plan)).await })
}

/// Peers, liars and a tracker.
pub(crate) struct Swarm {
    /// Between them.
    pub(crate) net: Net,
    tracker: Arc<Host>,
    peers: Vec<Peer>,
    liars: HashSet<PeerId>,
    lying: JoinSet<()>,
    bytes: Vec<u8>,
    link: Link,
    seed: u64,
}

/// One peer, whose program may run or not.
struct Peer {
    /// The address that it had first.
    home: IpAddr,
    seed: u64,
    dir: TempDir,
    /// Command that the peer is given when its program starts for the first time.
    first: Option<Command>,
    running: Option<(EngineHandle, broadcast::Receiver<Told>)>,
}

impl Swarm {
    fn new(plan: &Plan) -> Self {
        let mut rng = StdRng::seed_from_u64(plan.seed);
        let net = Net::new(StdRng::seed_from_u64(rng.random()), plan.weather);
        let bytes = noise(plan.size, plan.seed);
        let (mut lying, mut liars, mut link) = (JoinSet::new(), HashSet::new(), None);
        for (n, lie) in plan.liars.iter().enumerate() {
            let script = Arc::new(Script::new(bytes.clone(), *lie, Identity::from_seed(rng.random())));
            liars.insert(script.identity().peer_id());
            let addr = SocketAddr::new(ip(1, n), PORT);
            link.get_or_insert_with(|| Link::new(script.file().0)).peers.push(addr.into());
            lying.spawn(lie_at(net.clone(), addr, script));
        }
        let link = link.unwrap_or_else(|| {
            let script = Script::new(bytes.clone(), sprat_tests::liar::Lie::None, Identity::from_seed([0; 32]));
            Link::new(script.file().0)
        });
        let link = Link { name: Some("file.bin".to_owned()), ..link };
        let peers =
            (0..plan.seeders + plan.wanted.len()).map(|n| Peer::new(n, rng.random(), n < plan.seeders, &bytes, &link));
        let peers = peers.collect();
        let tracker = Host::new(net.clone(), TRACKER);
        Self { net, tracker, peers, liars, lying, bytes, link, seed: plan.seed }
    }

    async fn run(&mut self, plan: &Plan) -> Outcome {
        let began = Instant::now();
        let starts = std::iter::repeat_n(&Duration::ZERO, plan.seeders).chain(&plan.wanted).enumerate();
        let mut events: Vec<_> = starts.map(|(peer, at)| (*at, Event::Came(peer))).collect();
        events.extend(&plan.events);
        events.sort_by_key(|(at, _)| *at);
        for (at, event) in events {
            while Instant::now() < began + at {
                sleep_until((Instant::now() + LOOK).min(began + at)).await;
                self.listen();
            }
            self.net.note(event);
            self.happen(event).await;
        }
        // Whatever was blocked or ended twice is not any more.
        self.net.heal();
        self.start_all().await;
        let cable = Duration::from_secs(4 * plan.size as u64 * self.peers.len() as u64 / plan.weather.rate);
        self.until(PATIENCE + cable, |swarm| swarm.have_it(plan.seeders)).await;
        let took = began.elapsed();
        self.end(plan).await;
        let (story, carried) = self.net.story();
        Outcome { story, carried, took }
    }

    /// Makes an event happen.
    pub(crate) async fn happen(&mut self, event: Event) {
        match event {
            Event::Blocked(from, to) => self.net.block(self.ip(from), self.ip(to)),
            Event::Healed(from, to) => self.net.unblock(self.ip(from), self.ip(to)),
            Event::Cut { peer, silently } => self.net.cut(self.ip(peer), silently),
            Event::Moved(peer) => self.net.change_address(self.peers[peer].home),
            Event::TrackerGone => self.tracker.stop(),
            Event::TrackerBack => self.tracker.start(self.seed),
            Event::Left(n) => self.peers[n].stop().await,
            Event::Came(n) => self.start(n).await,
        }
    }

    /// Everybody's program runs.
    pub(crate) async fn start_all(&mut self) {
        for n in 0..self.peers.len() {
            self.start(n).await;
        }
    }

    /// Waits until it is so. Returns how long that took.
    ///
    /// # Panics
    /// If it takes longer than `limit`.
    pub(crate) async fn until(&mut self, limit: Duration, is_so: impl Fn(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < limit, "not within {limit:?}: {:#?}", self.views());
            sleep(LOOK).await;
            self.listen();
        }
        began.elapsed()
    }

    /// Number of bytes of the file that a peer has.
    pub(crate) fn verified(&self, n: usize) -> u64 {
        let running = self.peers[n].running.as_ref();
        running.and_then(|(engine, _)| Some(engine.snapshot().transfers.first()?.verified)).unwrap_or(0)
    }

    /// A peer whose program runs throws the file away, and wants it again.
    pub(crate) async fn wants_it_again(&self, n: usize) {
        let Some((engine, _)) = &self.peers[n].running else { return };
        engine.send(Command::Remove { file_id: self.link.file_id, delete_data: true }).await;
        engine.send(Command::Download { link: self.link.clone(), target: Target::DownloadDir }).await;
    }

    /// Returns true if a peer's program runs.
    pub(crate) fn runs(&self, n: usize) -> bool {
        self.peers[n].running.is_some()
    }

    /// Present address of a peer.
    pub(crate) fn ip(&self, n: usize) -> IpAddr {
        self.net.address(self.peers[n].home)
    }

    /// Before its program starts: a peer is told where another is, and reaches no tracker.
    pub(crate) fn knows_only(&mut self, n: usize, other: usize) {
        self.net.block(self.ip(n), TRACKER);
        self.knows(n, other);
    }

    /// Before its program starts: a peer is told where another is, besides what trackers say.
    pub(crate) fn knows(&mut self, n: usize, other: usize) {
        let peers = vec![SocketAddr::new(self.ip(other), PORT).into()];
        let link = Link { peers, ..self.link.clone() };
        self.peers[n].first = Some(Command::Download { link, target: Target::DownloadDir });
    }

    /// The addresses at which the tracker names somebody.
    pub(crate) async fn named(&self) -> Vec<String> {
        self.tracker.named(self.link.file_id).await
    }

    /// The addresses in the link that a peer gives to others.
    pub(crate) fn linked(&self, n: usize) -> Vec<String> {
        let running = self.peers[n].running.as_ref();
        let snapshot = running.map(|(engine, _)| engine.snapshot());
        let peers = snapshot.iter().flat_map(|snapshot| &snapshot.transfers).flat_map(|transfer| &transfer.link.peers);
        peers.map(ToString::to_string).collect()
    }

    async fn start(&mut self, n: usize) {
        let post = Arc::new(Post { from: self.peers[n].home, to: self.tracker.clone() });
        let network = self.net.host(self.peers[n].home, post);
        self.peers[n].start(network).await;
    }

    /// Nobody who tells the truth is called a liar.
    pub(crate) fn listen(&mut self) {
        for (_, events) in self.peers.iter_mut().filter_map(|peer| peer.running.as_mut()) {
            loop {
                match events.try_recv() {
                    Ok(Told::BadChunk { peer_id, .. }) => assert!(self.liars.contains(&peer_id), "{peer_id} is honest"),
                    Ok(Told::Stopped { trouble, .. }) => panic!("stopped: {trouble}"),
                    Ok(Told::ShareFailed { reason, .. }) => panic!("not shared: {reason}"),
                    Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
        }
    }

    pub(crate) fn have_it(&self, seeders: usize) -> bool {
        self.peers[seeders..].iter().all(Peer::has_it)
    }

    fn views(&self) -> Vec<String> {
        let running = self.peers.iter().map(|peer| peer.running.as_ref());
        running
            .map(|running| running.map_or("gone".to_owned(), |(engine, _)| format!("{:?}", engine.snapshot())))
            .collect()
    }

    /// Everybody has the right file, ends, and leaves nothing running.
    pub(crate) async fn end(&mut self, plan: &Plan) {
        for peer in &mut self.peers {
            peer.stop().await;
        }
        for peer in &self.peers[plan.seeders..] {
            let path = peer.dir.path().join("downloads/file.bin");
            assert!(std::fs::read(&path).expect("it is there") == self.bytes, "{} is not the file", path.display());
            let entries = std::fs::read_dir(peer.dir.path().join("downloads")).expect("it is there");
            assert_eq!(entries.count(), 1, "nothing is left beside it");
        }
        assert_eq!(self.tracker.known(), (0, 0), "they said goodbye");
        self.lying.shutdown().await;
        // Whoever only had to learn that it is over.
        sleep(Duration::from_secs(1)).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "nothing runs on");
    }
}

impl Peer {
    fn new(n: usize, seed: u64, is_seeder: bool, bytes: &[u8], link: &Link) -> Self {
        let dir = folder();
        let key: [u8; Identity::SEED_LEN] = StdRng::seed_from_u64(seed).random();
        std::fs::create_dir(dir.path().join("state")).expect("a folder can be made");
        std::fs::write(dir.path().join("state/identity.key"), key).expect("a file can be written");
        let first = if is_seeder {
            let path = dir.path().join("file.bin");
            std::fs::write(&path, bytes).expect("a file can be written");
            Command::Share(path)
        } else {
            Command::Download { link: link.clone(), target: Target::DownloadDir }
        };
        Self { home: ip(0, n), seed, dir, first: Some(first), running: None }
    }

    async fn start(&mut self, network: Arc<dyn sprat_peer::world::Network>) {
        if self.running.is_some() {
            return;
        }
        let mut config = EngineConfig::new(self.dir.path().join("state"), self.dir.path().join("downloads"));
        config.listen = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), PORT);
        config.trackers = vec![format!("http://{TRACKER}:5000").parse().expect("that is a URL")];
        config.restore = true;
        config.world = World { network, disk: Disk::AtOnce, seed: Some(self.seed) };
        let engine = Engine::start(config).await.expect("an engine starts");
        let events = engine.events();
        if let Some(first) = self.first.take() {
            engine.send(first).await;
        }
        self.running = Some((engine, events));
    }

    async fn stop(&mut self) {
        if let Some((engine, _)) = self.running.take() {
            engine.shutdown().await;
        }
    }

    fn has_it(&self) -> bool {
        let Some((engine, _)) = &self.running else { return false };
        let snapshot = engine.snapshot();
        snapshot.transfers.iter().any(|transfer| transfer.state == TransferState::Sharing)
    }
}

/// Takes in whoever dials a liar.
async fn lie_at(net: Net, addr: SocketAddr, script: Arc<Script>) {
    let mut talking = JoinSet::new();
    let listener = net.listen(addr);
    while let Ok((stream, _)) = listener.accept().await {
        let script = script.clone();
        talking.spawn(async move { script.talk(stream).await });
    }
}

fn ip(network: u8, n: usize) -> IpAddr {
    let host = u8::try_from(n + 1).expect("there are few");
    IpAddr::V4(Ipv4Addr::new(10, 0, network, host))
}

/// A folder in memory, where there is such a thing: a simulated disk need not survive the simulation.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(parent).expect("a folder can be made")
}
