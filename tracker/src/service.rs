//! What a tracker does with a message. Knows the messages, not how they came.
//!
//! `names`: what it knows of the names of files. `others`: what trackers that share a cluster tell each other of them.
//! `moderation`: what its operator tells it while it runs.

mod moderation;
mod names;
mod others;

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use serde::Serialize;
use sprat_chunking::{FileId, Layout};
use sprat_protocol::PeerId;
use sprat_protocol::identity::NoRandomness;
use sprat_protocol::name::is_invisible;
use sprat_protocol::tracker::{
    FileOutcome, Heartbeat, HeartbeatAnswer, Lease, LeaseToken, MAX_NAME_LEN, MAX_QUERY_FILES, MAX_QUERY_PEERS,
    MAX_REGISTER_FILES, Query, Register, RegisterFile, Registered, Unregister, Unregistered,
};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::access::proof::{Proof, ProofError, Proofs, REMEMBERED};
use crate::access::{Access, AccessFilesError};
use crate::call_back::{self, Call, CallBacks};
use crate::catalogue::{self, Catalogue, Place, Settings};
use crate::config::{Config, StoreKind};
use crate::model::contact::Contact;
use crate::model::count::to_u32;
use crate::model::error::{FileRefusal, RegisterError, UnknownLease};
use crate::model::holding::{Accepted, Asker, Claim, Found, Share, Totals};
use crate::model::moment::{Caller, Now};
use crate::model::rates::Rates;
use crate::operation::metrics::Metrics;
use crate::refusal::{ClaimError, Refusal};
use crate::store::Store;
use crate::store::cluster::{Cluster, ClusterError};
use crate::store::swarm::Swarms;
use names::Names;

/// How many peers are named to somebody who does not say how many.
const DEFAULT_QUERY_PEERS: u32 = 50;
/// The file in the data folder that has the names of files.
pub const CATALOGUE: &str = "catalogue.db";
/// How often leases are looked at that nobody asks about.
const EXPIRY_TICK: Duration = Duration::from_secs(1);
/// After so many of these looks it is looked through the parties whose rates are limited, who are forgotten after a minute.
const TICKS_PER_TIDYING: u64 = 60;

/// The tracker: answers one message at a time.
#[derive(Debug)]
pub struct Tracker {
    lease: Duration,
    started: Instant,
    proofs: Proofs,
    access: Arc<Access>,
    store: Arc<Store>,
    call_backs: Option<CallBacks>,
    new_files: Rates,
    names: Names,
    requests: RequestCounters,
    metrics: Arc<Metrics>,
}

/// What a tracker does besides answering.
#[derive(Debug)]
pub struct Background {
    caller: Option<call_back::Caller>,
}

/// Why a tracker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system has no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The names of files cannot be kept.
    #[error(transparent)]
    Catalogue(#[from] catalogue::OpenError),
    /// It cannot be told who may use it.
    #[error(transparent)]
    Access(#[from] AccessFilesError),
    /// The cluster cannot be used.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// What a tracker tells about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stats {
    /// Its version.
    pub version: &'static str,
    /// For how many seconds it has been running.
    pub uptime: u64,
    /// Peers with a lease.
    pub peers: usize,
    /// Different files.
    pub files: usize,
    /// Pairs of a peer and a file that it has all of.
    pub seeders: usize,
    /// Pairs of a peer and a file that it has a part of.
    pub leechers: usize,
    /// How many messages it understood.
    pub requests: Requests,
}

/// How many messages of each kind the tracker understood, since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Requests {
    /// REGISTER.
    pub register: u64,
    /// QUERY, and questions for one file.
    pub query: u64,
    /// HEARTBEAT.
    pub heartbeat: u64,
    /// UNREGISTER.
    pub unregister: u64,
    /// SEARCH.
    pub search: u64,
}

/// [`Requests`] while they are counted. No request waits for another to be counted.
#[derive(Debug, Default)]
struct RequestCounters {
    register: AtomicU64,
    query: AtomicU64,
    heartbeat: AtomicU64,
    unregister: AtomicU64,
    search: AtomicU64,
}

impl RequestCounters {
    fn read(&self) -> Requests {
        let Self { register, query, heartbeat, unregister, search } = self;
        let [register, query, heartbeat, unregister, search] =
            [register, query, heartbeat, unregister, search].map(|counter| counter.load(Ordering::Relaxed));
        Requests { register, query, heartbeat, unregister, search }
    }
}

