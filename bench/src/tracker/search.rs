//! SEARCH in a large catalogue, at a fixed rate, while others register files; and how soon the tracker is there again after a
//! restart.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use sprat_protocol::tracker::{Answer, MAX_REGISTER_FILES, Request, Search, SearchAnswer};

use super::client::{Client, Reply, source};
use super::http::post;
use super::names::Names;
use super::numbers::percentile;
use super::options::FLAGS;
use super::paced::Pace;
use super::servers::{self, Server};
use super::world::{File, Peer, accepted};
use crate::process::{GLANCE, text};

/// Time that writing what was registered may take.
const PATIENCE: Duration = Duration::from_secs(60);
const SEARCHES_PER_SECOND: u32 = 100;
/// REGISTERs of one new file each.
const REGISTERS_PER_SECOND: u32 = 100;
/// So many may wait for an answer at a time.
const CLIENTS: u32 = 32;
/// Peers that have the files of the catalogue.
const PEERS: usize = 200;
/// Of so many files the names are kept, to search for them.
const KEPT: usize = 10_000;

/// Prints two tables, for a catalogue with so many names, kept in this folder.
pub(crate) fn run(names: usize, seconds: u32, dir: &Path) -> anyhow::Result<()> {
    let data = tempfile::tempdir_in(dir)?;
    let flags = [FLAGS, &["--data-dir", text(data.path())?]].concat();
    let tracker = servers::sprat(&flags)?;
    let vocabulary = Names::new();
    let kept = fill(&tracker, &vocabulary, names)?;
    until_written(&tracker, &kept)?;
    println!("| {names} names | per second | p50, ms | p99, ms | p99.9, ms | worst, ms | answered 503 |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    measure(tracker.address, &vocabulary, &kept, seconds)?;
    let rss = tracker.usage().rss;
    let start = Instant::now();
    tracker.end()?;
    let ended = start.elapsed();
    let start = Instant::now();
    let tracker = servers::sprat(&flags)?;
    let listens = start.elapsed();
    servers::ready(&tracker)?;
    let ready = start.elapsed();
    let found = search(tracker.address, &kept[0])?.files.iter().any(|hit| hit.name == kept[0]);
    println!("\n| restart with {names} names | s |\n| --- | --- |");
    for (what, took) in [("SIGTERM to end", ended), ("start to listening", listens), ("start to ready", ready)] {
        println!("| {what} | {:.2} |", took.as_secs_f64());
    }
    println!("\nA name from before is {}found. Peak RSS {rss:.0} MiB.", if found { "" } else { "NOT " });
    Ok(())
}

/// Registers so many files. Returns some of their names.
fn fill(tracker: &Server, vocabulary: &Names, count: usize) -> anyhow::Result<Vec<String>> {
    let mut rng = SmallRng::seed_from_u64(1);
    let peers: Vec<Peer> = (0..PEERS).map(|number| Peer::new(number, PEERS, Vec::new())).collect();
    let connect = |number| Client::connect(tracker.address, source(number as u32));
    let mut clients = (0..PEERS).map(connect).collect::<anyhow::Result<Vec<_>>>()?;
    let mut kept = Vec::new();
    let start = Instant::now();
    for batch in 0..count.div_ceil(MAX_REGISTER_FILES) {
        let len = MAX_REGISTER_FILES.min(count - batch * MAX_REGISTER_FILES);
        let files: Vec<File> = (0..len).map(|_| File::new(vocabulary, &mut rng)).collect();
        let claims: Vec<_> = files.iter().map(|file| file.claim(true)).collect();
        let peer = batch % PEERS;
        peers[peer].register_at(&mut clients[peer], tracker.address, &claims)?;
        // One of each batch until there are enough, so that they are from everywhere.
        kept.extend(files.into_iter().map(|file| file.name).take(1).filter(|_| batch < KEPT));
    }
    eprintln!("{count} files registered in {:.1} s", start.elapsed().as_secs_f64());
    Ok(kept)
}

/// Waits until the last of these names is found: what was registered faster than it can be written is no part of the load.
fn until_written(tracker: &Server, kept: &[String]) -> anyhow::Result<()> {
    let (Some(last), until) = (kept.last(), Instant::now() + PATIENCE) else { return Ok(()) };
    while !search(tracker.address, last)?.files.iter().any(|hit| hit.name == *last) {
        ensure!(Instant::now() < until, "the last name is never found");
        thread::sleep(GLANCE);
    }
    Ok(())
}

fn measure(tracker: SocketAddr, vocabulary: &Names, kept: &[String], seconds: u32) -> anyhow::Result<()> {
    let rng = Mutex::new(SmallRng::seed_from_u64(2));
    let peers: Vec<Peer> = (0..CLIENTS as usize).map(|number| Peer::new(PEERS + number, 1, Vec::new())).collect();
    let searches = Pace { per_second: SEARCHES_PER_SECOND, seconds, clients: CLIENTS, first_source: 0 };
    let registers = Pace { per_second: REGISTERS_PER_SECOND, first_source: CLIENTS, ..searches };
    let search = |_, _| {
        let rng = &mut *rng.lock().expect("nobody panics with it");
        search_for(tracker, &Names::search(&kept[rng.random_range(0..kept.len())], rng))
    };
    let register = |_, client: u32| {
        let file = File::new(vocabulary, &mut rng.lock().expect("nobody panics with it"));
        peers[client as usize].register(tracker, vec![file.claim(true)])
    };
    let [unanswered, unregistered] = [AtomicU32::new(0), AtomicU32::new(0)];
    let is_registered = |reply| unless_busy(reply, &unregistered, |reply| accepted(reply).map(drop));
    let is_answer = |reply| unless_busy(reply, &unanswered, |reply| answer(reply).map(drop));
    let (searches, registers) = thread::scope(|scope| {
        let registers = scope.spawn(|| registers.send(tracker, register, is_registered));
        let searches = searches.send(tracker, search, is_answer);
        (searches, registers.join().expect("it does not panic"))
    });
    let rows = [
        ("SEARCH", SEARCHES_PER_SECOND, searches?, unanswered),
        ("REGISTER, 1 new file", REGISTERS_PER_SECOND, registers?, unregistered),
    ];
    for (what, rate, latencies, busy) in rows {
        let [p50, p99, p999, worst] =
            [0.5, 0.99, 0.999, 1.0].map(|share| f64::from(percentile(&latencies, share)) / 1e3);
        println!("| {what} | {rate} | {p50:.2} | {p99:.2} | {p999:.2} | {worst:.2} | {} |", busy.into_inner());
    }
    Ok(())
}

/// Counts a reply that says that the tracker is busy; all others are checked.
fn unless_busy(reply: Reply, busy: &AtomicU32, check: impl FnOnce(Reply) -> anyhow::Result<()>) -> anyhow::Result<()> {
    if reply.head.status == 503 {
        busy.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    check(reply)
}

fn search_for(tracker: SocketAddr, words: &str) -> Vec<u8> {
    post(tracker, &Request::Search(Search { words: words.to_owned(), page: 0 }))
}

fn search(tracker: SocketAddr, words: &str) -> anyhow::Result<SearchAnswer> {
    answer(Client::connect(tracker, source(0))?.ask(&search_for(tracker, words))?)
}

fn answer(reply: Reply) -> anyhow::Result<SearchAnswer> {
    let reply = reply.ok()?;
    ensure!(!reply.body.is_empty(), "an empty answer");
    match serde_json::from_slice(&reply.body).context("no answer to a SEARCH")? {
        Answer::SearchAnswer(answer) => Ok(answer),
        _ => bail!("another answer than to a SEARCH"),
    }
}
