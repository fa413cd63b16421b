//! Seeders that leave, lie, stall, or are somebody else.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command as Program;
use std::time::{Duration, Instant};

use anyhow::ensure;
use sprat_api::{Event, TransferState};
use sprat_chunking::{ChunkHashes, ChunkSize, FileDigest, Hash, Layout};
use sprat_protocol::Link;
use sprat_tests::fault_proxy::{Course, Courses, Fault, FaultProxy};
use sprat_tests::files::noise;
use sprat_tests::hostile_tracker::{HostileTracker, Manner};
use sprat_tests::liar::{Liar, Lie};
use sprat_tests::swarm::{Peer, Tracker, only_peer};

use super::row::{Measured, Row, Trial};
use super::world::{MIB, at_rate, engines, is_right, link_to, until_chunks, until_state};
use crate::process::{Process, beside_this, text};

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 5,
        fault: "the only seeder leaves, and comes back",
        must: "\"waiting\"; goes on by itself within 10 s",
        run: |trial| engines(leaves(trial)),
    },
    Row {
        number: 6,
        fault: "4 of 8 peers send 5 % corrupt chunks",
        must: "no bad byte; ≥ 0.9 of the honest bandwidth; each is banned after its first",
        run: |trial| engines(corrupt(trial)),
    },
    Row {
        number: 7,
        fault: "half a chunk, early FIN, RST, 1 B/s, no answer, beside an honest peer",
        must: "≤ 1 refetch of each chunk; ≤ 1.2 × the file",
        run: |trial| engines(stalls(trial)),
    },
    Row {
        number: 25,
        fault: "a peer with another's ID; somebody in the middle, of peers and of a tracker",
        must: "refused; named in the log",
        run: somebody_else,
    },
    Row {
        number: 28,
        fault: "208 seeders of 13 other files send 20 KiB of each chunk, and then a byte a second",
        must: "a download beside them keeps ≥ 0.8 of its speed",
        run: |trial| engines(dribbled(trial)),
    },
];

/// Files that dribbling seeders have, and the number of seeders of each.
const DRIBBLED: (u8, usize) = (13, 16);

async fn dribbled(trial: &Trial) -> anyhow::Result<Measured> {
    let mut downloader = Peer::start(None, |config| config.limits.active_downloads = 20).await;
    let (tries, mut seed) = (trial.of(3, 9), trial.seed);
    let mut alone = Vec::new();
    for _ in 0..tries {
        alone.push(fetch_time(&mut downloader, &mut seed).await);
    }
    let (files, each) = DRIBBLED;
    let mut dribblers = Vec::new();
    for file in 0..files {
        let hashes = ChunkHashes::from_hashes(ChunkSize::DEFAULT, vec![Hash::new([file; Hash::LEN]); 64]);
        let digest = FileDigest { layout: Layout::new(16 * MIB as u64, ChunkSize::DEFAULT)?, hashes };
        let mut link = Link::new(digest.file_id());
        for _ in 0..each {
            let dribbler = Liar::claiming(digest.clone(), Vec::new(), Lie::Trickle).await;
            link.peers.extend(dribbler.link().peers);
            dribblers.push(dribbler);
        }
        downloader.fetch(link).await;
    }
    for dribbler in &dribblers {
        dribbler.dribbles().await;
    }
    let mut beside = Vec::new();
    for _ in 0..tries {
        beside.push(fetch_time(&mut downloader, &mut seed).await);
    }
    let [alone, beside] = [alone, beside].map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    });
    let told =
        format!("{:.2} of its speed, {:.0} MB/s alone, each the median of {tries}", alone / beside, 67.108 / alone);
    Ok(Measured::Held(told, alone / beside >= 0.8))
}

/// Time that a file of 64 MiB takes from a seeder of its own.
async fn fetch_time(downloader: &mut Peer, seed: &mut u64) -> Duration {
    *seed += 1;
    let mut seeder = Peer::start(None, |_| {}).await;
    let link = only_peer(&seeder.share_bytes(&format!("{seed}.bin"), &noise(64 * MIB, *seed)).await);
    let start = Instant::now();
    downloader.fetch(link.clone()).await;
    downloader.completed(&link).await;
    start.elapsed()
}

/// Seconds for which the seeder is away.
const AWAY: [&[u64]; 2] = [&[2], &[2, 15, 60, 150]];

async fn leaves(trial: &Trial) -> anyhow::Result<Measured> {
    let mut took = Vec::new();
    for away in trial.of(AWAY[0], AWAY[1]) {
        took.push((away, on_after(Duration::from_secs(*away), trial.seed).await?));
    }
    let told: Vec<String> =
        took.iter().map(|(away, took)| format!("away {away} s: {:.1} s", took.as_secs_f64())).collect();
    let holds = took.iter().all(|(_, took)| took.as_secs() < 10);
    Ok(Measured::Held(format!("on after its return: {}", told.join(", ")), holds))
}

