//! The tracker: it knows which peers hold which file, and nothing of the files themselves.
//!
//! In reading order:
//!
//! - `http`: routes, and the connections that come in: [`Server`]. The only part that knows HTTP.
//! - [`service`]: what is done with a message: [`Tracker`].
//! - [`store`]: who holds what: in the memory of this process, or in a Valkey or Redis Cluster that several trackers share.
//! - [`access`]: tokens and roles, who and what is blocked, and proof of who speaks.
//! - [`catalogue`]: the names of files, for SEARCH.
//! - [`config`]: the settings of an operator.
//! - [`operation`]: sockets, logs, numbers and health.
//! - [`model`]: words that all of these use: moments, contacts, claims, refusals.
//!
//! Each of these rooms imports only those below it.
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
