//! Equipment that several rows need.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::ensure;
use sprat_api::TransferState;
use sprat_peer::EngineConfig;
use sprat_protocol::Link;
use sprat_tests::swarm::Peer;

pub(crate) const MIB: usize = 1024 * 1024;

/// Runs a row that is written with engines.
pub(crate) fn engines<T>(row: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    crate::engine::runtime()?.block_on(row)
}

/// Sends no more than so many bytes a second.
pub(crate) fn at_rate(bytes: usize) -> impl FnOnce(&mut EngineConfig) {
    move |config| config.limits.upload_rate = std::num::NonZeroU32::new(bytes as u32)
}

/// A link to the same file at these addresses alone.
pub(crate) fn link_to(link: &Link, addresses: &[std::net::SocketAddr]) -> Link {
    let peers = addresses.iter().map(|addr| (*addr).into()).collect();
    Link { trackers: Vec::new(), peers, ..link.clone() }
}

/// Waits until the first transfer of an engine has so many chunks.
pub(crate) async fn until_chunks(peer: &Peer, chunks: u32) {
    peer.until(|snapshot| (snapshot.transfers.first()?.chunks_done >= chunks).then_some(())).await;
}

/// Waits until the first transfer of an engine is in this state; gives how long that took.
pub(crate) async fn until_state(peer: &Peer, state: TransferState) -> Duration {
    let start = Instant::now();
    peer.until(|snapshot| (snapshot.transfers.first()?.state == state).then_some(())).await;
    start.elapsed()
}

/// Everything below a folder, and the bytes of what is a file. Links are not followed.
pub(crate) fn tree(root: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            let kind = path.symlink_metadata()?;
            let below = path.strip_prefix(root)?.to_owned();
            if kind.is_dir() {
                waiting.push(path);
            } else {
                found.insert(below, if kind.is_file() { std::fs::read(path)? } else { Vec::new() });
            }
        }
    }
    Ok(found)
}

/// Fails unless a file has these bytes.
pub(crate) fn is_right(path: &Path, data: &[u8]) -> anyhow::Result<()> {
    ensure!(std::fs::read(path)? == data, "{} has a wrong byte", path.display());
    Ok(())
}

/// Returns true if this process is root's, which some faults take.
pub(crate) fn is_root() -> bool {
    cfg!(target_os = "linux") && rustix::process::geteuid().is_root()
}
