//! The queue: so many downloads at once, the others wait for their turn in the order in which they were added.

use std::time::{Duration, Instant};

use sprat_api::TransferState;
use sprat_chunking::FileId;

use super::run::Running;
use crate::clock;
use crate::transfer::Transfer;

/// How long a download may wait for peers before its turn is another's.
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
        let queued: Vec<FileId> = self.transfers.iter().filter(|t| is_queued(t)).map(|t| t.file_id).collect();
        for file_id in queued {
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

    /// When somebody's turn may come without anything happening.
    pub(super) fn next_turn(&self) -> Option<Instant> {
        self.transfers.iter().find(|transfer| is_queued(transfer))?;
        if self.has_turn() {
            return Some(clock::now());
        }
        let now = clock::now();
        let running = self.transfers.iter().filter(|transfer| transfer.running.is_some());
        let given_up = running.filter_map(|transfer| Some(transfer.status.waiting_since()? + PATIENCE));
        given_up.filter(|at| *at > now).min()
    }

    fn has_turn(&self) -> bool {
        let running = self.transfers.iter().filter(|transfer| transfer.running.is_some());
        let waits =
            |transfer: &&Transfer| transfer.status.waiting_since().is_some_and(|at| clock::now() >= at + PATIENCE);
        running.filter(|transfer| !waits(transfer)).count() < self.active_downloads
    }
}

fn is_queued(transfer: &Transfer) -> bool {
    !transfer.is_busy() && transfer.order.is_some() && transfer.status.is(&TransferState::Queued)
}
