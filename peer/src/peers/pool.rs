//! Who this peer is connected with: at most one connection a peer.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
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

/// Two HELLOs of two peers that dialled each other at once are no further apart: whoever comes later knew of no connection any more.
const CROSSING: Duration = Duration::from_secs(3);

/// The connections of one engine.
#[derive(Debug)]
pub(crate) struct Pool {
    connections: Mutex<BTreeMap<PeerId, Arc<Connection>>>,
    bans: Mutex<Bans>,
    bans_unsaved: AtomicBool,
    /// Somebody was banned.
    pub(crate) bans_changed: Notify,
    /// Room for connections that others dial, and for those that this peer dials: strangers cannot take up the latter.
    inbound: Arc<Semaphore>,
    pub(super) outbound: Arc<Semaphore>,
    next_key: AtomicU64,
    /// This machine lost an address: what is being dialled may never be answered.
    pub(super) moved: Notify,
}

impl Pool {
    /// A pool that never has more than this many connections, and none with those who are banned.
    pub(crate) fn new(max_connections: usize, banned: &BanList) -> Self {
        Self {
            connections: Mutex::default(),
            bans: Mutex::new(Bans::restored(banned, clock::now(), SystemTime::now())),
            bans_unsaved: AtomicBool::new(false),
            bans_changed: Notify::new(),
            inbound: Arc::new(Semaphore::new(max_connections.div_ceil(2))),
            outbound: Arc::new(Semaphore::new(max_connections / 2)),
            next_key: AtomicU64::new(0),
            moved: Notify::new(),
        }
    }

    /// A key that no other connection has.
    pub(super) fn next_key(&self) -> PeerKey {
        self.next_key.fetch_add(1, Ordering::Relaxed)
    }

    /// Room for one more connection that somebody else dials, for as long as it is kept.
    pub(crate) fn inbound(&self) -> Arc<Semaphore> {
        self.inbound.clone()
    }

    /// The connection to this peer, if there is one.
    pub(crate) fn get(&self, peer_id: &PeerId) -> Option<Arc<Connection>> {
        self.connections.lock().get(peer_id).filter(|connection| !connection.is_closed()).cloned()
    }

    /// Ends the connection to a peer that sent bad data, and refuses others for a while.
    pub(crate) fn ban(&self, peer_id: PeerId) {
        self.bans.lock().ban(clock::now(), peer_id);
        self.bans_unsaved.store(true, Ordering::Relaxed);
        self.bans_changed.notify_one();
        if let Some(connection) = self.get(&peer_id) {
            connection.close();
        }
    }

    /// Whether this peer is banned now.
    pub(crate) fn is_banned(&self, peer_id: &PeerId) -> bool {
        self.bans.lock().is_banned(clock::now(), peer_id)
    }

    /// Who is banned, if that was not given since it last changed.
    pub(crate) fn unsaved_bans(&self) -> Option<BanList> {
        let unsaved = self.bans_unsaved.swap(false, Ordering::Relaxed);
        unsaved.then(|| self.bans.lock().list(clock::now(), SystemTime::now()))
    }

    /// Ends every connection over an address that this machine lost, of which the system says nothing, and whatever is being
    /// dialled. Returns who was there, and where they listen: they cannot know where this peer is now.
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

    /// The connection to this peer that is to be kept rather than a new one, which `dialled` says who dialled.
    ///
    /// Where both sides dialled at once, both keep what the lower peer ID dialled. Who dials has no use for a second
    /// connection; who is dialled a second time by the same side, or long after it dialled itself, learns that the other side
    /// lost the first.
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

    /// Takes a connection in, and another one to the same peer ends; unless that is to be kept, which is then given. Both may
    /// have come up since somebody looked.
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
