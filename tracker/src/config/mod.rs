//! Configuration: a struct for each concern, and the source of each value.
//!
//! The structs say it all: the names of their fields are the keys, the comments on them are the example file and the
//! help, `Default` is the default. A new key is a new field.
//!
//! - `tracker`: all settings, [`Config`]. `limits`, `server`, `catalogue`, `cluster`, `access`: those of one concern.
//! - `problem`, `check`: values that make no sense. `name`: names of the tracker that no peer would sign.
//! - `key`: the list of all keys, taken from the structs.
//! - `sources`: from file, environment and flags to a [`Config`]. `file`: the file, with its lines. `text_file`: any file that
//!   an operator writes.
//! - `print`: the example file, and what is in force.
//! - `duration`: lengths of time as people write them.

mod access;
mod catalogue;
mod check;
mod cluster;
mod duration;
pub(crate) mod file;
mod key;
mod limits;
mod name;
mod print;
mod problem;
mod server;
mod sources;
pub(crate) mod text_file;
mod tracker;

pub use access::{AccessConfig, Public};
pub use catalogue::CatalogueConfig;
pub use check::problems;
pub use cluster::{ClusterConfig, StoreKind};
pub use duration::parse as parse_duration;
pub use key::{Key, keys};
pub use limits::Limits;
pub use print::{effective, example};
pub use problem::Problem;
pub use server::{ProxyHeader, ServerConfig, TlsFiles};
pub use sources::{ConfigError, DEFAULT_FILE, Effective, Origin, Sources};
pub use tracker::Config;
