//! Trackers that die, and messages that are not what they seem.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command as Program;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{bail, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::Identity;
use sprat_protocol::tracker::{
    Answer, Heartbeat, LeaseToken, Nonce, Query, QueryAnswer, Register, RegisterFile, Request, Search, Unregister,
};

use super::row::{Measured, Row, Trial};
use super::world::is_root;
use crate::files::same;
use crate::network::{Network, address};
use crate::process::{GLANCE, Process, beside_this, text};
use crate::swarm::{field, is_complete};
use crate::tracker::client::{Client, Reply, source};
use crate::tracker::http::{post, post_signed};
use crate::tracker::names::Names;
use crate::tracker::numbers::percentile;
use crate::tracker::servers;
use crate::tracker::world::{File, Peer, accepted};

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 3,
        fault: "the tracker is killed in the middle of a download, gone 60 s (5 s in a quick run), and back",
        must: "no transfer stops; all registered ≤ 30 s after",
        run: dies,
    },
    Row {
        number: 17,
        fault: "10,000 peers in one swarm, 1,000,000 files (300 and 30,000 in a quick run)",
        must: "QUERY p99 ≤ 50 ms; SEARCH p99 ≤ 100 ms",
        run: large,
    },
    Row {
        number: 23,
        fault: "100,000 replayed, forged and reordered REGISTERs, HEARTBEATs, UNREGISTERs",
        must: "none is accepted",
        run: forged,
    },
    Row {
        number: 24,
        fault: "registrations that name a third party's address, to have it dialled",
        must: "no packet goes there",
        run: third_party,
    },
];

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn claim(file_id: FileId, name: &str) -> RegisterFile {
    RegisterFile {
        file_id,
        name: name.to_owned(),
        size: 1_000_000,
        chunk_size: ChunkSize::DEFAULT,
        num_chunks: 4,
        complete: true,
    }
}

/// An honest REGISTER, as a message.
fn register(identity: &Identity, tracker: SocketAddr, port: u16, files: Vec<RegisterFile>) -> Register {
    let (tracker, time, nonce) = (tracker.to_string(), unix_seconds(), Nonce(rand::random()));
    Register { peer_id: identity.peer_id(), port, addresses: Vec::new(), files, tracker, time, nonce }
}

pub(super) fn query(client: &mut Client, tracker: SocketAddr, file_id: FileId) -> anyhow::Result<QueryAnswer> {
    let asked = Request::Query(Query { peer_id: None, file_ids: vec![file_id], max_peers: 50 });
    match serde_json::from_slice(&client.ask(&post(tracker, &asked))?.ok()?.body)? {
        Answer::QueryAnswer(answer) => Ok(answer),
        _ => bail!("no QUERY_ANSWER"),
    }
}

/// Somebody who hears everything that one peer says, and sends what he makes of it.
struct Forger {
    rng: SmallRng,
    victim: Identity,
    own: Identity,
    tracker: SocketAddr,
    file_id: FileId,
    /// Bytes that the victim sent, all of them.
    overheard: Vec<Vec<u8>>,
    /// A token that was the victim's before it registered again.
    old_token: LeaseToken,
}

impl Forger {
    fn next(&mut self) -> (&'static str, Vec<u8>) {
        let (victim, rng) = (self.victim.peer_id(), &mut self.rng);
        let guess = LeaseToken::new(rng.random());
        let honest = register(&self.victim, self.tracker, 666, vec![claim(self.file_id, "forged")]);
        match rng.random_range(0..9) {
            0 => ("REGISTER again", self.overheard[rng.random_range(0..self.overheard.len())].clone()),
            1 => ("REGISTER unsigned", post(self.tracker, &Request::Register(honest))),
            2 => ("REGISTER by another key", post_signed(self.tracker, &Request::Register(honest), &self.own)),
            3 => {
                // One letter of what was signed is another; in the body, or in the signature.
                let mut bytes = self.overheard[0].clone();
                let from = bytes.windows(15).position(|part| part == b"sprat-signature").unwrap_or(0) + 17;
                let at = rng.random_range(from..bytes.len());
                let is_text = bytes[at].is_ascii_alphanumeric();
                bytes[at] = if is_text { bytes[at] ^ 1 } else { bytes[at] };
                ("REGISTER changed", bytes)
            }
            4 => {
                let skew = rng.random_range(301..1_000_000_000);
                let time = if rng.random() { unix_seconds() + skew } else { unix_seconds() - skew };
                let late = Register { time, ..honest };
                ("REGISTER of another time", post_signed(self.tracker, &Request::Register(late), &self.victim))
            }
            kind => {
                let token = if kind % 2 == 0 { self.old_token.clone() } else { guess };
                let completed = vec![self.file_id];
                let (name, message) = if kind < 7 {
                    ("HEARTBEAT", Request::Heartbeat(Heartbeat { peer_id: victim, token, completed }))
                } else {
                    ("UNREGISTER", Request::Unregister(Unregister { peer_id: victim, token, file_ids: None }))
                };
                (name, post(self.tracker, &message))
            }
        }
    }
}

