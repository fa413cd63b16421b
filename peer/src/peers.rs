//! Connections to peers: at most one per peer, used in both directions.
//!
//! - [`dial`]: new connections, dialled by this peer or by others. [`listen`]: the loop that accepts those. [`pool`]:
//!   the open connections. [`bans`]: peers that sent bad data.
//! - [`connection`]: the handle of a connection, [`session`]: its task. [`asked`]: questions to the other side.
//! - [`served`]: answers to the other side, [`uploads`]: chunks on their way to it.
//! - [`held_back`]: receiving no faster than the limits allow.

pub(crate) mod asked;
pub(crate) mod bans;
pub(crate) mod connection;
pub(crate) mod dial;
mod error;
mod held_back;
pub(crate) mod listen;
pub(crate) mod pool;
mod served;
pub(crate) mod serving;
mod session;
mod uploads;
