//! Display of a download's chunks under way, for whoever watches it.

use std::time::{Duration, Instant};

use sprat_chunking::{Bitfield, ChunkHashes};

use super::Download;
use crate::download::scheduler::Scheduler;
use crate::world::clock;

/// Shortest time between two displays of the chunks under way, which change with every chunk.
const SHOW_EVERY: Duration = Duration::from_millis(200);

impl Download {
    /// Shows the chunks under way to whoever watches, unless they were shown less than [`SHOW_EVERY`] ago. Returns when
    /// to show them again in that case.
    pub(super) fn show_requested(
        &self,
        scheduler: &Scheduler,
        hashes: &ChunkHashes,
        shown_at: &mut Option<Instant>,
    ) -> Option<Instant> {
        let (watching, now) = (self.status.watching(), clock::now());
        if !watching.is_on() {
            *shown_at = None;
            return None;
        }
        if let Some(again) = shown_at.map(|at| at + SHOW_EVERY).filter(|again| now < *again) {
            return Some(again);
        }
        *shown_at = Some(now);
        let mut requested = Bitfield::empty(hashes.num_chunks());
        for index in scheduler.under_way().filter_map(|number| hashes.index(number)) {
            requested.insert(index);
        }
        if watching.requested(hashes.file_id(), requested) {
            self.env.news.changed();
        }
        None
    }
}
