//! Announcer, which keeps one tracker told of the files held: REGISTER for new files, HEARTBEAT in time, UNREGISTER for
//! files that are gone and, at the end, for all. A tracker that was away is tried again, a tracker that forgot this
//! peer is told everything again, and new addresses of this machine are told, too.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::SmallRng;
use sprat_api::TrackerError;
use sprat_chunking::FileId;
use sprat_protocol::FileName;
use sprat_protocol::tracker::{
    FileOutcome, Heartbeat, Lease, MAX_ADDRESSES, MAX_REGISTER_FILES, RegisterFile, Unregister,
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::discovery::trackers::client::Listing;
use crate::discovery::trackers::tracker::{Purpose, Tracker};
use crate::shares::holding::{Holding, Holdings};
use crate::wire::me::Me;
use crate::world::Network;
use crate::world::clock;
use crate::world::dice::Dice;
use crate::world::news::News;

/// First and longest wait before a tracker that is away is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));
/// Interval at which a tracker that nothing is registered at is asked whether it is there.
const IDLE_CHECK: Duration = Duration::from_secs(60);
/// Upper bound of the wait that a tracker can ask of this peer.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// Pause between two rounds, for each file that the tracker knows of: a round goes through all of them.
const PAUSE: Duration = Duration::from_micros(10);
/// Time that an answer under way still has when the announcer is stopped.
const ANSWER: Duration = Duration::from_secs(1);
/// Time that the goodbye has when the announcer ends.
const GOODBYE: Duration = Duration::from_secs(2);

/// Peer and files that trackers are told of.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    /// This peer.
    pub(crate) me: Arc<Me>,
    /// Network that this peer's addresses belong to.
    pub(crate) network: Arc<dyn Network>,
    /// Files that this peer has.
    pub(crate) holdings: Arc<Holdings>,
    /// News of the trackers, for front ends.
    pub(crate) news: Arc<News>,
    /// Randomness for waiting times.
    pub(crate) dice: Arc<Dice>,
}

/// Facts about this peer that the tracker was told.
#[derive(Debug, Default)]
struct Told {
    lease: Option<(Lease, Instant)>,
    /// Addresses at which others can reach this peer.
    addresses: Vec<SocketAddr>,
    /// Registered files, each with whether it was registered as complete.
    files: BTreeMap<FileId, bool>,
    /// Files that the tracker has no room for, and when each may be tried again.
    refused: BTreeMap<FileId, Instant>,
}

/// Runs the announcer until the tracker is no longer used or the engine stops.
pub(crate) async fn run(peer: Announced, tracker: Arc<Tracker>) {
    let (mut told, mut rng) = (Told::default(), peer.dice.rng());
    let mut failures = 0;
    loop {
        let Some(round) = ended_soon(&tracker.stop, announce(&peer, &tracker, &mut told)).await else { break };
        let wait = match &round {
            Ok(wait) => {
                failures = 0;
                *wait
            }
            Err(error) => {
                // The tracker answers, but forgot this peer. Each peer tells it again after a random wait.
                if error.is_unknown_lease() {
                    (told, failures) = (Told::default(), 0);
                }
                failures += 1;
                retry_after(&mut rng, failures, error.retry_after())
            }
        };
        tracker.note(Purpose::Telling, &round, wait);
        let pause = u32::try_from(told.files.len()).map_or(LONGEST_WAIT, |files| PAUSE * files);
        tokio::select! {
            biased;
            () = tracker.stop.cancelled() => break,
            () = kicked(&tracker, pause) => {}
            () = sleep(wait) => {}
        }
    }
    goodbye(&peer, &tracker, told).await;
}

/// Waits for a kick, but not before the pause is over: changes during the pause are told together.
async fn kicked(tracker: &Tracker, pause: Duration) {
    if !pause.is_zero() {
        sleep(pause).await;
    }
    tracker.kick.notified().await;
}

