//! Which peer holds which file: the swarms, and the leases that keep them true.
//!
//! Pure state: no sockets, no clock, no randomness of its own. In reading order:
//!
//! - this file: [`Swarms`], what the rest of the tracker sees.
//! - `leases`: which peers are believed, and until when.
//! - `one`: one swarm. `members`: its peers, and a random sample of them. `votes`: what most of its seeders claim.
//! - `error`: what is refused, and why.

mod leases;
mod members;
mod one;
mod votes;

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rand::{Rng, RngExt};
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::PeerId;
use sprat_protocol::tracker::PeerInfo;

use crate::config::Limits;
use crate::contact::Contact;
use crate::store::*;
use leases::Leases;
use one::Swarm;

/// Who holds what.
///
/// A lease belongs to a peer and covers all its files, so keeping it costs the same for one file as for 100,000. A peer
/// whose lease is over is told to nobody from that moment on; its places in the counts are cleared step by step, a few
/// with every call and the rest by [`Self::expire`], so that no call pays for a crowd that left.
#[derive(Debug)]
struct State {
    limits: Limits,
    leases: Leases,
    swarms: HashMap<FileId, Swarm>,
    /// Members over all swarms, and how many of them are seeders.
    holdings: usize,
    seeders: usize,
    changed: Vec<FileId>,
}

/// How many expired holdings one request clears at most.
const STEPS_PER_REQUEST: usize = 100;
/// How many more members than wanted are drawn, to make up for the asker and for those that cannot be told.
const SPARE: usize = 8;

impl State {
    /// Nobody holds anything yet, and leases will have this length.
    pub fn new(lease: Duration, limits: Limits) -> Self {
        Self {
            limits,
            leases: Leases::new(lease),
            swarms: HashMap::new(),
            holdings: 0,
            seeders: 0,
            changed: Vec::new(),
        }
    }

    /// Opens a lease for a peer, or opens its lease anew: it keeps its files and gets a new contact. Returns the fresh
    /// token of the lease.
    ///
    /// Whoever names a peer ID is believed to be that peer, also from another address, because a laptop moves. REGISTER
    /// is to be signed with the peer's key; until then anybody can take over the entry of a peer, though not the peer:
    /// whoever connects to one demands proof of its ID.
    ///
    /// # Errors
    /// [`PeerRefusal`] if there are too many peers. Then nothing is changed.
    pub fn register(
        &mut self,
        now: Instant,
        rng: &mut impl Rng,
        peer_id: PeerId,
        contact: Contact,
    ) -> Result<u128, PeerRefusal> {
        self.expire(now, STEPS_PER_REQUEST);
        if self.leases.live(now, peer_id).is_none() {
            self.forget(peer_id, usize::MAX);
        }
        let token = rng.random();
        self.leases.open(now, peer_id, token, contact, &self.limits)?;
        Ok(token)
    }

    /// Adds a file to what a peer with a lease holds, or replaces what the peer said of it before. Returns the chunk size
    /// of its swarm.
    ///
    /// # Errors
    /// [`FileRefusal`] if there is too much of something. Then nothing is changed.
    pub fn add(&mut self, now: Instant, peer_id: PeerId, share: Share) -> Result<ChunkSize, FileRefusal> {
        let Share { file_id, claim, complete } = share;
        let held = self.leases.live(now, peer_id).map_or(0, |peer| peer.files.len());
        self.check_room(peer_id, file_id, held)?;
        let chunk_size = claim.layout.chunk_size();
        self.swarms.entry(file_id).or_default();
        self.update(file_id, |swarm| swarm.put(peer_id, claim, complete));
        if let Some(peer) = self.leases.peer_mut(peer_id) {
            peer.files.insert(file_id);
        }
        Ok(self.summary(file_id).map_or(chunk_size, |summary| summary.claim.layout.chunk_size()))
    }

    /// Renews everything that the peer holds and marks these files as complete. The peer is told from now on at the
    /// address that this came from: the token proves who it is.
    ///
    /// # Errors
    /// [`UnknownLease`] if this is not the token of a lease that still holds.
    pub fn heartbeat(
        &mut self,
        now: Instant,
        peer_id: PeerId,
        token: u128,
        observed: IpAddr,
        completed: &[FileId],
    ) -> Result<(), UnknownLease> {
        self.expire(now, STEPS_PER_REQUEST);
        self.leases.check(now, peer_id, token)?;
        self.leases.renew(now, peer_id, observed, &self.limits);
        for file_id in completed {
            self.update(*file_id, |swarm| swarm.complete(peer_id));
        }
        Ok(())
    }

