//! Swarms against a model that is too simple to be wrong, over random lives of random peers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;
use std::time::Instant;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sprat_chunking::FileId;
use sprat_chunking::{ChunkSize, Layout};
use sprat_protocol::PeerId;

use super::world::parse;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::holding::Totals;
use crate::model::holding::{Asker, Claim, Offer, Share};
use crate::store::swarm::store::Swarms;

const LEASE: Duration = Duration::from_secs(10);
const NUM_PEERS: u8 = 6;
const NUM_FILES: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
    Register { peer: u8, files: Vec<(u8, u8, bool)> },
    Heartbeat { peer: u8, completed: Vec<u8> },
    Unregister { peer: u8, files: Option<Vec<u8>> },
    Wait { seconds: u8 },
    Expire { steps: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let files = || prop::collection::vec(0..NUM_FILES, 0..4);
    let claims = prop::collection::vec((0..NUM_FILES, 0..3u8, any::<bool>()), 0..4);
    prop_oneof![
        4 => (0..NUM_PEERS, claims).prop_map(|(peer, files)| Step::Register { peer, files }),
        2 => (0..NUM_PEERS, files()).prop_map(|(peer, completed)| Step::Heartbeat { peer, completed }),
        1 => (0..NUM_PEERS, prop::option::of(files())).prop_map(|(peer, files)| Step::Unregister { peer, files }),
        3 => (0..5u8).prop_map(|seconds| Step::Wait { seconds }),
        1 => (0..5usize).prop_map(|steps| Step::Expire { steps }),
    ]
}

/// Every peer's lease in seconds, and every holding in the order in which it came.
#[derive(Debug, Default)]
struct Model {
    now: u64,
    leases: BTreeMap<u8, u64>,
    holdings: Vec<Holding>,
}

#[derive(Debug)]
struct Holding {
    peer: u8,
    file: u8,
    /// Name that it is given, and the time since which somebody has called it so without a gap.
    claim: (u8, u64),
    complete: bool,
}

impl Model {
    fn is_live(&self, peer: u8) -> bool {
        self.leases.get(&peer).is_some_and(|expires| *expires > self.now)
    }

    fn renew(&mut self, peer: u8) {
        self.leases.insert(peer, self.now + LEASE.as_secs());
    }

    fn add(&mut self, order: u64, peer: u8, file: u8, name: u8, complete: bool) {
        let since = self.holdings.iter().filter(|held| held.file == file && held.claim.0 == name);
        let since = since.map(|held| held.claim.1).min().unwrap_or(order);
        self.holdings.retain(|held| (held.peer, held.file) != (peer, file));
        self.holdings.push(Holding { peer, file, claim: (name, since), complete });
    }

    fn sweep(&mut self) {
        self.leases.retain(|_, expires| *expires > self.now);
        self.holdings.retain(|held| self.leases.contains_key(&held.peer));
    }

    fn members(&self, file: u8) -> BTreeMap<u8, bool> {
        let held = self.holdings.iter().filter(|held| held.file == file && self.is_live(held.peer));
        held.map(|held| (held.peer, held.complete)).collect()
    }

    /// The name that most seeders claim, the earliest among equals.
    fn name(&self, file: u8) -> Option<u8> {
        let held = || self.holdings.iter().filter(move |held| held.file == file);
        let seeders = |name| held().filter(|held| held.complete && held.claim.0 == name).count();
        let best = held().max_by_key(|held| (seeders(held.claim.0), std::cmp::Reverse(held.claim.1)));
        best.map(|held| held.claim.0)
    }
}

struct Pair {
    real: Swarms,
    model: Model,
    start: Instant,
    tokens: BTreeMap<u8, u128>,
    order: u64,
}

fn peer_id(peer: u8) -> PeerId {
    PeerId::new([peer; 32])
}

fn file_id(file: u8) -> FileId {
    format!("{file:064x}").parse().unwrap()
}

fn address(peer: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, peer])
}

