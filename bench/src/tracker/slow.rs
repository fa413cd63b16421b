//! Clients that hold connections and say next to nothing, and what they cost somebody who means it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, socket, source};
use super::numbers::{median, percentile};
use super::options::{FLAGS, Tracker};
use super::servers;
use super::works::{self, Work};
use super::world::World;

/// Interval at which each slow client is looked at, and at which one that dribbles sends a byte.
const BEAT: Duration = Duration::from_secs(1);
/// Addresses below this one are those of honest clients.
const FIRST_SOURCE: u32 = 10_000;
/// Bytes of a client that dribbles: a head whose headers never end.
const ENDLESS: &[u8] = b"POST /v1/query HTTP/1.1\r\nhost: tracker\r\nx-patience: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Prints one table: an honest client alone, and among `each` clients that dribble and as many that say nothing.
pub(crate) fn run(args: &Tracker, each: u32, time: Duration) -> anyhow::Result<()> {
    let mut world = World::new(args.files(), args.swarm(), args.connections.max(1), 0);
    let tracker = servers::sprat(FLAGS)?;
    world.register(&tracker)?;
    let query = works::query(&tracker, &world);
    query.check()?;
    println!(
        "| QUERYs, one after another | p50, ms, alone | p99 | beside {each} that dribble and {each} that are idle: p50 | p99 | ÷ p99 alone | of those, hung up on |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut ratios = Vec::new();
    for _ in 0..args.rounds.max(1) {
        let alone = honest(&query, time)?;
        let (beside, hung_up) = beside_slow(tracker.address, each, || honest(&query, time))?;
        let [[p50, p99], [slow_p50, slow_p99]] =
            [&alone, &beside].map(|latencies| [0.5, 0.99].map(|share| f64::from(percentile(latencies, share)) / 1e3));
        let count = alone.len() + beside.len();
        println!(
            "| {count} | {p50:.3} | {p99:.3} | {slow_p50:.3} | {slow_p99:.3} | {:.2} | {hung_up} |",
            slow_p99 / p99
        );
        ratios.push(slow_p99 / p99);
    }
    println!("\nThe ratio's median is {:.2}.", median(ratios));
    Ok(())
}

/// One client that asks as fast as it is answered; how long each answer took, in microseconds and sorted.
fn honest(query: &Work<'_>, time: Duration) -> anyhow::Result<Vec<u32>> {
    let script = (query.script)(0.0);
    let mut client = Client::connect(query.server.address, source(0))?;
    let mut latencies = Vec::new();
    let start = Instant::now();
    for turn in script.turns[0].iter().cycle() {
        let asked = Instant::now();
        client.ask(&script.requests[*turn as usize])?.ok()?;
        latencies.push(asked.elapsed().as_micros() as u32);
        if start.elapsed() >= time {
            break;
        }
    }
    latencies.sort_unstable();
    Ok(latencies)
}

/// Does something while slow clients are connected. Returns how often the server hung up on one of them, too.
fn beside_slow<T>(
    tracker: SocketAddr,
    each: u32,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(T, usize)> {
    let mut clients: Vec<Slow> = (0..2 * each).map(|number| Slow::new(number, number < each)).collect();
    for client in &mut clients {
        client.connect(tracker)?;
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let crowd = scope.spawn(|| be_slow(tracker, &mut clients, &stop));
        let done = work();
        stop.store(true, Ordering::Relaxed);
        let hung_up = crowd.join().expect("it does not panic")?;
        Ok((done?, hung_up))
    })
}

/// Looks at each client once a beat, one after another, until it is told to stop. Returns how often one was hung up on.
fn be_slow(tracker: SocketAddr, clients: &mut [Slow], stop: &AtomicBool) -> anyhow::Result<usize> {
    let (start, count) = (Instant::now(), clients.len() as u32);
    let mut hung_up = 0;
    for turn in 0.. {
        let due = start + BEAT * (turn / count) + BEAT * (turn % count) / count;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let client = &mut clients[(turn % count) as usize];
        if !client.beat() {
            hung_up += 1;
            client.connect(tracker)?;
        }
    }
    Ok(hung_up)
}

struct Slow {
    /// Each has an address of its own, so that no limit of one address ends this.
    number: u32,
    dribbles: bool,
    sent: usize,
    stream: Option<TcpStream>,
}

impl Slow {
    fn new(number: u32, dribbles: bool) -> Self {
        Self { number, dribbles, sent: 0, stream: None }
    }

    fn connect(&mut self, tracker: SocketAddr) -> anyhow::Result<()> {
        let socket = socket(source(FIRST_SOURCE + self.number))?;
        // Where the server takes no more connections, the system takes some on its behalf, and then none.
        let is_connected = socket.connect_timeout(&tracker.into(), BEAT).is_ok();
        socket.set_nonblocking(true)?;
        self.stream = is_connected.then(|| socket.into());
        self.sent = 0;
        Ok(())
    }

    /// Sends a byte, if that is its way; says whether it is still connected.
    fn beat(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        if self.dribbles {
            let byte = ENDLESS[self.sent.min(ENDLESS.len() - 1)];
            self.sent += 1;
            if stream.write_all(&[byte]).is_err() {
                return false;
            }
        }
        match stream.read(&mut [0; 1024]) {
            Ok(len) => len > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}
