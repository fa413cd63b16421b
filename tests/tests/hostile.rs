//! Trackers that answer with anything, and wires on which anything happens: whoever has a better tracker, or tries again, has the
//! file all the same.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sprat_api::{Command, TrackerError, TrackerQuestion, TransferState};
use sprat_chunking::{ChunkHashes, ChunkSize, FileDigest, Hash, Layout, split};
use sprat_peer::{Engine, EngineConfig, Tokens};
use sprat_protocol::Link;
use sprat_protocol::tracker::ErrorCode;
use sprat_protocol::wire::{self, Message};
use sprat_tests::fault_proxy::{Course, Courses, Fault, FaultProxy};
use sprat_tests::files::noise;
use sprat_tests::hostile_tracker::{HostileTracker, Manner};
use sprat_tests::liar::{Liar, Lie};
use sprat_tests::stranger::Stranger;
use sprat_tests::swarm::{Peer, Tracker, only_peer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const CHUNK: usize = 256 * 1024;
/// The most of one answer that may be taken: what is read of it, and what two systems hold for it meanwhile.
const MOST_TAKEN: u64 = 24 * 1024 * 1024;

/// Soon given up, soon tried again.
fn impatient(config: &mut EngineConfig) {
    config.limits.connect_timeout = Duration::from_millis(1500);
    config.limits.idle_timeout = Duration::from_millis(1500);
    config.limits.request_timeout = (Duration::from_millis(500), Duration::from_secs(2));
    config.limits.query_interval = Duration::from_millis(200);
}

/// A seeder and a downloader that both have a tracker of this manner besides a good one; gives them when the download is done.
async fn beside(manner: Manner, good: &Tracker) -> (HostileTracker, Peer, Peer, Link) {
    let hostile = HostileTracker::start(manner).await;
    let both = |config: &mut EngineConfig| {
        impatient(config);
        config.trackers.insert(0, hostile.url.clone());
    };
    let mut seeder = Peer::start(Some(good), both).await;
    let data = noise(4 * CHUNK + 9, 80);
    let link = Link::new(seeder.share_bytes("a.bin", &data).await.file_id);
    let mut downloader = Peer::start(Some(good), both).await;
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(&path).unwrap() == data);
    assert!(path.starts_with(downloader.downloads()), "{path:?}");
    (hostile, seeder, downloader, link)
}

#[tokio::test]
async fn a_tracker_that_answers_with_anything_costs_nothing_but_itself() {
    let good = Tracker::start().await;
    let refuses = |code, retry_after| Manner::Refuses { code, retry_after };
    for manner in [
        Manner::Garbage,
        Manner::HangsUp,
        Manner::HugeBody,
        Manner::EndlessBody,
        Manner::Drip,
        Manner::WrongTypes,
        Manner::Nested,
        Manner::AnotherAnswer,
        refuses(ErrorCode::TooMany, u32::MAX),
        refuses(ErrorCode::WrongTime, 1),
        refuses(ErrorCode::UnknownLease, 0),
        Manner::Lease(0),
        Manner::Lease(u32::MAX.into()),
        Manner::Lease(u64::MAX),
        Manner::Crowd(10_000),
    ] {
        let start = Instant::now();
        let (hostile, seeder, downloader, _) = beside(manner.clone(), &good).await;
        assert!(hostile.asked() > 0, "{manner:?} was never asked");
        let asked = hostile.asked();
        // It cannot have itself asked in a loop.
        assert!(asked as f64 <= 40.0 + 20.0 * start.elapsed().as_secs_f64(), "{manner:?} was asked {asked} times");
        for peer in [seeder, downloader] {
            let stopping = Instant::now();
            peer.stop().await;
            assert!(stopping.elapsed() < Duration::from_secs(10), "{manner:?} kept an engine from its end");
        }
    }
}

#[tokio::test]
async fn of_an_answer_no_more_is_taken_than_an_answer_needs() {
    for manner in [Manner::HugeBody, Manner::EndlessBody] {
        let hostile = HostileTracker::start(manner.clone()).await;
        let engine = Engine::start_asking(Tokens::default(), None).unwrap();
        let (tracker, question) = (hostile.url.clone(), TrackerQuestion::IsTracker);
        let asked = engine.ask(Command::AskTracker { tracker, question }).await;
        let nonsense = TrackerError::Nonsense { url: hostile.url.clone() };
        assert_eq!(asked, Err(nonsense.into()), "{manner:?}");
        let taken = hostile.largest_answer_taken().await;
        assert!(taken <= MOST_TAKEN, "{taken} bytes of one answer were taken of {manner:?}");
    }
}

#[tokio::test]
async fn a_tracker_cannot_send_anybody_on_to_somebody_else() {
    let good = Tracker::start().await;
    let third = TcpListener::bind("127.0.0.1:0").await.unwrap();
    beside(Manner::Redirect(third.local_addr().unwrap()), &good).await;
    let came = tokio::time::timeout(Duration::ZERO, third.accept()).await;
    assert!(came.is_err(), "{came:?}");
}