/// Lets requests under way end, for at most [`ANSWER`] after `stop`: a registration cannot be withdrawn before its
/// answer is received.
async fn ended_soon<T>(stop: &CancellationToken, under_way: impl Future<Output = T>) -> Option<T> {
    let mut under_way = pin!(under_way);
    tokio::select! {
        biased;
        ended = &mut under_way => Some(ended),
        () = stop.cancelled() => timeout(ANSWER, under_way).await.ok(),
    }
}

/// Tells the tracker everything that it does not know yet. Returns the time until there is something to say again.
async fn announce(peer: &Announced, tracker: &Tracker, told: &mut Told) -> Result<Duration, TrackerError> {
    let held = peer.holdings.all_announced();
    let current: BTreeMap<FileId, bool> =
        held.iter().map(|holding| (holding.file_id(), holding.is_complete())).collect();
    withdraw(peer, tracker, told, &current).await?;
    tell_addresses(peer, tracker, told, &held).await?;
    let now = clock::now();
    told.refused.retain(|id, retry_at| *retry_at > now && current.contains_key(id));
    let is_fresh = |id: &FileId| !told.files.contains_key(id) && !told.refused.contains_key(id);
    let fresh: Vec<&Arc<Holding>> = held.iter().filter(|holding| is_fresh(&holding.file_id())).collect();
    for batch in fresh.chunks(MAX_REGISTER_FILES) {
        register(peer, tracker, told, batch).await?;
    }
    let due = told.lease.as_ref().is_some_and(|(_, renew_at)| *renew_at <= clock::now());
    let completed: Vec<FileId> = current
        .iter()
        .filter(|(id, complete)| **complete && told.files.get(id) == Some(&false))
        .map(|(id, _)| *id)
        .collect();
    if due || !completed.is_empty() {
        heartbeat(peer, tracker, told, &completed).await?;
    }
    match told.next() {
        Some(next) => Ok(next.saturating_duration_since(clock::now())),
        None => tracker.client.is_up().await.map(|()| IDLE_CHECK),
    }
}

async fn withdraw(
    peer: &Announced,
    tracker: &Tracker,
    told: &mut Told,
    current: &BTreeMap<FileId, bool>,
) -> Result<(), TrackerError> {
    let gone: Vec<FileId> = told.files.keys().filter(|id| !current.contains_key(id)).copied().collect();
    let Some((lease, _)) = told.lease.as_ref().filter(|_| !gone.is_empty()) else { return Ok(()) };
    let token = lease.token.clone();
    for batch in gone.chunks(MAX_REGISTER_FILES) {
        let message = Unregister { peer_id: peer.me.peer_id, token: token.clone(), file_ids: Some(batch.to_vec()) };
        tracker.client.unregister(message).await?;
        batch.iter().for_each(|id| {
            told.files.remove(id);
        });
    }
    Ok(())
}

/// Tells the tracker this peer's addresses if they changed. The heartbeat before shows that the lease is known, so that
/// only the addresses have to be told again.
async fn tell_addresses(
    peer: &Announced,
    tracker: &Tracker,
    told: &mut Told,
    held: &[Arc<Holding>],
) -> Result<(), TrackerError> {
    if told.lease.is_none() || told.addresses == addresses(peer) {
        return Ok(());
    }
    heartbeat(peer, tracker, told, &[]).await?;
    let some = held.iter().filter(|holding| told.files.contains_key(&holding.file_id())).take(MAX_REGISTER_FILES);
    let some: Vec<&Arc<Holding>> = some.collect();
    register(peer, tracker, told, &some).await
}

async fn register(
    peer: &Announced,
    tracker: &Tracker,
    told: &mut Told,
    batch: &[&Arc<Holding>],
) -> Result<(), TrackerError> {
    let files: Vec<RegisterFile> = batch.iter().map(|holding| describe(holding)).collect();
    let claimed: Vec<(FileId, bool)> = files.iter().map(|file| (file.file_id, file.complete)).collect();
    let addresses = addresses(peer);
    let listing = Listing { port: peer.me.listen.port(), addresses: &addresses, files: &files };
    let answer = tracker.client.register(&peer.me.identity, listing).await?;
    told.addresses = addresses;
    told.files.extend(claimed);
    for outcome in &answer.files {
        if let FileOutcome::Refused { file_id, reason, retry_after } = outcome {
            tracing::warn!(url = %tracker.client.url(), %file_id, reason, "the tracker refused a file");
            if let Some(seconds) = retry_after {
                told.files.remove(file_id);
                let wait = Duration::from_secs((*seconds).into()).clamp(RETRY.0, LONGEST_WAIT);
                told.refused.insert(*file_id, clock::now() + jittered(&mut peer.dice.rng(), wait));
            }
        }
    }
    tracker.note_reachable(answer.reachable);
    told.renewed(answer.lease);
    Ok(())
}

