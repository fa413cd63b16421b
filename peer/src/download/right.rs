//! Right to fetch a file, which one task of an engine has at a time: a connection has one listener per file.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use sprat_chunking::FileId;

/// Files that are being fetched, by themselves or for a folder. Clones share one set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rights(Arc<Mutex<HashSet<FileId>>>);

/// Right to fetch one file, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Right {
    rights: Rights,
    file_id: FileId,
}

impl Rights {
    /// Takes the right to fetch this file; None if another task has it.
    pub(crate) fn take(&self, file_id: FileId) -> Option<Right> {
        let is_free = self.0.lock().insert(file_id);
        is_free.then(|| Right { rights: self.clone(), file_id })
    }

    /// Number of files that are being fetched.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

impl Drop for Right {
    fn drop(&mut self) {
        self.rights.0.lock().remove(&self.file_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_at_a_time_fetches_a_file() {
        let (rights, [one, other]) = (Rights::default(), [1, 2].map(|n| FileId::new([n; 32])));
        let right = rights.take(one);
        assert!(right.is_some() && rights.take(one).is_none() && rights.take(other).is_some());
        drop(right);
        assert!(rights.take(one).is_some() && rights.len() == 0, "those that nobody kept are free again");
    }
}
