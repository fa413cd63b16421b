//! Connections to peers: one each, used in both directions.
//!
//! - [`pool`]: the peers that this one is connected with. [`listen`]: those that dial it. [`bans`]: those that sent bad data.
//! - [`connection`]: one connection. [`served`]: answers to the other side. [`held_back`]: receiving no faster than the limits allow.

pub(crate) mod bans;
pub(crate) mod connection;
pub(crate) mod held_back;
pub(crate) mod listen;
pub(crate) mod pool;
pub(crate) mod served;
