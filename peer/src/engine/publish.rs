//! The snapshots that front ends see.

use std::sync::Arc;
use std::time::Instant;

use super::run::Running;
use crate::snapshot::Snapshot;
use crate::transfer::Transfer;

impl Running {
    /// Publishes how things stand. Of a transfer in which nothing changed it is the same view as before, so that whoever looks sees
    /// at once what is new.
    pub(super) fn publish(&mut self) {
        let now = Instant::now();
        let hints = self.node.hints();
        if hints != self.hints {
            self.transfers.iter_mut().for_each(Transfer::show_anew);
            self.hints = hints;
        }
        let transfers: Vec<_> = self.transfers.iter_mut().map(|t| t.view(&self.node, &self.hints, now)).collect();
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
        self.stale = self.hashing.is_some() || self.transfers.iter().any(Transfer::is_changing);
        self.snapshots.send_replace(Arc::new(snapshot));
    }
}
