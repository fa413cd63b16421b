//! Trackers: one of them, all of them, and what they are told and asked.
//!
//! - [`client`]: one request and its answer. [`tracker`]: one tracker, and how it is. [`all`]: those that this peer uses.
//! - [`announcer`]: telling one of them what is held. [`query`]: asking all of them who has a file. [`search`]: files by words.
//! - [`tokens`]: what opens private ones, and [`token_file`]: where that is kept.

pub(crate) mod all;
pub(crate) mod announcer;
pub(crate) mod client;
pub(crate) mod query;
pub(crate) mod search;
pub(crate) mod token_file;
pub(crate) mod tokens;
pub(crate) mod tracker;