impl Tracker {
    /// A tracker that knows nobody yet, and what is to run beside it. Lease tokens are drawn from `rng`, so it must be one
    /// that nobody can predict.
    ///
    /// # Errors
    /// [`OpenError`] says what stands in the way.
    pub fn open(config: &Config, rng: StdRng, now: Now) -> Result<(Self, Background), OpenError> {
        let place = match &config.data_dir {
            Some(folder) => Place::File(folder.join(CATALOGUE)),
            None => Place::Memory,
        };
        let (catalogue, opening) = Catalogue::open(place, &Settings::default())?;
        names::report(&opening);
        let metrics = Arc::<Metrics>::default();
        let (call_backs, caller) = config.call_back.then(CallBacks::new).transpose()?.unzip();
        let tracker = Self {
            lease: config.lease,
            started: now.instant,
            proofs: Proofs::new(config.names.clone(), now),
            access: Arc::new(Access::open(config)?),
            store: Arc::new(open_store(config, rng, &metrics)?),
            call_backs,
            new_files: Rates::per_minute(config.limits.new_files_per_minute),
            names: Names::new(catalogue, config.catalogue.clone()),
            requests: RequestCounters::default(),
            metrics,
        };
        Ok((tracker, Background { caller }))
    }

    /// Does what a tracker does besides answering, until `shutdown`.
    pub async fn run(&self, background: Background, shutdown: &CancellationToken) {
        let calls = async {
            if let Some(caller) = background.caller {
                caller.run(&self.store, shutdown).await;
            }
        };
        let tidy = shutdown.run_until_cancelled(self.keep_tidy());
        let names = shutdown.run_until_cancelled(self.keep_names());
        let relearning = shutdown.run_until_cancelled(self.keep_relearning());
        let following = shutdown.run_until_cancelled(self.keep_following());
        let store = self.store.run(shutdown);
        tokio::join!(calls, tidy, names, relearning, following, store, self.keep_tokens(shutdown));
        self.flush().await;
    }

    /// A peer says where it listens and what it has.
    ///
    /// # Errors
    /// [`Refusal`] if the tracker cannot or will not add any of it.
    pub async fn register(&self, caller: Caller, message: Register, proof: Proof<'_>) -> Result<Registered, Refusal> {
        at_most("files", message.files.len(), MAX_REGISTER_FILES)?;
        if message.port == 0 {
            return Err(Refusal::PortZero);
        }
        self.access.blocks().peer(message.peer_id)?;
        self.proofs.check(caller.now, &message, proof).inspect_err(|error| {
            if *error == ProofError::Busy {
                self.metrics.cap_hit("nonces");
            }
        })?;
        let is_first = self.store.use_nonce(message.peer_id, message.nonce.0, REMEMBERED.as_secs()).await;
        if !is_first.map_err(Refusal::unavailable)? {
            return Err(ProofError::Replayed.into());
        }
        self.requests.register.fetch_add(1, Ordering::Relaxed);
        if !self.names.catalogue.has_room(message.files.len()) {
            return Err(Refusal::busy());
        }
        let Register { peer_id, port, addresses, files, .. } = message;
        let contact = Contact::new(caller.address, port, &addresses);
        let mut checked: Vec<_> = files.into_iter().map(|file| (file.file_id, self.check(file))).collect();
        self.hold_new_files_back(caller, &mut checked).await;
        let mut shares = Vec::with_capacity(checked.len());
        let checked: Vec<_> =
            checked.into_iter().map(|(file_id, share)| (file_id, share.map(|share| shares.push(share)))).collect();
        let stored = self.store.register(caller.now, peer_id, contact, shares).await;
        let stored = stored.map_err(|error| {
            if let RegisterError::Refused(refusal) = error {
                self.metrics.cap_hit(refusal.limit());
            }
            Refusal::of_register(error, self.lease_seconds())
        })?;
        let mut results = stored.files.into_iter();
        let mut news = Vec::new();
        let files = checked.into_iter().map(|(file_id, share)| match share {
            Err(error) => FileOutcome::Refused { file_id, reason: error.to_string(), retry_after: error.retry_after() },
            Ok(()) => {
                let result = results.next().expect("there is a result for each share");
                news.extend(result.as_ref().is_ok_and(|accepted| accepted.is_news).then_some((file_id, peer_id)));
                self.outcome(file_id, result)
            }
        });
        let files: Vec<FileOutcome> = files.collect();
        self.record(caller.now, &news).await;
        if let Some(refusal) = all_over_a_limit(&files) {
            return Err(refusal);
        }
        if stored.reachable.is_none() {
            self.call_back(peer_id, SocketAddr::new(caller.address, port));
        }
        let lease = self.lease(LeaseToken::new(stored.token));
        Ok(Registered { lease, observed: caller.address, reachable: stored.reachable, files })
    }