/// A tracker can have no more done to an address of its choice than a few connections that end at the handshake.
#[tokio::test]
async fn whoever_a_tracker_names_is_dialled_a_few_times_and_told_nothing() {
    let good = Tracker::start().await;
    let third = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = third.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let mut heard = Vec::new();
        while let Ok((stream, _)) = third.accept().await {
            let mut bytes = vec![0; 100_000];
            let _ = stream.readable().await;
            let read = stream.try_read(&mut bytes).unwrap_or(0);
            bytes.truncate(read);
            heard.push(bytes);
            if heard.len() == 3 {
                break;
            }
        }
        heard
    });
    let (_hostile, _seeder, _downloader, link) = beside(Manner::Names(vec![address; 3]), &good).await;
    for bytes in heard.await.unwrap() {
        assert!(bytes.len() < 1000, "{} bytes", bytes.len());
        let id = link.file_id.to_string();
        assert!(!bytes.windows(32).any(|part| part == link.file_id.as_bytes() || part == &id.as_bytes()[..32]));
    }
}

#[tokio::test]
async fn a_name_from_a_tracker_stays_in_the_folder() {
    let names = [
        "../../evil",
        "/etc/passwd",
        "C:\\evil",
        "\\\\host\\share",
        "NUL",
        "a\0b",
        "",
        ".",
        "..",
        "\u{202e}gpj.exe",
        ".profile",
    ];
    let mut seeder = Peer::start(None, |_| {}).await;
    for (n, name) in names.iter().enumerate() {
        let hostile = HostileTracker::start(Manner::Called((*name).to_owned())).await;
        let link = only_peer(&seeder.share_bytes("a.bin", &noise(CHUNK, n as u64)).await);
        let mut downloader = Peer::start(None, |config| config.trackers = vec![hostile.url.clone()]).await;
        downloader.fetch(Link { name: None, ..link.clone() }).await;
        let path = downloader.completed(&link).await;
        assert_eq!(path.parent(), Some(downloader.downloads().as_path()), "{name:?}");
        assert!(!path.file_name().unwrap().to_str().unwrap().starts_with('.'), "{path:?} after {name:?}");
        let there: Vec<_> = std::fs::read_dir(downloader.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(there.len(), 2, "{there:?} after {name:?}");
    }
}

/// One download whose first connections each have something go wrong with them; gives how much did.
async fn through_trouble(seed: u64) -> (usize, u64, u64) {
    let data = noise(8 * CHUNK + 77, seed);
    let mut seeder = Peer::start(None, impatient).await;
    let mut link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let to = seeder.engine.snapshot().listen;
    let proxy = FaultProxy::seeded(to, seed, 3, data.len() as u64).await;
    link.peers = vec![proxy.addr.into()];
    let mut downloader = Peer::start(None, impatient).await;
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(path).unwrap() == data, "seed {seed}");
    // A damaged wire is nobody's fault: who is at its end is not refused for it.
    let peers = &downloader.transfer(&link).unwrap().peers;
    assert!(peers.iter().all(|peer| peer.peer_id == seeder.engine.snapshot().peer_id), "seed {seed}");
    (proxy.faults(), proxy.passed(), data.len() as u64)
}

/// All at once: most of the time everybody waits, up to 30 seconds for a peer that fell silent within a chunk.
#[tokio::test]
async fn a_download_over_a_wire_in_trouble_ends_right() {
    let mut running: JoinSet<_> = (4100..4132).map(through_trouble).collect();
    let mut faults = 0;
    while let Some(done) = running.join_next().await {
        let (happened, passed, len) = done.unwrap();
        faults += happened;
        assert!(passed < 3 * len, "{passed} bytes passed for {len}");
    }
    assert!(faults >= 32, "only {faults} faults happened");
}

#[tokio::test]
async fn a_pulled_cable_is_noticed_and_the_download_goes_on() {
    let data = noise(16 * CHUNK, 90);
    let mut seeder = Peer::start(None, impatient).await;
    let mut link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let silent = Course { fault: Some((1_500_000, Fault::Silence)), ..Course::default() };
    let plan = move |number| if number == 0 { [Course::default(), silent] } else { Courses::default() };
    let proxy = FaultProxy::start(seeder.engine.snapshot().listen, plan).await;
    link.peers = vec![proxy.addr.into()];
    let mut downloader = Peer::start(None, impatient).await;
    downloader.fetch(link.clone()).await;
    downloader.completed(&link).await;
    assert_eq!((proxy.connections(), proxy.faults()), (2, 1));
    let transfer = downloader.transfer(&link).unwrap();
    assert_eq!((transfer.downloaded, &transfer.state), (data.len() as u64, &TransferState::Sharing));
}

