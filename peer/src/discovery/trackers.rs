//! Trackers that this peer uses: announcing files to them, asking them, and the tokens for private ones.
//!
//! - [`client`]: one request and its answer. [`tracker`]: one tracker and its state. [`all`]: the trackers in use.
//! - [`announcer`]: tells one tracker which files are held. [`query`]: asks all trackers who has a file.
//! - [`questions`]: questions of front ends to any trackers. [`search`]: finds files by words.
//! - [`tokens`]: access tokens of private trackers. [`token_file`]: the file that keeps them. [`token_keeper`]: changes it.

pub(crate) mod all;
pub(crate) mod announcer;
pub(crate) mod client;
pub(crate) mod query;
pub(crate) mod questions;
pub(crate) mod search;
pub(crate) mod token_file;
pub(crate) mod token_keeper;
pub(crate) mod tokens;
pub(crate) mod tracker;
