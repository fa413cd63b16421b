//! Swarms in virtual time, for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::PeerId;
use sprat_protocol::tracker::FileInfo;

use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::error::{FileRefusal, PeerRefusal, UnknownLease};
use crate::model::holding::{Accepted, Asker, Claim, Found, Offer, Registration, Renewal, Share, Summary};
use crate::store::swarm::store::Swarms;

pub(super) const LEASE: Duration = Duration::from_secs(90);
pub(super) const SECOND: Duration = Duration::from_secs(1);

/// Swarms with a clock that stands still until it is told otherwise, and the tokens of everybody's lease.
pub(super) struct World {
    pub(super) swarms: Swarms,
    pub(super) now: Instant,
    pub(super) tokens: BTreeMap<u8, u128>,
}

pub(super) fn peer(number: u8) -> PeerId {
    PeerId::new([number; 32])
}

pub(super) fn file(number: u8) -> FileId {
    format!("{number:064x}").parse().unwrap()
}

pub(super) fn claim(name: &str, size: u64, chunk_kib: u32) -> Claim {
    let chunk_size = ChunkSize::new(chunk_kib * 1024).unwrap();
    Claim { name: name.into(), layout: Layout::new(size, chunk_size).unwrap() }
}

pub(super) fn share(number: u8, complete: bool) -> Share {
    Share { file_id: file(number), claim: claim("name", 300_000, 256), complete }
}

/// The address of a peer: one network each.
pub(super) fn address(number: u8) -> IpAddr {
    IpAddr::from([203, 0, 113, number])
}

/// The answers about files, and whether the bytes are those that the typed values are written as.
pub(super) fn parse(found: &Found) -> Vec<FileInfo> {
    let json = format!("[{}]", std::str::from_utf8(&found.files).unwrap());
    let files: Vec<FileInfo> = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&files).unwrap(), json);
    files
}

impl World {
    pub(super) fn new(limits: Limits) -> Self {
        let swarms = Swarms::new(LEASE, limits, StdRng::seed_from_u64(1));
        Self { swarms, now: Instant::now(), tokens: BTreeMap::new() }
    }

    pub(super) fn register_at(
        &mut self,
        number: u8,
        contact: Contact,
        shares: &[Share],
    ) -> Result<(Registration, Vec<Offer>), PeerRefusal> {
        let mut offers: Vec<Offer> = shares.iter().cloned().map(Offer::new).collect();
        let registration = self.swarms.register(self.now, peer(number), contact, &mut offers)?;
        self.tokens.insert(number, registration.token);
        Ok((registration, offers))
    }

    pub(super) fn register_from(&mut self, number: u8, observed: IpAddr, shares: &[Share]) -> Result<(), PeerRefusal> {
        let (_, offers) = self.register_at(number, Contact::new(observed, 4000, &[]), shares)?;
        assert!(offers.iter().all(|offer| offer.outcome.is_ok()), "{offers:?}");
        Ok(())
    }

    pub(super) fn register(&mut self, number: u8, shares: &[Share]) {
        self.register_from(number, address(number), shares).unwrap();
    }

    pub(super) fn add(&mut self, number: u8, share: Share) -> Result<Accepted, FileRefusal> {
        self.register_at(number, Contact::new(address(number), 4000, &[]), &[share]).unwrap().1[0].outcome
    }

    pub(super) fn heartbeat_from(
        &mut self,
        number: u8,
        observed: IpAddr,
        ids: &[FileId],
    ) -> Result<Renewal, UnknownLease> {
        self.swarms.heartbeat(self.now, peer(number), self.tokens[&number], observed, ids)
    }

    pub(super) fn heartbeat(&mut self, number: u8, completed: &[FileId]) -> Result<Renewal, UnknownLease> {
        self.heartbeat_from(number, address(number), completed)
    }

    pub(super) fn unregister(&mut self, number: u8, file_ids: Option<&[FileId]>) -> Result<usize, UnknownLease> {
        self.swarms.unregister(self.now, peer(number), self.tokens[&number], file_ids)
    }

    pub(super) fn query_from(&self, asker: Asker, file_id: FileId, max_peers: usize) -> Option<FileInfo> {
        let found = self.swarms.query(self.now, &[file_id], asker, max_peers);
        let info = parse(&found).pop();
        assert_eq!(found.unknown.is_empty(), info.is_some());
        info
    }

    pub(super) fn query(&self, asker: Option<u8>, file_id: FileId, max_peers: usize) -> Option<FileInfo> {
        self.query_from(Asker { peer_id: asker.map(peer), address: address(255) }, file_id, max_peers)
    }

    /// Lists the peers that an asker is told of, in order of their numbers.
    pub(super) fn told(&self, asker: Option<u8>, file_id: FileId) -> Vec<u8> {
        let peers = self.query(asker, file_id, 100).map(|info| info.peers).unwrap_or_default();
        let numbers: BTreeSet<u8> = peers.iter().map(|info| info.peer_id.as_bytes()[0]).collect();
        numbers.into_iter().collect()
    }

    pub(super) fn summary(&self, file_id: FileId) -> Option<Summary> {
        self.swarms.summaries(&[file_id]).remove(0)
    }

    pub(super) fn counts(&self, file_id: FileId) -> (usize, usize) {
        self.summary(file_id).map_or((0, 0), |summary| (summary.seeders, summary.leechers))
    }

    /// Clears all that is over.
    pub(super) fn expire(&self) {
        while self.swarms.expire(self.now) {}
    }
}
