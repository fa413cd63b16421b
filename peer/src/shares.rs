//! Files that this peer holds, wholly or in part, and serves.

pub(crate) mod folder;
pub(crate) mod handed_out;
pub(crate) mod holding;
