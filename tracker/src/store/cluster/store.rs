//! The store in a cluster, as the rest of the tracker sees it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::answer;
use super::changes::{Change, Follower, Position, STREAMS, Streams};
use super::encoding::Whereabouts;
use super::files::{FileSlots, Lookup};
use super::keys::Keys;
use super::login::{ClusterError, settings};
use super::peers::{self, PeerSlots};
use super::router::Router;
use super::times::LeaseTimes;
use super::totals::Estimate;
use super::walk::Walk;
use crate::config::{ClusterConfig, Limits};
use crate::model::contact::Contact;
use crate::model::error::{FileRefusal, LeaseError, PeerRefusal, RegisterError, Unavailable, UnknownLease};
use crate::model::holding::{Asker, Found, Offer, Registration, Renewal, Summary, Totals};
use crate::model::moment::Now;
use crate::model::network::network_of;
use crate::operation::metrics::Metrics;
use crate::store::answer::{AnswerWriter, FileStart};
use crate::store::contract::Store;

/// Number of seeders of a file that are drawn at most, and of leechers: as many as one QUERY may ask for.
const SAMPLE_LEN: usize = 200;
/// Time that the last changes of the catalogue may take to be told to others.
const REST_TIME: Duration = Duration::from_secs(3);
/// Upper bound of the lost files that one HEARTBEAT is told of; the next one is told of more.
const MOST_UNKNOWN: usize = 10_000;

/// Store in a cluster.
#[derive(Debug)]
pub struct Cluster {
    router: Arc<Router>,
    keys: Keys,
    times: LeaseTimes,
    files: FileSlots,
    peers: PeerSlots,
    estimate: Arc<Estimate>,
    streams: Streams,
    metrics: Arc<Metrics>,
}

impl Cluster {
    /// A store in this cluster, which is not asked anything until [`Self::run`] runs. How long its answers take is told to
    /// `metrics`.
    ///
    /// # Errors
    /// [`ClusterError`] says what is wrong with the configuration.
    pub fn new(
        config: &ClusterConfig,
        lease: Duration,
        limits: Limits,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ClusterError> {
        let nodes = config.addresses().map_err(|node| ClusterError::Node(node.to_owned()))?;
        let router = Arc::new(Router::new(nodes, settings(config)?));
        let (keys, times) = (Keys::new(config.prefix.clone()), LeaseTimes::new(lease));
        let estimate = Arc::new(Estimate::new(router.clone(), keys.clone()));
        Ok(Self {
            files: FileSlots::new(router.clone(), keys.clone(), times, limits.clone(), estimate.clone()),
            peers: PeerSlots::new(router.clone(), keys.clone(), times, limits, estimate.clone()),
            streams: Streams::new(router.clone(), keys.clone()),
            router,
            keys,
            times,
            estimate,
            metrics,
        })
    }

    /// Tells all trackers of a change, as soon as its stream can be written to. While that is away, changes wait; those for
    /// which there is no room are lost, and the log says so.
    pub fn publish(&self, change: Change) {
        self.streams.publish(change);
    }

    /// Reads changes from these positions on.
    pub fn follow(&self, positions: [Position; STREAMS]) -> Follower<'_> {
        self.streams.follow(positions)
    }
}

