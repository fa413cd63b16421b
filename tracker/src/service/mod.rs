//! Service: what is done with a message, however it came.
//!
//! - `tracker`: [`Tracker`], which answers. `register`: the files of a REGISTER, one by one. `stats`: numbers of a tracker.
//! - `names`: names of files. `places`: room for searches, of which one network has a share. `others`: other trackers that share a cluster.
//! - `moderation`: orders of the operator while the tracker runs.
//! - `misnamed`: peers that know the tracker by another name.
//! - `call_back`: attempts to reach peers where they say that they are.
//! - [`refusal`]: answers to those whom the tracker refuses.

mod call_back;
mod misnamed;
mod moderation;
mod names;
mod others;
mod places;
pub mod refusal;
mod register;
mod stats;
mod tracker;

pub use moderation::Moderation;
pub use stats::{MessageCounts, Stats};
pub use tracker::{Background, CATALOGUE, OpenTrackerError, Tracker};
