//! Load: many connections, each with one request under way, all of them in one thread.
//!
//! It runs on the same cores as the servers, so it must cost little: requests are bytes that were made before, each is sent
//! with one call to the system and most answers are read with one, and nothing of an answer is looked at but its head.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::client;
use super::http::Answers;
use super::servers::Server;
use crate::usage::Usage;

/// Time for which no answer at all may come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time in which a server may get used to a load before it is measured.
pub(crate) const WARM_UP: Duration = Duration::from_millis(200);

/// Requests, and which of them each connection sends, one after another.
#[derive(Default)]
pub(crate) struct Script {
    /// Requests as they are sent.
    pub(crate) requests: Vec<Vec<u8>>,
    /// For each connection the indices of requests, in their order.
    pub(crate) turns: Vec<Vec<u32>>,
    /// True if a connection begins anew after its last request.
    pub(crate) repeats: bool,
}

/// Measurements of one go.
pub(crate) struct Round {
    /// Answers.
    pub(crate) answers: usize,
    /// Length of the go in seconds.
    pub(crate) seconds: f64,
    /// CPU that the server used, in seconds.
    pub(crate) server_cpu: f64,
    /// CPU that this process used, in seconds.
    pub(crate) own_cpu: f64,
    /// The time from each request to its answer, in microseconds.
    pub(crate) latencies: Vec<u32>,
}

impl Round {
    /// Requests per second.
    pub(crate) fn rate(&self) -> f64 {
        self.answers as f64 / self.seconds
    }
}

/// Sends every request of the script once.
pub(crate) fn send_all(server: &Server, script: &Script) -> anyhow::Result<()> {
    let mut crowd = Crowd::connect(server, script)?;
    crowd.start()?;
    while crowd.waiting > 0 {
        crowd.turn(|_, _| ())?;
    }
    Ok(())
}

/// Loads a server for this time; less, if a connection has sent all that it has. Every answer must be that all is well.
pub(crate) fn load(server: &Server, script: &Script, time: Duration) -> anyhow::Result<Round> {
    let mut crowd = Crowd::connect(server, script)?;
    let start = Instant::now();
    crowd.start()?;
    let all_at_work = crowd.waiting;
    while start.elapsed() < WARM_UP && crowd.waiting == all_at_work {
        crowd.turn(|_, _| ())?;
    }
    let mut latencies = Vec::new();
    let (server_cpu, own_cpu, start) = (server.usage().cpu, Usage::of_this_process().cpu, Instant::now());
    let mut end = start;
    while end - start < time && crowd.waiting == all_at_work {
        crowd.turn(|sent, answered| latencies.push((answered - sent).as_micros() as u32))?;
        end = Instant::now();
    }
    ensure!(!latencies.is_empty(), "no request was left to measure");
    Ok(Round {
        answers: latencies.len(),
        seconds: (end - start).as_secs_f64(),
        server_cpu: server.usage().cpu - server_cpu,
        own_cpu: Usage::of_this_process().cpu - own_cpu,
        latencies,
    })
}

/// All connections.
struct Crowd<'a> {
    script: &'a Script,
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    /// Number of connections that wait for an answer.
    waiting: usize,
    buffer: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    answers: Answers,
    next: usize,
    sent: Instant,
}

impl<'a> Crowd<'a> {
    fn connect(server: &Server, script: &'a Script) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::new();
        for number in 0..script.turns.len() {
            let socket = client::socket(client::source(number as u32))?;
            socket.connect(&server.address.into()).with_context(|| format!("can't connect to {}", server.name))?;
            socket.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(socket.into());
            poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
            connections.push(Connection { stream, answers: Answers::default(), next: 0, sent: Instant::now() });
        }
        let events = Events::with_capacity(connections.len());
        Ok(Self { script, poll, events, connections, waiting: 0, buffer: vec![0; 128 * 1024] })
    }

    fn start(&mut self) -> anyhow::Result<()> {
        for (number, connection) in self.connections.iter_mut().enumerate() {
            connection.sent = Instant::now();
            self.waiting += usize::from(connection.send(self.script, number)?);
        }
        Ok(())
    }

    /// Waits for answers and sends as many requests. Tells when each request was sent and when it was answered.
    fn turn(&mut self, mut answered: impl FnMut(Instant, Instant)) -> anyhow::Result<()> {
        if let Err(error) = self.poll.poll(&mut self.events, Some(PATIENCE)) {
            return if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error.into()) };
        }
        ensure!(!self.events.is_empty(), "no answer for {} s", PATIENCE.as_secs());
        for event in &self.events {
            let number = event.token().0;
            let connection = &mut self.connections[number];
            if connection.receive(&mut self.buffer)? {
                let now = Instant::now();
                answered(connection.sent, now);
                connection.sent = now;
                self.waiting -= usize::from(!connection.send(self.script, number)?);
            }
        }
        Ok(())
    }
}

impl Connection {
    /// Sends its next request, if it has one.
    fn send(&mut self, script: &Script, number: usize) -> anyhow::Result<bool> {
        let turns = &script.turns[number];
        if self.next == turns.len() && script.repeats {
            self.next = 0;
        }
        let Some(request) = turns.get(self.next) else { return Ok(false) };
        let request = &script.requests[*request as usize];
        self.next += 1;
        // Nothing else waits in the socket, whose buffer has room for any request.
        let sent = self.stream.write(request)?;
        ensure!(sent == request.len(), "the system took only {sent} bytes of a request");
        Ok(true)
    }

    /// Reads what has come; says whether the answer is complete.
    fn receive(&mut self, buffer: &mut [u8]) -> anyhow::Result<bool> {
        loop {
            let len = match self.stream.read(buffer) {
                Ok(0) => bail!("the server hung up"),
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            if let Some(head) = self.answers.take(&buffer[..len])? {
                ensure!(head.status == 200, "a request was answered with {}", head.status);
                return Ok(true);
            }
        }
    }
}
