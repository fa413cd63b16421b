//! What a download shows to who watches it.

use std::time::{Duration, Instant};

use sprat_chunking::{Bitfield, ChunkHashes};

use super::Download;
use crate::download::scheduler::Scheduler;
use crate::world::clock;

/// How often what is under way is shown at most: it changes with every chunk.
const SHOW_EVERY: Duration = Duration::from_millis(200);

impl Download {
    /// Shows who watches which chunks are under way, unless that was shown just now. Returns when to show it again in that case.
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
