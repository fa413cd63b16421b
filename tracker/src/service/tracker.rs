//! The tracker: it answers one message at a time.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use sprat_protocol::identity::NoRandomness;
use sprat_protocol::tracker::{
    Heartbeat, HeartbeatAnswer, Lease, LeaseToken, MAX_QUERY_FILES, MAX_QUERY_PEERS, MAX_REGISTER_FILES,
    MAX_SEARCH_WORDS_LEN, Query, Register, Registered, Search, SearchAnswer, Unregister, Unregistered,
};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::call_back::{self, Call, CallBacks};
use super::misnamed::Misnamed;
use super::moderation::Moderation;
use super::names::{self, Names};
use super::refusal::{ClaimError, Refusal};
use super::register::{RegisteredFile, all_over_a_limit};
use super::stats::{MessageCounters, Stats};
use crate::access::proof::{Proof, ProofError, Proofs, REMEMBERED};
use crate::access::{Access, AccessFilesError};
use crate::catalogue::{self, Catalogue, Place, Settings};
use crate::config::{Config, StoreKind};
use crate::model::contact::Contact;
use crate::model::count::to_u32;
use crate::model::error::{RegisterError, Unavailable, UnknownLease};
use crate::model::holding::{Asker, Found, Totals};
use crate::model::moment::{Caller, Now};
use crate::model::network::neighbourhood_of;
use crate::model::rates::Rates;
use crate::operation::metrics::{Counted, Metrics};
use crate::store::Store;
use crate::store::cluster::{self, Cluster, ClusterError};
use crate::store::swarm::Swarms;

/// Number of peers that are named to somebody who does not say how many.
const DEFAULT_QUERY_PEERS: u32 = 50;
/// The file in the data folder that has the names of files.
pub const CATALOGUE: &str = "catalogue.db";
/// Pause between two looks at leases that nobody asks about.
const EXPIRY_TICK: Duration = Duration::from_secs(1);
/// Number of these looks after which the parties whose rates are limited are looked through, who are forgotten after a
/// minute.
const TICKS_PER_TIDYING: u64 = 60;

/// Limits that a message may be over, by their keys.
const LIMITS: [&str; 11] = [
    "peers",
    "peers_per_address",
    "files_per_peer",
    "peers_per_swarm",
    "files",
    "new_files_per_minute",
    "nonces",
    "searches",
    "registers_per_minute",
    "peers_per_network",
    "holdings_per_network",
];

/// The tracker: answers one message at a time.
#[derive(Debug)]
pub struct Tracker {
    lease: Duration,
    started: Instant,
    proofs: Proofs,
    access: Arc<Access>,
    store: Arc<dyn Store>,
    call_backs: Option<CallBacks>,
    new_files: Rates,
    registers: Rates,
    names: Arc<Names>,
    misnamed: Misnamed,
    misnamed_hosts: Misnamed,
    moderation: Moderation,
    messages: MessageCounters,
    metrics: Arc<Metrics>,
}

/// Work of a tracker besides answering.
#[derive(Debug)]
pub struct Background {
    dialler: Option<call_back::Dialler>,
}

