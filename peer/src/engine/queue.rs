//! The queue: so many downloads at once, the others wait for their turn in the order in which they were added.

use std::time::{Duration, Instant};

use sprat_api::TransferState;
use sprat_chunking::FileId;

use super::running::Running;
use crate::world::clock;

/// Time a download may wait for peers before its turn is another's.
const PATIENCE: Duration = Duration::from_secs(5);

impl Running {
    /// Starts a download now or when its turn comes.
    pub(super) fn enqueue(&mut self, file_id: FileId) {
        if self.has_turn() {
            self.start(file_id);
        } else if let Some(transfer) = self.transfer(file_id).filter(|transfer| !transfer.is_busy()) {
            transfer.paused = false;
            transfer.set_state(TransferState::Queued);
        }
    }

    /// Starts the downloads whose turn has come.
    pub(super) fn start_queued(&mut self) {
        for file_id in self.transfers.queued(self.active_downloads) {
            if !self.has_turn() {
                return;
            }
            self.start(file_id);
        }
    }

    /// So many downloads at once from now on; those that run go on.
    pub(super) fn set_active_downloads(&mut self, most: usize) {
        self.active_downloads = most.max(1);
        self.start_queued();
    }

    /// The time when somebody's turn may come without anything happening.
    pub(super) fn next_turn(&mut self) -> Option<Instant> {
        if !self.transfers.has_queued() {
            return None;
        }
        if self.has_turn() { Some(clock::now()) } else { self.transfers.next_given_up(PATIENCE) }
    }

    fn has_turn(&mut self) -> bool {
        self.transfers.take_in(&self.parts.holdings.changes);
        self.transfers.count_active(PATIENCE, self.active_downloads) < self.active_downloads
    }
}