    /// Takes a peer out of the swarms of these files, or out of all and its lease with it. Returns how many it was in.
    ///
    /// # Errors
    /// [`UnknownLease`] if this is not the token of a lease that still holds.
    pub fn unregister(
        &mut self,
        now: Instant,
        peer_id: PeerId,
        token: u128,
        file_ids: Option<&[FileId]>,
    ) -> Result<usize, UnknownLease> {
        self.expire(now, STEPS_PER_REQUEST);
        self.leases.check(now, peer_id, token)?;
        let before = self.holdings;
        match file_ids {
            None => {
                self.forget(peer_id, usize::MAX);
            }
            Some(file_ids) => file_ids.iter().for_each(|file_id| self.leave(peer_id, *file_id)),
        }
        Ok(before - self.holdings)
    }

    /// What is known of a file, and up to `max_peers` of its peers, drawn at random: never the asker, no seeders if the
    /// asker is one itself, and only peers that this asker can reach.
    pub fn query(
        &mut self,
        now: Instant,
        rng: &mut impl Rng,
        file_id: FileId,
        asker: Asker,
        max_peers: usize,
    ) -> Option<(Summary, Vec<PeerInfo>)> {
        self.expire(now, STEPS_PER_REQUEST);
        let summary = self.summary(file_id)?;
        let swarm = &self.swarms[&file_id];
        let is_seeder = asker.peer_id.is_some_and(|peer_id| swarm.is_seeder(peer_id));
        let peers = swarm
            .sample(rng, is_seeder, max_peers.saturating_add(SPARE))
            .filter(|(peer_id, _)| Some(*peer_id) != asker.peer_id)
            .filter_map(|(peer_id, complete)| {
                let addresses = self.leases.live(now, peer_id)?.contact.addresses_for(asker.address);
                (!addresses.is_empty()).then_some(PeerInfo { peer_id, addresses, complete })
            });
        Some((summary, peers.take(max_peers).collect()))
    }

    /// What is known of a file.
    pub fn summary(&self, file_id: FileId) -> Option<Summary> {
        let swarm = self.swarms.get(&file_id)?;
        let seeders = swarm.seeders();
        Some(Summary { claim: swarm.claim()?, seeders, leechers: swarm.len() - seeders })
    }

    /// How much is known.
    pub fn totals(&self) -> Totals {
        Totals {
            peers: self.leases.len(),
            files: self.swarms.len(),
            seeders: self.seeders,
            leechers: self.holdings - self.seeders,
        }
    }

    /// Clears up to `steps` holdings of peers whose lease is over. Returns whether there are more.
    pub fn expire(&mut self, now: Instant, steps: usize) -> bool {
        let mut steps = steps;
        while let Some(peer_id) = self.leases.first_over(now) {
            if steps == 0 {
                return true;
            }
            steps = self.forget(peer_id, steps);
        }
        false
    }

    /// The files whose name may be another one since the last call, or that nobody holds any more. The caller asks after
    /// every call that changes something, or this list grows.
    pub fn take_changed(&mut self) -> Vec<FileId> {
        std::mem::take(&mut self.changed)
    }

    /// Whether a peer that holds so many files may hold this one.
    fn check_room(&self, peer_id: PeerId, file_id: FileId, held: usize) -> Result<(), FileRefusal> {
        let Limits { files_per_peer, peers_per_swarm, files, holdings, .. } = self.limits;
        let swarm = self.swarms.get(&file_id);
        if swarm.is_some_and(|swarm| swarm.has(peer_id)) {
            Ok(())
        } else if held >= files_per_peer {
            Err(FileRefusal::PeerFull)
        } else if swarm.is_some_and(|swarm| swarm.len() >= peers_per_swarm) {
            Err(FileRefusal::SwarmFull)
        } else if self.holdings >= holdings || swarm.is_none() && self.swarms.len() >= files {
            Err(FileRefusal::TrackerFull)
        } else {
            Ok(())
        }
    }

    /// Takes a peer out of one swarm.
    fn leave(&mut self, peer_id: PeerId, file_id: FileId) {
        if let Some(peer) = self.leases.peer_mut(peer_id) {
            peer.files.remove(&file_id);
        }
        self.update(file_id, |swarm| {
            swarm.remove(peer_id);
        });
    }

    /// Takes a peer out of all swarms, one a step, and ends its lease with a last one. Returns the steps left over.
    fn forget(&mut self, peer_id: PeerId, steps: usize) -> usize {
        for left in (0..steps).rev() {
            let Some(peer) = self.leases.peer_mut(peer_id) else { return left + 1 };
            match peer.files.first().copied() {
                Some(file_id) => self.leave(peer_id, file_id),
                None => {
                    self.leases.close(peer_id);
                    return left;
                }
            }
        }
        0
    }

