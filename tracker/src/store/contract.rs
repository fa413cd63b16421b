//! The contract of every store.

use std::fmt::Debug;
use std::net::IpAddr;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use tokio_util::sync::CancellationToken;

use crate::model::contact::Contact;
use crate::model::error::{LeaseError, RegisterError, Unavailable};
use crate::model::holding::{Asker, Found, Offer, Registration, Renewal, Summary, Totals};
use crate::model::moment::Now;

/// A store of who holds what.
///
/// A store is soft state. A peer and what it holds are forgotten when the peer's lease is over. After a restart a store
/// knows nothing until the peers register again.
pub trait Store: Debug + Send + Sync {
    /// Opens a lease for a peer, or opens its lease anew, and adds these files to what it holds. The peer keeps the files
    /// that it had, and gets this contact. Each offer is told what became of it.
    ///
    /// # Errors
    /// [`RegisterError`] if there is no room for the peer, or no answer for now. Then nothing is changed.
    fn register<'a>(
        &'a self,
        now: Now,
        peer_id: PeerId,
        contact: Contact,
        offers: Vec<&'a mut Offer>,
    ) -> BoxFuture<'a, Result<Registration, RegisterError>>;

    /// Renews everything that the peer holds and marks these files as complete. The peer is told from now on at the
    /// address that this came from: the token proves who it is.
    ///
    /// # Errors
    /// [`LeaseError`] if this is not the token of a lease that still holds, or there is no answer for now.
    fn heartbeat<'a>(
        &'a self,
        now: Now,
        peer_id: PeerId,
        token: u128,
        observed: IpAddr,
        completed: &'a [FileId],
    ) -> BoxFuture<'a, Result<Renewal, LeaseError>>;

    /// Takes a peer out of the swarms of these files, or out of all and its lease with it. Returns how many it was in.
    ///
    /// # Errors
    /// [`LeaseError`] if this is not the token of a lease that still holds, or there is no answer for now.
    fn unregister<'a>(
        &'a self,
        now: Now,
        peer_id: PeerId,
        token: u128,
        file_ids: Option<&'a [FileId]>,
    ) -> BoxFuture<'a, Result<usize, LeaseError>>;

    /// Looks up these files, with up to `max_peers` of the peers of each, drawn at random: never the asker, no seeders if
    /// the asker is one itself, and only peers that this asker can reach. Peers on the asker's own network come first, and
    /// those last that the tracker could not connect to.
    fn query<'a>(&'a self, now: Now, file_ids: &'a [FileId], asker: Asker, max_peers: usize) -> BoxFuture<'a, Found>;

    /// Sums up these files, in their order; none for a file that nobody holds, or that cannot be looked up.
    fn summaries<'a>(&'a self, now: Now, file_ids: &'a [FileId]) -> BoxFuture<'a, Vec<Option<Summary>>>;

    /// Says of each of these files whether somebody may hold it: somebody does, or it cannot be looked up.
    fn may_be_held<'a>(&'a self, now: Now, file_ids: &'a [FileId]) -> BoxFuture<'a, Vec<bool>>;

    /// Walks through all files that somebody holds: some hundred at a time, in no order, each with a peer that holds it. A
    /// file that is there from the beginning to the end of the walk is seen, maybe twice. The walk ends where a part of
    /// the store is away.
    fn walk(&self) -> BoxStream<'_, Result<Vec<(FileId, PeerId)>, Unavailable>>;

    /// Notes whether the tracker could connect to a peer at this address, if the peer is still there.
    fn set_reachable(&self, peer_id: PeerId, observed: IpAddr, reachable: bool) -> BoxFuture<'_, ()>;

    /// Notes a number that a peer used. Says whether it is the first time within so many seconds, as far as the trackers
    /// know that share the store.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be found out for now.
    fn use_nonce(&self, peer_id: PeerId, nonce: u128, for_seconds: u64) -> BoxFuture<'_, Result<bool, Unavailable>>;

    /// Forgets a file and who holds it. Its peers may be told by their next HEARTBEATs to register it again.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be done for now.
    fn remove_file(&self, file_id: FileId) -> BoxFuture<'_, Result<(), Unavailable>>;

    /// Forgets a peer, its lease, and what it holds.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be done for now. As much as can be is forgotten then.
    fn remove_peer(&self, peer_id: PeerId) -> BoxFuture<'_, Result<(), Unavailable>>;

    /// Counts what is known; a cluster estimates it.
    fn totals(&self) -> Totals;

    /// Forgets some of what the leases that are over held. Returns whether there is more to forget.
    fn expire(&self, now: Now) -> bool;

    /// Says whether any of the files can be looked up.
    fn is_ready(&self) -> bool;

    /// Does what a store does besides answering, until `shutdown` or until there is nothing more to do.
    fn run<'a>(&'a self, shutdown: &'a CancellationToken) -> BoxFuture<'a, ()>;
}
