//! Gate: the number of connections, in all and from one address.
//!
//! The number of connections has a bound, and so has the number from one address. Who is over the latter is turned away: who
//! has all places of its address taken harms nobody else. Where the tracker as a whole is full, turning new ones away would let
//! whoever sits on many connections keep everybody out. So a connection makes room instead: the one that has kept the tracker
//! waiting for a request longest, of some that are drawn at random. Whoever sends its request at once is never that one, and a
//! client between two requests connects again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use rand::RngExt;
use rand::rngs::StdRng;
use slab::Slab;

use super::progress::{Ending, Progress, Times};
use crate::config::ServerConfig;
use crate::model::network::network_of;

/// Number of connections that are looked at to find one that makes room.
const LOOKED_AT: usize = 32;
/// Number of connections that there may be beyond the bound while those that make room end.
const MAX_ENDING: usize = 64;

/// Lets connections in, as many as there may be.
#[derive(Debug)]
pub(super) struct Gate {
    most: usize,
    most_per_network: usize,
    times: Times,
    state: Mutex<Guests>,
}

#[derive(Debug)]
struct Guests {
    open: Slab<Arc<Progress>>,
    /// Number of open connections from each network that is counted.
    networks: HashMap<IpAddr, usize>,
    rng: StdRng,
    /// Set while connections make room for others, so that the log says it once.
    is_crowded: bool,
}

/// A connection that was let in. It is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Admission {
    gate: Arc<Gate>,
    key: usize,
    network: Option<IpAddr>,
    /// Progress of the connection.
    pub(super) progress: Arc<Progress>,
}

/// Reason why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The address has as many connections as it may.
    Address,
    /// The tracker has as many connections as it may, and each is being answered.
    Full,
}

impl Gate {
    pub(super) fn new(config: &ServerConfig, rng: StdRng) -> Arc<Self> {
        let state = Guests { open: Slab::new(), networks: HashMap::new(), rng, is_crowded: false };
        Arc::new(Self {
            most: config.connections,
            most_per_network: config.connections_per_address,
            times: Times::new(config),
            state: Mutex::new(state),
        })
    }

    /// Lets a connection in. `counted` is the address that it counts for, if it does.
    pub(super) fn admit(self: &Arc<Self>, counted: Option<IpAddr>, now: Instant) -> Result<Admission, Refused> {
        let mut state = self.state.lock();
        let network = counted.map(network_of);
        let from_network = network.map_or(0, |network| state.networks.get(&network).copied().unwrap_or(0));
        if network.is_some() && from_network >= self.most_per_network {
            return Err(Refused::Address);
        }
        if state.open.len() >= self.most {
            if state.open.len() >= self.most + MAX_ENDING {
                return Err(Refused::Full);
            }
            state.note_crowd(self.most);
            state.most_patient().ok_or(Refused::Full)?.end(Ending::Shed);
        }
        if let Some(network) = network {
            state.networks.insert(network, from_network + 1);
        }
        let progress = Arc::new(Progress::new(self.times, now));
        let key = state.open.insert(progress.clone());
        Ok(Admission { gate: self.clone(), key, network, progress })
    }

    /// Says whether as many connections are about to end as there may be, so that nobody is let in before one has.
    pub(super) fn is_making_room(&self) -> bool {
        self.state.lock().open.len() >= self.most + MAX_ENDING
    }

    /// Asks all connections to end in good order.
    pub(super) fn drain(&self) {
        for (_, progress) in &self.state.lock().open {
            progress.end(Ending::Drain);
        }
    }
}

impl Guests {
    /// Has the log say that the tracker is full, once until a quarter of it is free again.
    fn note_crowd(&mut self, most: usize) {
        if !std::mem::replace(&mut self.is_crowded, true) {
            tracing::warn!(
                connections = most,
                "all connections are taken; those that wait longest make room for others"
            );
        }
    }

