//! The snapshots that front ends see.

use std::sync::Arc;

use super::run::Running;
use crate::clock;
use sprat_api::Snapshot;

use crate::transfer::Transfer;

impl Running {
    /// Publishes how things stand.
    pub(super) fn publish(&mut self) {
        let snapshot = self.snapshot();
        self.snapshots.send_replace(Arc::new(snapshot));
    }

    /// The same if it is news: a stranger that came and went, such as a tracker that looks whether this peer can be reached, wakes
    /// nobody.
    pub(super) fn publish_news(&mut self) {
        let snapshot = self.snapshot();
        self.snapshots.send_if_modified(|last| {
            let is_news = !says_the_same(last, &snapshot);
            if is_news {
                *last = Arc::new(snapshot);
            }
            is_news
        });
    }

    /// How things stand. Of a transfer in which nothing changed it is the same view as before, so that whoever looks sees at once what
    /// is new.
    fn snapshot(&mut self) -> Snapshot {
        let now = clock::now();
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
        (self.published, self.commanded) = (now, false);
        // While something moves, a rate that falls is news too; when nothing does, nothing wakes.
        self.stale = self.hashing.is_some() || self.transfers.iter().any(Transfer::is_changing);
        snapshot
    }
}

/// Whether the one tells nothing that the other does not.
fn says_the_same(one: &Snapshot, other: &Snapshot) -> bool {
    let totals = |s: &Snapshot| (s.down_rate, s.up_rate, s.up_limit, s.down_limit, s.active_downloads);
    let mut pairs = one.transfers.iter().zip(&other.transfers);
    one.transfers.len() == other.transfers.len()
        && pairs.all(|(one, other)| Arc::ptr_eq(one, other))
        && one.trackers == other.trackers
        && one.hashing == other.hashing
        && one.download_dir == other.download_dir
        && one.detail == other.detail
        && totals(one) == totals(other)
}

#[cfg(test)]
mod tests {
    use sprat_api::{HashingView, TrackerState, TrackerView};
    use sprat_protocol::PeerId;

    use super::*;

    #[test]
    fn what_says_the_same_is_no_news() {
        let quiet = Snapshot::new(PeerId::new([1; 32]), ([127, 0, 0, 1], 4000).into(), "/downloads".into());
        assert!(says_the_same(&quiet, &quiet.clone()));
        let url = "http://hub:5000".parse().unwrap();
        let tracker = TrackerView { reachable: None, refusal: None, url, state: TrackerState::Online };
        let reading = HashingView { path: "/a".into(), done: 0, total: 1, eta: None };
        for news in [
            Snapshot { trackers: vec![tracker], ..quiet.clone() },
            Snapshot { hashing: vec![reading], ..quiet.clone() },
            Snapshot { up_rate: 1, ..quiet.clone() },
            Snapshot { active_downloads: 6, ..quiet.clone() },
        ] {
            assert!(!says_the_same(&quiet, &news));
        }
    }
}
