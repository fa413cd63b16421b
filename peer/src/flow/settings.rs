//! Settings of single transfers, which the user can change while they run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};
use sprat_api::Priority;
use sprat_chunking::FileId;
use tokio::sync::Notify;

use crate::flow::rate_limit::RateLimit;

/// Settings of all transfers that have any. Only actions of the user add entries.
#[derive(Debug, Default)]
pub(crate) struct Settings(RwLock<HashMap<FileId, Arc<TransferSettings>>>);

/// Settings of one transfer, which apply to the parts of a folder too.
#[derive(Debug, Default)]
pub(crate) struct TransferSettings {
    /// Limit on the bytes of the transfer's chunks sent per second.
    pub(crate) upload_rate: RateLimit,
    /// Limit on the bytes of the transfer's chunks received per second.
    pub(crate) download_rate: RateLimit,
    /// True if the chunks are fetched in the order of the file.
    pub(crate) sequential: AtomicBool,
    /// Priorities of the files of a folder, by their place in its list; files of normal priority have no entry.
    pub(crate) priorities: RwLock<BTreeMap<u32, Priority>>,
    /// Notified when `priorities` change.
    pub(crate) prioritized: Notify,
    /// Parts of the folder that these settings apply to too.
    parts: Mutex<BTreeSet<FileId>>,
}

impl Settings {
    /// Returns the settings of this transfer, if it has any.
    pub(crate) fn get(&self, file_id: &FileId) -> Option<Arc<TransferSettings>> {
        self.0.read().get(file_id).cloned()
    }

    /// Returns whether the chunks of this transfer are fetched in the order of the file.
    pub(crate) fn is_sequential(&self, file_id: &FileId) -> bool {
        self.0.read().get(file_id).is_some_and(|settings| settings.sequential.load(Ordering::Relaxed))
    }

    /// Returns the settings of this transfer in order to change them; creates them if there are none.
    pub(crate) fn of(&self, file_id: FileId) -> Arc<TransferSettings> {
        self.0.write().entry(file_id).or_default().clone()
    }

    /// Applies the settings of a folder to this part of it too, unless the part already has settings.
    pub(crate) fn share(&self, folder: FileId, part: FileId) {
        let settings = self.of(folder);
        settings.parts.lock().insert(part);
        self.0.write().entry(part).or_insert(settings);
    }

    /// Removes the settings of a transfer and of its parts. Lifts its limits, so that tasks still waiting for them go
    /// on.
    pub(crate) fn forget(&self, file_id: &FileId) {
        let mut all = self.0.write();
        let Some(settings) = all.remove(file_id) else { return };
        for part in std::mem::take(&mut *settings.parts.lock()) {
            if all.get(&part).is_some_and(|other| Arc::ptr_eq(other, &settings)) {
                all.remove(&part);
            }
        }
        drop(all);
        settings.upload_rate.set(None);
        settings.download_rate.set(None);
    }
}

impl TransferSettings {
    /// Returns the priority of the file at this place in a folder's list.
    pub(crate) fn priority(&self, place: usize) -> Priority {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        self.priorities.read().get(&place).copied().unwrap_or_default()
    }

    /// Sets the priority of the files at these places in a folder's list.
    pub(crate) fn prioritize(&self, places: impl IntoIterator<Item = u32>, priority: Priority) {
        let mut priorities = self.priorities.write();
        for place in places {
            match priority {
                Priority::Normal => priorities.remove(&place),
                other => priorities.insert(place, other),
            };
        }
        drop(priorities);
        self.prioritized.notify_one();
    }
}

/// Limits that a chunk has to pass: that of its transfer, if there is one, then that of all transfers together.
#[derive(Debug)]
pub(crate) struct Throttle<'a> {
    all: &'a RateLimit,
    own: Option<(Arc<TransferSettings>, Direction)>,
}

/// Direction in which chunks are transferred.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    /// Chunks are sent.
    Up,
    /// Chunks are received.
    Down,
}

impl<'a> Throttle<'a> {
    /// Combines the limit `all` with that of the transfer in this direction, if it has settings of its own.
    pub(crate) fn new(all: &'a RateLimit, settings: Option<Arc<TransferSettings>>, direction: Direction) -> Self {
        Self { all, own: settings.map(|settings| (settings, direction)) }
    }

    /// Returns whether there is no limit.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.all.is_unlimited() && self.own().is_none()
    }

    /// Returns the lower of the two limits in bytes per second, if there is any.
    pub(crate) fn rate(&self) -> Option<NonZeroU32> {
        [self.own().and_then(RateLimit::rate), self.all.rate()].into_iter().flatten().min()
    }

    /// Returns the number of bytes to take at once.
    pub(crate) fn slice_len(&self) -> usize {
        self.own().map_or(usize::MAX, RateLimit::slice_len).min(self.all.slice_len())
    }

    /// Returns whether a task that came now would have to wait.
    pub(crate) fn is_holding_back(&self) -> bool {
        self.all.is_holding_back() || self.own().is_some_and(RateLimit::is_holding_back)
    }

    /// Waits until this many bytes may pass both limits. While the transfer's own limit holds them back, they use
    /// nothing of the limit of all transfers.
    pub(crate) async fn take(&self, bytes: usize) {
        self.take_own(bytes).await;
        self.take_all(bytes).await;
    }

    /// Waits until this many bytes may pass the limit of the transfer; comes before [`Throttle::take_all`].
    pub(crate) async fn take_own(&self, bytes: usize) {
        if let Some(own) = self.own() {
            own.take(bytes).await;
        }
    }

    /// Waits until this many bytes may pass the limit of all transfers.
    pub(crate) async fn take_all(&self, bytes: usize) {
        self.all.take(bytes).await;
    }

    fn own(&self) -> Option<&RateLimit> {
        let limit = self.own.as_ref().map(|(settings, direction)| match direction {
            Direction::Up => &settings.upload_rate,
            Direction::Down => &settings.download_rate,
        });
        limit.filter(|limit| !limit.is_unlimited())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_forgotten_with_its_parts_and_with_nothing_else() {
        let settings = Settings::default();
        let [folder, other, part, common] = [1, 2, 3, 4].map(|n| FileId::new([n; 32]));
        settings.share(other, common);
        [part, common].into_iter().for_each(|id| settings.share(folder, id));
        settings.of(folder).upload_rate.set(NonZeroU32::new(5));
        let held = settings.of(part);
        settings.forget(&folder);
        assert!([folder, part].iter().all(|id| settings.get(id).is_none()));
        assert!([other, common].iter().all(|id| settings.get(id).is_some()), "it was the other's first");
        assert!(held.upload_rate.is_unlimited(), "who waits for the limit waits no longer");
    }
}
