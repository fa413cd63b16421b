//! Faults of the machine: clocks that jump, too few open files, too little memory, a state folder that is taken.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command as Program;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use sprat_peer::{Engine, EngineConfig};
use sprat_tests::files::noise;
use sprat_tests::glutton::Glutton;
use sprat_tests::group::ControlGroup;
use sprat_tests::swarm::{Peer, only_peer};

use super::row::{Measured, Row, Trial};
use super::wire::sharer;
use super::world::{MIB, engines};
use crate::files::same;
use crate::process::{GLANCE, Process, beside_this, text};
use crate::swarm::field;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 14,
        fault: "the wall clock of tracker, sharer or downloader jumps by ± 1 h, ± 10 y",
        must: "no lease, time-out or ban misfires; registering goes on",
        run: clocks,
    },
    Row {
        number: 15,
        fault: "the same ID twice in one engine; two engines on one state folder",
        must: "fetched once; the second refuses and says why",
        run: |trial| engines(twice(trial)),
    },
    Row {
        number: 20,
        fault: "`ulimit -n 64` for tracker and peer, and 200 connections",
        must: "new ones are shed; no panic; as usual ≤ 5 s later",
        run: few_files,
    },
    Row {
        number: 21,
        fault: "1,000 hostile connections to a peer that may have 256 MiB of memory",
        must: "it is not killed; honest transfers ≥ 0.8 as fast",
        run: |trial| engines(crowd(trial)),
    },
];

const PATIENCE: Duration = Duration::from_secs(60);

async fn twice(trial: &Trial) -> anyhow::Result<Measured> {
    let data = noise(4 * MIB, trial.seed);
    let mut seeder = Peer::start(None, |_| {}).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    for _ in 0..10 {
        downloader.fetch(link.clone()).await;
    }
    downloader.completed(&link).await;
    let (snapshot, there) = (downloader.engine.snapshot(), std::fs::read_dir(downloader.downloads())?.count());
    let fetched: u64 = snapshot.transfers.iter().map(|transfer| transfer.downloaded).sum();
    let mut config = EngineConfig::new(downloader.dir.path().join("state"), downloader.downloads());
    config.listen = "127.0.0.1:0".parse()?;
    let Err(refusal) = Engine::start(config).await else { bail!("a second engine started on the same state folder") };
    let refusal = refusal.to_string();
    let holds = fetched == data.len() as u64 && there == 1 && refusal.contains("another Sprat is running on");
    let said = refusal.replace(text(downloader.dir.path())?, "…");
    Ok(Measured::Held(
        format!("asked 10 times: {fetched} of {} bytes fetched, {there} file; \"{said}\"", data.len()),
        holds,
    ))
}

/// A program that may have so many files open.
fn with_files(name: &str, files: u32) -> anyhow::Result<Program> {
    let mut command = Program::new("prlimit");
    command.arg(format!("--nofile={files}:{files}")).arg(beside_this(name)?);
    Ok(command)
}

fn few_files(trial: &Trial) -> anyhow::Result<Measured> {
    if crate::programs::find("prlimit").is_none() {
        return Ok(Measured::NotRun("needs prlimit".to_owned()));
    }
    let dir = tempfile::tempdir()?;
    let flags = ["--listen", "127.0.0.1:0", "--server-connections-per-address", "10000"];
    let mut tracker = Process::start(with_files("sprat-tracker", 64)?.args(flags))?;
    let url = tracker.line("sprat-tracker listening on ", Instant::now() + PATIENCE)?;
    let at_tracker: SocketAddr = url.trim_start_matches("http://").parse()?;
    let (mut peer, at_peer, link) = sharer(dir.path(), &mut with_files("sprat", 64)?)?;
    let mut slowest = Duration::ZERO;
    for round in 0..trial.of(1, 5) {
        let crowd: Vec<TcpStream> =
            [at_tracker, at_peer].iter().flat_map(|addr| (0..200).filter_map(|_| dial(*addr))).collect();
        ensure!(crowd.len() > 200, "only {} connections came up", crowd.len());
        // As long as it takes them to run into the limit.
        std::thread::sleep(Duration::from_secs(1));
        ensure!(!tracker.has_ended(), "the tracker ended: {:?}", tracker.last_line());
        ensure!(!peer.has_ended(), "the peer ended: {:?}", peer.last_line());
        drop(crowd);
        let start = Instant::now();
        until_up(at_tracker, start)?;
        let out = dir.path().join(format!("copy{round}"));
        let arguments = ["get", &link, "--listen", "127.0.0.1:0", "--output", text(&out)?, "--json"];
        let mut get = Process::start(Program::new(beside_this("sprat")?).args(arguments))?;
        get.record("complete", start + PATIENCE)?;
        slowest = slowest.max(start.elapsed());
        ensure!(same(&dir.path().join("shared.bin"), &out)?, "the copy is another file");
    }
    let panicked = [tracker.new_lines(), peer.new_lines()].concat().iter().any(|line| line.contains("panicked"));
    let told = format!("neither ended nor panicked; a query and a whole download {:.1} s later", slowest.as_secs_f64());
    Ok(Measured::Held(told, !panicked && slowest < Duration::from_secs(5)))
}