impl Store for Cluster {
    fn run<'a>(&'a self, shutdown: &'a CancellationToken) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let until_shutdown = shutdown.run_until_cancelled(async {
                tokio::join!(self.estimate.keep(), self.streams.keep_publishing());
            });
            let work = async {
                until_shutdown.await;
                let _ = time::timeout(REST_TIME, self.streams.publish_rest()).await;
            };
            tokio::select! {
                () = self.router.run() => {}
                () = work => {}
            }
        })
    }

    fn is_ready(&self) -> bool {
        self.router.topology().primaries().iter().any(|primary| primary.is_up())
    }

    fn register<'a>(
        &'a self,
        _: Now,
        peer_id: PeerId,
        contact: Contact,
        offers: Vec<&'a mut Offer>,
    ) -> BoxFuture<'a, Result<Registration, RegisterError>> {
        Box::pin(async move {
            let _timer = self.metrics.time_store("register");
            let network = network_of(contact.observed());
            if !self.peers.join(peer_id, network).await {
                return Err(PeerRefusal::AddressFull.into());
            }
            let (token, place) = (rand::random(), Whereabouts { contact, reachable: None });
            let file_ids: Vec<FileId> = offers.iter().map(|offer| offer.share.file_id).collect();
            let Some(opened) = self.peers.open(peer_id, token, &place, network, &file_ids).await? else {
                self.peers.quit(peer_id, network).await;
                return Err(PeerRefusal::TrackerFull.into());
            };
            if let Some(former) = opened.former_network.filter(|former| *former != network) {
                self.peers.quit(peer_id, former).await;
            }
            self.add_taken(peer_id, token, &opened, offers).await;
            if !opened.former_place.is_empty() && opened.former_place != opened.place {
                self.renew_everything(peer_id, &opened.place, true).await;
            }
            let reachable = Whereabouts::from_bytes(&opened.place).and_then(|place| place.reachable);
            Ok(Registration { token, reachable })
        })
    }

    fn heartbeat<'a>(
        &'a self,
        _: Now,
        peer_id: PeerId,
        token: u128,
        observed: IpAddr,
        completed: &'a [FileId],
    ) -> BoxFuture<'a, Result<Renewal, LeaseError>> {
        Box::pin(async move {
            let _timer = self.metrics.time_store("heartbeat");
            let beat = self.peers.beat(peer_id, token, completed).await?.ok_or(UnknownLease)?;
            let moved = self.move_to(peer_id, &beat, observed).await;
            let place = moved.as_ref().unwrap_or(&beat.place);
            let (held, unknown) = split(completed, &beat.held);
            let mut unknown: BTreeSet<FileId> = unknown.into_iter().collect();
            for (file_id, renewed) in held.iter().zip(self.files.renew(peer_id, place, &held, true).await) {
                if renewed == Ok(false) {
                    unknown.insert(*file_id);
                }
            }
            let is_due = beat.now.saturating_sub(beat.renewed) >= self.times.renew_after;
            if is_due || moved.is_some() {
                if let Some(network) = beat.network.filter(|_| moved.is_none()) {
                    self.peers.join(peer_id, network).await;
                }
                let (lost, is_everything) = self.renew_everything(peer_id, place, moved.is_some()).await;
                unknown.extend(lost);
                if is_everything {
                    self.peers.amend(peer_id, place, &[("renewed", beat.now.to_string().as_bytes())]).await;
                }
            }
            let place = Whereabouts::from_bytes(place);
            let moved_to = place.as_ref().filter(|_| moved.is_some()).map(|place| place.contact.observed_address());
            let reachable = place.and_then(|place| place.reachable);
            Ok(Renewal { reachable, moved_to, unknown: unknown.into_iter().collect() })
        })
    }

    fn unregister<'a>(
        &'a self,
        _: Now,
        peer_id: PeerId,
        token: u128,
        file_ids: Option<&'a [FileId]>,
    ) -> BoxFuture<'a, Result<usize, LeaseError>> {
        Box::pin(async move {
            let _timer = self.metrics.time_store("unregister");
            let file_ids_or_none = file_ids.unwrap_or_default();
            let (network, held) = self.peers.release(peer_id, token, file_ids_or_none).await?.ok_or(UnknownLease)?;
            if file_ids.is_some() {
                let (held, _) = split(file_ids_or_none, &held);
                self.files.leave(peer_id, &held).await;
                return Ok(held.len());
            }
            // Where a file's slot is away, the peer is in its swarm until the entry is over.
            let mut left = BTreeSet::new();
            let mut holdings = self.peers.holdings(peer_id);
            while let Some(page) = holdings.next().await? {
                self.files.leave(peer_id, &page).await;
                left.extend(page);
            }
            self.peers.close(peer_id).await?;
            if let Some(network) = network {
                self.peers.quit(peer_id, network).await;
            }
            Ok(left.len())
        })
    }

    fn query<'a>(&'a self, now: Now, file_ids: &'a [FileId], asker: Asker, max_peers: usize) -> BoxFuture<'a, Found> {
        Box::pin(async move {
            let _timer = self.metrics.time_store("query");
            let lookups = self.files.look_up(now.instant, file_ids, SAMPLE_LEN).await;
            let seeded = self.seeded_by(asker.peer_id, file_ids, &lookups).await;
            let (mut found, mut writer) = (Found::default(), AnswerWriter::default());
            for (file_id, lookup) in file_ids.iter().zip(lookups) {
                match lookup {
                    Lookup::Known { known, is_stale } => {
                        let is_seeder = seeded.contains(file_id);
                        let Summary { claim, seeders, leechers } = &known.summary;
                        let (seeders, leechers) = (*seeders, *leechers);
                        let start = FileStart { file_id: *file_id, claim, seeders, leechers, is_stale };
                        answer::write(&mut writer, &start, &known, asker, is_seeder, max_peers);
                    }
                    Lookup::Unknown => found.unknown.push(*file_id),
                    Lookup::Unavailable => found.unavailable.push(*file_id),
                }
            }
            found.files = writer.finish();
            found
        })
    }

    fn summaries<'a>(&'a self, now: Now, file_ids: &'a [FileId]) -> BoxFuture<'a, Vec<Option<Summary>>> {
        Box::pin(async move {
            let _timer = self.metrics.time_store("summaries");
            let lookups = self.files.look_up(now.instant, file_ids, 0).await.into_iter();
            let summary = |lookup| match lookup {
                Lookup::Known { known, .. } => Some(known.summary.clone()),
                Lookup::Unknown | Lookup::Unavailable => None,
            };
            lookups.map(summary).collect()
        })
    }

    fn set_reachable(&self, peer_id: PeerId, observed: IpAddr, reachable: bool) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Ok(Some((former, _))) = self.peers.whereabouts(peer_id).await else { return };
            let Some(mut place) = Whereabouts::from_bytes(&former) else { return };
            if place.contact.observed() != observed.to_canonical() || place.reachable == Some(reachable) {
                return;
            }
            place.reachable = Some(reachable);
            let place = place.to_bytes();
            if self.peers.amend(peer_id, &former, &[("contact", &place)]).await {
                self.renew_everything(peer_id, &place, true).await;
            }
        })
    }

    fn remove_file(&self, file_id: FileId) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(async move { self.files.forget(file_id).await })
    }

    fn remove_peer(&self, peer_id: PeerId) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(async move {
            let Some((_, network)) = self.peers.whereabouts(peer_id).await? else { return Ok(()) };
            let mut holdings = self.peers.holdings(peer_id);
            let mut result = Ok(());
            while let Some(page) = holdings.next().await? {
                result = self.files.leave(peer_id, &page).await.into_iter().fold(result, Result::and);
            }
            result?;
            self.peers.close(peer_id).await?;
            if let Some(network) = network {
                self.peers.quit(peer_id, network).await;
            }
            Ok(())
        })
    }

    fn may_be_held<'a>(&'a self, now: Now, file_ids: &'a [FileId]) -> BoxFuture<'a, Vec<bool>> {
        Box::pin(async move {
            let lookups = self.files.look_up(now.instant, file_ids, 0).await;
            lookups.iter().map(|lookup| !matches!(lookup, Lookup::Unknown)).collect()
        })
    }

    fn use_nonce(&self, peer_id: PeerId, nonce: u128, for_seconds: u64) -> BoxFuture<'_, Result<bool, Unavailable>> {
        Box::pin(async move { self.peers.use_nonce(peer_id, nonce, for_seconds).await })
    }

    fn walk(&self) -> BoxStream<'_, Result<Vec<(FileId, PeerId)>, Unavailable>> {
        Walk::new(&self.router, &self.keys).into_stream()
    }

    fn totals(&self) -> Totals {
        self.estimate.totals()
    }

    /// Returns at once: servers forget by themselves what is over.
    fn expire(&self, _: Now) -> bool {
        false
    }
}