fn forged(trial: &Trial) -> anyhow::Result<Measured> {
    let count = trial.of(5_000, 100_000);
    let server = servers::sprat(&["--limits-new-files-per-minute", "4000000000", "--lease", "1d"])?;
    let tracker = server.address;
    let (victim, own) = (Identity::from_seed([1; 32]), Identity::from_seed([2; 32]));
    let file_id = FileId::new([7; 32]);
    let mut honest = Client::connect(tracker, source(0))?;
    let (mut overheard, mut tokens) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let message = Request::Register(register(&victim, tracker, 4000, vec![claim(file_id, "right")]));
        let bytes = post_signed(tracker, &message, &victim);
        tokens.push(accepted(honest.ask(&bytes)?)?.lease.token);
        overheard.push(bytes);
    }
    let (last, old_token) = (tokens[19].clone(), tokens[0].clone());
    let rng = SmallRng::seed_from_u64(trial.seed);
    let mut forger = Forger { rng, victim, own, tracker, file_id, overheard, old_token };
    let mut client = Client::connect(tracker, source(1))?;
    let mut refused: BTreeMap<u16, usize> = BTreeMap::new();
    let mut unchanged = 0;
    for sent in 0..count {
        let (what, bytes) = forger.next();
        if bytes == forger.overheard[0] && what == "REGISTER changed" {
            unchanged += 1;
        }
        let reply = ask_again(&mut client, tracker, &bytes, sent)?;
        ensure!(reply.head.status != 200, "{what} was accepted: {}", String::from_utf8_lossy(&reply.body));
        *refused.entry(reply.head.status).or_default() += 1;
    }
    // All is as the victim left it, and its last token is good. Its connection was idle for too long meanwhile.
    let mut honest = Client::connect(tracker, source(0))?;
    let answer = query(&mut honest, tracker, file_id)?;
    let info = &answer.files[0];
    ensure!(info.name == "right" && info.peers.len() == 1, "{info:?}");
    ensure!(info.peers[0].addresses == [SocketAddr::from((source(0), 4000))], "{info:?}");
    let beat = Heartbeat { peer_id: forger.victim.peer_id(), token: last, completed: vec![] };
    honest.ask(&post(tracker, &Request::Heartbeat(beat)))?.ok()?;
    let statuses: Vec<String> = refused.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    let busy = refused.get(&503).or(refused.get(&429)).copied().unwrap_or(0);
    let told =
        format!("{count} sent ({unchanged} of them exact replays by chance): 0 accepted ({})", statuses.join(", "));
    Ok(Measured::Held(told, busy * 10 < count))
}

/// Asks; where the connection was closed, over a new one from another address.
fn ask_again(client: &mut Client, tracker: SocketAddr, bytes: &[u8], number: usize) -> anyhow::Result<Reply> {
    for _ in 0..3 {
        if let Ok(reply) = client.ask(bytes) {
            return Ok(reply);
        }
        *client = Client::connect(tracker, source(2 + (number % 1000) as u32))?;
    }
    bail!("the tracker answers no more")
}

