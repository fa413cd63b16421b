//! Counts over all swarms.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Limits;
use crate::model::error::FileRefusal;
use crate::model::holding::Totals;

/// Kept in step with the swarms by whoever changes them, one swarm at a time.
#[derive(Default)]
pub(super) struct Counts {
    files: AtomicUsize,
    /// Members over all swarms, and how many of them are seeders.
    holdings: AtomicUsize,
    seeders: AtomicUsize,
}

impl Counts {
    pub(super) fn totals(&self, peers: usize) -> Totals {
        let [files, holdings, seeders] =
            [&self.files, &self.holdings, &self.seeders].map(|count| count.load(Ordering::Relaxed));
        // They are read one after another while others change them.
        Totals { peers, files, seeders, leechers: holdings.saturating_sub(seeders) }
    }

    /// Counts one more holding, as a leecher's, and maybe one more file, unless there are as many as there may be.
    pub(super) fn add(&self, is_new_file: bool, limits: &Limits) -> Result<(), FileRefusal> {
        if !add_one(&self.holdings, limits.holdings) {
            return Err(FileRefusal::TrackerFull);
        }
        if is_new_file && !add_one(&self.files, limits.files) {
            self.holdings.fetch_sub(1, Ordering::Relaxed);
            return Err(FileRefusal::TrackerFull);
        }
        Ok(())
    }

    /// A member that was so is so now.
    pub(super) fn change(&self, was_seeder: bool, complete: bool) {
        match (was_seeder, complete) {
            (false, true) => self.seeders.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.seeders.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
    }

    pub(super) fn remove(&self, was_seeder: bool, is_last: bool) {
        self.change(was_seeder, false);
        self.holdings.fetch_sub(1, Ordering::Relaxed);
        self.files.fetch_sub(usize::from(is_last), Ordering::Relaxed);
    }
}

/// Adds one, unless there are as many as there may be, however many others do so at the same moment.
fn add_one(count: &AtomicUsize, most: usize) -> bool {
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count < most).then_some(count + 1)).is_ok()
}
