//! Transfers of which something changed that a snapshot shows.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use sprat_chunking::FileId;

/// Set of the file IDs of transfers whose snapshot must be updated: filled by any task that changes one, emptied by the
/// engine.
#[derive(Debug, Default)]
pub(crate) struct Changes(Mutex<BTreeSet<FileId>>);

impl Changes {
    /// Notes that the snapshot of a transfer must be updated.
    pub(crate) fn note(&self, file_id: FileId) {
        self.0.lock().insert(file_id);
    }

    /// Removes and returns the file IDs noted since the last call.
    pub(crate) fn take(&self) -> BTreeSet<FileId> {
        std::mem::take(&mut self.0.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_until_it_changes_again() {
        let changes = Changes::default();
        let [one, other] = [1, 2].map(|n| FileId::new([n; 32]));
        [other, one, other].into_iter().for_each(|id| changes.note(id));
        assert_eq!(changes.take(), [one, other].into());
        assert!(changes.take().is_empty());
        changes.note(one);
        assert_eq!(changes.take(), [one].into());
    }
}
