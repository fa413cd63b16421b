//! Work of an engine, and of a tracker in this process, as commands need it.
//!
//! - [`state`]: the engine's folder.
//! - [`hashing`]: a file's ID, with a bar.
//! - [`tracker_notes`]: sentences about trackers that are away.
//! - [`fetch`]: one download, until it is complete or there is no hope.
//! - [`embedded`]: a tracker inside this process.
//! - [`asking`]: questions to trackers, where nothing is shared or fetched.

pub(crate) mod asking;
pub(crate) mod embedded;
pub(crate) mod fetch;
pub(crate) mod hashing;
pub(crate) mod state;
pub(crate) mod tracker_notes;