    /// Somebody asks who has these files.
    ///
    /// # Errors
    /// [`Refusal`] if these are too many at once.
    pub async fn query(&self, caller: Caller, message: &Query) -> Result<Found, Refusal> {
        at_most("file IDs", message.file_ids.len(), MAX_QUERY_FILES)?;
        message.peer_id.map_or(Ok(()), |peer_id| self.access.blocks().peer(peer_id))?;
        self.requests.query.fetch_add(1, Ordering::Relaxed);
        let asker = Asker { peer_id: message.peer_id, address: caller.address };
        let max_peers = message.max_peers.min(MAX_QUERY_PEERS) as usize;
        let (allowed, mut blocked) = self.without_blocked(&message.file_ids);
        let mut found = self.store.query(caller.now, &allowed, asker, max_peers).await;
        found.unknown.append(&mut blocked);
        Ok(found)
    }

    /// What is known of one file, as [`FileInfo`](sprat_protocol::tracker::FileInfo) in JSON.
    ///
    /// # Errors
    /// [`Refusal::UnknownFile`] if nobody has it.
    pub async fn file(&self, caller: Caller, file_id: FileId) -> Result<Vec<u8>, Refusal> {
        let query = Query { peer_id: None, file_ids: vec![file_id], max_peers: DEFAULT_QUERY_PEERS };
        let found = self.query(caller, &query).await?;
        match (found.unknown.is_empty(), found.unavailable.is_empty()) {
            (true, true) => Ok(found.files),
            (false, _) => Err(Refusal::UnknownFile(file_id)),
            (true, false) => Err(Refusal::unavailable(crate::model::error::Unavailable)),
        }
    }

    /// A peer says that it is still there.
    ///
    /// # Errors
    /// [`Refusal::UnknownLease`] above all.
    pub async fn heartbeat(&self, caller: Caller, message: Heartbeat) -> Result<HeartbeatAnswer, Refusal> {
        let Heartbeat { peer_id, token, completed } = message;
        at_most("completed files", completed.len(), MAX_REGISTER_FILES)?;
        self.access.blocks().peer(peer_id)?;
        self.requests.heartbeat.fetch_add(1, Ordering::Relaxed);
        let bits = token.bits().ok_or(UnknownLease)?;
        let renewal = self.store.heartbeat(caller.now, peer_id, bits, caller.address, &completed).await?;
        if let Some(address) = renewal.moved_to {
            self.call_back(peer_id, address);
        }
        Ok(HeartbeatAnswer { lease: self.lease(token), reachable: renewal.reachable, unknown: renewal.unknown })
    }

    /// A peer takes back what it registered.
    ///
    /// # Errors
    /// [`Refusal::UnknownLease`] above all.
    pub async fn unregister(&self, caller: Caller, message: Unregister) -> Result<Unregistered, Refusal> {
        let Unregister { peer_id, token, file_ids } = message;
        at_most("file IDs", file_ids.as_ref().map_or(0, Vec::len), MAX_REGISTER_FILES)?;
        self.requests.unregister.fetch_add(1, Ordering::Relaxed);
        let bits = token.bits().ok_or(UnknownLease)?;
        let removed = self.store.unregister(caller.now, peer_id, bits, file_ids.as_deref()).await?;
        Ok(Unregistered { removed: to_u32(removed) })
    }

    /// What this tracker is called; nothing if it answers to every name.
    pub(crate) fn names(&self) -> &[String] {
        self.proofs.names()
    }

    /// The numbers that it keeps for Prometheus.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Whether any of the files can be looked up.
    pub fn is_ready(&self) -> bool {
        self.store.is_ready()
    }

    /// What the tracker tells about itself.
    pub fn stats(&self, now: Now) -> Stats {
        let totals = self.totals();
        Stats {
            version: env!("CARGO_PKG_VERSION"),
            uptime: now.instant.saturating_duration_since(self.started).as_secs(),
            peers: totals.peers,
            files: totals.files,
            seeders: totals.seeders,
            leechers: totals.leechers,
            requests: self.requests.read(),
        }
    }

    /// How much is known.
    pub fn totals(&self) -> Totals {
        self.store.totals()
    }

    /// Forgets some of what the leases that are over held. Returns whether there is more to forget.
    pub fn expire(&self, now: Now) -> bool {
        self.store.expire(now)
    }

