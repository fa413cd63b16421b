//! Engine and its handle. One task owns the state of an engine; front ends reach it through [`EngineHandle`].

use std::sync::Arc;

use sprat_api::{Answer, Command, Event, Refusal, Snapshot};
use sprat_protocol::Identity;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::discovery::trackers::token_file::TokenFile;
use crate::discovery::trackers::tokens::Tokens;
use crate::engine::asking::Asking;
use crate::engine::config::EngineConfig;
use crate::engine::parts::Parts;
use crate::engine::running::Running;
use crate::peers::bans::BanList;
use crate::peers::listen;
use crate::state::state_dir::{StateDir, StateError};
use crate::world::asked::Asked;

mod addresses;
mod asking;
pub(crate) mod config;
mod detail;
mod downloads;
mod drawing;
mod hashing;
mod keeping;
mod life;
mod looking;
mod moving;
mod parts;
mod phase;
mod publish;
mod publisher;
mod queue;
mod recovery;
mod restore;
mod run;
mod running;
mod settings;
mod shares;
#[cfg(test)]
mod tests;
mod transfer;
mod transfers;
mod upkeep;
mod watched;

/// Capacity of the command queue. A front end that sends more waits for room.
const COMMANDS: usize = 256;
/// Events that a front end may lag behind before it loses the oldest. The events of one snapshot are sent at once.
const EVENTS: usize = 4096;

/// Entry point of the crate: starts engines.
pub struct Engine;

/// Handle to a running engine. Clones refer to the same engine. The engine stops by itself when the last clone is
/// dropped without [`EngineHandle::shutdown`].
#[derive(Clone, Debug)]
pub struct EngineHandle {
    commands: mpsc::Sender<Asked>,
    events: broadcast::Sender<Event>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Engine {
    /// Starts an engine: locks its state directory, loads or makes its identity, listens, and tells its trackers.
    ///
    /// # Errors
    /// Returns a [`StartError`] if the state directory cannot be used or the address cannot be listened on.
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
        // The handle owns this task: the task ends with the last handle, and `shutdown` awaits it.
        tokio::spawn(running.run(stop.clone(), ended.clone().drop_guard()));
        Ok(EngineHandle { commands, events, snapshots, stop, ended })
    }

    /// Starts an engine that only asks trackers and keeps tokens: it listens nowhere, has no state directory and no
    /// transfers, tells trackers nothing, and refuses every other command.
    ///
    /// # Errors
    /// Returns a [`StartError`] if the system has no randomness for an identity.
    pub fn start_asking(tokens: Tokens, token_file: Option<TokenFile>) -> Result<EngineHandle, StartError> {
        let identity = Identity::generate().map_err(StateError::from)?;
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let ((events, _), (commands, inbox)) = (broadcast::channel(1), mpsc::channel(COMMANDS));
        let config = EngineConfig { tokens, token_file, ..EngineConfig::new("", "") };
        let (asking, snapshots) = Asking::new(&config, identity, inbox);
        // The handle owns this task: the task ends with the last handle, and `shutdown` awaits it.
        tokio::spawn(asking.run(stop.clone(), ended.clone().drop_guard()));
        Ok(EngineHandle { commands, events, snapshots, stop, ended })
    }
}

impl EngineHandle {
    /// Sends the engine a command, waiting for room in its queue, and waits for its answer. Dropping the future ends a
    /// question to trackers; any other command is carried out all the same.
    ///
    /// # Errors
    /// Returns a [`Refusal`] that says why the command was not carried out.
    pub async fn ask(&self, command: Command) -> Result<Answer, Refusal> {
        let (asked, answer) = Asked::answered(command);
        self.commands.send(asked).await.map_err(|_| Refusal::Ended)?;
        tokio::select! {
            biased;
            answer = answer => answer.unwrap_or(Err(Refusal::Ended)),
            // A command that was sent just when the engine ended may lie in the queue for as long as there is a handle.
            () = self.ended.cancelled() => Err(Refusal::Ended),
        }
    }

    /// Sends the engine a command, waiting for room in its queue, but not for its answer. Does nothing once the engine has
    /// stopped.
    pub async fn send(&self, command: Command) {
        let _ = self.commands.send(Asked::unanswered(command)).await;
    }

    /// Sends the engine a command without waiting; for threads that must not block.
    ///
    /// # Errors
    /// Returns the command if the queue is full or the engine has stopped.
    pub fn try_send(&self, command: Command) -> Result<(), Box<Command>> {
        self.commands.try_send(Asked::unanswered(command)).map_err(|error| Box::new(error.into_inner().command))
    }

    /// Sends the engine a command like [`EngineHandle::send`], but blocks while the queue is full; for threads outside
    /// of any asynchronous runtime.
    ///
    /// # Panics
    /// Panics if called inside an asynchronous runtime.
    pub fn blocking_send(&self, command: Command) {
        let _ = self.commands.blocking_send(Asked::unanswered(command));
    }

    /// Returns the latest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Returns a receiver that wakes with each new snapshot.
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Subscribes to the events from now on. A receiver that lags behind loses the oldest events; lasting state is in
    /// the snapshot.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Stops the engine: tells peers and trackers goodbye, saves the state, ends every task; returns when that is done.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }
}

/// Reason why an engine did not start. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state directory cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The port cannot be listened on.
    #[error("can't listen on {addr}: {source}; choose another address with --listen, or port 0 for any free port")]
    Listen {
        /// Address that was to be listened on.
        addr: std::net::SocketAddr,
        /// Error of the operating system.
        source: std::io::Error,
    },
}
