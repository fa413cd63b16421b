//! Who holds what, wherever that is kept: what the tracker asks of a store, and what it is told.
//!
//! A store is soft state. What it knows of a peer it forgets when that peer's lease is over, and after a restart it knows
//! nothing until the peers register again.

use std::net::IpAddr;
use std::sync::Arc;

use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use tokio_util::sync::CancellationToken;

use crate::model::contact::Contact;
use crate::model::moment::Now;
use crate::store::cluster::{self, Cluster};
use crate::store::swarm::{self, Swarms};

use crate::model::error::{LeaseError, RegisterError, Unavailable};
use crate::model::holding::{Asker, Found, Registration, Renewal, Share, Summary, Totals};

/// Where it is kept who holds what.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a process has one")]
pub enum Store {
    /// In the memory of this process.
    Memory(Swarms),
    /// In a Valkey or Redis Cluster.
    Cluster(Arc<Cluster>),
}

/// A walk through all files that somebody holds. A file that is there from its beginning to its end is seen, maybe twice.
#[derive(Debug)]
pub enum Walk<'a> {
    /// Of [`Store::Memory`].
    Memory {
        /// Where.
        swarms: &'a Swarms,
        /// How far it has come.
        place: swarm::Place,
    },
    /// Of [`Store::Cluster`].
    Cluster(cluster::Walk<'a>),
}

impl Walk<'_> {
    /// Some hundred files, in no order, each with somebody who holds it; none at the end.
    ///
    /// # Errors
    /// [`Unavailable`] if a part of the store is away. The walk ends with that.
    pub async fn next(&mut self) -> Result<Option<Vec<(FileId, PeerId)>>, Unavailable> {
        match self {
            Self::Memory { swarms, place } => {
                let Some((files, next)) = swarms.block(*place) else { return Ok(None) };
                *place = next;
                Ok(Some(files))
            }
            Self::Cluster(walk) => walk.next().await,
        }
    }
}

impl Store {
    /// Opens a lease for a peer, or opens its lease anew, and adds these files to what it holds. It keeps the files that
    /// it had, and gets this contact.
    ///
    /// # Errors
    /// [`RegisterError`] if there is no room for the peer, or no answer for now. Then nothing is changed.
    pub async fn register(
        &self,
        now: Now,
        peer_id: PeerId,
        contact: Contact,
        shares: Vec<Share>,
    ) -> Result<Registration, RegisterError> {
        match self {
            Self::Memory(swarms) => Ok(swarms.register(now.instant, peer_id, contact, shares)?),
            Self::Cluster(cluster) => cluster.register(peer_id, contact, shares).await,
        }
    }

    /// Renews everything that the peer holds and marks these files as complete. The peer is told from now on at the
    /// address that this came from: the token proves who it is.
    ///
    /// # Errors
    /// [`LeaseError`] if this is not the token of a lease that still holds, or there is no answer for now.
    pub async fn heartbeat(
        &self,
        now: Now,
        peer_id: PeerId,
        token: u128,
        observed: IpAddr,
        completed: &[FileId],
    ) -> Result<Renewal, LeaseError> {
        match self {
            Self::Memory(swarms) => Ok(swarms.heartbeat(now.instant, peer_id, token, observed, completed)?),
            Self::Cluster(cluster) => cluster.heartbeat(peer_id, token, observed, completed).await,
        }
    }

    /// Takes a peer out of the swarms of these files, or out of all and its lease with it. Returns how many it was in.
    ///
    /// # Errors
    /// [`LeaseError`] if this is not the token of a lease that still holds, or there is no answer for now.
    pub async fn unregister(
        &self,
        now: Now,
        peer_id: PeerId,
        token: u128,
        file_ids: Option<&[FileId]>,
    ) -> Result<usize, LeaseError> {
        match self {
            Self::Memory(swarms) => Ok(swarms.unregister(now.instant, peer_id, token, file_ids)?),
            Self::Cluster(cluster) => cluster.unregister(peer_id, token, file_ids).await,
        }
    }

