//! Chunk hashes that the lists of folders need. When a list is deleted, so are the hashes that no other needs.

use std::collections::{HashMap, HashSet};

use sprat_chunking::FileId;
use sprat_protocol::Collection;

/// Number of lists on the disk that need each file or bundle.
#[derive(Debug, Default)]
pub(crate) struct Needed {
    lists: HashSet<FileId>,
    counts: HashMap<FileId, u32>,
}

impl Needed {
    /// Counts the files and bundles that a list needs, unless the list is counted already.
    pub(crate) fn add(&mut self, list: FileId, collection: &Collection) {
        if self.lists.insert(list) {
            parts_of(collection).into_iter().for_each(|id| *self.counts.entry(id).or_default() += 1);
        }
    }

    /// Stops counting a list. Returns the files and bundles that it needed, or none if it was not counted.
    pub(crate) fn remove(&mut self, list: FileId, collection: &Collection) -> HashSet<FileId> {
        if !self.lists.remove(&list) {
            return HashSet::new();
        }
        let parts = parts_of(collection);
        for id in &parts {
            if let Some(count) = self.counts.get_mut(id) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(id);
                }
            }
        }
        parts
    }

    /// Returns whether a list is counted.
    pub(crate) fn has_list(&self, list: &FileId) -> bool {
        self.lists.contains(list)
    }

    /// Returns whether any list needs this file or bundle.
    pub(crate) fn needs(&self, id: &FileId) -> bool {
        self.counts.contains_key(id)
    }
}

fn parts_of(collection: &Collection) -> HashSet<FileId> {
    let files = collection.files.iter().map(|file| file.file_id);
    files.chain(collection.bundles.iter().map(|bundle| bundle.file_id)).collect()
}

#[cfg(test)]
mod tests {
    use sprat_protocol::collection::CollectionFile;

    use super::*;

    fn id(n: u8) -> FileId {
        FileId::new([n; 32])
    }

    fn list(files: &[u8]) -> Collection {
        let file = |n: &u8| CollectionFile { path: vec![n.to_string()], size: 1, file_id: id(*n) };
        Collection { bundles: Vec::new(), files: files.iter().map(file).collect(), folders: Vec::new() }
    }

    #[test]
    fn what_two_lists_need_is_needed_until_both_are_gone() {
        let mut needed = Needed::default();
        let (one, other) = (list(&[1, 2, 2]), list(&[2, 3]));
        needed.add(id(10), &one);
        needed.add(id(10), &one);
        needed.add(id(11), &other);
        assert!([1, 2, 3].map(id).iter().all(|id| needed.needs(id)));
        assert_eq!(needed.remove(id(10), &one), [1, 2].map(id).into());
        assert_eq!([1, 2, 3].map(|n| needed.needs(&id(n))), [false, true, true]);
        assert!(needed.remove(id(10), &one).is_empty() && !needed.has_list(&id(10)), "it was removed already");
        needed.remove(id(11), &other);
        assert!(!needed.needs(&id(2)) && !needed.needs(&id(3)));
    }
}