/// Addresses that a tracker is told.
fn addresses(peer: &Announced) -> Vec<SocketAddr> {
    let mut addresses = peer.me.reachable_at(&*peer.network);
    addresses.retain(|addr| !addr.ip().is_loopback());
    addresses.truncate(MAX_ADDRESSES);
    addresses
}

fn describe(holding: &Holding) -> RegisterFile {
    let layout = holding.layout();
    RegisterFile {
        file_id: holding.file_id(),
        name: FileName::clean_keeping_dot(&holding.name).as_str().to_owned(),
        size: layout.len(),
        chunk_size: layout.chunk_size(),
        num_chunks: layout.num_chunks(),
        complete: holding.is_complete(),
    }
}

async fn heartbeat(
    peer: &Announced,
    tracker: &Tracker,
    told: &mut Told,
    completed: &[FileId],
) -> Result<(), TrackerError> {
    let Some((lease, _)) = &told.lease else { return Ok(()) };
    let token = lease.token.clone();
    // Without completed files, one heartbeat with an empty batch is sent.
    for batch in completed.chunks(MAX_REGISTER_FILES).chain(completed.is_empty().then_some(&[][..])) {
        let message = Heartbeat { peer_id: peer.me.peer_id, token: token.clone(), completed: batch.to_vec() };
        let answer = tracker.client.heartbeat(message).await?;
        told.renewed(answer.lease);
        told.files.extend(batch.iter().map(|id| (*id, true)));
        tracker.note_reachable(answer.reachable);
        for file_id in &answer.unknown {
            told.files.remove(file_id);
        }
        if !answer.unknown.is_empty() {
            tracker.kick.notify_one();
        }
    }
    Ok(())
}

async fn goodbye(peer: &Announced, tracker: &Tracker, told: Told) {
    let Some((lease, _)) = told.lease else { return };
    let message = Unregister { peer_id: peer.me.peer_id, token: lease.token, file_ids: None };
    match timeout(GOODBYE, tracker.client.unregister(message)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::debug!(url = %tracker.client.url(), %error, "no goodbye"),
        Err(_) => tracing::debug!(url = %tracker.client.url(), "no goodbye in time"),
    }
}

impl Told {
    /// Notes a new lease. It is to be renewed after a third of its time: a third is left for each of two failed tries.
    fn renewed(&mut self, lease: Lease) {
        let renew_at = clock::now() + Duration::from_secs(u64::from(lease.seconds.max(1))) / 3;
        self.lease = Some((lease, renew_at));
    }

    /// Time at which there is something to say next, if a lease is held or files are to be tried again.
    fn next(&self) -> Option<Instant> {
        let renew_at = self.lease.as_ref().map(|(_, renew_at)| *renew_at);
        renew_at.into_iter().chain(self.refused.values().copied()).min()
    }
}

/// Wait that the tracker asks for, or else a wait that doubles with every failure.
fn retry_after(rng: &mut SmallRng, failures: u32, asked: Option<Duration>) -> Duration {
    let doubling = RETRY.0.saturating_mul(1 << failures.min(10)).min(RETRY.1);
    match asked {
        Some(asked) => jittered(rng, asked.clamp(RETRY.0, LONGEST_WAIT)),
        None => doubling.mul_f64(rng.random_range(0.5..1.0)),
    }
}

/// Lengthens a wait by a random factor, so that the peers of a tracker do not all come at once.
fn jittered(rng: &mut SmallRng, wait: Duration) -> Duration {
    wait.mul_f64(rng.random_range(1.0..1.3))
}
