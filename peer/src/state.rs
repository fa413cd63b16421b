//! State directory of an engine: its lock, its identity, and the files that outlive a restart.

pub(crate) mod library;
pub(crate) mod needed;
pub(crate) mod state_dir;
