//! A store in a Valkey or Redis Cluster, for any number of trackers.
//!
//! In reading order:
//!
//! - this file: [`Cluster`], what the rest of the tracker sees.
//! - `files`: what is asked of the slots of files. `peers`: of those of peers and networks. `scripts`: what servers do in one
//!   step. `keys`, `encoding`: what is kept there, and how.
//! - `answer`: what an asker is told. `cache`: what was found out a moment ago, or before a server went away.
//! - `router`: which command goes to which server. `topology`: which server serves which slot. `node`: one server.
//! - `totals`: how much there is, about. `walk`: all files, one after another. [`changes`]: what trackers tell each other of the catalogue.
//!
//! # What is kept where
//! Everything of one file is in one slot, everything of one peer in another, and nothing is done in two slots at once. All
//! times are those of the servers; their clocks are to agree to within a few seconds. Whatever is kept has an expiry, so nothing
//! has to be cleared up after anybody.
//!
//! A peer has a lease in its own slot. It also has an entry with each file that it holds, in that file's slot, so that a QUERY
//! has to ask one server only. An entry lasts 1¾ leases, and HEARTBEAT renews the entries of a peer when they
//! have not been renewed for half a lease:
//!
//! - A HEARTBEAT costs one round trip; every second one, with a heartbeat each third of a lease, costs a further step for
//!   each file. Renewing at each heartbeat would cost twice that.
//! - A peer that went without a word is told to others for up to ¾ of a lease after its lease is over. As long it counts with
//!   its network.
//! - An entry that was lost when a server took over is missed within ⅔ of a lease, and the peer is told to register that file
//!   again. An entry that was registered but not yet handed to that server goes unnoticed only together with the lease and
//!   its token, and without those the peer registers everything again.
//!
//! # What may be older than it seems
//! Answers to QUERY are kept for a second, so a popular file costs no round trip; what this tracker changes itself it sees
//! at once. While the slot of a file is away, the last answer of the past quarter of an hour is given and marked as stale. The
//! limits on all peers, files and entries hold for what [`Cluster::totals`] tells, which is an estimate; those for one peer, one
//! file and one network hold exactly.
//!
//! # What the cluster has to be
//! Version 7.0 or later, with `cluster-require-full-coverage no`, or all files are away when one slot is. Within
//! `cluster-node-timeout` and about a second more a replica takes over, so 5 seconds is a good value for it. While a slot moves
//! to another server, files that nobody held before cannot be registered or looked up in it; this takes milliseconds.

pub mod changes;

mod answer;
mod cache;
mod encoding;
mod files;
mod keys;
mod node;
mod peers;
mod router;
mod scripts;
mod topology;
mod totals;
mod walk;

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use redis::{FromRedisValue, RedisConnectionInfo, Value};
use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::config::{ClusterConfig, Limits};
use crate::contact::{Contact, network_of};
use crate::metrics::Metrics;
use crate::service::Now;
use crate::store::{
    Asker, FileRefusal, Found, LeaseError, PeerRefusal, RegisterError, Registration, Renewal, Share, Summary, Totals,
    Unavailable, UnknownLease,
};
use cache::Answers;
use changes::Outbox;
use encoding::Place;
use files::Lookup;
use keys::Keys;
use router::Router;
pub use walk::Walk;

/// How many quarters of a lease an entry lasts. It has to outlast the time between two renewals: at most [`RENEW_AFTER`] and
/// the lease that a heartbeat may be late by.
const ENTRY_LEASES: (u32, u32) = (7, 4);
/// After which part of a lease the entries of a peer are renewed.
const RENEW_AFTER: (u32, u32) = (1, 2);
/// How many seeders of a file are drawn at most, and how many leechers: as many as one QUERY may ask for.
const SAMPLE_LEN: usize = 200;
/// How long the last changes of the catalogue may take to be told to others.
const REST_TIME: Duration = Duration::from_secs(3);
/// How many lost files one HEARTBEAT is told of at most; the next one is told of more.
const MOST_UNKNOWN: usize = 10_000;

/// Who holds what, in a cluster.
#[derive(Debug)]
pub struct Cluster {
    router: Router,
    keys: Keys,
    lease: Duration,
    limits: Limits,
    answers: Answers,
    totals: RwLock<Totals>,
    outbox: Outbox,
    metrics: Arc<Metrics>,
}

