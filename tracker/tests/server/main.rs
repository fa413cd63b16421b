//! The tracker's server over real sockets: how long clients may take, how many and how much there may be, and how it ends.

#[path = "../common/mod.rs"]
mod common;
mod raw;

mod bodies;
mod caps;
mod heads;
mod http2;
mod numbers;
mod proxies;
mod shutdown;
mod times;
mod tls;

use sprat_tracker::Config;
use sprat_tracker::config::ServerConfig;

/// A tracker with this server, and all else as usual.
fn config(server: ServerConfig) -> Config {
    Config { server, ..Config::default() }
}