impl Cluster {
    /// Adds the files that a peer may hold to their swarms, and strikes off those that it did not get into.
    async fn add_taken(&self, peer_id: PeerId, token: u128, opened: &peers::OpenedLease, offers: Vec<&mut Offer>) {
        let mut taken = opened.taken.iter().copied().chain(std::iter::repeat(false));
        let (mut taken, full): (Vec<_>, Vec<_>) = offers.into_iter().partition(|_| taken.next().unwrap_or(false));
        full.into_iter().for_each(|offer| offer.outcome = Err(FileRefusal::PeerFull));
        self.files.add(peer_id, &opened.place, &mut taken).await;
        // Whether it got into the swarm of a file whose slot is away is open. That one stays, so that a heartbeat finds out.
        let is_refused =
            |offer: &&&mut Offer| matches!(offer.outcome, Err(FileRefusal::SwarmFull | FileRefusal::TrackerFull));
        let refused: Vec<FileId> = taken.iter().filter(is_refused).map(|offer| offer.share.file_id).collect();
        if !refused.is_empty() {
            let _ = self.peers.release(peer_id, token, &refused).await;
        }
    }

    /// Lets a peer be told where its word came from, unless that network has its fill of peers. Returns the new place if it
    /// has moved.
    async fn move_to(&self, peer_id: PeerId, beat: &peers::Beat, observed: IpAddr) -> Option<Vec<u8>> {
        let mut place = Whereabouts::from_bytes(&beat.place)?;
        if place.contact.observed() == observed.to_canonical() {
            return None;
        }
        let network = network_of(observed);
        if beat.network != Some(network) && !self.peers.join(peer_id, network).await {
            return None;
        }
        place.contact.move_to(observed);
        place.reachable = None;
        let (place, network_text) = (place.to_bytes(), network.to_string());
        let changes = [("contact", place.as_slice()), ("network", network_text.as_bytes())];
        if !self.peers.amend(peer_id, &beat.place, &changes).await {
            return None;
        }
        if let Some(former) = beat.network.filter(|former| *former != network) {
            self.peers.quit(peer_id, former).await;
        }
        Some(place)
    }

