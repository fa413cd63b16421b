//! The wire between two peers: dialling, the handshake, frames.

pub(crate) mod dialling;
pub(crate) mod frames;
pub(crate) mod handshake;
pub(crate) mod me;
pub(crate) mod remote;