fn dial(addr: SocketAddr) -> Option<TcpStream> {
    TcpStream::connect_timeout(&addr, Duration::from_secs(1)).ok()
}

/// Waits until a tracker answers.
fn until_up(addr: SocketAddr, start: Instant) -> anyhow::Result<()> {
    loop {
        let asked = crate::tracker::client::Client::connect(addr, std::net::Ipv4Addr::LOCALHOST)
            .and_then(|mut client| client.ask(&crate::tracker::http::get(addr, "/healthz")));
        if asked.is_ok_and(|reply| reply.head.status == 200) {
            return Ok(());
        }
        ensure!(start.elapsed() < PATIENCE, "the tracker never answers again");
        std::thread::sleep(GLANCE);
    }
}

/// Seconds by which clocks jump: an hour, and ten years.
const JUMPS: [i64; 4] = [3600, -3600, 315_360_000, -315_360_000];
/// Length of leases: several pass in each trial.
const LEASE: Duration = Duration::from_secs(3);

/// A program whose wall clock is as far from the true one as `clock` says, which can be changed while it runs.
fn with_clock(name: &str, clock: &Path) -> anyhow::Result<Program> {
    let library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    let library = library.map(|dir| format!("{dir}/faketime/libfaketimeMT.so.1"));
    let library = library.iter().find(|path| Path::new(path).exists()).context("libfaketime is not installed")?;
    let mut command = Program::new(beside_this(name)?);
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", clock);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Ok(command)
}

fn clocks(trial: &Trial) -> anyhow::Result<Measured> {
    if with_clock("sprat", Path::new("")).is_err() {
        return Ok(Measured::NotRun("needs libfaketime".to_owned()));
    }
    let (mut right, mut wrong) = (0, Vec::new());
    for jump in trial.of(&JUMPS[..2], &JUMPS) {
        for who in ["tracker", "sharer", "downloader"] {
            match jump_one(who, *jump) {
                Ok(()) => right += 1,
                Err(error) => wrong.push(format!("{who} {jump:+} s: {error:#}")),
            }
        }
    }
    let told = format!("{right} of {} jumps without a trace", right + wrong.len());
    let told = if wrong.is_empty() { told } else { format!("{told}; {}", wrong.join("; ")) };
    Ok(Measured::Held(told, wrong.is_empty()))
}