    /// Forgets what leases held that are over, also when nobody asks, and parties that nothing is to be remembered of.
    async fn keep_tidy(&self) {
        let mut ticks = tokio::time::interval(EXPIRY_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for tick in 0u64.. {
            ticks.tick().await;
            while self.expire(Now::read()) {
                tokio::task::yield_now().await;
            }
            if tick.is_multiple_of(TICKS_PER_TIDYING) {
                self.forget_idle();
            }
        }
    }

    /// Forgets parties that nothing is to be remembered of. Looks at each of them.
    fn forget_idle(&self) {
        if let Some(call_backs) = &self.call_backs {
            call_backs.forget_idle();
        }
        self.new_files.forget_idle();
        self.access.forget_idle();
    }

    /// Has it found out whether a peer can be reached at this address, which its connection comes from.
    fn call_back(&self, peer_id: PeerId, address: SocketAddr) {
        if let Some(call_backs) = &self.call_backs {
            call_backs.ask(Call { peer_id, address });
        }
    }

    /// Refuses files that nobody has had, where too many such come from the same network.
    async fn hold_new_files_back(&self, caller: Caller, files: &mut [(FileId, Result<Share, ClaimError>)]) {
        let file_ids: Vec<FileId> = files.iter().filter(|(_, share)| share.is_ok()).map(|(id, _)| *id).collect();
        let known = self.store.summaries(caller.now, &file_ids).await;
        let new: HashSet<FileId> =
            file_ids.into_iter().zip(known).filter_map(|(id, known)| known.is_none().then_some(id)).collect();
        if let Err(wait) = self.new_files.take(caller.address, new.len()) {
            self.metrics.cap_hit("new_files_per_minute");
            let retry_after = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            for (_, share) in files.iter_mut().filter(|(file_id, _)| new.contains(file_id)) {
                *share = Err(ClaimError::TooManyNew { retry_after });
            }
        }
    }

    /// What a peer is told that became of its file.
    fn outcome(&self, file_id: FileId, result: Result<Accepted, FileRefusal>) -> FileOutcome {
        match result {
            Ok(Accepted { chunk_size, .. }) => FileOutcome::Accepted { file_id, chunk_size },
            Err(refusal) => {
                refusal.limit().into_iter().for_each(|limit| self.metrics.cap_hit(limit));
                let retry_after = Some(self.lease_seconds());
                FileOutcome::Refused { file_id, reason: refusal.to_string(), retry_after }
            }
        }
    }

    /// Holds what a peer says of a file against itself and against what is blocked.
    fn check(&self, file: RegisterFile) -> Result<Share, ClaimError> {
        self.access.blocks().file(file.file_id)?;
        check(file)
    }

    /// These files without the blocked ones, and the blocked ones.
    fn without_blocked<'a>(&self, file_ids: &'a [FileId]) -> (Cow<'a, [FileId]>, Vec<FileId>) {
        let is_allowed = |file_id: &FileId| self.access.blocks().file(*file_id).is_ok();
        if file_ids.iter().all(is_allowed) {
            return (Cow::Borrowed(file_ids), Vec::new());
        }
        let (allowed, blocked) = file_ids.iter().copied().partition(is_allowed);
        (Cow::Owned(allowed), blocked)
    }

    fn lease(&self, token: LeaseToken) -> Lease {
        Lease { token, seconds: self.lease_seconds() }
    }

    fn lease_seconds(&self) -> u32 {
        u32::try_from(self.lease.as_secs()).unwrap_or(u32::MAX).max(1)
    }
}

/// The store that the operator wants.
fn open_store(config: &Config, rng: StdRng, metrics: &Arc<Metrics>) -> Result<Store, ClusterError> {
    let (lease, limits) = (config.lease, config.limits.clone());
    Ok(match config.store {
        StoreKind::Memory => Store::Memory(Swarms::new(lease, limits, rng)),
        StoreKind::Cluster => Store::Cluster(Arc::new(Cluster::new(&config.cluster, lease, limits, metrics.clone())?)),
    })
}

/// Holds a list against its bound.
fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), Refusal> {
    if count > most { Err(Refusal::TooLong { what, count, most }) } else { Ok(()) }
}

/// Where a limit kept every single file out, the whole message is over the limit.
fn all_over_a_limit(files: &[FileOutcome]) -> Option<Refusal> {
    let limits = files.iter().map(|outcome| match outcome {
        FileOutcome::Refused { reason, retry_after: Some(seconds), .. } => Some((reason, *seconds)),
        _ => None,
    });
    let limits: Option<Vec<_>> = limits.collect();
    let (reason, retry_after) = limits?.into_iter().next()?;
    Some(Refusal::TooManyFiles { reason: reason.clone(), retry_after })
}

/// Holds what a peer says of a file against itself.
fn check(file: RegisterFile) -> Result<Share, ClaimError> {
    let RegisterFile { file_id, name, size, chunk_size, num_chunks, complete } = file;
    if name.is_empty() || name.len() > MAX_NAME_LEN {
        return Err(ClaimError::NameLen(name.len()));
    }
    if name.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(ClaimError::NameControl);
    }
    let layout = Layout::new(size, chunk_size)?;
    if layout.num_chunks() != num_chunks {
        return Err(ClaimError::NumChunks { expected: layout.num_chunks(), claimed: num_chunks });
    }
    Ok(Share { file_id, claim: Claim { name: name.into(), layout }, complete })
}