    /// What is known of these files, with up to `max_peers` of the peers of each, drawn at random: never the asker, no
    /// seeders if the asker is one itself, only peers that this asker can reach, and last those that the tracker could
    /// not connect to.
    pub async fn query(&self, now: Now, file_ids: &[FileId], asker: Asker, max_peers: usize) -> Found {
        match self {
            Self::Memory(swarms) => swarms.query(now.instant, file_ids, asker, max_peers),
            Self::Cluster(cluster) => cluster.query(now, file_ids, asker, max_peers).await,
        }
    }

    /// What is known of these files, in their order; none of a file that nobody holds, or that cannot be looked up.
    pub async fn summaries(&self, now: Now, file_ids: &[FileId]) -> Vec<Option<Summary>> {
        match self {
            Self::Memory(swarms) => swarms.summaries(now.instant, file_ids),
            Self::Cluster(cluster) => cluster.summaries(now, file_ids).await,
        }
    }

    /// Notes whether the tracker could connect to a peer at this address, if the peer is still there.
    pub async fn set_reachable(&self, peer_id: PeerId, observed: IpAddr, reachable: bool) {
        match self {
            Self::Memory(swarms) => swarms.set_reachable(peer_id, observed, reachable),
            Self::Cluster(cluster) => cluster.set_reachable(peer_id, observed, reachable).await,
        }
    }

    /// Forgets a file and who holds it.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be done for now.
    pub async fn remove_file(&self, file_id: FileId) -> Result<(), Unavailable> {
        match self {
            Self::Memory(swarms) => swarms.remove_file(file_id),
            Self::Cluster(cluster) => return cluster.remove_file(file_id).await,
        }
        Ok(())
    }

    /// Forgets a peer, its lease, and what it holds.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be done for now.
    pub async fn remove_peer(&self, peer_id: PeerId) -> Result<(), Unavailable> {
        match self {
            Self::Memory(swarms) => swarms.remove_peer(peer_id),
            Self::Cluster(cluster) => return cluster.remove_peer(peer_id).await,
        }
        Ok(())
    }

    /// Notes a number that a peer used. Says whether it is the first time within so many seconds, as far as others know who
    /// share the store.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be found out for now.
    pub async fn use_nonce(&self, peer_id: PeerId, nonce: u128, for_seconds: u64) -> Result<bool, Unavailable> {
        match self {
            Self::Memory(_) => Ok(true),
            Self::Cluster(cluster) => cluster.use_nonce(peer_id, nonce, for_seconds).await,
        }
    }

    /// Whether each of these files may be held by somebody: it is, or that cannot be looked up.
    pub async fn may_be_held(&self, now: Now, file_ids: &[FileId]) -> Vec<bool> {
        match self {
            Self::Memory(swarms) => swarms.summaries(now.instant, file_ids).iter().map(Option::is_some).collect(),
            Self::Cluster(cluster) => cluster.may_be_held(now, file_ids).await,
        }
    }

    /// A walk through all files that somebody holds.
    pub fn walk(&self) -> Walk<'_> {
        match self {
            Self::Memory(swarms) => Walk::Memory { swarms, place: swarm::Place::default() },
            Self::Cluster(cluster) => Walk::Cluster(cluster.walk()),
        }
    }

    /// How much is known.
    pub fn totals(&self) -> Totals {
        match self {
            Self::Memory(swarms) => swarms.totals(),
            Self::Cluster(cluster) => cluster.totals(),
        }
    }

    /// Forgets some of what the leases that are over held. Returns whether there is more to forget.
    pub fn expire(&self, now: Now) -> bool {
        match self {
            Self::Memory(swarms) => swarms.expire(now.instant),
            Self::Cluster(_) => false,
        }
    }

    /// Whether any of the files can be looked up.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Memory(_) => true,
            Self::Cluster(cluster) => cluster.is_ready(),
        }
    }

    /// Does what a store does besides answering, until `shutdown` or until there is nothing more to do.
    pub async fn run(&self, shutdown: &CancellationToken) {
        match self {
            Self::Memory(_) => {}
            Self::Cluster(cluster) => cluster.run(shutdown).await,
        }
    }
}
