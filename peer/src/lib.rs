//! The engine: share, seed, download, schedule, verify, resume.
//!
//! A front end starts an engine with [`Engine::start`] and reaches it through [`EngineHandle`]: it sends commands, and
//! receives answers, events and snapshots, all of them types of [`sprat_api`]. The rooms (modules), from top to bottom; each
//! imports only rooms below it:
//!
//! - `engine`: the task that owns the state of an engine, carries out commands and publishes snapshots.
//! - `download`: one task per download: ID → peers → chunk hashes → chunks → file. Its [`scheduler`] decides which
//!   chunk is requested from which peer, without sockets and without a clock.
//! - `discovery`: peers that may have a file, and the trackers that name them.
//! - `peers`: connections, one per peer, and the answers to requests that arrive on them.
//! - `shares`: files that this peer has, complete or in part.
//! - `wire`: dialling, the handshake, frames.
//! - `flow`: buffers, rate limits, upload slots, settings of single transfers.
//! - `state`: the state directory.
//! - [`world`]: the machine, or a simulated one: network, disk, clock.

mod discovery;
mod download;
mod engine;
mod flow;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod peers;
mod shares;
mod state;
mod wire;
pub mod world;

pub use discovery::trackers::client::tracker_url;
pub use discovery::trackers::token_file::{TokenFile, TokenFileError};
pub use discovery::trackers::tokens::{Tokens, is_readable_on_the_way};
pub use download::scheduler;
pub use engine::config::EngineConfig;
pub use engine::{Engine, EngineHandle, StartError};
pub use flow::limits::Limits;
pub use sprat_store::disk::atomic::make_private_dir;
pub use state::state_dir::StateError;
pub use world::World;
pub use world::address::lan_addresses;
