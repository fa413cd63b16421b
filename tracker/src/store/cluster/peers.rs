//! Commands to the slots of peers and of networks.

use std::net::IpAddr;
use std::sync::Arc;

use redis::Value;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use super::encoding::Whereabouts;
use super::keys::{Keys, SlotKey};
use super::reading::read;
use super::router::{Router, SlotCall};
use super::scripts;
use super::times::LeaseTimes;
use super::totals::Estimate;
use crate::config::Limits;
use crate::model::error::Unavailable;

/// Number of a peer's files that are dealt with at once.
const PAGE_LEN: usize = 500;

/// A lease that was opened.
pub(super) struct OpenedLease {
    /// Place of the peer from now on, as it is kept.
    pub(super) place: Vec<u8>,
    /// Place of the peer before; empty if it had no lease.
    pub(super) former_place: Vec<u8>,
    /// Network that the peer counted for before.
    pub(super) former_network: Option<IpAddr>,
    /// Says of each file whether the peer holds it now; otherwise it is one too many.
    pub(super) taken: Vec<bool>,
}

/// A lease that was renewed.
pub(super) struct Beat {
    /// Place of the peer, as it is kept.
    pub(super) place: Vec<u8>,
    /// Network that the peer counts for.
    pub(super) network: Option<IpAddr>,
    /// Time at which what the peer holds was renewed, and the present time, in ms by the clock of the server.
    pub(super) renewed: u64,
    pub(super) now: u64,
    /// Says of each file that the peer named whether it holds it.
    pub(super) held: Vec<bool>,
}

/// The slots of peers and of networks: each peer's lease and what it holds, and each network's peers.
#[derive(Debug)]
pub(super) struct PeerSlots {
    router: Arc<Router>,
    keys: Keys,
    times: LeaseTimes,
    limits: Limits,
    estimate: Arc<Estimate>,
}

impl PeerSlots {
    pub(super) fn new(
        router: Arc<Router>,
        keys: Keys,
        times: LeaseTimes,
        limits: Limits,
        estimate: Arc<Estimate>,
    ) -> Self {
        Self { router, keys, times, limits, estimate }
    }

    /// Counts a peer among those of its network. Says whether there was room. Where that is counted may be away: then
    /// there is room, since a peer whose own slot is there is not to suffer.
    pub(super) async fn join(&self, peer_id: PeerId, network: IpAddr) -> bool {
        let call = SlotCall::script(&scripts::JOIN, &[self.keys.network(network)])
            .arg(peer_id.as_bytes())
            .arg(self.times.entry)
            .arg(self.limits.peers_per_address);
        let joined = self.router.call(call).await.and_then(read::<bool>);
        joined.unwrap_or(true)
    }

    /// Counts a peer no longer among those of a network. If that is away, it counts until its time is over.
    pub(super) async fn quit(&self, peer_id: PeerId, network: IpAddr) {
        let call = SlotCall::new("ZREM", &self.keys.network(network)).arg(peer_id.as_bytes());
        let _ = self.router.call(call).await;
    }

    /// Opens a lease; none if there are too many peers.
    pub(super) async fn open(
        &self,
        peer_id: PeerId,
        token: u128,
        place: &Whereabouts,
        network: IpAddr,
        file_ids: &[FileId],
    ) -> Result<Option<OpenedLease>, Unavailable> {
        let room = self.estimate.totals().peers < self.limits.peers;
        let call = SlotCall::script(&scripts::OPEN, &[self.keys.peer(peer_id)])
            .arg(token_to_text(token))
            .arg(place.to_bytes())
            .arg(place.observed_len())
            .arg(network.to_string())
            .arg(self.times.lease)
            .arg(self.limits.files_per_peer)
            .arg(room);
        let answer = self.router.call(with_files(call, file_ids)).await?;
        let Some((place, former_place, former_network, taken)) = read(answer)? else { return Ok(None) };
        Ok(Some(OpenedLease {
            place,
            former_place,
            former_network: parse_network(former_network),
            taken: flags(taken),
        }))
    }

    /// Renews a lease; none if this is not its token.
    pub(super) async fn beat(
        &self,
        peer_id: PeerId,
        token: u128,
        file_ids: &[FileId],
    ) -> Result<Option<Beat>, Unavailable> {
        let call = SlotCall::script(&scripts::BEAT, &[self.keys.peer(peer_id)]);
        let call = with_files(call.arg(token_to_text(token)).arg(self.times.lease), file_ids);
        let Some((place, network, renewed, now, held)) = read(self.router.call(call).await?)? else { return Ok(None) };
        Ok(Some(Beat { place, network: parse_network(network), renewed, now, held: flags(held) }))
    }

