//! The parts of the demo: who runs, and how each is started and stopped.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sprat_api::{Answer, Command, Event, TrackerQuestion, TransferState, TransferView};
use sprat_chunking::FileId;
use sprat_peer::{Engine, EngineConfig, EngineHandle};
use sprat_protocol::{Link, PeerId};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{interval, timeout};
use url::Url;

use crate::engine::embedded::EmbeddedTracker;
use crate::engine::state::StateDir;
use crate::terminal::failure::Failure;

/// Number of seeders.
pub(super) const SEEDERS: usize = 3;
/// Time that the tracker may take to know all seeders.
const READY_TIMEOUT: Duration = Duration::from_secs(20);
/// Interval at which the tracker is asked for them.
const READY_INTERVAL: Duration = Duration::from_millis(20);
/// Time that removing an unfinished download may take.
const FORGET_TIMEOUT: Duration = Duration::from_secs(5);
/// Any free port, for this machine only.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Everybody. Empty at first, so that what was started can be stopped even if the next does not start.
#[derive(Default)]
pub(super) struct Swarm {
    tracker: Option<EmbeddedTracker>,
    pub(super) seeders: Vec<Seeder>,
    downloader: Option<Peer>,
}

/// One peer with a folder of its own.
struct Peer {
    engine: EngineHandle,
    state: StateDir,
}

/// A peer that has the whole file.
pub(super) struct Seeder {
    /// The seeder's peer ID.
    pub(super) peer_id: PeerId,
    /// Address that the seeder listens at.
    pub(super) listen: SocketAddr,
    /// None once it was stopped.
    peer: Option<Peer>,
}

impl Seeder {
    /// Returns true if the seeder was not stopped.
    pub(super) fn runs(&self) -> bool {
        self.peer.is_some()
    }
}

impl Swarm {
    /// Starts the tracker.
    pub(super) async fn start_tracker(&mut self) -> Result<Url, Failure> {
        let tracker = EmbeddedTracker::start(LISTEN, LISTEN.ip()).await.map_err(|error| {
            Failure::failed(format!(
                "can't start a tracker on this machine: {error}; check that {} can be listened on",
                LISTEN.ip()
            ))
        })?;
        Ok(self.tracker.insert(tracker).url().clone())
    }

    /// Starts a seeder that sends so many bytes a second at most, and has it share the file.
    pub(super) async fn add_seeder(&mut self, source: &Path, rate: NonZeroU32) -> Result<(&Seeder, Link), Failure> {
        let peer = self.start_peer(Some(rate)).await?;
        let (engine, snapshot) = (peer.engine.clone(), peer.engine.snapshot());
        self.seeders.push(Seeder { peer_id: snapshot.peer_id, listen: snapshot.listen, peer: Some(peer) });
        let link = share(&engine, source).await?;
        Ok((self.seeders.last().expect("it was just added"), link))
    }

    /// Starts the downloader.
    pub(super) async fn add_downloader(&mut self) -> Result<EngineHandle, Failure> {
        let peer = self.start_peer(None).await?;
        Ok(self.downloader.insert(peer).engine.clone())
    }

    /// Waits until the tracker names all seeders.
    pub(super) async fn wait_for_tracker(&self, file_id: FileId) -> Result<(), Failure> {
        let late = |_| Failure::failed("the seeders did not reach the tracker; run the demo again with --log debug");
        timeout(READY_TIMEOUT, self.find_seeders(file_id)).await.map_err(late)?
    }

    async fn find_seeders(&self, file_id: FileId) -> Result<(), Failure> {
        let tracker = self.tracker.as_ref().expect("the tracker is started first").url();
        let engine = &self.seeders.iter().find_map(|seeder| seeder.peer.as_ref()).expect("a seeder runs").engine;
        let mut again = interval(READY_INTERVAL);
        loop {
            again.tick().await;
            let question = TrackerQuestion::Holders(file_id);
            match engine.ask(Command::AskTracker { tracker: tracker.clone(), question }).await? {
                Answer::Holders(holders) if holders as usize >= SEEDERS => return Ok(()),
                _ => {}
            }
        }
    }

    async fn start_peer(&self, upload_rate: Option<NonZeroU32>) -> Result<Peer, Failure> {
        let state = StateDir::temporary()?;
        let mut config = EngineConfig::new(state.path(), ".");
        config.listen = LISTEN;
        config.trackers = self.tracker.iter().map(|tracker| tracker.url().clone()).collect();
        config.limits.upload_rate = upload_rate;
        let engine = Engine::start(config).await.map_err(|error| Failure::failed(error.to_string()))?;
        Ok(Peer { engine, state })
    }

    /// Returns true if no seeder was stopped yet.
    pub(super) fn all_run(&self) -> bool {
        self.seeders.iter().all(Seeder::runs)
    }

    /// Stops one seeder, and waits until it is gone.
    pub(super) async fn stop_seeder(&mut self, index: usize) {
        if let Some(peer) = self.seeders[index].peer.take() {
            peer.stop().await;
        }
    }

    /// Removes what was downloaded so far: of a demo that did not come to its end, nothing is left behind.
    pub(super) async fn forget_download(&self) {
        let Some(Peer { engine, .. }) = &self.downloader else { return };
        let unfinished = |transfer: &&Arc<TransferView>| transfer.state != TransferState::Sharing;
        let Some(transfer) = engine.snapshot().transfers.iter().find(unfinished).cloned() else { return };
        let mut events = engine.events();
        engine.send(Command::Remove { file_id: transfer.file_id, delete_data: true }).await;
        let removed = async { while !matches!(events.recv().await, Ok(Event::Removed(_)) | Err(RecvError::Closed)) {} };
        // If it takes too long, something is left behind: no reason not to end.
        let _ = timeout(FORGET_TIMEOUT, removed).await;
    }

    /// Stops everybody who still runs: the tracker last, so that it can be told goodbye.
    pub(super) async fn stop(self) {
        let seeders = self.seeders.into_iter().filter_map(|seeder| seeder.peer);
        for peer in self.downloader.into_iter().chain(seeders) {
            peer.stop().await;
        }
        if let Some(tracker) = self.tracker {
            tracker.stop().await;
        }
    }
}

impl Peer {
    async fn stop(self) {
        self.engine.shutdown().await;
        drop(self.state);
    }
}

async fn share(engine: &EngineHandle, path: &Path) -> Result<Link, Failure> {
    let mut events = engine.events();
    engine.send(Command::Share(path.to_owned())).await;
    loop {
        match events.recv().await {
            Ok(Event::Shared { link, .. }) => return Ok(link),
            Ok(Event::ShareFailed { reason, .. }) => return Err(Failure::failed(reason)),
            Err(RecvError::Closed) => return Err(Failure::engine_gone()),
            Ok(_) | Err(RecvError::Lagged(_)) => {}
        }
    }
}
