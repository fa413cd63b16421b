//! Files that this peer serves.

pub(crate) mod folder;