    /// The connection to make room: of some, the one that has been waiting longest.
    fn most_patient(&mut self) -> Option<&Progress> {
        // Places are taken again as they become free, so while the gate is full at least half of these are in use.
        let places = 0..self.open.capacity().max(1);
        let drawn = (0..LOOKED_AT).filter_map(|_| self.open.get(self.rng.random_range(places.clone())));
        let waiting = drawn.filter_map(|progress| Some((progress.waiting_since()?, progress)));
        waiting.min_by_key(|(since, _)| *since).map(|(_, progress)| &**progress)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut state = self.gate.state.lock();
        state.open.remove(self.key);
        state.is_crowded &= state.open.len() >= self.gate.most - self.gate.most / 4;
        if let Some(Entry::Occupied(mut count)) = self.network.map(|network| state.networks.entry(network)) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand::SeedableRng;

    use super::*;

    fn gate(connections: usize, connections_per_address: usize) -> Arc<Gate> {
        let config = ServerConfig { connections, connections_per_address, ..ServerConfig::default() };
        Gate::new(&config, StdRng::seed_from_u64(1))
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_address_has_so_many_and_no_more() {
        let (gate, now) = (gate(100, 2), Instant::now());
        for (same, other) in [("203.0.113.5", "203.0.113.6"), ("2001:db8::1", "2001:db8:0:1::1")] {
            let first = gate.admit(ip(same), now).unwrap();
            let second = gate.admit(ip(same), now).unwrap();
            assert_eq!(gate.admit(ip(same), now).unwrap_err(), Refused::Address);
            let _other = gate.admit(ip(other), now).unwrap();
            drop(first);
            let third = gate.admit(ip(same), now).unwrap();
            assert_eq!(gate.admit(ip(same), now).unwrap_err(), Refused::Address);
            drop((second, third));
        }
        assert!(gate.state.lock().networks.is_empty() && gate.state.lock().open.is_empty());
        let mut neighbours: Vec<_> = (1..=2).map(|host| gate.admit(ip(&format!("2001:db8::{host}")), now)).collect();
        assert!(neighbours.iter().all(Result::is_ok));
        assert_eq!(gate.admit(ip("2001:db8::ffff"), now).unwrap_err(), Refused::Address);
        neighbours.extend((0..10).map(|_| gate.admit(None, now)));
        assert!(neighbours.iter().all(Result::is_ok));
    }

    #[test]
    fn where_all_places_are_taken_one_that_waits_makes_room() {
        let (gate, now) = (gate(3, 100), Instant::now());
        let open = [0, 1, 2].map(|second| gate.admit(None, now + Duration::from_secs(second)).unwrap());
        open[0].progress.request_began(false, now);
        let _fourth = gate.admit(None, now + Duration::from_secs(3)).unwrap();
        let shed = open.each_ref().map(|admission| admission.progress.is_shed());
        assert_eq!(shed, [false, true, false], "the one that has been waiting longest");
    }

    #[test]
    fn nobody_who_is_being_answered_makes_room() {
        let (gate, now) = (gate(3, 100), Instant::now());
        let open = [0, 1, 2].map(|_| gate.admit(None, now).unwrap());
        for admission in &open {
            admission.progress.request_began(false, now);
        }
        assert_eq!(gate.admit(None, now).unwrap_err(), Refused::Full);
        open[1].progress.request_ended(now, false, now);
        let fourth = gate.admit(None, now).unwrap();
        assert!(open[1].progress.is_shed());
        fourth.progress.request_began(false, now);
        assert_eq!(gate.admit(None, now).unwrap_err(), Refused::Full, "who was asked to end is not asked again");
    }

    #[test]
    fn those_that_make_room_are_bounded_too() {
        let (gate, now) = (gate(100, 1000), Instant::now());
        let open: Vec<_> = (0..100 + MAX_ENDING).map(|_| gate.admit(None, now).unwrap()).collect();
        assert_eq!(gate.admit(None, now).unwrap_err(), Refused::Full);
        let (shed, kept): (Vec<_>, Vec<_>) = open.into_iter().partition(|admission| admission.progress.is_shed());
        assert_eq!((shed.len(), kept.len()), (MAX_ENDING, 100));
        drop(shed);
        gate.admit(None, now).unwrap();
    }
}
