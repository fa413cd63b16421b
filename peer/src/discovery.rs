//! Peers that may have a file, and the trackers that name them.
//!
//! - [`candidates`]: peers that a download may connect to, and when.
//! - [`trackers`]: telling trackers what is held, asking them who has it.
//! - [`hints`]: the parts of a link that help to find a file.

pub(crate) mod candidates;
pub(crate) mod hints;
pub(crate) mod trackers;
