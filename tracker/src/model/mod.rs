//! Words of the whole crate: what a tracker knows of peers and files, without any logic of storing or asking.
//!
//! - [`moment`]: [`Now`](moment::Now), and the caller of a message.
//! - [`holding`]: files, claims and peers, as stores are told of them and tell of them. [`error`]: refusals of a store.
//! - [`contact`]: addresses of one peer. [`network`]: addresses that count as one party. `rates`: limits for each party.
//! - `count`, `shown`: numbers and strangers' text as they are sent.

pub mod contact;
pub(crate) mod count;
pub mod error;
pub mod holding;
pub mod moment;
pub mod network;
pub(crate) mod rates;
pub(crate) mod shown;