/// Somebody between two peers who has a key of his own, where a tracker said whose key it has to be.
#[tokio::test]
async fn somebody_between_two_peers_is_refused() {
    let data = noise(4 * CHUNK, 91);
    let mut seeder = Peer::start(None, |_| {}).await;
    let id = seeder.share_bytes("a.bin", &data).await.file_id;
    // He would even serve what is right.
    let between = Liar::start(data.clone(), Lie::None).await;
    let hostile = HostileTracker::start(Manner::Names(vec![between.addr])).await;
    let downloader = Peer::start(None, |config| {
        impatient(config);
        config.trackers = vec![hostile.url.clone()];
    })
    .await;
    downloader.fetch(Link::new(id)).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Waiting).then_some(())).await;
    assert_eq!(between.greeted(), 0, "nothing was said to him");
    let link = Link { peers: vec![seeder.engine.snapshot().listen.into()], ..Link::new(id) };
    downloader.engine.send(Command::AddPeer { file_id: id, addr: link.peers[0].clone() }).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Sharing).then_some(())).await;
    assert_eq!(downloader.transfer(&link).unwrap().peers.len(), 1);
}

/// A payload that nobody asked for is not even read: it would be held for whoever sends it, as long as he likes.
#[tokio::test]
async fn who_sends_what_nobody_asked_for_is_left_at_once() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let file_id = seeder.share_bytes("a.bin", &noise(CHUNK, 92)).await.file_id;
    let chunk_size = ChunkSize::DEFAULT;
    let (name, size, num_chunks) = (String::new(), CHUNK as u64, 65_536);
    for (message, len) in [
        (Message::Hashes { file_id, chunk_size }, 2 * 1024 * 1024),
        (Message::Bitfield { file_id, name, size, chunk_size, num_chunks, complete: false }, 8192),
    ] {
        let mut stranger = Stranger::dial(seeder.engine.snapshot().listen).await.unwrap();
        stranger.hello().await.unwrap();
        let mut bytes = Vec::new();
        wire::encode(&message, len, &mut bytes);
        // All but the last byte of it: who waits for that waits long.
        bytes.resize(bytes.len() + len - 1, 1);
        let refused = stranger.say(&bytes).await.is_err() || stranger.is_left(Duration::from_secs(10)).await;
        assert!(refused, "{message:?}");
    }
}

/// Bytes held for peers that dribble are few, so that they keep nobody else from sending, be it another file.
#[tokio::test]
async fn who_dribbles_keeps_nobody_from_another_file() {
    // One chunk of these alone would take up half of all room. The file would be 625 GiB long.
    let layout = Layout::new(40_000 * u64::from(ChunkSize::MAX.bytes()), ChunkSize::MAX).unwrap();
    let hashes = ChunkHashes::from_hashes(ChunkSize::MAX, vec![Hash::new([7; Hash::LEN]); 40_000]);
    let huge = FileDigest { layout, hashes };
    let usual = |n| {
        let data = noise(8 * CHUNK, n);
        let layout = Layout::new(data.len() as u64, ChunkSize::DEFAULT).unwrap();
        let digest = split(data.as_slice(), layout, |_, _| std::ops::ControlFlow::Continue(())).unwrap();
        (digest, 2 * CHUNK as u32)
    };
    for (digest, buffer_bytes) in [usual(93), (huge, 32 * 1024 * 1024)] {
        let mut dribblers = Vec::new();
        for _ in 0..2 {
            dribblers.push(Liar::claiming(digest.clone(), Vec::new(), Lie::Trickle).await);
        }
        let mut seeder = Peer::start(None, |_| {}).await;
        let data = noise(16 * CHUNK, 94);
        let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
        let mut downloader = Peer::start(None, |config| config.limits.buffer_bytes = buffer_bytes).await;
        let mut dribbled = dribblers[0].link();
        dribbled.peers.extend(dribblers[1].link().peers);
        downloader.fetch(dribbled).await;
        for dribbler in &dribblers {
            dribbler.dribbles().await;
        }
        let start = Instant::now();
        downloader.fetch(link.clone()).await;
        let path = downloader.completed(&link).await;
        assert!(std::fs::read(path).unwrap() == data);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

/// A hint of how long a file is, or a peer, may say that it is cut into chunks as large as a disk: it is fetched in usual ones.
#[tokio::test]
async fn a_file_is_fetched_in_chunks_no_larger_than_its_length_needs() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let data = noise(20 * CHUNK, 95);
    let honest = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let layout = Layout::new(data.len() as u64, ChunkSize::MAX).unwrap();
    let digest = split(data.as_slice(), layout, |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    let coarse = Liar::claiming(digest, data.clone(), Lie::None).await;
    let peers = [coarse.link().peers, honest.peers.clone()].concat();
    for peers in [honest.peers.clone(), peers] {
        let mut downloader = Peer::start(None, |_| {}).await;
        let link = Link { size: Some(1 << 40), peers, ..honest.clone() };
        downloader.fetch(link.clone()).await;
        let path = downloader.completed(&link).await;
        assert!(std::fs::read(path).unwrap() == data);
        assert_eq!(downloader.transfer(&link).unwrap().num_chunks, 20);
    }
}

/// The wildest addresses that a tracker can name are no reason to stop.
#[tokio::test]
async fn addresses_that_are_none_harm_nobody() {
    let good = Tracker::start().await;
    let addresses: Vec<SocketAddr> = ["0.0.0.0:0", "255.255.255.255:65535", "[::]:0", "224.0.0.1:9", "[ff02::1]:9"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    beside(Manner::Names(addresses), &good).await;
}