/// Time after which a download goes on whose only seeder was away for so long.
async fn on_after(away: Duration, seed: u64) -> anyhow::Result<Duration> {
    let tracker = Tracker::start().await;
    let data = noise(4 * MIB, seed);
    let kept = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let mut seeder = Peer::start(Some(&tracker), |config| {
        kept(config);
        at_rate(MIB)(config);
    })
    .await;
    // The same port after its return, as a peer has that was told one.
    let listen = seeder.engine.snapshot().listen;
    let link = Link::new(seeder.share_bytes("a.bin", &data).await.file_id);
    let mut downloader = Peer::start(Some(&tracker), |_| {}).await;
    downloader.fetch(link.clone()).await;
    until_chunks(&downloader, 4).await;
    let dir = seeder.stop().await;
    until_state(&downloader, TransferState::Waiting).await;
    tokio::time::sleep(away).await;
    let seeder = Peer::start_in(dir, Some(&tracker), |config| {
        kept(config);
        config.listen = listen;
    })
    .await;
    let start = Instant::now();
    let chunks = downloader.transfer(&link).map_or(0, |transfer| transfer.chunks_done);
    let mut snapshots = downloader.engine.watch();
    let more = async {
        while downloader.transfer(&link).is_none_or(|transfer| transfer.chunks_done <= chunks) {
            snapshots.changed().await?;
        }
        anyhow::Ok(start.elapsed())
    };
    let took = tokio::time::timeout(Duration::from_secs(120), more).await??;
    is_right(&downloader.completed(&link).await, &data)?;
    drop(seeder);
    Ok(took)
}

const CHUNK: usize = 256 * 1024;
/// Bytes that each of the eight sends in a second.
const RATE: usize = 2 * MIB;

async fn corrupt(trial: &Trial) -> anyhow::Result<Measured> {
    let data = noise(trial.of(24, 96) * MIB, trial.seed);
    let (mut addresses, mut honest, mut liars, mut link) = (Vec::new(), Vec::new(), Vec::new(), None);
    for _ in 0..4 {
        let mut seeder = Peer::start(None, at_rate(RATE)).await;
        link = Some(seeder.share_bytes("a.bin", &data).await);
        addresses.push(seeder.engine.snapshot().listen);
        honest.push(seeder);
        let liar = Liar::start(data.clone(), Lie::CorruptSome).await;
        let slow = Course { rate: Some(RATE as u32), ..Course::default() };
        let proxy = FaultProxy::start(liar.addr, move |_| [Course::default(), slow]).await;
        addresses.push(proxy.addr);
        liars.push((liar, proxy));
    }
    let link = link_to(&link.expect("there are four"), &addresses);
    let mut downloader = Peer::start(None, |_| {}).await;
    let mut events = downloader.engine.events();
    let start = Instant::now();
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    let took = start.elapsed().as_secs_f64();
    is_right(&path, &data)?;
    let mut bad = std::collections::HashMap::new();
    while let Ok(event) = events.try_recv() {
        if let Event::BadChunk { peer_id, .. } = event {
            *bad.entry(peer_id).or_insert(0) += 1;
        }
    }
    let blamed_honest = honest.iter().any(|peer| bad.contains_key(&peer.engine.snapshot().peer_id));
    let (caught, most) = (bad.len(), bad.values().max().copied().unwrap_or(0));
    let share = data.len() as f64 / took / (4 * RATE) as f64;
    let greeted = liars.iter().map(|(liar, _)| liar.greeted()).max().unwrap_or(0);
    let holds = share >= 0.9 && most == 1 && caught == 4 && !blamed_honest && greeted == 1;
    let told = format!(
        "file right; {share:.2} of the honest bandwidth; {caught} of 4 sent a bad chunk, at most {most} each, and were talked to {greeted} time"
    );
    Ok(Measured::Held(told, holds))
}

/// Misdeeds of bad peers.
const STALLS: [(&str, Option<Lie>, Option<Fault>); 5] = [
    ("half a chunk", Some(Lie::HalfAChunk), None),
    ("FIN", None, Some(Fault::Truncate)),
    ("RST", None, Some(Fault::Reset)),
    ("1 B/s", Some(Lie::Trickle), None),
    ("no answer", Some(Lie::Silence), None),
];

