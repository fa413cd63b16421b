//! Trackers: one request, one tracker, all of them; what they are told and asked.

pub(crate) mod announcer;
pub(crate) mod client;
pub(crate) mod query;
pub(crate) mod search;
pub(crate) mod token_file;
pub(crate) mod tokens;
pub(crate) mod trackers;