/// Reason why a tracker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenTrackerError {
    /// The system has no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The names of files cannot be kept.
    #[error(transparent)]
    Catalogue(#[from] catalogue::OpenError),
    /// The files about access cannot be used.
    #[error(transparent)]
    Access(#[from] AccessFilesError),
    /// The cluster cannot be used.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

impl Tracker {
    /// A tracker that knows nobody yet, and what is to run beside it. Lease tokens are drawn from `rng`, so it must be one
    /// that nobody can predict.
    ///
    /// # Errors
    /// [`OpenTrackerError`] says what stands in the way.
    pub fn open(config: &Config, rng: StdRng, now: Now) -> Result<(Self, Background), OpenTrackerError> {
        let place = match &config.data_dir {
            Some(folder) => Place::File(folder.join(CATALOGUE)),
            None => Place::Memory,
        };
        let (catalogue, opening) = Catalogue::open(place, &Settings::default())?;
        names::report(&opening);
        let metrics = Arc::<Metrics>::default();
        metrics.count_from_zero(Counted::RegistersRefused, &ProofError::KINDS);
        metrics.count_from_zero(Counted::Caps, &LIMITS);
        let (call_backs, dialler) = config.call_back.then(CallBacks::new).transpose()?.unzip();
        let access = Arc::new(Access::open(config)?);
        let (store, cluster) = open_store(config, rng, &metrics)?;
        let names = Arc::new(Names::new(
            Arc::new(catalogue),
            config.catalogue.clone(),
            store.clone(),
            access.clone(),
            cluster,
            metrics.clone(),
        ));
        let tracker = Self {
            lease: config.lease,
            started: now.instant,
            proofs: Proofs::new(config.names.clone(), now),
            moderation: Moderation::new(access.clone(), store.clone(), names.clone()),
            access,
            store,
            call_backs,
            new_files: Rates::per_minute(config.limits.new_files_per_minute),
            registers: Rates::per_minute(config.limits.registers_per_minute),
            names,
            misnamed: Misnamed::default(),
            misnamed_hosts: Misnamed::default(),
            messages: MessageCounters::default(),
            metrics,
        };
        Ok((tracker, Background { dialler }))
    }

    /// Finds the files of a configuration that a tracker could not use, a sentence for each. Nothing is started.
    pub fn problems(config: &Config) -> Vec<String> {
        let cluster = (config.store == StoreKind::Cluster).then(|| cluster::problem(&config.cluster)).flatten();
        Access::problems(config).into_iter().chain(cluster).collect()
    }

    /// Does what a tracker does besides answering, until `shutdown`.
    pub async fn run(&self, background: Background, shutdown: &CancellationToken) {
        let calls = async {
            if let Some(dialler) = background.dialler {
                dialler.run(&*self.store, shutdown).await;
            }
        };
        let tidy = shutdown.run_until_cancelled(self.keep_tidy());
        let names = shutdown.run_until_cancelled(self.names.keep());
        let relearning = shutdown.run_until_cancelled(self.names.keep_relearning());
        let following = shutdown.run_until_cancelled(self.names.keep_following());
        let store = self.store.run(shutdown);
        tokio::join!(calls, tidy, names, relearning, following, store, self.moderation.keep_tokens(shutdown));
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
        self.hold_registers_back(caller)?;
        self.believe(caller.now, &message, proof).await?;
        self.messages.register.add();
        if !self.names.has_room(message.files.len()) {
            return Err(Refusal::busy());
        }
        let Register { peer_id, port, addresses, files, .. } = message;
        let contact = Contact::new(caller.address, port, &addresses);
        let blocks = self.access.blocks();
        let mut files: Vec<_> = files.into_iter().map(|file| RegisteredFile::check(file, blocks)).collect();
        self.hold_new_files_back(caller, &mut files).await;
        let offers = files.iter_mut().filter_map(RegisteredFile::offer).collect();
        let registration = self.store.register(caller.now, peer_id, contact, offers).await;
        let registration = registration.map_err(|error| {
            if let RegisterError::Refused(refusal) = error {
                self.metrics.cap_hit(refusal.limit());
            }
            Refusal::of_register(error, self.lease_seconds())
        })?;
        files.iter().filter_map(RegisteredFile::limit).for_each(|limit| self.metrics.cap_hit(limit));
        let news: Vec<_> = files.iter().filter(|file| file.is_news()).map(|file| (file.file_id, peer_id)).collect();
        self.names.record(caller.now, &news).await;
        let files: Vec<_> = files.iter().map(|file| file.outcome(self.lease_seconds())).collect();
        if let Some(refusal) = all_over_a_limit(&files) {
            return Err(refusal);
        }
        if registration.reachable.is_none() {
            self.call_back(peer_id, SocketAddr::new(caller.address, port));
        }
        let lease = self.lease(LeaseToken::new(registration.token));
        Ok(Registered { lease, observed: caller.address, reachable: registration.reachable, files })
    }

    /// Somebody asks who has these files.
    ///
    /// # Errors
    /// [`Refusal`] if these are too many at once.
    pub async fn query(&self, caller: Caller, message: &Query) -> Result<Found, Refusal> {
        at_most("file IDs", message.file_ids.len(), MAX_QUERY_FILES)?;
        message.peer_id.map_or(Ok(()), |peer_id| self.access.blocks().peer(peer_id))?;
        self.messages.query.add();
        let asker = Asker { peer_id: message.peer_id, address: caller.address };
        let max_peers = message.max_peers.min(MAX_QUERY_PEERS) as usize;
        let (allowed, mut blocked) = self.without_blocked(&message.file_ids);
        let mut found = self.store.query(caller.now, &allowed, asker, max_peers).await;
        found.unknown.append(&mut blocked);
        Ok(found)
    }

    /// Looks up one file, as [`FileInfo`](sprat_protocol::tracker::FileInfo) in JSON.
    ///
    /// # Errors
    /// [`Refusal::UnknownFile`] if nobody has it.
    pub async fn file(&self, caller: Caller, file_id: FileId) -> Result<Vec<u8>, Refusal> {
        let query = Query { peer_id: None, file_ids: vec![file_id], max_peers: DEFAULT_QUERY_PEERS };
        let found = self.query(caller, &query).await?;
        match (found.unknown.is_empty(), found.unavailable.is_empty()) {
            (true, true) => Ok(found.files),
            (false, _) => Err(Refusal::UnknownFile(file_id)),
            (true, false) => Err(Refusal::unavailable(Unavailable)),
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
        self.messages.heartbeat.add();
        let bits = token.bits().ok_or(UnknownLease)?;
        let renewal = self.store.heartbeat(caller.now, peer_id, bits, caller.address, &completed).await?;
        if let Some(address) = renewal.moved_to {
            self.call_back(peer_id, address);
        }
        Ok(HeartbeatAnswer { lease: self.lease(token), reachable: renewal.reachable, unknown: renewal.unknown })
    }

    /// Answers a SEARCH: somebody looks for files by name.
    ///
    /// # Errors
    /// [`Refusal`] if these are too many words, or too many people search.
    pub async fn search(&self, caller: Caller, message: &Search) -> Result<SearchAnswer, Refusal> {
        at_most("bytes of words", message.words.len(), MAX_SEARCH_WORDS_LEN)?;
        self.messages.search.add();
        self.names.search(caller, message).await
    }

    /// A peer takes back what it registered.
    ///
    /// # Errors
    /// [`Refusal::UnknownLease`] above all.
    pub async fn unregister(&self, caller: Caller, message: Unregister) -> Result<Unregistered, Refusal> {
        let Unregister { peer_id, token, file_ids } = message;
        at_most("file IDs", file_ids.as_ref().map_or(0, Vec::len), MAX_REGISTER_FILES)?;
        self.messages.unregister.add();
        let bits = token.bits().ok_or(UnknownLease)?;
        let removed = self.store.unregister(caller.now, peer_id, bits, file_ids.as_deref()).await?;
        Ok(Unregistered { removed: to_u32(removed) })
    }

    /// Returns the names of this tracker; none if it answers to every name.
    pub(crate) fn names(&self) -> &[String] {
        self.proofs.names()
    }

    /// Number of names that are known, and of changes of them that wait to be written.
    pub(crate) fn names_known(&self) -> (usize, usize) {
        self.names.known()
    }

    /// Waits until SEARCH finds everything that was registered before.
    pub async fn flush(&self) {
        self.names.flush().await;
    }

    /// Rights of those who ask.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Orders of the operator.
    pub fn moderation(&self) -> &Moderation {
        &self.moderation
    }

    /// The numbers that it keeps for Prometheus.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Says whether any of the files can be looked up.
    pub fn is_ready(&self) -> bool {
        self.store.is_ready()
    }

    /// Returns the numbers of the tracker.
    pub fn stats(&self, now: Now) -> Stats {
        let totals = self.totals();
        Stats {
            version: env!("CARGO_PKG_VERSION"),
            uptime: now.instant.saturating_duration_since(self.started).as_secs(),
            peers: totals.peers,
            files: totals.files,
            seeders: totals.seeders,
            leechers: totals.leechers,
            requests: self.messages.read(),
        }
    }

    /// Returns the totals of the store.
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
        self.registers.forget_idle();
        self.access.forget_idle();
    }

    /// Has it found out whether a peer can be reached at this address, which its connection comes from.
    fn call_back(&self, peer_id: PeerId, address: SocketAddr) {
        if let Some(call_backs) = &self.call_backs {
            call_backs.ask(Call { peer_id, address });
        }
    }

    /// Checks that a REGISTER is the word of its peer, and is heard for the first time, also by those who share the store.
    async fn believe(&self, now: Now, message: &Register, proof: Proof<'_>) -> Result<(), Refusal> {
        self.proofs.check(now, message, proof).map_err(|error| self.disbelieve(now, message, error))?;
        let is_first = self.store.use_nonce(message.peer_id, message.nonce.0, REMEMBERED.as_secs()).await;
        let is_first = is_first.map_err(Refusal::unavailable)?;
        if is_first { Ok(()) } else { Err(self.disbelieve(now, message, ProofError::Replayed)) }
    }

    /// Counts a request that came under a name which this tracker does not go by, and has the log say so.
    pub(crate) fn note_other_host(&self, host: &str) {
        self.metrics.request_misdirected();
        self.misnamed_hosts.note_host(Instant::now(), host, self.proofs.names());
    }

    /// Counts a REGISTER that is not believed, and says why to its peer and, where only the operator can mend it, to him.
    fn disbelieve(&self, now: Now, message: &Register, error: ProofError) -> Refusal {
        self.metrics.register_refused(error.kind());
        match error {
            ProofError::Busy => self.metrics.cap_hit("nonces"),
            ProofError::OtherTracker => {
                let names = self.proofs.names();
                self.misnamed.note_register(now.instant, &message.tracker, names);
                return Refusal::OtherTracker(names.join(", "));
            }
            _ => {}
        }
        error.into()
    }

    /// Refuses a REGISTER where too many come from the same network. Each that is believed takes up room until it would no longer be
    /// believed anyway, and one network is not to take it all.
    fn hold_registers_back(&self, caller: Caller) -> Result<(), Refusal> {
        let Some(network) = neighbourhood_of(caller.address) else { return Ok(()) };
        self.registers.take(network, 1).map_err(|wait| {
            self.metrics.cap_hit("registers_per_minute");
            let retry_after = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            Refusal::TooManyRegisters { retry_after }
        })
    }

    /// Refuses files that nobody has had, where too many such come from the same network.
    async fn hold_new_files_back(&self, caller: Caller, files: &mut [RegisteredFile]) {
        let file_ids: Vec<FileId> = files.iter().filter(|file| file.is_offered()).map(|file| file.file_id).collect();
        let known = self.store.summaries(caller.now, &file_ids).await;
        let new: HashSet<FileId> =
            file_ids.into_iter().zip(known).filter_map(|(id, known)| known.is_none().then_some(id)).collect();
        if let Err(wait) = self.new_files.take(caller.address, new.len()) {
            self.metrics.cap_hit("new_files_per_minute");
            let retry_after = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            let new = |file: &&mut RegisteredFile| new.contains(&file.file_id);
            files.iter_mut().filter(new).for_each(|file| file.refuse(ClaimError::TooManyNew { retry_after }));
        }
    }

    /// Splits these files into the allowed ones and the blocked ones.
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

/// Opens the store that the operator wants, and the cluster if it is one.
fn open_store(config: &Config, rng: StdRng, metrics: &Arc<Metrics>) -> Result<OpenStore, ClusterError> {
    let (lease, limits) = (config.lease, config.limits.clone());
    Ok(match config.store {
        StoreKind::Memory => (Arc::new(Swarms::new(lease, limits, rng)), None),
        StoreKind::Cluster => {
            let cluster = Arc::new(Cluster::new(&config.cluster, lease, limits, metrics.clone())?);
            (cluster.clone(), Some(cluster))
        }
    })
}

type OpenStore = (Arc<dyn Store>, Option<Arc<Cluster>>);

/// Holds a list against its bound.
fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), Refusal> {
    if count > most { Err(Refusal::TooLong { what, count, most }) } else { Ok(()) }
}
