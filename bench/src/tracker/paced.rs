//! Requests at fixed times, whatever becomes of those before: how long people wait who do not wait for each other.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, Reply, source};

/// Times at which requests are sent, and the clients that send them in turn. If all of them still wait for an answer, a
/// request is late, and that counts as time that it took.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Requests per second.
    pub(crate) per_second: u32,
    /// For how many seconds.
    pub(crate) seconds: u32,
    /// Number of clients, each with a connection from an address of its own.
    pub(crate) clients: u32,
    /// The number of the first of these addresses.
    pub(crate) first_source: u32,
}

impl Pace {
    /// Sends requests, each made for its number and the number of its client, and has every reply looked at. Returns the
    /// time from the moment when each should have been sent to its answer, in microseconds and sorted.
    pub(crate) fn send(
        self,
        server: SocketAddr,
        request: impl Fn(u32, u32) -> Vec<u8> + Sync,
        check: impl Fn(Reply) -> anyhow::Result<()> + Sync,
    ) -> anyhow::Result<Vec<u32>> {
        let next = AtomicU32::new(0);
        let start = Instant::now();
        let run = |number: u32| {
            let mut client = Client::connect(server, source(self.first_source + number))?;
            let mut latencies = Vec::new();
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= self.per_second * self.seconds {
                    return anyhow::Ok(latencies);
                }
                let bytes = request(turn, number);
                let due = start + Duration::from_secs(1) * turn / self.per_second;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                check(client.ask(&bytes)?)?;
                latencies.push(due.elapsed().as_micros() as u32);
            }
        };
        let mut all = thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients).map(|number| scope.spawn(move || run(number))).collect();
            let joined = clients.into_iter().map(|client| client.join().expect("a client does not panic"));
            joined.collect::<anyhow::Result<Vec<_>>>()
        })?
        .concat();
        all.sort_unstable();
        Ok(all)
    }
}