/// Ends the tracker while everything is under way, and starts it again after this time at the same address.
fn dies(trial: &Trial) -> anyhow::Result<Measured> {
    let away = Duration::from_secs(trial.of(5, 60));
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("file.bin");
    crate::files::noise(&file, trial.of(32, 160))?;
    let mut tracker = start_at("127.0.0.1:0")?;
    let url = tracker.line(LISTENS, Instant::now() + PATIENCE)?;
    let address = url.trim_start_matches("http://").to_owned();
    let (first, id) = sharer(&file, &url)?;
    let (second, _) = sharer(&file, &url)?;
    let out = dir.path().join("copy");
    let arguments =
        ["get", &id, "--tracker", &url, "--output", text(&out)?, "--listen", "127.0.0.1:0", "--seed", "--json"];
    let mut get = Process::start(Program::new(beside_this("sprat")?).args(arguments))?;
    let mut progress = Progress::default();
    while progress.verified == 0 {
        progress.look(&mut get)?;
    }
    tracker.kill();
    let killed = Instant::now();
    while killed.elapsed() < away {
        progress.look(&mut get)?;
    }
    let mut tracker = start_at(&address)?;
    tracker.line(LISTENS, Instant::now() + PATIENCE)?;
    let back = Instant::now();
    let mut registered = None;
    while registered.is_none() || !progress.complete {
        progress.look(&mut get)?;
        if registered.is_none() && peers(address.parse()?)? == 3 {
            registered = Some(back.elapsed().as_secs_f64());
        }
        ensure!(back.elapsed() < Duration::from_secs(120), "not all of it in 120 s; registered: {registered:?}");
    }
    ensure!(same(&file, &out)?, "the copy has a wrong byte");
    drop((first, second));
    let registered = registered.unwrap_or(f64::NAN);
    let told = format!(
        "away {} s: the longest pause of the download {:.1} s, the file right; all 3 registered {registered:.1} s after",
        away.as_secs(),
        progress.longest.as_secs_f64()
    );
    Ok(Measured::Held(told, registered <= 30.0 && progress.longest.as_secs_f64() < 3.0))
}

const PATIENCE: Duration = Duration::from_secs(60);
const LISTENS: &str = "sprat-tracker listening on ";

fn start_at(listen: &str) -> anyhow::Result<Process> {
    Process::start(Program::new(beside_this("sprat-tracker")?).args(["--listen", listen]))
}

/// A `sprat share` that sends no more than 1 MiB a second, and the ID of its file.
fn sharer(file: &Path, url: &str) -> anyhow::Result<(Process, String)> {
    let arguments =
        ["share", text(file)?, "--tracker", url, "--listen", "127.0.0.1:0", "--upload-limit", "1M", "--json"];
    let mut process = Process::start(Program::new(beside_this("sprat")?).args(arguments))?;
    let shared = process.record("shared", Instant::now() + PATIENCE)?;
    Ok((process, field(&shared, "file_id")?.to_owned()))
}

/// Number of peers that have a lease.
fn peers(address: SocketAddr) -> anyhow::Result<u64> {
    let reply = Client::connect(address, source(9))?.ask(&crate::tracker::http::get(address, "/v1/stats"))?.ok()?;
    let stats: serde_json::Value = serde_json::from_slice(&reply.body)?;
    Ok(stats["peers"].as_u64().unwrap_or_default())
}

/// Progress of a download.
#[derive(Default)]
struct Progress {
    verified: u64,
    since: Option<Instant>,
    /// The longest time in which nothing came.
    longest: Duration,
    complete: bool,
}

impl Progress {
    /// Reads its news, or waits a moment for some.
    fn look(&mut self, get: &mut Process) -> anyhow::Result<()> {
        for record in get.new_records() {
            let verified = record["verified"].as_u64().unwrap_or(self.verified);
            self.complete |= is_complete(&record);
            if verified > self.verified {
                (self.verified, self.since) = (verified, Some(Instant::now()));
            }
        }
        if let Some(since) = self.since.filter(|_| !self.complete) {
            self.longest = self.longest.max(since.elapsed());
        }
        ensure!(!get.has_ended(), "the download ended: {:?}", get.last_line());
        std::thread::sleep(GLANCE * 10);
        Ok(())
    }
}

/// The hosts of the row with a third party.
const TRACKER: usize = 0;
const ATTACKER: usize = 1;
const VICTIM: usize = 2;
const ASKER: usize = 3;

