//! The engine: share, seed, download, schedule, verify, store, resume.
//!
//! A front end sees [`Engine::start`], [`EngineHandle`], [`Command`], [`Event`] and [`Snapshot`], and nothing else. The
//! modules, in reading order:
//!
//! - [`config`]: what an engine is told at its start. Commands, events and snapshots are those of [`sprat_api`].
//! - `engine`: the task that owns everything; carries out commands, publishes snapshots. `status`, `watching`: how one transfer
//!   stands, and what is told of it only while somebody looks. `changes`: which transfers are to be shown anew. `job`: long work on the disk.
//! - [`share`]: path → hashed → held. `holding`: a file that this peer can serve from, wholly or in part.
//! - `download`: one loop per download: ID → peers → chunk hashes → chunks → file. [`scheduler`], `rarity`: which chunk
//!   from whom, without sockets and without a clock; public for its benchmark. `store`: where the chunks go.
//! - `folder`: a folder shared and fetched as one ID: its list, its parts, where they go.
//! - `connection`: one connection to one peer, both directions. `seed`: what is answered there. `held_back`: what comes no
//!   faster than it may. `pool`: who is connected. `dialling`: several ways to one peer. `server`: who may come in.
//! - `upload_slots`: whose turn it is to be sent a chunk. `rate_limit`: bytes per second. `settings`: what the user set for
//!   single transfers.
//! - [`tracker_client`]: one request to a tracker. `tokens`: what opens private ones, and `token_file`: where that is kept.
//!   [`mod@search`]: files by words, from all trackers at once. `asking`: who has a file. `announcer`: keeps trackers told of what is
//!   held.
//! - [`world`]: what it lives in, this machine or a simulated one. `clock`: its time, `disk`: who does work that blocks, `courier`: how
//!   messages get to a tracker.
//! - `state_dir`: identity, lock, and what outlives a restart. `library`: transfers, `needed`: what of them is still needed. `bans`: who sent bad
//!   data. [`address`]: this machine's own addresses.

pub mod address;
mod announcer;
mod asking;
mod bans;
mod buffers;
mod candidates;
mod changes;
mod clock;
pub mod config;
mod connection;
mod courier;
mod dialling;
mod disk;
mod download;
mod engine;
mod frames;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod handed_out;
mod held_back;
mod holding;
mod library;
mod needed;
mod node;
mod pace;
mod pool;
mod rarity;
mod rate_limit;
pub mod scheduler;
pub mod search;
mod seed;
mod server;
mod settings;
mod shares;
mod state_dir;
mod status;
mod token_file;
mod tokens;
pub mod tracker_client;
mod trackers;
mod transfer;
mod upload_slots;
mod watching;
pub mod world;

pub use config::{EngineConfig, Limits};
pub use engine::{Engine, EngineHandle, StartError};
pub use search::{Found, search};
pub use sprat_api::{
    Cell, ChunkMap, Command, Detail, Event, FileView, HashingView, PeerView, Priority, Snapshot, Target, TrackerState,
    TrackerView, TransferState, TransferView, Trouble, Work,
};
pub use sprat_store::disk::atomic::make_private_dir;
pub use token_file::{TokenFile, TokenFileError};
pub use tokens::{Tokens, is_readable_on_the_way};
pub use trackers::tracker_url;
pub use world::World;
