//! The tracker: it knows which peers hold which file, and nothing of the files themselves.
//!
//! In reading order:
//!
//! - [`server`]: a tracker that runs. [`listeners`]: the sockets that it listens on. [`notify`]: what systemd is told.
//! - `http`: the routes, and the connections that come in. The only part that knows HTTP.
//! - [`service`]: what is done with a message: [`Tracker`].
//! - [`proof`]: whether a REGISTER is the word of the peer that it names.
//! - `call_back`: whether others can connect to a peer. `rates`: how often something may happen for one party.
//! - [`store`]: who holds what, wherever that is kept. [`swarm`]: in the memory of this process. [`cluster`]: in a Valkey or
//!   Redis Cluster that several trackers share.
//! - [`contact`]: where a peer is reached, and by whom.
//! - [`catalogue`]: the names of files, for SEARCH.
//! - [`access`]: who may do what, and who and what is blocked.
//! - [`refusal`]: what those are told whom the tracker refuses.
//! - [`metrics`]: numbers for Prometheus. [`readiness`]: whether the tracker can serve.
//! - [`config`]: what an operator decides. [`logs`]: what the program writes to standard error.
//!   `text_file`: files that an operator writes.
//!
//! The catalogue outlives a restart, and so do tokens and what is blocked, if there is a folder for them. Who holds what does
//! not: the swarms refill within one lease.

pub mod access;
pub mod catalogue;
pub mod config;
pub mod http;
pub mod model;
pub mod operation;
pub mod service;
pub mod store;

use std::io;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "fuzz")]
pub use access::fuzz;
pub use access::proof;
pub use config::{ClusterConfig, Config, Limits};
pub use http::Server;
pub use model::contact;
pub use model::moment::{Caller, Now};
pub use operation::listeners::Listeners;
pub use service::Tracker;
pub use service::refusal;
pub use store::swarm;

/// Runs a tracker on this listener until `shutdown` is cancelled. Returns only after all its tasks have ended, within
/// [`Config::grace`] of the shutdown and of what it delays. Dropping the future ends them too.
///
/// # Errors
/// The tracker cannot start: see [`Server::open`].
pub async fn serve(listener: TcpListener, config: Config, shutdown: CancellationToken) -> io::Result<()> {
    let (server, background) = Server::open(&config).map_err(io::Error::other)?;
    server.run(background, listener.into(), &shutdown).await;
    Ok(())
}
