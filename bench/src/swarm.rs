//! Ground of the benchmarks with several hosts: the real binaries on them, and what their records say.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use serde_json::Value;

use crate::network::{Network, address};
use crate::process::{Process, beside_this, text};

/// A tracker on one host.
pub(crate) struct Tracker {
    /// Its URL.
    pub(crate) url: String,
    /// Its process.
    pub(crate) process: Process,
}

impl Tracker {
    /// Starts it and waits until it listens.
    pub(crate) fn start(network: &Network, host: usize, until: Instant) -> anyhow::Result<Self> {
        let listen = format!("{}:0", address(host));
        let mut process = network.start(host, &beside_this("sprat-tracker")?, ["--listen", &listen])?;
        let url = process.line("sprat-tracker listening on ", until)?;
        Ok(Self { url, process })
    }
}

/// `sprat share` on one host, up to the moment when the file is shared; and the record that says so.
pub(crate) fn share(
    network: &Network,
    host: usize,
    file: &Path,
    tracker: &str,
    until: Instant,
) -> anyhow::Result<(Process, Value)> {
    let arguments = ["share", text(file)?, "--tracker", tracker, "--json"];
    let mut process = network.start(host, &beside_this("sprat")?, arguments)?;
    let shared = process.record("shared", until)?;
    Ok((process, shared))
}

/// A text in a record.
pub(crate) fn field<'a>(record: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    record[name].as_str().with_context(|| format!("{record} has no {name}"))
}

/// The bytes of chunks that came from this host, as a record of a download tells.
pub(crate) fn bytes_from(record: &Value, host: usize) -> u64 {
    let address = address(host) + ":";
    let is_there = |source: &&Value| source["addr"].as_str().is_some_and(|addr| addr.starts_with(&address));
    let sources = record["sources"].as_array().into_iter().flatten().filter(is_there);
    sources.filter_map(|source| source["bytes"].as_u64()).sum()
}

/// Returns true if a record says that the download is complete.
pub(crate) fn is_complete(record: &Value) -> bool {
    record["type"] == "complete"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_for_the_host_that_they_came_from() {
        let source = |addr: &str, bytes| serde_json::json!({"addr": addr, "bytes": bytes});
        let sources = [source("10.77.0.1:5", 1), source("10.77.0.11:5", 2), source("10.77.0.2:5", 4)];
        let record = serde_json::json!({"sources": sources});
        assert_eq!([0, 1, 10, 2].map(|host| bytes_from(&record, host)), [1, 4, 2, 0]);
        assert_eq!(bytes_from(&Value::Null, 0), 0);
    }
}
