//! Rate limits that a download keeps to.

use std::time::Instant;

use super::Download;
use crate::download::scheduler::{Limited, Scheduler};
use crate::world::clock;

impl Download {
    /// Current rate limit of this download, if there is one.
    pub(super) fn limited(&self) -> Option<Limited> {
        let throttle = self.env.flow.download_throttle(&self.order.link.file_id);
        let rate = throttle.rate()?;
        Some(Limited { rate, is_reached: throttle.is_holding_back() })
    }

    /// Tells the scheduler which peers' bytes this side held back, so that those peers do not count as slow.
    pub(super) fn excuse_held_back(&self, scheduler: &mut Scheduler) {
        let now = clock::now();
        for (key, remote) in &self.peers {
            if let Some(until) = remote.connection.held_back.until(now) {
                scheduler.held_back(*key, until);
            }
        }
    }

    /// Latest time at which this side held back the bytes of any connected peer.
    pub(super) fn held_back_until(&self) -> Option<Instant> {
        let now = clock::now();
        self.peers.values().filter_map(|remote| remote.connection.held_back.until(now)).max()
    }
}
