//! Thousands of peers that come back at once when their tracker does.
//!
//! Each has a key and an address of its own and says REGISTER at a random moment of the first second. Where the tracker asks for
//! patience, a peer waits as peers do: as long as it is told, and at random up to three tenths longer. It keeps its connection
//! until all are done, as peers do too.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::client::{Client, Reply, socket, source};
use super::http::Head;
use super::options::FLAGS;
use super::servers::{self, Server};
use super::world::{World, accepted};
use crate::process::text;

/// Number of files of each peer.
const FILES: usize = 10;
/// In how much time all of them come.
const RUSH: Duration = Duration::from_secs(1);
/// Time that a peer waits for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// Time that a peer waits that was not told how long.
const PAUSE: Duration = Duration::from_secs(1);
/// Time that the whole of it may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Prints one table for so many peers.
pub(crate) fn run(peers: usize, rounds: u32) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let flags = [FLAGS, &["--data-dir", text(data.path())?]].concat();
    let world = World::new(peers, FILES.min(peers), peers, 0);
    let mut tracker = servers::sprat(&flags)?;
    for peer in &world.peers {
        let mut client = Client::connect(tracker.address, source(peer.source as u32))?;
        peer.register_at(&mut client, tracker.address, &world.claims(peer, FILES))?;
    }
    println!("| peers | all registered after, s | answers | without Retry-After | no connection | no answer |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for _ in 0..rounds.max(1) {
        tracker.kill();
        tracker = servers::sprat(&flags)?;
        servers::ready(&tracker)?;
        let mut herd = Herd::new(&tracker, &world)?;
        let took = herd.run()?;
        let statuses: Vec<String> =
            herd.tally.answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        let Tally { unguided, refused, unanswered, .. } = herd.tally;
        let seconds = took.map_or("NOT ALL".to_owned(), |took| format!("{:.1}", took.as_secs_f64()));
        println!("| {peers} | {seconds} | {} | {unguided} | {refused} | {unanswered} |", statuses.join(", "));
    }
    Ok(())
}

/// Counts of everything that was seen.
#[derive(Default)]
struct Tally {
    /// Answers, by their status.
    answers: BTreeMap<u16, usize>,
    /// Answers that were no success and did not say when to come again.
    unguided: usize,
    /// Connections that were refused or reset.
    refused: usize,
    /// Requests without an answer in time.
    unanswered: usize,
}

/// All peers, and when each is to be looked at again.
struct Herd<'a> {
    tracker: &'a Server,
    world: &'a World,
    poll: Poll,
    attempts: Vec<Attempt>,
    alarms: BinaryHeap<Reverse<(Instant, usize, u32)>>,
    registered: usize,
    tally: Tally,
    rng: SmallRng,
}

/// Present attempt of a peer.
#[derive(Default)]
struct Attempt {
    /// Number of this attempt: an alarm for an earlier one means nothing.
    number: u32,
    stream: Option<TcpStream>,
    /// Bytes that are still to be sent, once the connection is there.
    request: Vec<u8>,
    answer: Vec<u8>,
    /// True if the peer waits for the answer.
    asks: bool,
}

impl<'a> Herd<'a> {
    fn new(tracker: &'a Server, world: &'a World) -> anyhow::Result<Self> {
        let attempts = world.peers.iter().map(|_| Attempt::default()).collect();
        let (alarms, tally, rng) = (BinaryHeap::new(), Tally::default(), SmallRng::seed_from_u64(1));
        Ok(Self { tracker, world, poll: Poll::new()?, attempts, alarms, registered: 0, tally, rng })
    }

