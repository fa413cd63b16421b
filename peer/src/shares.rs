//! Files that this peer has, wholly or in part, and serves.

pub(crate) mod folder;
pub(crate) mod handed_out;
pub(crate) mod holding;
