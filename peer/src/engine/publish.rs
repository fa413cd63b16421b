//! The snapshots that front ends see.

use std::sync::Arc;
use std::time::Instant;

use super::run::Running;
use crate::snapshot::Snapshot;

impl Running {
    /// Publishes how things stand.
    pub(super) fn publish(&mut self) {
        let now = Instant::now();
        let transfers: Vec<_> = self.transfers.iter().map(|t| Arc::new(t.view(&self.node, now))).collect();
        let snapshot = Snapshot {
            peer_id: self.node.peer_id,
            listen: self.node.listen,
            download_dir: self.download_dir.clone(),
            trackers: self.node.trackers.views(),
            hashing: self.hashing_views(),
            down_rate: transfers.iter().map(|transfer| transfer.down_rate).sum(),
            up_rate: transfers.iter().map(|transfer| transfer.up_rate).sum(),
            up_limit: self.node.upload_rate.rate(),
            down_limit: self.node.download_rate.rate(),
            active_downloads: self.active_downloads,
            detail: self.detail(),
            transfers,
        };
        self.published = now;
        // While something moves, a rate that falls is news too; when nothing does, nothing wakes.
        let peers = || snapshot.transfers.iter().flat_map(|transfer| &transfer.peers);
        let is_moving = snapshot.down_rate > 0
            || snapshot.up_rate > 0
            || peers().any(|peer| peer.down_rate > 0 || peer.up_rate > 0);
        let is_working = self.hashing.is_some() || snapshot.transfers.iter().any(|transfer| transfer.work.is_some());
        self.stale = is_moving || is_working;
        self.snapshots.send_replace(Arc::new(snapshot));
    }
}
