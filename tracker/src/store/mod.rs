//! Stores of who holds what.
//!
//! - `contract`: [`Store`], what the tracker asks of a store.
//! - `answer`: the one writer of answers to QUERY.
//! - [`swarm`]: the store in the memory of this process. [`cluster`]: the store in a Valkey or Redis Cluster that several
//!   trackers share.

mod answer;
pub mod cluster;
mod contract;
pub mod swarm;

pub use crate::model::error::{FileRefusal, LeaseError, PeerRefusal, RegisterError, Unavailable, UnknownLease};
pub use crate::model::holding::{Accepted, Asker, Claim, Found, Offer, Registration, Renewal, Share, Summary, Totals};
pub use contract::Store;