    /// Renews the entries of everything that a peer holds, with a place that maybe is new. Returns which of them are not
    /// there, and whether all servers answered.
    async fn renew_everything(&self, peer_id: PeerId, place: &[u8], is_new: bool) -> (BTreeSet<FileId>, bool) {
        let mut unknown = BTreeSet::new();
        let mut is_everything = true;
        let mut holdings = self.peers.holdings(peer_id);
        loop {
            let page = match holdings.next().await {
                Ok(Some(page)) if unknown.len() < MOST_UNKNOWN => page,
                Ok(None) => return (unknown, is_everything),
                Ok(Some(_)) | Err(Unavailable) => return (unknown, false),
            };
            let renewed = self.files.renew(peer_id, place, &page, false).await;
            if is_new {
                self.files.outdate(&page);
            }
            for (file_id, renewed) in page.iter().zip(renewed) {
                match renewed {
                    Ok(true) => {}
                    Ok(false) => {
                        unknown.insert(*file_id);
                    }
                    Err(Unavailable) => is_everything = false,
                }
            }
        }
    }

    /// Finds those of these files that the asker has all of. Asks only where that is not known anyway.
    async fn seeded_by(&self, asker: Option<PeerId>, file_ids: &[FileId], lookups: &[Lookup]) -> BTreeSet<FileId> {
        let Some(asker) = asker else { return BTreeSet::new() };
        let (mut seeded, mut open) = (BTreeSet::new(), Vec::new());
        for (file_id, lookup) in file_ids.iter().zip(lookups) {
            if let Lookup::Known { known, is_stale } = lookup {
                match known.is_seeder(asker) {
                    Some(true) => drop(seeded.insert(*file_id)),
                    None if !is_stale => open.push(*file_id),
                    _ => {}
                }
            }
        }
        if !open.is_empty() {
            let seeds = self.files.seeds(asker, &open).await;
            seeded.extend(open.into_iter().zip(seeds).filter(|(_, seeds)| *seeds).map(|(file_id, _)| file_id));
        }
        seeded
    }
}

/// The files that are held, and the others.
fn split(file_ids: &[FileId], held: &[bool]) -> (Vec<FileId>, Vec<FileId>) {
    let mut held = held.iter();
    file_ids.iter().partition(|_| held.next() == Some(&true))
}
