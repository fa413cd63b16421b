//! Handles: what peers and files are called where there are millions of pairs of them.

use hashbrown::HashTable;

/// Names a peer, or a file, for as long as it is known: a slot that another one gets later.
pub(super) type Handle = u32;

/// The hash of a handle, of which all bits are used. Nobody chooses handles, so it takes no key.
pub(super) fn hash_of(handle: Handle) -> u64 {
    let product = u64::from(handle).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 32)
}

/// A set that takes about eight bytes a handle.
#[derive(Default)]
pub(super) struct HandleSet(HashTable<Handle>);

impl HandleSet {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a handle that is not in the set.
    pub(super) fn insert(&mut self, handle: Handle) {
        self.0.insert_unique(hash_of(handle), handle, |other| hash_of(*other));
    }

    pub(super) fn remove(&mut self, handle: Handle) {
        if let Ok(entry) = self.0.find_entry(hash_of(handle), |other| *other == handle) {
            entry.remove();
        }
    }

    /// Takes up to so many handles out of the set, no matter which.
    pub(super) fn take(&mut self, most: usize) -> impl Iterator<Item = Handle> + '_ {
        self.0.extract_if(|_| true).take(most)
    }
}

/// Finds handles by the IDs that they stand for. It keeps a part of the hash of each, so that it grows without a look at
/// every ID, during which all would wait.
#[derive(Default)]
pub(super) struct IdTable(HashTable<(u32, Handle)>);

impl IdTable {
    /// The handle that stands for what has this hash, and is this one.
    pub(super) fn find(&self, hash: u64, is: impl Fn(Handle) -> bool) -> Option<Handle> {
        let kept = kept(hash);
        self.0.find(spread(kept), |(other, handle)| *other == kept && is(*handle)).map(|(_, handle)| *handle)
    }

    /// Adds a handle that is not in the table.
    pub(super) fn insert(&mut self, hash: u64, handle: Handle) {
        let kept = kept(hash);
        self.0.insert_unique(spread(kept), (kept, handle), |(kept, _)| spread(*kept));
    }

    pub(super) fn remove(&mut self, hash: u64, handle: Handle) {
        if let Ok(entry) = self.0.find_entry(spread(kept(hash)), |(_, other)| *other == handle) {
            entry.remove();
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The upper half of a hash. The lower half tells in which of several tables something is.
fn kept(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// A hash of which the lowest and the highest bits differ between two that differ: the table uses both.
fn spread(kept: u32) -> u64 {
    u64::from(kept) << 32 | u64::from(kept)
}
