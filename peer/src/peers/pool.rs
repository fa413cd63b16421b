//! Open connections: at most one per peer.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use sprat_protocol::PeerId;
use tokio::sync::{Notify, Semaphore};

use crate::peers::bans::{BanList, Bans};
use crate::peers::connection::Connection;
use crate::wire::remote::PeerKey;
use crate::world::clock;

/// Maximum time between the two connections of peers that dialled each other at once. A peer that dials later than this
/// no longer knew of the existing connection.
const CROSSING: Duration = Duration::from_secs(3);

/// Connections of one engine, and the peers that it has banned.
#[derive(Debug)]
pub(crate) struct Pool {
    connections: Mutex<BTreeMap<PeerId, Arc<Connection>>>,
    bans: Mutex<Bans>,
    bans_unsaved: AtomicBool,
    /// Notified when a peer is banned.
    pub(crate) bans_changed: Notify,
    /// Permits for connections that others dial. Those that this peer dials have permits of their own, which strangers
    /// cannot take up.
    inbound: Arc<Semaphore>,
    pub(super) outbound: Arc<Semaphore>,
    next_key: AtomicU64,
    /// Peers that this side dialled and is exchanging HELLO with.
    greeted: Mutex<HashSet<PeerId>>,
    /// Notified when an exchange of HELLO has ended.
    greeting_over: Notify,
    /// Notified when this machine lost an address: connections being dialled may never be answered.
    pub(super) moved: Notify,
}

/// Right to exchange HELLO with a peer that this side dialled, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Greeting<'a> {
    pool: &'a Pool,
    peer_id: PeerId,
}

impl Drop for Greeting<'_> {
    fn drop(&mut self) {
        self.pool.greeted.lock().remove(&self.peer_id);
        self.pool.greeting_over.notify_waiters();
    }
}

impl Pool {
    /// Creates a pool of at most this many connections, which refuses the peers in `banned`.
    pub(crate) fn new(max_connections: usize, banned: &BanList) -> Self {
        Self {
            connections: Mutex::default(),
            bans: Mutex::new(Bans::restored(banned, clock::now(), SystemTime::now())),
            bans_unsaved: AtomicBool::new(false),
            bans_changed: Notify::new(),
            inbound: Arc::new(Semaphore::new(max_connections.div_ceil(2))),
            outbound: Arc::new(Semaphore::new(max_connections / 2)),
            next_key: AtomicU64::new(0),
            greeted: Mutex::default(),
            greeting_over: Notify::new(),
            moved: Notify::new(),
        }
    }

    /// Returns a key that no other connection has.
    pub(super) fn next_key(&self) -> PeerKey {
        self.next_key.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits until this side exchanges HELLO with this peer on no other connection that it dialled. Two at a time would end
    /// both connections: the peer keeps the second one, because it takes the first one to be lost here, and this side the
    /// first one.
    pub(super) async fn greeting(&self, peer_id: PeerId) -> Greeting<'_> {
        loop {
            let mut over = pin!(self.greeting_over.notified());
            over.as_mut().enable();
            if self.greeted.lock().insert(peer_id) {
                return Greeting { pool: self, peer_id };
            }
            over.await;
        }
    }

    /// Permits for connections that others dial. A connection keeps one permit until it ends.
    pub(crate) fn inbound(&self) -> Arc<Semaphore> {
        self.inbound.clone()
    }

    /// Returns the open connection to this peer, if there is one.
    pub(crate) fn get(&self, peer_id: &PeerId) -> Option<Arc<Connection>> {
        self.connections.lock().get(peer_id).filter(|connection| !connection.is_closed()).cloned()
    }

    /// Bans a peer that sent bad data: ends its connection, and refuses new ones for a while.
    pub(crate) fn ban(&self, peer_id: PeerId) {
        self.bans.lock().ban(clock::now(), peer_id);
        self.bans_unsaved.store(true, Ordering::Relaxed);
        self.bans_changed.notify_one();
        if let Some(connection) = self.get(&peer_id) {
            connection.close();
        }
    }

    /// Returns whether this peer is banned now.
    pub(crate) fn is_banned(&self, peer_id: &PeerId) -> bool {
        self.bans.lock().is_banned(clock::now(), peer_id)
    }

    /// Returns the bans, if they changed since the last call.
    pub(crate) fn unsaved_bans(&self) -> Option<BanList> {
        let unsaved = self.bans_unsaved.swap(false, Ordering::Relaxed);
        unsaved.then(|| self.bans.lock().list(clock::now(), SystemTime::now()))
    }

    /// Ends every connection over an address that this machine lost, since the system does not report their loss, and
    /// every dialling in progress. Returns the peers of these connections and the addresses at which they listen: they
    /// cannot know the new address of this peer.
    pub(crate) fn leave(&self, lost: &[IpAddr]) -> Vec<(PeerId, SocketAddr)> {
        self.moved.notify_waiters();
        let connections = self.connections.lock();
        let is_lost = |connection: &&Arc<Connection>| connection.own.is_some_and(|own| lost.contains(&own));
        let left = connections.values().filter(is_lost).inspect(|connection| connection.close());
        left.map(|connection| (connection.remote.peer_id, connection.listens)).collect()
    }

    /// Ends every connection.
    pub(crate) fn close_all(&self) {
        self.connections.lock().values().for_each(|connection| connection.close());
    }

    /// Returns the existing connection if it wins over a new one that this side (`dialled`) or the peer opened.
    ///
    /// If both sides dialled at once, both keep the connection that the lower peer ID dialled. A side that dials needs
    /// no second connection. A side that is dialled a second time by the same peer, or long after it dialled itself,
    /// learns that the peer lost the first connection.
    pub(super) fn preferred(
        &self,
        now: Instant,
        own: PeerId,
        peer_id: PeerId,
        dialled: bool,
    ) -> Option<Arc<Connection>> {
        Self::preferred_among(&self.connections.lock(), now, own, peer_id, dialled)
    }

    fn preferred_among(
        connections: &BTreeMap<PeerId, Arc<Connection>>,
        now: Instant,
        own: PeerId,
        peer_id: PeerId,
        dialled: bool,
    ) -> Option<Arc<Connection>> {
        let existing = connections.get(&peer_id).filter(|existing| !existing.is_closed())?;
        let keep = match (existing.dialled, dialled) {
            (true, true) => true,
            (false, false) => false,
            (false, true) => peer_id < own,
            (true, false) => own < peer_id && now < existing.since + CROSSING,
        };
        keep.then(|| existing.clone())
    }

    /// Adds a connection and ends the existing one to the same peer. Checks once more which of the two wins, since the
    /// existing one may be newer than the caller's check.
    ///
    /// # Errors
    /// The existing connection, if it wins over the new one.
    pub(super) fn adopt(&self, own: PeerId, connection: &Arc<Connection>) -> Result<(), Arc<Connection>> {
        let mut connections = self.connections.lock();
        if let Some(kept) =
            Self::preferred_among(&connections, clock::now(), own, connection.remote.peer_id, connection.dialled)
        {
            return Err(kept);
        }
        let before = connections.insert(connection.remote.peer_id, connection.clone());
        before.into_iter().for_each(|before| before.close());
        Ok(())
    }

    pub(super) fn remove(&self, connection: &Connection) {
        let mut connections = self.connections.lock();
        if connections.get(&connection.remote.peer_id).is_some_and(|current| current.key == connection.key) {
            connections.remove(&connection.remote.peer_id);
        }
    }
}

#[cfg(test)]
mod tests;