    /// Strikes files off what a peer holds. Returns its network, and of each file whether the peer held it; none if this
    /// is not the token of its lease.
    pub(super) async fn release(
        &self,
        peer_id: PeerId,
        token: u128,
        file_ids: &[FileId],
    ) -> Result<Option<(Option<IpAddr>, Vec<bool>)>, Unavailable> {
        let call = SlotCall::script(&scripts::RELEASE, &[self.keys.peer(peer_id)]).arg(token_to_text(token));
        let answer = self.router.call(with_files(call, file_ids)).await?;
        let Some((network, held)) = read(answer)? else { return Ok(None) };
        Ok(Some((parse_network(network), flags(held))))
    }

    /// Changes what is known of a peer that is reached at this place. Says whether it was changed: not if the peer has
    /// moved since, or has no lease.
    pub(super) async fn amend(&self, peer_id: PeerId, place: &[u8], changes: &[(&str, &[u8])]) -> bool {
        let call = SlotCall::script(&scripts::AMEND, &[self.keys.peer(peer_id)]).arg(place).arg(changes);
        self.router.call(call).await.and_then(read::<bool>).unwrap_or(false)
    }

    /// Finds the place of a peer, and the network that it counts for; none if it has no lease.
    pub(super) async fn whereabouts(&self, peer_id: PeerId) -> Result<Option<(Vec<u8>, Option<IpAddr>)>, Unavailable> {
        let call = SlotCall::new("HMGET", &self.keys.peer(peer_id)).arg("contact").arg("network");
        let (place, network): (Option<Vec<u8>>, Option<String>) = read(self.router.call(call).await?)?;
        Ok(place.map(|place| (place, network.and_then(parse_network))))
    }

    /// Ends a lease.
    pub(super) async fn close(&self, peer_id: PeerId) -> Result<(), Unavailable> {
        self.router.call(SlotCall::new("DEL", &self.keys.peer(peer_id))).await.map(drop)
    }

    /// Notes a number that a peer used. Says whether it is the first time within so many seconds.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be found out for now.
    pub(super) async fn use_nonce(&self, peer_id: PeerId, nonce: u128, for_seconds: u64) -> Result<bool, Unavailable> {
        let call =
            SlotCall::new("SET", &self.keys.nonce(peer_id, nonce)).arg("").arg("NX").arg("EX").arg(for_seconds.max(1));
        Ok(self.router.call(call).await? != Value::Nil)
    }

    /// Lists what a peer holds, a page at a time.
    pub(super) fn holdings(&self, peer_id: PeerId) -> Holdings<'_> {
        Holdings { router: &self.router, key: self.keys.peer(peer_id), cursor: Some(0) }
    }
}

/// Files that a peer holds. A file that it has held from the first page to the last is on one of them, maybe on
/// several.
pub(super) struct Holdings<'a> {
    router: &'a Router,
    key: SlotKey,
    /// Cursor at which to go on; none at the end.
    cursor: Option<u64>,
}

impl Holdings<'_> {
    /// The next page; none after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<FileId>>, Unavailable> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let call = SlotCall::new("HSCAN", &self.key).arg(cursor).arg("COUNT").arg(PAGE_LEN);
        let (next, fields): (u64, Vec<Vec<u8>>) = read(self.router.call(call).await?)?;
        self.cursor = (next != 0).then_some(next);
        // Names and values come in turns. Only files have names of this length.
        let names = fields.into_iter().step_by(2);
        Ok(Some(names.filter_map(|name| name.try_into().ok().map(FileId::new)).collect()))
    }
}

fn with_files(call: SlotCall, file_ids: &[FileId]) -> SlotCall {
    file_ids.iter().fold(call, |call, file_id| call.arg(file_id.as_bytes()))
}

fn token_to_text(token: u128) -> String {
    format!("{token:032x}")
}

fn parse_network(text: String) -> Option<IpAddr> {
    text.parse().ok()
}

/// Reads `1` and `0`.
fn flags(text: String) -> Vec<bool> {
    text.bytes().map(|flag| flag == b'1').collect()
}
