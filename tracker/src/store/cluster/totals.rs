//! Totals of the cluster, about.
//!
//! Nothing is counted: counts would drift with each entry that expires and each server that takes over. Now and then each
//! primary is asked how many keys it has and what some of them, drawn at random, are. Where there are few keys they are all
//! looked at.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use redis::{Pipeline, Value};
use tokio::time;

use super::keys::Keys;
use super::node::{NoAnswer, Node};
use super::router::Router;
use crate::model::holding::Totals;

/// Pause between two estimates.
const TOTALS_TIME: Duration = Duration::from_secs(5);
/// Number of keys of each primary that are looked at.
const SAMPLE_LEN: usize = 256;

/// Sample of the keys of one server.
#[derive(Debug, Default, PartialEq)]
struct Sample {
    /// Number of keys that the server has.
    keys: usize,
    /// Number of keys that were looked at.
    looked_at: usize,
    peers: usize,
    files: usize,
    seeders: usize,
    leechers: usize,
}

/// An estimate of how much there is in the cluster.
#[derive(Debug)]
pub(super) struct Estimate {
    router: Arc<Router>,
    keys: Keys,
    totals: RwLock<Totals>,
}

impl Estimate {
    pub(super) fn new(router: Arc<Router>, keys: Keys) -> Self {
        Self { router, keys, totals: RwLock::default() }
    }

    /// The latest estimate.
    pub(super) fn totals(&self) -> Totals {
        *self.totals.read()
    }

    /// Finds out now and then how much there is; never ends. A primary that is away keeps what it last had.
    pub(super) async fn keep(&self) {
        let mut known: Vec<(Arc<Node>, Totals)> = Vec::new();
        loop {
            let topology = self.router.topology();
            known.retain(|(node, _)| topology.primaries().iter().any(|primary| Arc::ptr_eq(primary, node)));
            for primary in topology.primaries() {
                let Ok(sample) = sample(primary, &self.keys).await else { continue };
                known.retain(|(node, _)| !Arc::ptr_eq(node, primary));
                known.push((primary.clone(), sample.estimate()));
            }
            *self.totals.write() = known.iter().fold(Totals::default(), |sum, (_, totals)| add(sum, *totals));
            let pause = if known.is_empty() { TOTALS_TIME / 10 } else { TOTALS_TIME };
            time::sleep(pause).await;
        }
    }
}

impl Sample {
    /// Scales the sample up to all keys of the server.
    fn estimate(&self) -> Totals {
        let scale = |count: usize| (count * self.keys).checked_div(self.looked_at).unwrap_or(0);
        Totals {
            peers: scale(self.peers),
            files: scale(self.files),
            seeders: scale(self.seeders),
            leechers: scale(self.leechers),
        }
    }
}

fn add(a: Totals, b: Totals) -> Totals {
    Totals {
        peers: a.peers + b.peers,
        files: a.files + b.files,
        seeders: a.seeders + b.seeders,
        leechers: a.leechers + b.leechers,
    }
}

async fn sample(node: &Node, keys: &Keys) -> Result<Sample, NoAnswer> {
    let num_keys: usize = read(node.send(&redis::cmd("DBSIZE")).await?)?;
    let names = if num_keys <= SAMPLE_LEN { all_keys(node).await? } else { some_keys(node).await? };
    let swarms: Vec<&Vec<u8>> = names.iter().filter(|name| keys.file_of(name).is_some()).collect();
    let (seeders, leechers) = count_entries(node, &swarms).await?;
    Ok(Sample {
        keys: num_keys.max(names.len()),
        looked_at: names.len(),
        peers: names.iter().filter(|name| keys.is_peer(name)).count(),
        files: swarms.len(),
        seeders,
        leechers,
    })
}

async fn all_keys(node: &Node) -> Result<Vec<Vec<u8>>, NoAnswer> {
    let mut names = BTreeSet::new();
    let mut cursor = 0;
    loop {
        let scan = node.send(redis::cmd("SCAN").arg(cursor).arg("COUNT").arg(SAMPLE_LEN)).await?;
        let (next, page): (u64, Vec<Vec<u8>>) = read(scan)?;
        names.extend(page);
        if next == 0 || names.len() > 10 * SAMPLE_LEN {
            return Ok(names.into_iter().collect());
        }
        cursor = next;
    }
}

async fn some_keys(node: &Node) -> Result<Vec<Vec<u8>>, NoAnswer> {
    let mut draws = Pipeline::new();
    for _ in 0..SAMPLE_LEN {
        draws.cmd("RANDOMKEY");
    }
    node.send_all(&draws).await?.into_iter().map(read).collect()
}

/// Counts the seeders and leechers that these swarms have together.
async fn count_entries(node: &Node, swarms: &[&Vec<u8>]) -> Result<(usize, usize), NoAnswer> {
    if swarms.is_empty() {
        return Ok((0, 0));
    }
    let mut counts = Pipeline::new();
    for swarm in swarms {
        counts.cmd("ZCOUNT").arg(swarm).arg("(0").arg("+inf");
        counts.cmd("ZCOUNT").arg(swarm).arg("-inf").arg("(0");
    }
    // A key may have left in between.
    let counts: Vec<usize> = node.send_all(&counts).await?.into_iter().map(|count| read(count).unwrap_or(0)).collect();
    Ok((counts.iter().step_by(2).sum(), counts.iter().skip(1).step_by(2).sum()))
}

fn read<T: redis::FromRedisValue>(value: Value) -> Result<T, NoAnswer> {
    redis::from_redis_value(value).map_err(|_| NoAnswer::NotYet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_stands_for_all_keys() {
        let sample = Sample { keys: 1000, looked_at: 250, peers: 50, files: 100, seeders: 300, leechers: 7 };
        assert_eq!(sample.estimate(), Totals { peers: 200, files: 400, seeders: 1200, leechers: 28 });
        assert_eq!(Sample::default().estimate(), Totals::default());
    }
}