impl Pair {
    fn new() -> Self {
        Self {
            real: Swarms::new(LEASE, Limits::default(), StdRng::seed_from_u64(7)),
            model: Model::default(),
            start: Instant::now(),
            tokens: BTreeMap::new(),
            order: 0,
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_secs(self.model.now)
    }

    fn take(&mut self, step: Step) {
        let now = self.now();
        match step {
            Step::Register { peer, files } => self.register(peer, files),
            Step::Heartbeat { peer, completed } => {
                let ids: Vec<FileId> = completed.iter().copied().map(file_id).collect();
                let token = self.tokens.get(&peer).copied().unwrap_or(0);
                let result = self.real.heartbeat(now, peer_id(peer), token, address(peer), &ids);
                assert_eq!(result.is_ok(), self.model.is_live(peer));
                if let Ok(renewal) = result {
                    self.model.renew(peer);
                    let mut unknown: BTreeSet<u8> = completed.iter().copied().collect();
                    for held in self.model.holdings.iter_mut().filter(|held| held.peer == peer) {
                        held.complete |= completed.contains(&held.file);
                        unknown.remove(&held.file);
                    }
                    assert_eq!(renewal.unknown, unknown.into_iter().map(file_id).collect::<Vec<_>>());
                }
            }
            Step::Unregister { peer, files } => {
                let ids: Option<Vec<FileId>> = files.as_ref().map(|files| files.iter().copied().map(file_id).collect());
                let token = self.tokens.get(&peer).copied().unwrap_or(0);
                let result = self.real.unregister(now, peer_id(peer), token, ids.as_deref());
                assert_eq!(result.is_ok(), self.model.is_live(peer));
                if let Ok(removed) = result {
                    let before = self.model.holdings.len();
                    let goes = |file: u8| files.as_ref().is_none_or(|files| files.contains(&file));
                    self.model.holdings.retain(|held| held.peer != peer || !goes(held.file));
                    assert_eq!(removed, before - self.model.holdings.len());
                    if files.is_none() {
                        self.model.leases.remove(&peer);
                    }
                }
            }
            Step::Wait { seconds } => self.model.now += u64::from(seconds),
            Step::Expire { steps } => {
                self.real.clear(self.real.leases.millis(now), steps);
            }
        }
    }

    fn register(&mut self, peer: u8, files: Vec<(u8, u8, bool)>) {
        let now = self.now();
        // Whatever the peer held under a lease that is over is gone before it holds anything anew.
        self.model.sweep();
        while self.real.expire(now) {}
        let layout = Layout::new(1, ChunkSize::DEFAULT).unwrap();
        let claim = |name: u8| Claim { name: name.to_string().into(), layout };
        let shares = files.iter().map(|(file, name, complete)| Share {
            file_id: file_id(*file),
            claim: claim(*name),
            complete: *complete,
        });
        let contact = Contact::new(address(peer), 4000, &[]);
        let mut offers: Vec<Offer> = shares.map(Offer::new).collect();
        let registration = self.real.register(now, peer_id(peer), contact, &mut offers).unwrap();
        self.tokens.insert(peer, registration.token);
        self.model.renew(peer);
        for ((file, name, complete), offer) in files.into_iter().zip(offers) {
            let before = self.model.name(file);
            self.model.add(self.order, peer, file, name, complete);
            self.order += 1;
            assert_eq!(offer.outcome.unwrap().is_news, self.model.name(file) != before);
        }
    }

    /// Everybody is told exactly who is there, whether the rest has been cleared or not.
    fn assert_same_members(&mut self) {
        let now = self.now();
        let asker = Asker { peer_id: None, address: address(200) };
        for file in 0..NUM_FILES {
            let found = self.real.query(now, &[file_id(file)], asker, 100);
            let told = parse(&found);
            let told = told.iter().flat_map(|info| &info.peers);
            let told = told.map(|info| (info.peer_id.as_bytes()[0], info.complete)).collect();
            assert_eq!(self.model.members(file), told);
        }
    }

    /// Asserts that, once everything that is over has been cleared, counts and claims are the same too.
    fn assert_same_counts(&mut self) {
        let now = self.now();
        while self.real.expire(now) {}
        self.model.sweep();
        for file in 0..NUM_FILES {
            let summary = self.real.summaries(&[file_id(file)]).remove(0);
            let name = summary.as_ref().map(|summary| summary.claim.name.to_string());
            assert_eq!(name, self.model.name(file).map(|name| name.to_string()));
            let members = self.model.members(file);
            let seeders = members.values().filter(|complete| **complete).count();
            let expected = (!members.is_empty()).then_some((seeders, members.len() - seeders));
            assert_eq!(summary.map(|summary| (summary.seeders, summary.leechers)), expected);
        }
        let files: BTreeSet<u8> = self.model.holdings.iter().map(|held| held.file).collect();
        let seeders = self.model.holdings.iter().filter(|held| held.complete).count();
        let leechers = self.model.holdings.len() - seeders;
        let expected = Totals { peers: self.model.leases.len(), files: files.len(), seeders, leechers };
        assert_eq!(self.real.totals(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn swarms_do_what_the_model_does(steps in prop::collection::vec(step(), 0..60)) {
        let mut pair = Pair::new();
        for step in steps {
            let is_expiry = matches!(step, Step::Expire { .. });
            pair.take(step);
            if is_expiry {
                pair.assert_same_counts();
            } else {
                pair.assert_same_members();
            }
        }
        pair.assert_same_counts();
        pair.model.now += LEASE.as_secs();
        while pair.real.expire(pair.now()) {}
        prop_assert!(pair.real.is_empty(), "something leaked: {:?}", pair.real);
    }
}