async fn stalls(trial: &Trial) -> anyhow::Result<Measured> {
    let (mut told, mut holds) = (Vec::new(), true);
    for (name, lie, fault) in STALLS {
        let data = noise(trial.of(8, 32) * MIB, trial.seed);
        let mut seeder = Peer::start(None, at_rate(4 * MIB)).await;
        let link = seeder.share_bytes("a.bin", &data).await;
        let liar = Liar::start(data.clone(), lie.unwrap_or(Lie::None)).await;
        let plan = move |number: usize| -> Courses {
            // In the middle of a chunk, in each connection of a hundred at another byte.
            let at = 5000 + (number as u64 * 77_777) % CHUNK as u64;
            [Course::default(), Course { fault: fault.map(|fault| (at, fault)), ..Course::default() }]
        };
        let bad = FaultProxy::start(liar.addr, plan).await;
        let good = FaultProxy::start(seeder.engine.snapshot().listen, |_| Courses::default()).await;
        let link = link_to(&link, &[bad.addr, good.addr] as &[SocketAddr]);
        let mut downloader = Peer::start(None, |_| {}).await;
        downloader.fetch(link.clone()).await;
        is_right(&downloader.completed(&link).await, &data)?;
        let size = data.len() as f64;
        let passed = (bad.passed() + good.passed()) as f64 / size;
        let sent = seeder.transfer(&link).map_or(0, |transfer| transfer.uploaded);
        ensure!(bad.connections() > 0, "the bad peer was never asked");
        // The good one sends each chunk at most once: one that was first asked of the bad one was fetched again once.
        holds &= passed <= 1.2 && sent <= data.len() as u64;
        told.push(format!("{name} {passed:.3} × ({} connections)", bad.connections()));
    }
    Ok(Measured::Held(format!("over the wire: {}; the honest peer sent no chunk twice", told.join(", ")), holds))
}

/// Returns true if `sprat get` speaks in its log of whoever is at this address, in this many seconds.
fn heard_of(arguments: &[&str], wanted: &str) -> anyhow::Result<bool> {
    let dir = tempfile::tempdir()?;
    let out = text(dir.path())?.to_owned() + "/";
    let fixed = ["get", "--listen", "127.0.0.1:0", "--output", &out, "--timeout", "8", "--json", "--log", "debug"];
    let mut get = Process::start(Program::new(beside_this("sprat")?).args(fixed).args(arguments))?;
    let heard = get.line_with(wanted, Instant::now() + Duration::from_secs(20)).is_ok();
    let is_empty = std::fs::read_dir(dir.path())?
        .all(|entry| entry.is_ok_and(|entry| entry.metadata().is_ok_and(|data| data.len() == 0)));
    ensure!(is_empty, "something was written of what somebody else sent");
    Ok(heard)
}

fn somebody_else(trial: &Trial) -> anyhow::Result<Measured> {
    let runtime = crate::engine::runtime()?;
    let data = noise(MIB, trial.seed);
    let (named, between) = runtime.block_on(async {
        (Liar::start(data.clone(), Lie::AnotherName).await, Liar::start(data.clone(), Lie::None).await)
    });
    // He says HELLO as somebody whose key he does not have.
    let id = named.link().file_id.to_string();
    let at = named.addr.to_string();
    let other = heard_of(&[&id, "--tracker", NOWHERE, "--peer", &at], "it is not who it says it is")?;
    // A tracker says whose key it has to be, and he has another.
    let manner = Manner::Names(vec![between.addr]);
    let tracker = runtime.block_on(HostileTracker::start(manner));
    let middle = heard_of(&[&id, "--tracker", tracker.url.as_str()], "it proved no key")?;
    let told_him = between.greeted();
    // Somebody answers for an https tracker with a certificate of his own making.
    let dir = tempfile::tempdir()?;
    let (_tracker, url) = self_signed(dir.path())?;
    let web = heard_of(&[&id, "--tracker", &url], "invalid peer certificate")?;
    let yes = |heard: bool| if heard { "refused and named" } else { "NOT NAMED" };
    let told = format!(
        "another's ID: {}; between two peers: {}, {told_him} words said to him; before an https tracker: {}",
        yes(other),
        yes(middle),
        yes(web)
    );
    Ok(Measured::Held(told, other && middle && web && told_him == 0))
}

/// Address at which nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A tracker whose certificate nobody vouches for, and its URL.
fn self_signed(dir: &Path) -> anyhow::Result<(Process, String)> {
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    let (certificate, key) = (text(&certificate)?, text(&key)?);
    let made = Program::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate])
        .output()?;
    ensure!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
    let tls = format!("{{ cert = {certificate:?}, key = {key:?} }}");
    let arguments = ["--listen", "127.0.0.1:0", "--server-tls", &tls];
    let mut process = Process::start(Program::new(beside_this("sprat-tracker")?).args(arguments))?;
    let url = process.line("sprat-tracker listening on ", Instant::now() + Duration::from_secs(20))?;
    Ok((process, url))
}
