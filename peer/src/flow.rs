//! Bytes under way: buffers, rates, turns, and what the user set for single transfers.

pub(crate) mod buffers;
pub(crate) mod limits;
pub(crate) mod pace;
pub(crate) mod rate_limit;
pub(crate) mod settings;
pub(crate) mod upload_slots;