/// Why a cluster cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A server is not named as it should be.
    #[error("{0:?} is no server of a cluster; write host:port")]
    Node(String),
    /// The password cannot be read.
    #[error("cannot read the cluster's password from {path}: {error}")]
    Password {
        /// From which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
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
        Ok(Self {
            router: Router::new(nodes, settings(config)?),
            keys: Keys::new(config.prefix.clone()),
            lease,
            limits,
            answers: Answers::new(),
            totals: RwLock::default(),
            outbox: Outbox::default(),
            metrics,
        })
    }

    /// Keeps connected with the cluster until `shutdown`.
    pub async fn run(&self, shutdown: &CancellationToken) {
        let until_shutdown = shutdown.run_until_cancelled(async {
            tokio::join!(self.keep_totals(), self.keep_publishing());
        });
        let work = async {
            until_shutdown.await;
            let _ = time::timeout(REST_TIME, self.publish_rest()).await;
        };
        tokio::select! {
            () = self.router.run() => {}
            () = work => {}
        }
    }

    /// Whether any of the files can be looked up.
    pub fn is_ready(&self) -> bool {
        self.router.topology().primaries().iter().any(|primary| primary.is_up())
    }

    /// Opens a lease for a peer, or opens its lease anew, and adds these files to what it holds. It keeps the files that
    /// it had, and gets this contact.
    ///
    /// # Errors
    /// [`RegisterError`] if there is no room for the peer, or its slot is away. Then nothing is changed.
    pub async fn register(
        &self,
        peer_id: PeerId,
        contact: Contact,
        shares: Vec<Share>,
    ) -> Result<Registration, RegisterError> {
        let _timer = self.metrics.time_store("register");
        let network = network_of(contact.observed());
        if !self.join(peer_id, network).await {
            return Err(PeerRefusal::AddressFull.into());
        }
        let (token, place) = (rand::random(), Place { contact, reachable: None });
        let file_ids: Vec<FileId> = shares.iter().map(|share| share.file_id).collect();
        let Some(opened) = self.open(peer_id, token, &place, network, &file_ids).await? else {
            self.quit(peer_id, network).await;
            return Err(PeerRefusal::TrackerFull.into());
        };
        if let Some(former) = opened.former_network.filter(|former| *former != network) {
            self.quit(peer_id, former).await;
        }
        let files = self.add_taken(peer_id, token, &opened, &shares).await;
        if !opened.former_place.is_empty() && opened.former_place != opened.place {
            self.renew_everything(peer_id, &opened.place, true).await;
        }
        let reachable = Place::from_bytes(&opened.place).and_then(|place| place.reachable);
        Ok(Registration { token, reachable, files })
    }

    /// Renews everything that the peer holds and marks these files as complete. The peer is told from now on at the
    /// address that this came from: the token proves who it is.
    ///
    /// # Errors
    /// [`LeaseError`] if this is not the token of a lease that still holds, or the peer's slot is away.
    pub async fn heartbeat(
        &self,
        peer_id: PeerId,
        token: u128,
        observed: IpAddr,
        completed: &[FileId],
    ) -> Result<Renewal, LeaseError> {
        let _timer = self.metrics.time_store("heartbeat");
        let beat = self.beat(peer_id, token, completed).await?.ok_or(UnknownLease)?;
        let moved = self.move_to(peer_id, &beat, observed).await;
        let place = moved.as_ref().unwrap_or(&beat.place);
        let (held, unknown) = split(completed, &beat.held);
        let mut unknown: BTreeSet<FileId> = unknown.into_iter().collect();
        for (file_id, renewed) in held.iter().zip(self.renew(peer_id, place, &held, true).await) {
            if renewed == Ok(false) {
                unknown.insert(*file_id);
            }
        }
        let is_due = beat.now.saturating_sub(beat.renewed) >= millis(part(self.lease, RENEW_AFTER));
        if is_due || moved.is_some() {
            if let Some(network) = beat.network.filter(|_| moved.is_none()) {
                self.join(peer_id, network).await;
            }
            let (lost, is_everything) = self.renew_everything(peer_id, place, moved.is_some()).await;
            unknown.extend(lost);
            if is_everything {
                self.amend(peer_id, place, &[("renewed", beat.now.to_string().as_bytes())]).await;
            }
        }
        let place = Place::from_bytes(place);
        let moved_to = place.as_ref().filter(|_| moved.is_some()).map(|place| place.contact.observed_address());
        let reachable = place.and_then(|place| place.reachable);
        Ok(Renewal { reachable, moved_to, unknown: unknown.into_iter().collect() })
    }

    /// Takes a peer out of the swarms of these files, or out of all and its lease with it. Returns how many it was in.
    ///
    /// # Errors
    /// [`LeaseError`] if this is not the token of a lease that still holds, or the peer's slot is away.
    pub async fn unregister(
        &self,
        peer_id: PeerId,
        token: u128,
        file_ids: Option<&[FileId]>,
    ) -> Result<usize, LeaseError> {
        let _timer = self.metrics.time_store("unregister");
        let file_ids_or_none = file_ids.unwrap_or_default();
        let (network, held) = self.release(peer_id, token, file_ids_or_none).await?.ok_or(UnknownLease)?;
        if file_ids.is_some() {
            let (held, _) = split(file_ids_or_none, &held);
            self.leave(peer_id, &held).await;
            return Ok(held.len());
        }
        // Where a file's slot is away, the peer is in its swarm until the entry is over.
        let mut left = BTreeSet::new();
        let mut holdings = self.holdings(peer_id);
        while let Some(page) = holdings.next().await? {
            self.leave(peer_id, &page).await;
            left.extend(page);
        }
        self.close(peer_id).await?;
        if let Some(network) = network {
            self.quit(peer_id, network).await;
        }
        Ok(left.len())
    }

    /// What is known of these files, with up to `max_peers` of the peers of each, drawn at random: never the asker, no
    /// seeders if the asker is one itself, only peers that this asker can reach, and last those that the tracker could
    /// not connect to.
    pub async fn query(&self, now: Now, file_ids: &[FileId], asker: Asker, max_peers: usize) -> Found {
        let _timer = self.metrics.time_store("query");
        let lookups = self.look_up(now.instant, file_ids, SAMPLE_LEN).await;
        let seeded = self.seeded_by(asker.peer_id, file_ids, &lookups).await;
        let mut found = Found::default();
        for (file_id, lookup) in file_ids.iter().zip(lookups) {
            match lookup {
                Lookup::Known { known, is_stale } => {
                    let is_seeder = seeded.contains(file_id);
                    let mut rng = rand::rng();
                    let mut info = answer::file_info(*file_id, &known, asker, is_seeder, max_peers, &mut rng);
                    info.stale = is_stale;
                    answer::push(&mut found.files, &info);
                }
                Lookup::Unknown => found.unknown.push(*file_id),
                Lookup::Unavailable => found.unavailable.push(*file_id),
            }
        }
        found
    }

    /// What is known of these files, in their order; none of a file that nobody holds, or that cannot be looked up.
    pub async fn summaries(&self, now: Now, file_ids: &[FileId]) -> Vec<Option<Summary>> {
        let _timer = self.metrics.time_store("summaries");
        let lookups = self.look_up(now.instant, file_ids, 0).await.into_iter();
        let summary = |lookup| match lookup {
            Lookup::Known { known, .. } => Some(known.summary.clone()),
            Lookup::Unknown | Lookup::Unavailable => None,
        };
        lookups.map(summary).collect()
    }

    /// Notes whether the tracker could connect to a peer at this address, if the peer is still there. Costs a step for each
    /// file that it holds, where that is news.
    pub async fn set_reachable(&self, peer_id: PeerId, observed: IpAddr, reachable: bool) {
        let Ok(Some((former, _))) = self.whereabouts(peer_id).await else { return };
        let Some(mut place) = Place::from_bytes(&former) else { return };
        if place.contact.observed() != observed.to_canonical() || place.reachable == Some(reachable) {
            return;
        }
        place.reachable = Some(reachable);
        let place = place.to_bytes();
        if self.amend(peer_id, &former, &[("contact", &place)]).await {
            self.renew_everything(peer_id, &place, true).await;
        }
    }

    /// Forgets a file and who holds it. Its peers are told by their next HEARTBEATs to register it again.
    ///
    /// # Errors
    /// [`Unavailable`] if its slot is away.
    pub async fn remove_file(&self, file_id: FileId) -> Result<(), Unavailable> {
        self.forget_file(file_id).await
    }

    /// Forgets a peer, its lease, and what it holds.
    ///
    /// # Errors
    /// [`Unavailable`] if its slot or that of one of its files is away. The rest is forgotten then.
    pub async fn remove_peer(&self, peer_id: PeerId) -> Result<(), Unavailable> {
        let Some((_, network)) = self.whereabouts(peer_id).await? else { return Ok(()) };
        let mut holdings = self.holdings(peer_id);
        let mut result = Ok(());
        while let Some(page) = holdings.next().await? {
            result = self.leave(peer_id, &page).await.into_iter().fold(result, Result::and);
        }
        result?;
        self.close(peer_id).await?;
        if let Some(network) = network {
            self.quit(peer_id, network).await;
        }
        Ok(())
    }

    /// Whether each of these files may be held by somebody: it is, or its slot is away.
    pub async fn may_be_held(&self, now: Now, file_ids: &[FileId]) -> Vec<bool> {
        let lookups = self.look_up(now.instant, file_ids, 0).await;
        lookups.iter().map(|lookup| !matches!(lookup, Lookup::Unknown)).collect()
    }

    /// How much is known, about: it is estimated from samples every few seconds.
    pub fn totals(&self) -> Totals {
        *self.totals.read()
    }

    /// Adds the files that a peer may hold to their swarms, and strikes off those that it did not get into.
    async fn add_taken(
        &self,
        peer_id: PeerId,
        token: u128,
        opened: &peers::Opened,
        shares: &[Share],
    ) -> Vec<Result<crate::store::Accepted, FileRefusal>> {
        let is_taken = |place: usize| opened.taken.get(place).copied().unwrap_or(false);
        let taken: Vec<&Share> =
            shares.iter().enumerate().filter(|(place, _)| is_taken(*place)).map(|(_, share)| share).collect();
        let mut added = self.add(peer_id, &opened.place, &taken).await.into_iter();
        let results = (0..shares.len()).map(|place| match is_taken(place) {
            true => added.next().unwrap_or(Err(FileRefusal::Unavailable(Unavailable))),
            false => Err(FileRefusal::PeerFull),
        });
        let results: Vec<_> = results.collect();
        // Whether it got into the swarm of a file whose slot is away is open. That one stays, so that a heartbeat finds out.
        let refused = |result: &Result<_, _>| matches!(result, Err(FileRefusal::SwarmFull | FileRefusal::TrackerFull));
        let refused = shares.iter().zip(&results).filter(|(_, result)| refused(result));
        let refused: Vec<FileId> = refused.map(|(share, _)| share.file_id).collect();
        if !refused.is_empty() {
            let _ = self.release(peer_id, token, &refused).await;
        }
        results
    }

    /// Lets a peer be told where its word came from, unless that network has its fill of peers. Returns the new place if it
    /// has moved.
    async fn move_to(&self, peer_id: PeerId, beat: &peers::Beat, observed: IpAddr) -> Option<Vec<u8>> {
        let mut place = Place::from_bytes(&beat.place)?;
        if place.contact.observed() == observed.to_canonical() {
            return None;
        }
        let network = network_of(observed);
        if beat.network != Some(network) && !self.join(peer_id, network).await {
            return None;
        }
        place.contact.move_to(observed);
        place.reachable = None;
        let (place, network_text) = (place.to_bytes(), network.to_string());
        let changes = [("contact", place.as_slice()), ("network", network_text.as_bytes())];
        if !self.amend(peer_id, &beat.place, &changes).await {
            return None;
        }
        if let Some(former) = beat.network.filter(|former| *former != network) {
            self.quit(peer_id, former).await;
        }
        Some(place)
    }

    /// Renews the entries of everything that a peer holds, with a place that maybe is new. Returns which of them are not
    /// there, and whether all servers answered.
    async fn renew_everything(&self, peer_id: PeerId, place: &[u8], is_new: bool) -> (BTreeSet<FileId>, bool) {
        let mut unknown = BTreeSet::new();
        let mut is_everything = true;
        let mut holdings = self.holdings(peer_id);
        loop {
            let page = match holdings.next().await {
                Ok(Some(page)) if unknown.len() < MOST_UNKNOWN => page,
                Ok(None) => return (unknown, is_everything),
                Ok(Some(_)) | Err(Unavailable) => return (unknown, false),
            };
            let renewed = self.renew(peer_id, place, &page, false).await;
            if is_new {
                self.answers.outdate(&page);
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

    /// Which of these files the asker has all of. Asks only where that is not known anyway.
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
            let seeds = self.seeds(asker, &open).await;
            seeded.extend(open.into_iter().zip(seeds).filter(|(_, seeds)| *seeds).map(|(file_id, _)| file_id));
        }
        seeded
    }

    fn lease_millis(&self) -> u64 {
        millis(self.lease)
    }

    fn entry_millis(&self) -> u64 {
        millis(part(self.lease, ENTRY_LEASES))
    }
}

/// The files that are held, and the others.
fn split(file_ids: &[FileId], held: &[bool]) -> (Vec<FileId>, Vec<FileId>) {
    let mut held = held.iter();
    file_ids.iter().partition(|_| held.next() == Some(&true))
}

fn part(whole: Duration, (numerator, denominator): (u32, u32)) -> Duration {
    whole * numerator / denominator
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Reads what a server answered.
fn read<T: FromRedisValue>(value: Value) -> Result<T, Unavailable> {
    redis::from_redis_value(value).map_err(|error| {
        tracing::warn!(%error, "a server of the cluster gave an answer that makes no sense");
        Unavailable
    })
}

fn settings(config: &ClusterConfig) -> Result<RedisConnectionInfo, ClusterError> {
    let mut settings = RedisConnectionInfo::default();
    if let Some(username) = &config.username {
        settings = settings.set_username(username);
    }
    if let Some(path) = &config.password_file {
        let password =
            std::fs::read_to_string(path).map_err(|error| ClusterError::Password { path: path.clone(), error })?;
        settings = settings.set_password(password.trim_end_matches(['\r', '\n']));
    }
    Ok(settings)
}
