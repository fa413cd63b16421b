//! How a download keeps to the limits on what is received.

use std::time::Instant;

use super::Download;
use crate::download::scheduler::{Limited, Scheduler};
use crate::world::clock;

impl Download {
    /// The limit that it keeps to now, if there is one.
    pub(super) fn limited(&self) -> Option<Limited> {
        let throttle = self.env.flow.download_throttle(&self.order.link.file_id);
        let rate = throttle.rate()?;
        Some(Limited { rate, is_reached: throttle.is_holding_back() })
    }

    /// Tells the scheduler whose bytes this side held back, so that it takes nobody for slow who is not.
    pub(super) fn excuse_held_back(&self, scheduler: &mut Scheduler) {
        let now = clock::now();
        for (key, remote) in &self.peers {
            if let Some(until) = remote.connection.held_back.until(now) {
                scheduler.held_back(*key, until);
            }
        }
    }

    /// When this side last held anybody's bytes back.
    pub(super) fn held_back_until(&self) -> Option<Instant> {
        let now = clock::now();
        self.peers.values().filter_map(|remote| remote.connection.held_back.until(now)).max()
    }
}
