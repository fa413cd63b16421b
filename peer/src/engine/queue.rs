//! Queue of downloads: a limited number runs at once, the others wait in the order in which they were added.

use std::time::{Duration, Instant};

use super::running::Running;
use crate::engine::phase::Happening;
use crate::world::clock;

/// Time that a download may wait for peers before another one gets its turn.
const PATIENCE: Duration = Duration::from_secs(5);

impl Running {
    /// Starts the queued downloads whose turn has come.
    pub(super) fn start_queued(&mut self) {
        for file_id in self.transfers.queued(self.active_downloads) {
            if !self.has_turn() {
                return;
            }
            self.happens(file_id, Happening::Turn);
        }
    }

    /// Sets the number of downloads that run at once. Downloads that run already go on.
    pub(super) fn set_active_downloads(&mut self, most: usize) {
        self.active_downloads = most.max(1);
        self.start_queued();
    }

    /// Returns the time when a queued download may start without any event.
    pub(super) fn next_turn(&mut self) -> Option<Instant> {
        if !self.transfers.has_queued() {
            return None;
        }
        if self.has_turn() { Some(clock::now()) } else { self.transfers.next_given_up(PATIENCE) }
    }

    /// Returns whether another download may run now.
    pub(super) fn has_turn(&mut self) -> bool {
        self.transfers.take_in(&self.parts.holdings.changes);
        self.transfers.count_active(PATIENCE, self.active_downloads) < self.active_downloads
    }
}