    /// Changes one swarm and keeps the totals and the list of changes in step with it.
    fn update(&mut self, file_id: FileId, change: impl FnOnce(&mut Swarm)) {
        let Some(swarm) = self.swarms.get_mut(&file_id) else { return };
        let before = (swarm.len(), swarm.seeders(), swarm.claim());
        change(swarm);
        self.holdings = self.holdings - before.0 + swarm.len();
        self.seeders = self.seeders - before.1 + swarm.seeders();
        let claim = swarm.claim();
        if claim.as_ref().map(|claim| &claim.name) != before.2.as_ref().map(|claim| &claim.name) {
            self.changed.push(file_id);
        }
        if swarm.len() == 0 {
            self.swarms.remove(&file_id);
        }
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.swarms.is_empty() && self.leases.is_empty() && self.totals() == Totals::default()
    }
}

/// Adapter until the store is rewritten.
#[derive(Debug)]
pub struct Swarms(parking_lot::Mutex<(State, rand::rngs::StdRng)>, parking_lot::Mutex<HashMap<PeerId, bool>>);

#[allow(missing_docs)]
impl Swarms {
    pub fn new(lease: Duration, limits: Limits, rng: rand::rngs::StdRng) -> Self {
        Self(parking_lot::Mutex::new((State::new(lease, limits), rng)), Default::default())
    }
    pub fn register(
        &self,
        now: Instant,
        peer_id: PeerId,
        contact: Contact,
        shares: Vec<Share>,
    ) -> Result<Registration, PeerRefusal> {
        let (state, rng) = &mut *self.0.lock();
        let token = state.register(now, rng, peer_id, contact)?;
        let files = shares.into_iter().map(|share| {
            let file_id = share.file_id;
            let before = state.summary(file_id).map(|summary| summary.claim);
            state.add(now, peer_id, share).map(|chunk_size| {
                let is_news = state.summary(file_id).map(|summary| summary.claim) != before;
                Accepted { chunk_size, is_news }
            })
        });
        Ok(Registration { token, reachable: None, files: files.collect() })
    }
    pub fn heartbeat(
        &self,
        now: Instant,
        peer_id: PeerId,
        token: u128,
        observed: IpAddr,
        completed: &[FileId],
    ) -> Result<Renewal, UnknownLease> {
        self.0.lock().0.heartbeat(now, peer_id, token, observed, completed)?;
        Ok(Renewal { reachable: self.1.lock().get(&peer_id).copied(), unknown: vec![] })
    }
    pub fn unregister(
        &self,
        now: Instant,
        peer_id: PeerId,
        token: u128,
        file_ids: Option<&[FileId]>,
    ) -> Result<usize, UnknownLease> {
        self.0.lock().0.unregister(now, peer_id, token, file_ids)
    }
    pub fn query(&self, now: Instant, file_ids: &[FileId], asker: Asker, max_peers: usize) -> Found {
        let (state, rng) = &mut *self.0.lock();
        let mut found = Found::default();
        for file_id in file_ids.iter().copied() {
            let Some((summary, peers)) = state.query(now, rng, file_id, asker, max_peers) else {
                found.unknown.push(file_id);
                continue;
            };
            let layout = summary.claim.layout;
            let info = sprat_protocol::tracker::FileInfo {
                file_id,
                name: summary.claim.name.to_string(),
                size: layout.len(),
                chunk_size: layout.chunk_size(),
                num_chunks: layout.num_chunks(),
                seeders: summary.seeders as u32,
                leechers: summary.leechers as u32,
                stale: false,
                peers,
            };
            if !found.files.is_empty() {
                found.files.push(b',');
            }
            serde_json::to_writer(&mut found.files, &info).unwrap();
        }
        found
    }
    pub fn summaries(&self, _now: Instant, file_ids: &[FileId]) -> Vec<Option<Summary>> {
        let state = &self.0.lock().0;
        file_ids.iter().map(|id| state.summary(*id)).collect()
    }
    pub fn set_reachable(&self, peer_id: PeerId, _observed: IpAddr, reachable: bool) {
        self.1.lock().insert(peer_id, reachable);
    }
    pub fn remove_file(&self, file_id: FileId) {
        let (state, rng) = &mut *self.0.lock();
        let Some(swarm) = state.swarms.get(&file_id) else { return };
        let members: Vec<PeerId> = swarm.sample(rng, false, usize::MAX).map(|(peer_id, _)| peer_id).collect();
        members.into_iter().for_each(|peer_id| state.leave(peer_id, file_id));
    }
    pub fn remove_peer(&self, peer_id: PeerId) {
        self.0.lock().0.forget(peer_id, usize::MAX);
    }
    pub fn totals(&self) -> Totals {
        self.0.lock().0.totals()
    }
    pub fn expire(&self, now: Instant) -> bool {
        self.0.lock().0.expire(now, 1000)
    }
}
