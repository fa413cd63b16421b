//! Frames that no peer sends, and cables that are pulled.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sprat_protocol::wire::{self, Message};
use sprat_tests::fault_proxy::{Course, Fault, FaultProxy};
use sprat_tests::stranger::Stranger;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::row::{Measured, Row, Trial};
use super::world::{MIB, engines};
use crate::process::{GLANCE, Process, beside_this, text};
use crate::swarm::field;
use crate::usage::Usage;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 8,
        fault: "lengths of 0 and 2³²−1, nested JSON, 10 MB of zeros before HELLO",
        must: "closed before anything is allocated; RSS + < 1 MiB",
        run: |trial| engines(frames(trial)),
    },
    Row {
        number: 19,
        fault: "half-open connections: the other side is gone without a word",
        must: "reclaimed within 120 s",
        run: |trial| engines(half_open(trial)),
    },
];

const PATIENCE: Duration = Duration::from_secs(60);

/// A real `sprat share` of a small file without a tracker to speak of, and where it listens.
pub(super) fn sharer(dir: &Path, command: &mut Command) -> anyhow::Result<(Process, SocketAddr, String)> {
    let file = dir.join("shared.bin");
    if !file.exists() {
        crate::files::noise(&file, 4)?;
    }
    let fixed = ["share", text(&file)?, "--listen", "127.0.0.1:0", "--json"];
    let mut process = Process::start(command.args(fixed).args(["--tracker", "http://127.0.0.1:9"]))?;
    let shared = process.record("shared", Instant::now() + PATIENCE)?;
    let listens = shared["peers"][0].as_str().context("it says where it listens")?.parse()?;
    Ok((process, listens, field(&shared, "link")?.to_owned()))
}

/// Attacks: each with its bytes, and whether they come after HELLO.
fn attacks() -> Vec<(&'static str, bool, Vec<u8>)> {
    let prefix = |header: u32, payload: u32| [header.to_be_bytes(), payload.to_be_bytes()].concat();
    let framed = |header: &[u8], payload: u32| [&prefix(header.len() as u32, payload), header].concat();
    let nested = format!(r#"{{"type":"HAVE","chunks":{}"#, "[".repeat(65_000));
    let mut chunk = Vec::new();
    wire::encode(&Message::Chunk { request: 1 }, 0, &mut chunk);
    chunk[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut all = Vec::new();
    for after_hello in [false, true] {
        all.push(("length 0", after_hello, prefix(0, 0)));
        all.push(("length 2³²−1", after_hello, prefix(u32::MAX, 0)));
        all.push(("a PING with 2³²−1 of payload", after_hello, framed(br#"{"type":"PING"}"#, u32::MAX)));
        all.push(("nested", after_hello, framed(nested.as_bytes(), 0)));
        all.push(("a chunk of 2³²−1", after_hello, chunk.clone()));
        all.push(("zeros", after_hello, vec![0; 10 * MIB]));
    }
    // A header that never ends is not waited for with open arms either.
    all.push(("half a prefix", false, vec![0, 0, 1]));
    all
}

async fn frames(trial: &Trial) -> anyhow::Result<Measured> {
    let dir = tempfile::tempdir()?;
    let (process, addr, _) = sharer(dir.path(), &mut Command::new(beside_this("sprat")?))?;
    // What the first connection ever costs is no part of it.
    for _ in 0..20 {
        let mut stranger = Stranger::dial(addr).await?;
        stranger.hello().await?;
        stranger.hear(8).await?;
    }
    process.forget_peak();
    let before = Usage::memory_of(process.id(), "VmHWM:");
    let (mut slowest, mut said) = (Duration::ZERO, 0);
    for _ in 0..trial.of(3, 15) {
        for (name, after_hello, bytes) in attacks() {
            let start = Instant::now();
            let mut stranger = Stranger::dial(addr).await.context(name)?;
            if after_hello {
                stranger.hello().await?;
            }
            // It may close before all is said.
            let _ = stranger.say(&bytes).await;
            ensure!(stranger.is_left(Duration::from_secs(30)).await, "{name} is listened to for more than 30 s");
            slowest = slowest.max(start.elapsed());
            said += 1;
        }
        // Ten million zeros where TLS should be.
        let mut raw = TcpStream::connect(addr).await?;
        let _ = raw.write_all(&vec![0; 10 * MIB]).await;
    }
    let grown = Usage::memory_of(process.id(), "VmHWM:") - before;
    ensure!(!process.has_ended(), "it ended");
    let told =
        format!("{said} attacks: closed, the slowest after {:.1} s; peak RSS + {grown:.2} MiB", slowest.as_secs_f64());
    Ok(Measured::Held(told, grown < 1.0))
}

/// Connections of each kind that fall silent.
const SILENT: usize = 20;

async fn half_open(trial: &Trial) -> anyhow::Result<Measured> {
    let dir = tempfile::tempdir()?;
    let (peer, addr, _) = sharer(dir.path(), &mut Command::new(beside_this("sprat")?))?;
    let mut tracker = Process::start(Command::new(beside_this("sprat-tracker")?).args(["--listen", "127.0.0.1:0"]))?;
    let tracker_addr = tracker.line("sprat-tracker listening on http://", Instant::now() + PATIENCE)?.parse()?;
    let silent = Course { fault: Some((0, Fault::Silence)), ..Course::default() };
    let count = trial.of(SILENT / 4, SILENT);
    let mut kept = Vec::new();
    // Before a word, and after HELLO, which is some 1500 bytes in each direction.
    let mute = FaultProxy::start(addr, move |_| [silent, silent]).await;
    let later = Course { fault: Some((8, Fault::Silence)), ..Course::default() };
    let web = FaultProxy::start(tracker_addr, move |_| [later, Course::default()]).await;
    for _ in 0..count {
        kept.push(TcpStream::connect(mute.addr).await?);
        let mut half = TcpStream::connect(web.addr).await?;
        half.write_all(b"POST /v1/query HTTP/1.1\r\n").await?;
        kept.push(half);
    }
    let mut greeted = Vec::new();
    for _ in 0..count {
        let mut stranger = Stranger::dial(addr).await?;
        stranger.hello().await?;
        greeted.push(stranger);
    }
    let start = Instant::now();
    let limit = Duration::from_secs(trial.of(130, 130));
    let (mut peers_gone, mut clients_gone) = (None, None);
    while (peers_gone.is_none() || clients_gone.is_none()) && start.elapsed() < limit {
        tokio::time::sleep(GLANCE * 50).await;
        let gone = |addr| (established(addr) == 0).then(|| start.elapsed());
        peers_gone = peers_gone.or_else(|| gone(addr));
        clients_gone = clients_gone.or_else(|| gone(tracker_addr));
    }
    let told =
        |gone: Option<Duration>| gone.map_or("NOT RECLAIMED".to_owned(), |gone| format!("{:.0} s", gone.as_secs_f64()));
    let text = format!(
        "a peer's {} connections: {}; a tracker's {count}: {}",
        2 * count,
        told(peers_gone),
        told(clients_gone)
    );
    ensure!(!peer.has_ended() && !tracker.has_ended(), "one of them ended");
    drop((kept, greeted));
    Ok(Measured::Held(text, peers_gone.is_some() && clients_gone.is_some()))
}

/// Number of connections that this machine has accepted there, by the system's own account.
pub(super) fn established(listens: SocketAddr) -> usize {
    let wanted = format!(":{:04X}", listens.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let is_one = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|local| local.ends_with(&wanted)) && fields.nth(1) == Some("01")
    };
    table.lines().filter(is_one).count()
}
