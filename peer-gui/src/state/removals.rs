//! Removed transfers that can still come back.
//!
//! A removed transfer stops and is out of sight at once; the engine forgets it when its time is over, or when the window is closed.

use std::collections::HashSet;

use sprat_chunking::FileId;

use super::toasts::SHOWN_FOR;
use crate::model::engine::Snapshot;

/// Removals that can be taken back, oldest first.
#[derive(Debug, Default)]
pub struct Removals {
    pending: Vec<Removal>,
    hidden: HashSet<FileId>,
}

#[derive(Debug)]
struct Removal {
    /// Transfers that were removed; the second value is true if the transfer ran before.
    files: Vec<(FileId, bool)>,
    /// End of the time in which the removal can be taken back, in seconds on the window's clock.
    until: f64,
}

impl Removals {
    /// Removes transfers; the second value is true if the transfer ran.
    pub fn add(&mut self, files: Vec<(FileId, bool)>, now: f64) {
        self.hidden.extend(files.iter().map(|(file_id, _)| *file_id));
        self.pending.push(Removal { files, until: now + SHOWN_FOR });
    }

    /// Takes the last removal back, and returns its transfers.
    pub fn undo(&mut self) -> Vec<(FileId, bool)> {
        let files = self.pending.pop().map(|removal| removal.files).unwrap_or_default();
        for (file_id, _) in &files {
            self.hidden.remove(file_id);
        }
        files
    }

    /// Takes back the removal of one transfer, which somebody wants again. Returns true if it was removed.
    pub fn keep(&mut self, file_id: FileId) -> bool {
        self.pending.iter_mut().for_each(|removal| removal.files.retain(|(other, _)| *other != file_id));
        self.pending.retain(|removal| !removal.files.is_empty());
        self.hidden.remove(&file_id)
    }

    /// Takes the transfers whose time is over, for the engine to forget. They stay out of sight until it has done so.
    pub fn due(&mut self, now: f64) -> Vec<FileId> {
        let (due, pending) = std::mem::take(&mut self.pending).into_iter().partition(|removal| removal.until <= now);
        self.pending = pending;
        let due: Vec<Removal> = due;
        due.into_iter().flat_map(|removal| removal.files).map(|(file_id, _)| file_id).collect()
    }

    /// Stops hiding transfers that the engine has forgotten.
    pub fn settle(&mut self, snapshot: &Snapshot) {
        if self.hidden.is_empty() {
            return;
        }
        let there: HashSet<FileId> = snapshot.transfers.iter().map(|transfer| transfer.file_id).collect();
        self.hidden.retain(|file_id| there.contains(file_id));
    }

    /// Number of transfers of the last removal that can be taken back, and the end of the time for that.
    pub fn last(&self) -> Option<(usize, f64)> {
        self.pending.last().map(|removal| (removal.files.len(), removal.until))
    }

    /// Transfers that are out of sight.
    pub fn hidden(&self) -> &HashSet<FileId> {
        &self.hidden
    }

    /// Seconds until the time of a removal is over.
    pub fn next(&self, now: f64) -> Option<f64> {
        self.pending.iter().map(|removal| (removal.until - now).max(0.0)).reduce(f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> FileId {
        FileId::new([n; 32])
    }

    #[test]
    fn a_removal_can_be_taken_back_until_its_time_is_over() {
        let mut removals = Removals::default();
        removals.add(vec![(id(1), true)], 0.0);
        removals.add(vec![(id(2), false), (id(3), true)], 1.0);
        assert_eq!(removals.hidden().len(), 3);
        assert_eq!(removals.undo(), [(id(2), false), (id(3), true)]);
        assert_eq!(removals.next(2.0), Some(SHOWN_FOR - 2.0));
        assert_eq!(removals.due(SHOWN_FOR), [id(1)]);
        assert!(removals.hidden().contains(&id(1)), "until the engine has forgotten it");
        assert!(removals.undo().is_empty());
    }

    #[test]
    fn what_somebody_wants_again_stays() {
        let mut removals = Removals::default();
        removals.add(vec![(id(1), true), (id(2), true)], 0.0);
        assert!(removals.keep(id(1)) && !removals.keep(id(1)));
        assert_eq!(removals.due(f64::MAX), [id(2)]);
    }
}