    /// Runs until all are registered, and returns how long that took; none if it took too long.
    fn run(&mut self) -> anyhow::Result<Option<Duration>> {
        let start = Instant::now();
        for peer in 0..self.attempts.len() {
            let moment = start + RUSH.mul_f64(self.rng.random_range(0.0..1.0));
            self.alarms.push(Reverse((moment, peer, 0)));
        }
        let mut events = Events::with_capacity(1024);
        while self.registered < self.attempts.len() {
            if start.elapsed() > PATIENCE {
                return Ok(None);
            }
            self.ring()?;
            let next = self.alarms.peek().map(|Reverse((moment, ..))| *moment);
            let wait = next.map_or(PAUSE, |moment| moment.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            for event in &events {
                self.happened(event.token().0)?;
            }
        }
        Ok(Some(start.elapsed()))
    }

    /// Begins or gives up what is due now.
    fn ring(&mut self) -> anyhow::Result<()> {
        while let Some(Reverse((moment, peer, number))) = self.alarms.peek().copied()
            && moment <= Instant::now()
        {
            self.alarms.pop();
            let attempt = &mut self.attempts[peer];
            if attempt.number != number {
                continue;
            }
            if attempt.asks {
                self.tally.unanswered += 1;
                self.again(peer, PAUSE, true);
            } else {
                self.begin(peer)?;
            }
        }
        Ok(())
    }

    /// Sends a REGISTER, over the connection of the last attempt or a new one.
    fn begin(&mut self, peer: usize) -> anyhow::Result<()> {
        let of_peer = &self.world.peers[peer];
        let attempt = &mut self.attempts[peer];
        attempt.request = of_peer.register(self.tracker.address, self.world.claims(of_peer, FILES));
        attempt.answer.clear();
        attempt.asks = true;
        self.alarms.push(Reverse((Instant::now() + ANSWER_TIME, peer, attempt.number)));
        if attempt.stream.is_some() {
            return self.happened(peer);
        }
        let socket = socket(source(of_peer.source as u32))?;
        socket.set_nonblocking(true)?;
        // It goes on in the background; what becomes of it is an event.
        let _ = socket.connect(&self.tracker.address.into());
        let mut stream = TcpStream::from_std(socket.into());
        self.poll.registry().register(&mut stream, Token(peer), Interest::READABLE | Interest::WRITABLE)?;
        attempt.stream = Some(stream);
        Ok(())
    }

    /// Goes on with a peer whose connection has something to tell.
    fn happened(&mut self, peer: usize) -> anyhow::Result<()> {
        let attempt = &mut self.attempts[peer];
        match attempt.go_on() {
            Ok(None) => Ok(()),
            Ok(Some(head)) => self.answered(peer, head),
            Err(_) if !attempt.asks => {
                // It was hung up on while it had nothing to say.
                attempt.stream = None;
                Ok(())
            }
            Err(_) => {
                self.tally.refused += 1;
                self.again(peer, PAUSE, true);
                Ok(())
            }
        }
    }

    fn answered(&mut self, peer: usize, head: Head) -> anyhow::Result<()> {
        *self.tally.answers.entry(head.status).or_default() += 1;
        let attempt = &mut self.attempts[peer];
        if head.status == 200 {
            accepted(Reply { head, body: attempt.answer.split_off(head.len) }).context("of one of the herd")?;
            self.registered += 1;
            attempt.number += 1;
            attempt.asks = false;
            return Ok(());
        }
        self.tally.unguided += usize::from(head.retry_after.is_none());
        ensure!(self.tally.answers.len() < 10, "too many kinds of answers");
        let asked = head.retry_after.map_or(PAUSE, |seconds| Duration::from_secs(seconds.into()));
        let wait = asked.mul_f64(self.rng.random_range(1.0..1.3));
        self.again(peer, wait, false);
        Ok(())
    }

    /// Lets a peer try again later.
    fn again(&mut self, peer: usize, wait: Duration, anew: bool) {
        let attempt = &mut self.attempts[peer];
        attempt.number += 1;
        attempt.asks = false;
        if anew {
            attempt.stream = None;
        }
        self.alarms.push(Reverse((Instant::now() + wait, peer, attempt.number)));
    }
}

impl Attempt {
    /// Sends and reads what can be sent and read; returns the head of the answer once all of it is here.
    fn go_on(&mut self) -> anyhow::Result<Option<Head>> {
        let Some(stream) = &mut self.stream else { return Ok(None) };
        if !self.request.is_empty() {
            match stream.write(&self.request) {
                Ok(sent) => drop(self.request.drain(..sent)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut buffer = [0; 16 * 1024];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => bail!("hung up"),
                Ok(len) => self.answer.extend_from_slice(&buffer[..len]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => break,
                Err(error) => return Err(error.into()),
            }
        }
        let head = Head::parse(&self.answer)?;
        Ok(head.filter(|head| self.asks && self.answer.len() >= head.answer_len()))
    }
}