/// Lets one clock jump in the middle of a download.
fn jump_one(who: &str, jump: i64) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let clock = |name: &str| dir.path().join(format!("clock-{name}"));
    for name in ["tracker", "sharer", "downloader"] {
        std::fs::write(clock(name), "+0")?;
    }
    let until = || Instant::now() + PATIENCE;
    let lease = LEASE.as_secs().to_string();
    let flags = ["--listen", "127.0.0.1:0", "--lease-seconds", &lease];
    let mut tracker = Process::start(with_clock("sprat-tracker", &clock("tracker"))?.args(flags))?;
    let url = tracker.line("sprat-tracker listening on ", until())?;
    let share = |path: &Path| -> anyhow::Result<(Process, String)> {
        let fixed =
            ["share", text(path)?, "--tracker", &url, "--listen", "127.0.0.1:0", "--upload-limit", "1M", "--json"];
        let mut process = Process::start(with_clock("sprat", &clock("sharer"))?.args(fixed))?;
        let shared = process.record("shared", until())?;
        Ok((process, field(&shared, "file_id")?.to_owned()))
    };
    let (first, second) = (dir.path().join("first.bin"), dir.path().join("second.bin"));
    crate::files::noise(&first, 8)?;
    std::fs::write(&second, noise(MIB, 99))?;
    let (_sharer, id) = share(&first)?;
    let get = |id: &str, out: &Path| {
        let fixed = ["get", id, "--tracker", &url, "--listen", "127.0.0.1:0", "--output", text(out)?, "--json"];
        Process::start(with_clock("sprat", &clock("downloader"))?.args(fixed))
    };
    let out = dir.path().join("out");
    let mut download = get(&id, &out)?;
    download.record("progress", until())?;
    // At once and wholly, as a clock is set.
    std::fs::write(clock("new"), format!("{jump:+}"))?;
    std::fs::rename(clock("new"), clock(who))?;
    download.record("complete", until()).context("the download that was under way")?;
    ensure!(same(&first, &out)?, "a wrong byte");
    // Two leases later the sharer is still known, and whoever comes now is heard.
    std::thread::sleep(LEASE * 2);
    let again = dir.path().join("again");
    get(&id, &again)?.record("complete", until()).context("a download after the jump")?;
    let (_other, id) = share(&second).context("a share after the jump")?;
    let last = dir.path().join("last");
    get(&id, &last)?.record("complete", until()).context("what was shared after the jump")?;
    Ok(())
}

/// Time that a whole file takes to fetch from there: the median of five times.
async fn fetch_time(link: &str, file: &Path, out: &Path) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let arguments = ["get", link, "--listen", "127.0.0.1:0", "--output", text(out)?, "--json"];
        let mut get = Process::start(Program::new(beside_this("sprat")?).args(arguments))?;
        tokio::task::block_in_place(|| get.record("complete", start + PATIENCE * 2))?;
        times.push(start.elapsed().as_secs_f64());
        ensure!(same(file, out)?, "the copy is another file");
        std::fs::remove_file(out)?;
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Memory that it may have, in MiB.
const MOST: u64 = 256;

async fn crowd(trial: &Trial) -> anyhow::Result<Measured> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("shared.bin");
    let mib = trial.of(32, 256);
    crate::files::noise(&file, mib)?;
    let (group, program) = (ControlGroup::new(MOST << 20), beside_this("sprat")?);
    let mut sprat = group.as_ref().map_or_else(|| Program::new(&program), |group| group.command(&program));
    let (mut peer, addr, link) = sharer(dir.path(), &mut sprat)?;
    let link: sprat_protocol::Link = link.parse()?;
    let text_link = link.to_string();
    let alone = fetch_time(&text_link, &file, &dir.path().join("alone")).await?;
    // A thousand dial; half say nothing, half ask for everything and take nothing. As many stay as there is room for.
    let mut kept: Vec<Box<dyn std::any::Any>> = Vec::new();
    let (mut silent, mut gluttons) = (0, 0);
    for number in 0..1000 {
        if number % 2 == 0 {
            if let Some(stream) = dial(addr) {
                silent += 1;
                kept.push(Box::new(stream));
            }
            continue;
        }
        let chunks = 64;
        let greedy = Glutton::start(addr, link.file_id, sprat_chunking::ChunkSize::DEFAULT, chunks);
        if let Ok(Ok(glutton)) = tokio::time::timeout(Duration::from_millis(300), tokio::spawn(greedy)).await {
            gluttons += 1;
            kept.push(Box::new(glutton));
        }
    }
    let beside = fetch_time(&text_link, &file, &dir.path().join("beside")).await;
    let rss = peer.usage().rss;
    ensure!(!peer.has_ended(), "it was killed; its last line was {:?}", peer.last_line());
    let lines = peer.new_lines();
    ensure!(!lines.iter().any(|line| line.contains("panicked")), "it panicked");
    let by = if group.is_some() { "a control group's limit" } else { "no limit but what was measured" };
    let connected = format!("{by}; {silent} silent and {gluttons} greedy connections; peak RSS {rss:.0} MiB");
    let Ok(beside) = beside else {
        return Ok(Measured::Held(format!("{connected}; the honest one got nothing in time"), false));
    };
    let ratio = alone / beside;
    Ok(Measured::Held(
        format!("{connected}; an honest transfer {ratio:.2} as fast as alone ({beside:.2} s for {mib} MiB)"),
        ratio >= 0.8 && rss < MOST as f64,
    ))
}
