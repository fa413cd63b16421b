//! The task that owns everything.

use std::sync::Arc;

use sprat_api::{Command, Event, Snapshot};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::engine::config::EngineConfig;
use crate::engine::parts::Parts;
use crate::engine::running::Running;
use crate::peers::bans::BanList;
use crate::peers::listen;
use crate::state::state_dir::{StateDir, StateError};

mod addresses;
pub(crate) mod config;
mod detail;
mod downloads;
mod drawing;
mod hashing;
mod looking;
mod moving;
mod parts;
mod publish;
mod publisher;
mod queue;
mod recovery;
mod restore;
mod run;
mod running;
mod settings;
mod shares;
mod transfer;
mod transfers;
mod upkeep;
mod watched;

/// How many commands may wait; a front end that sends more waits too.
const COMMANDS: usize = 256;
/// Events that a front end may lag behind before it loses the oldest: those of one snapshot come at once.
const EVENTS: usize = 4096;

/// Starts engines.
pub struct Engine;

/// The door to a running engine. Clones are the same door; when the last is dropped without
/// [`EngineHandle::shutdown`], the engine stops by itself.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    commands: mpsc::Sender<Command>,
    events: broadcast::Sender<Event>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Engine {
    /// Starts an engine: locks its state directory, loads or makes its identity, listens, and tells its trackers.
    ///
    /// # Errors
    /// [`StartError`] says what stands in the way.
    pub async fn start(config: EngineConfig) -> Result<EngineHandle, StartError> {
        let state = StateDir::open(&config.state_dir)?;
        let identity = state.identity()?;
        let addr = config.listen;
        let listen_failed = |source| StartError::Listen { addr, source };
        let listener = config.world.network.listen(addr).await.map_err(listen_failed)?;
        let (events, _) = broadcast::channel(EVENTS);
        let (source_changed, sources_changed) = mpsc::channel(64);
        let banned = if config.restore { BanList::load(&state) } else { BanList::default() };
        let listen = listener.local_addr().map_err(listen_failed)?;
        let parts = Parts::new(&config, identity, listen, &banned, source_changed);
        tracing::info!(peer_id = %parts.me.peer_id, %listen, "engine started");
        parts.tasks.spawn(listen::serve(parts.peers.clone(), listener));
        parts.trackers.set(&config.trackers);
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (running, snapshots) = Running::new(parts, state, config, inbox, sources_changed, events.clone());
        // The handle is this task's owner: it ends with the last handle, and `shutdown` awaits it.
        tokio::spawn(running.run(stop.clone(), ended.clone().drop_guard()));
        Ok(EngineHandle { commands, events, snapshots, stop, ended })
    }
}

impl EngineHandle {
    /// Hands the engine a command, waiting for room in its queue. Does nothing once the engine has stopped.
    pub async fn send(&self, command: Command) {
        let _ = self.commands.send(command).await;
    }

    /// Hands the engine a command without waiting; for threads that must not block.
    ///
    /// # Errors
    /// Gives the command back if the queue is full or the engine has stopped.
    pub fn try_send(&self, command: Command) -> Result<(), Box<Command>> {
        self.commands.try_send(command).map_err(|error| Box::new(error.into_inner()))
    }

    /// The same as [`EngineHandle::send`] for threads outside of any runtime, which may block.
    ///
    /// # Panics
    /// Inside of a runtime.
    pub fn blocking_send(&self, command: Command) {
        let _ = self.commands.blocking_send(command);
    }

    /// How things stand.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// A receiver that wakes with each new snapshot.
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// A receiver of the events from now on. One that lags behind loses the oldest; the snapshot has what lasts.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Stops: tells peers and trackers goodbye, saves, ends every task, and returns when that is done.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }
}

/// Why an engine did not start. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state directory cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The port cannot be listened on.
    #[error("can't listen on {addr}: {source}; choose another address with --listen, or port 0 for any free port")]
    Listen {
        /// Which address.
        addr: std::net::SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}
