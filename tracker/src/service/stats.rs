//! Numbers that a tracker tells about itself.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use utoipa::ToSchema;

/// Numbers of a tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stats {
    /// Version of the tracker.
    pub version: &'static str,
    /// Seconds for which the tracker has been running.
    pub uptime: u64,
    /// Peers with a lease.
    pub peers: usize,
    /// Different files.
    pub files: usize,
    /// Pairs of a peer and a file that it has all of.
    pub seeders: usize,
    /// Pairs of a peer and a file that it has a part of.
    pub leechers: usize,
    /// Messages that the tracker understood.
    pub requests: MessageCounts,
}

/// Numbers of messages of each kind that the tracker understood since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Requests)]
pub struct MessageCounts {
    /// REGISTER.
    pub register: u64,
    /// QUERY, and questions for one file.
    pub query: u64,
    /// HEARTBEAT.
    pub heartbeat: u64,
    /// UNREGISTER.
    pub unregister: u64,
    /// SEARCH.
    pub search: u64,
}

/// [`MessageCounts`] while messages are counted. No message waits for another to be counted.
#[derive(Debug, Default)]
pub(super) struct MessageCounters {
    pub(super) register: MessageCounter,
    pub(super) query: MessageCounter,
    pub(super) heartbeat: MessageCounter,
    pub(super) unregister: MessageCounter,
    pub(super) search: MessageCounter,
}

/// Counter of one kind of message.
#[derive(Debug, Default)]
pub(super) struct MessageCounter(AtomicU64);

impl MessageCounter {
    /// Counts one message more.
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl MessageCounters {
    /// Reads all counters.
    pub(super) fn read(&self) -> MessageCounts {
        let Self { register, query, heartbeat, unregister, search } = self;
        MessageCounts {
            register: register.read(),
            query: query.read(),
            heartbeat: heartbeat.read(),
            unregister: unregister.read(),
            search: search.read(),
        }
    }
}