fn third_party(trial: &Trial) -> anyhow::Result<Measured> {
    if !is_root() {
        return Ok(Measured::NotRun("needs Linux and root, for hosts of its own".to_owned()));
    }
    let network = Network::new(&[None; 4])?;
    let listen = format!("{}:5000", address(TRACKER));
    let mut process = network.start(TRACKER, &beside_this("sprat-tracker")?, ["--listen", &listen])?;
    process.line(LISTENS, Instant::now() + PATIENCE)?;
    let tracker: SocketAddr = listen.parse()?;
    // The victim's machine can be reached, and counts what comes.
    let _listener = network.on(VICTIM, || std::net::TcpListener::bind("0.0.0.0:4000"))??;
    let count = trial.of(50, 1000);
    let before = network.segments_received(VICTIM)?;
    let file_id = FileId::new([9; 32]);
    let victim: std::net::IpAddr = address(VICTIM).parse()?;
    let seed = trial.seed;
    let accepted = network.on(ATTACKER, move || {
        let mut accepted = 0;
        let mut client = Client::dial(tracker)?;
        for number in 0..count {
            let identity = Identity::from_seed(std::array::from_fn(|at| {
                (seed >> (at % 8 * 8)) as u8 ^ (number >> (at % 4 * 8)) as u8
            }));
            let mut message = register(&identity, tracker, 4000, vec![claim(file_id, "bait")]);
            message.addresses = (4000..4008).map(|port| (victim, port).into()).collect();
            let reply = client.ask(&post_signed(tracker, &Request::Register(message), &identity))?;
            accepted += usize::from(reply.head.status == 200);
        }
        anyhow::Ok(accepted)
    })??;
    // Who asks from elsewhere is told of the attacker's own address only.
    let answer = network.on(ASKER, move || query(&mut Client::dial(tracker)?, tracker, file_id))??;
    let told: Vec<SocketAddr> =
        answer.files.iter().flat_map(|info| &info.peers).flat_map(|peer| peer.addresses.clone()).collect();
    let named = told.iter().filter(|addr| addr.ip() == victim).count();
    // As long as the tracker takes for its calls.
    std::thread::sleep(Duration::from_secs(8));
    let came = network.segments_received(VICTIM)? - before;
    let text = format!(
        "{accepted} of {count} registrations taken, each naming 8 ports of a third host: {came} TCP segments came there, and it was named {named} times of {}",
        told.len()
    );
    Ok(Measured::Held(text, accepted > 0 && came == 0 && named == 0 && !told.is_empty()))
}

/// QUERY and SEARCH of a large tracker.
fn large(trial: &Trial) -> anyhow::Result<Measured> {
    let (peers, each) = (trial.of(300, 10_000), 99);
    let data = tempfile::tempdir_in(".")?;
    let unlimited = ["--limits-new-files-per-minute", "4000000000", "--lease", "1d", "--data-dir", text(data.path())?];
    let server = servers::sprat(&unlimited)?;
    let (names, mut rng) = (Names::new(), trial.rng());
    let crowded = FileId::new([5; 32]);
    let mut kept = Vec::new();
    for number in 0..peers {
        let files: Vec<File> = (0..each).map(|_| File::new(&names, &mut rng)).collect();
        let mut claims: Vec<_> = files.iter().map(|file| file.claim(true)).collect();
        claims.push(claim(crowded, "crowded"));
        // Twenty peers at each address.
        let mut client = Client::connect(server.address, source(number as u32 / 20))?;
        Peer::new(number, peers.div_ceil(20), Vec::new()).register_at(&mut client, server.address, &claims)?;
        kept.extend(files.into_iter().map(|file| file.name).next());
    }
    let mut client = Client::connect(server.address, source(60_000))?;
    let last = kept.last().expect("there are peers").clone();
    let until = Instant::now() + PATIENCE * 5;
    let search = |words: &str| post(server.address, &Request::Search(Search { words: words.to_owned(), page: 0 }));
    while !String::from_utf8_lossy(&client.ask(&search(&last))?.body).contains("file_id") {
        ensure!(Instant::now() < until, "the last name is never found");
        std::thread::sleep(GLANCE);
    }
    let times = trial.of(500, 5000);
    let (mut queries, mut searches, mut busy) = (Vec::new(), Vec::new(), 0);
    for _ in 0..times {
        let start = Instant::now();
        let answer = query(&mut client, server.address, crowded)?;
        queries.push(start.elapsed().as_micros() as u32);
        ensure!(answer.files[0].seeders as usize == peers && answer.files[0].peers.len() == 50, "a wrong answer");
        let start = Instant::now();
        let words = Names::search(&kept[rng.random_range(0..kept.len())], &mut rng);
        let reply = client.ask(&search(&words))?;
        searches.push(start.elapsed().as_micros() as u32);
        busy += usize::from(reply.head.status != 200);
    }
    queries.sort_unstable();
    searches.sort_unstable();
    let [query, search] = [&queries, &searches].map(|sorted| f64::from(percentile(sorted, 0.99)) / 1e3);
    let told = format!(
        "{peers} peers in one swarm, {} files: QUERY p99 {query:.1} ms, SEARCH p99 {search:.1} ms, {busy} of {times} turned away",
        peers * each + 1
    );
    Ok(Measured::Held(told, query <= 50.0 && search <= 100.0 && busy == 0))
}
