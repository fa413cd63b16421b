//! List of an engine's transfers, in the order in which they were added. Transfers are found by file ID, and by the
//! work that they need, without going through the whole list.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sprat_chunking::FileId;
use sprat_store::whole::Whole;

use crate::engine::phase::Phase;
use crate::engine::transfer::Transfer;
use crate::world::changes::Changes;
use crate::world::clock;

/// Place of a transfer in the order in which transfers were added; never reused.
pub(super) type Place = u64;

/// Transfers of an engine.
///
/// Transfers changed through [`Transfers::get_mut`] or through their status are noted as changed. The index is brought
/// up to date for them before it is used.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    all: BTreeMap<Place, Box<Transfer>>,
    places: HashMap<FileId, Place>,
    next: Place,
    /// Places whose entries in `index` may be out of date.
    touched: Vec<Place>,
    index: Index,
    /// Places whose views have to be renewed.
    stale: BTreeSet<Place>,
}

/// Index of the transfers by the work that they need, and of the folders by path.
#[derive(Debug, Default)]
struct Index {
    /// Index entries of each transfer that has any.
    marks: HashMap<Place, Marks>,
    queued: BTreeSet<Place>,
    /// Transfers that trouble stopped, by the time of their next check.
    looks: BTreeSet<(Instant, Place)>,
    /// Downloads that run and do not wait for peers.
    fetching: BTreeSet<Place>,
    /// Downloads that run and wait for peers, by the time since when they wait.
    waiting: BTreeSet<(Instant, Place)>,
    /// Complete folders by path.
    roots: BTreeMap<PathBuf, BTreeSet<Place>>,
}

/// Index entries of one transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Marks {
    queued: bool,
    look: Option<Instant>,
    runs: Option<Runs>,
    root: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runs {
    Fetching,
    WaitingSince(Instant),
}

impl Transfers {
    /// Returns whether the list is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Number of transfers in the list.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Iterates over all transfers, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Transfer> {
        self.all.values().map(Box::as_ref)
    }

    /// Adds a transfer at the end, unless the list has one of the same file.
    pub(super) fn push(&mut self, transfer: Transfer) {
        if self.places.contains_key(&transfer.file_id) {
            return;
        }
        let place = self.next;
        self.next += 1;
        self.places.insert(transfer.file_id, place);
        self.touched.push(place);
        self.stale.insert(place);
        self.all.insert(place, Box::new(transfer));
    }

    /// Removes and returns the transfer of this file.
    pub(super) fn remove(&mut self, file_id: FileId) -> Option<Transfer> {
        let place = self.places.remove(&file_id)?;
        self.touched.push(place);
        self.stale.insert(place);
        self.all.remove(&place).map(|transfer| *transfer)
    }

    /// Returns the transfer of this file.
    pub(super) fn get(&self, file_id: FileId) -> Option<&Transfer> {
        self.at(*self.places.get(&file_id)?)
    }

    /// Returns the transfer of this file, to be changed.
    pub(super) fn get_mut(&mut self, file_id: FileId) -> Option<&mut Transfer> {
        let place = *self.places.get(&file_id)?;
        self.touched.push(place);
        self.all.get_mut(&place).map(Box::as_mut)
    }

    fn at(&self, place: Place) -> Option<&Transfer> {
        self.all.get(&place).map(Box::as_ref)
    }

    /// Takes in the transfers noted in `changes`: they are indexed and shown anew.
    pub(super) fn take_in(&mut self, changes: &Changes) {
        let changed: Vec<Place> = changes.take().iter().filter_map(|id| self.places.get(id)).copied().collect();
        self.stale.extend(&changed);
        self.touched.extend(changed);
    }

    /// Marks a transfer to be shown anew.
    pub(super) fn show_anew(&mut self, file_id: FileId) {
        self.stale.extend(self.places.get(&file_id));
    }

    /// Marks the transfers at these places to be shown anew.
    pub(super) fn show_again(&mut self, places: &BTreeSet<Place>) {
        self.stale.extend(places);
    }

    /// Marks all transfers to be shown anew.
    pub(super) fn show_all_anew(&mut self) {
        self.stale.extend(self.all.keys());
    }

    /// Takes the places that are to be shown anew, each with its transfer, or `None` if the transfer was removed.
    pub(super) fn take_stale(&mut self) -> impl Iterator<Item = (Place, Option<&Transfer>)> {
        let stale = std::mem::take(&mut self.stale);
        let all = &self.all;
        stale.into_iter().map(|place| (place, all.get(&place).map(Box::as_ref)))
    }

    /// Returns the first `most` downloads that wait for their turn.
    pub(super) fn queued(&mut self, most: usize) -> Vec<FileId> {
        self.settle();
        self.index.queued.iter().take(most).filter_map(|place| Some(self.at(*place)?.file_id)).collect()
    }

    /// Returns whether any download waits for its turn.
    pub(super) fn has_queued(&mut self) -> bool {
        self.settle();
        !self.index.queued.is_empty()
    }

    /// Counts running downloads, except those that have waited for peers longer than `patience`. Counting of those that
    /// wait stops at `most`.
    pub(super) fn count_active(&mut self, patience: Duration, most: usize) -> usize {
        self.settle();
        let fetching = self.index.fetching.len();
        fetching + self.patient(patience).take(most.saturating_sub(fetching)).count()
    }

    /// Returns the time when the next download will have waited for peers as long as `patience`.
    pub(super) fn next_given_up(&mut self, patience: Duration) -> Option<Instant> {
        self.settle();
        self.patient(patience).next().map(|(since, _)| *since + patience)
    }

    fn patient(&self, patience: Duration) -> impl Iterator<Item = &(Instant, Place)> {
        let since = clock::now().checked_sub(patience);
        let from = since.map_or(Bound::Unbounded, |since| Bound::Excluded((since, Place::MAX)));
        self.index.waiting.range((from, Bound::Unbounded))
    }

    /// Iterates over the transfers whose task runs, in their order.
    pub(super) fn running(&mut self) -> impl Iterator<Item = &Transfer> {
        self.settle();
        let waiting = self.index.waiting.iter().map(|(_, place)| place);
        let places: BTreeSet<Place> = self.index.fetching.iter().chain(waiting).copied().collect();
        let all = &self.all;
        places.into_iter().filter_map(|place| all.get(&place).map(Box::as_ref))
    }

    /// Returns the time of the next check of a transfer that trouble stopped.
    pub(super) fn next_look(&mut self) -> Option<Instant> {
        self.settle();
        self.index.looks.first().map(|(at, _)| *at)
    }

    /// Returns the transfers whose check is due at `now`.
    pub(super) fn due(&mut self, now: Instant) -> Vec<FileId> {
        self.settle();
        let due = self.index.looks.range(..=(now, Place::MAX));
        due.filter_map(|(_, place)| Some(self.at(*place)?.file_id)).collect()
    }

    /// Returns the first complete folder in the list that this path is in.
    pub(super) fn folder_around(&mut self, path: &Path) -> Option<FileId> {
        self.settle();
        let around = path.ancestors().filter_map(|dir| self.index.roots.get(dir)?.first());
        around.min().and_then(|place| self.at(*place)).map(|transfer| transfer.file_id)
    }

    /// Brings the index up to date.
    fn settle(&mut self) {
        for place in std::mem::take(&mut self.touched) {
            self.index.put(place, self.at(place).map(Marks::of).unwrap_or_default());
        }
    }
}

impl Marks {
    fn of(transfer: &Transfer) -> Self {
        let runs = transfer.task.as_ref().map(|_| transfer.status.waiting_since());
        let stopped = transfer.recovery.as_ref().filter(|_| matches!(transfer.phase, Phase::Stopped(_)));
        Self {
            queued: transfer.phase == Phase::Queued,
            look: stopped.and_then(|recovery| recovery.at),
            runs: runs.map(|since| since.map_or(Runs::Fetching, Runs::WaitingSince)),
            root: match &transfer.whole {
                Some(Whole::Folder(folder)) => Some(folder.root.clone()),
                _ => None,
            },
        }
    }
}

impl Index {
    /// Replaces the index entries of the transfer at `place`.
    fn put(&mut self, place: Place, marks: Marks) {
        let before = self.marks.remove(&place).unwrap_or_default();
        if before != marks {
            self.take_out(place, &before);
            self.enter(place, &marks);
        }
        if marks != Marks::default() {
            self.marks.insert(place, marks);
        }
    }

    fn take_out(&mut self, place: Place, before: &Marks) {
        self.queued.remove(&place);
        if let Some(at) = before.look {
            self.looks.remove(&(at, place));
        }
        match before.runs {
            Some(Runs::Fetching) => self.fetching.remove(&place),
            Some(Runs::WaitingSince(since)) => self.waiting.remove(&(since, place)),
            None => false,
        };
        if let Some(root) = &before.root
            && let Some(there) = self.roots.get_mut(root)
        {
            there.remove(&place);
            if there.is_empty() {
                self.roots.remove(root);
            }
        }
    }

    fn enter(&mut self, place: Place, marks: &Marks) {
        if marks.queued {
            self.queued.insert(place);
        }
        if let Some(at) = marks.look {
            self.looks.insert((at, place));
        }
        match marks.runs {
            Some(Runs::Fetching) => self.fetching.insert(place),
            Some(Runs::WaitingSince(since)) => self.waiting.insert((since, place)),
            None => false,
        };
        if let Some(root) = &marks.root {
            self.roots.entry(root.clone()).or_default().insert(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use sprat_api::{TransferState, Trouble};
    use sprat_protocol::Link;
    use sprat_store::folder::Folder;
    use tokio::sync::{Notify, watch};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::download::Order;
    use crate::download::status::Status;
    use crate::engine::phase::Goal;
    use crate::engine::transfer::{Recovery, Task};

    const PATIENCE: Duration = Duration::from_secs(5);

    fn id(n: u8) -> FileId {
        FileId::new([n; 32])
    }

    fn transfer(n: u8, state: TransferState, changes: &Arc<Changes>) -> Transfer {
        let link = Link { file_id: id(n), name: None, size: None, trackers: Vec::new(), peers: Vec::new() };
        let order = Order { link, added_peers: 0, dir: "/".into(), name: None };
        Transfer::new(id(n), Some(order), Status::new(state, n.to_string(), "/".into(), None), changes)
    }

    fn task() -> Task {
        let (added_peers, _) = watch::channel(Vec::new());
        Task { stop: CancellationToken::new(), hurry: Arc::new(Notify::new()), added_peers }
    }

    fn ids<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> Vec<FileId> {
        transfers.into_iter().map(|transfer| transfer.file_id).collect()
    }

    /// Creates a list of three transfers, all of which wait for their turn.
    fn three() -> (Transfers, Arc<Changes>) {
        let (mut transfers, changes) = (Transfers::default(), Arc::new(Changes::default()));
        for n in [3, 1, 2] {
            transfers.push(transfer(n, TransferState::Queued, &changes));
        }
        (transfers, changes)
    }

    #[test]
    fn they_stand_in_the_order_in_which_they_were_added_and_each_is_found() {
        let (mut transfers, changes) = three();
        assert_eq!(ids(transfers.iter()), [3, 1, 2].map(id));
        assert_eq!(transfers.remove(id(1)).map(|gone| gone.file_id), Some(id(1)));
        assert!(transfers.remove(id(1)).is_none() && transfers.get(id(1)).is_none());
        transfers.push(transfer(1, TransferState::Queued, &changes));
        transfers.push(transfer(3, TransferState::Queued, &changes));
        assert_eq!(ids(transfers.iter()), [3, 2, 1].map(id), "what comes again comes last, and nothing twice");
        assert_eq!((transfers.len(), transfers.get_mut(id(2)).unwrap().file_id), (3, id(2)));
    }

    #[test]
    fn turns_are_counted_from_tasks_and_from_what_their_status_says() {
        let (mut transfers, changes) = three();
        assert_eq!((transfers.queued(2), transfers.has_queued()), ([3, 1].map(id).to_vec(), true));
        for n in [3, 1] {
            let transfer = transfers.get_mut(id(n)).unwrap();
            (transfer.task, transfer.phase) = (Some(task()), Phase::Fetching);
            transfer.status.set_state(TransferState::Searching);
        }
        assert_eq!((transfers.queued(9), transfers.count_active(PATIENCE, 9)), (vec![id(2)], 2));
        assert_eq!(ids(transfers.running()), [3, 1].map(id));
        // The status notes its change in `changes`, as it does when a task sets it.
        transfers.get(id(1)).unwrap().status.set_state(TransferState::Waiting);
        transfers.take_in(&changes);
        assert_eq!((transfers.count_active(PATIENCE, 9), transfers.count_active(Duration::ZERO, 9)), (2, 1));
        assert!(transfers.next_given_up(PATIENCE).is_some_and(|at| at > clock::now()));
        assert_eq!(transfers.next_given_up(Duration::ZERO), None, "patience that is over does not end again");
        transfers.get_mut(id(1)).unwrap().task = None;
        assert_eq!((transfers.count_active(Duration::ZERO, 9), transfers.next_given_up(PATIENCE)), (1, None));
    }

    #[test]
    fn trouble_is_due_when_its_time_has_come() {
        let (mut transfers, _) = three();
        let now = Instant::now();
        let trouble = || Trouble::SourceChanged { path: "/".into() };
        let later = |seconds| now + Duration::from_secs(seconds);
        for (n, at) in [(2, Some(later(2))), (3, Some(later(1))), (1, None)] {
            let transfer = transfers.get_mut(id(n)).unwrap();
            (transfer.phase, transfer.recovery) = (Phase::Stopped(Goal::GoOn), Some(Recovery::at(trouble(), at)));
        }
        assert_eq!((transfers.next_look(), transfers.due(now)), (Some(later(1)), Vec::new()));
        assert_eq!((transfers.due(later(1)), transfers.due(later(2))), (vec![id(3)], [3, 2].map(id).to_vec()));
        transfers.remove(id(3));
        assert_eq!(transfers.next_look(), Some(later(2)));
    }

    #[test]
    fn what_lies_in_a_folder_is_found_by_its_path() {
        let (mut transfers, _) = three();
        let folder = |root: &str| Some(Whole::Folder(Arc::new(Folder::unknown(root.into()))));
        transfers.get_mut(id(1)).unwrap().whole = folder("/a/b");
        transfers.get_mut(id(2)).unwrap().whole = folder("/a");
        let at = |transfers: &mut Transfers, path: &str| transfers.folder_around(Path::new(path));
        assert_eq!(at(&mut transfers, "/a/b/c/d"), Some(id(1)), "of several the first");
        assert_eq!(at(&mut transfers, "/a/bc"), Some(id(2)), "a name is no other that begins so");
        assert_eq!(at(&mut transfers, "/b"), None);
        transfers.get_mut(id(2)).unwrap().whole = folder("/b");
        assert_eq!((at(&mut transfers, "/a/bc"), at(&mut transfers, "/b")), (None, Some(id(2))));
    }

    #[test]
    fn what_changed_came_or_went_is_to_be_shown_anew_once() {
        let (mut transfers, changes) = three();
        let stale = |transfers: &mut Transfers| {
            transfers.take_stale().map(|(place, transfer)| (place, transfer.map(|t| t.file_id))).collect::<Vec<_>>()
        };
        assert_eq!(stale(&mut transfers), [(0, Some(id(3))), (1, Some(id(1))), (2, Some(id(2)))]);
        transfers.get(id(2)).unwrap().status.set_state(TransferState::Paused);
        transfers.take_in(&changes);
        transfers.remove(id(3));
        assert_eq!(stale(&mut transfers), [(0, None), (2, Some(id(2)))]);
        assert!(stale(&mut transfers).is_empty());
        transfers.show_anew(id(1));
        assert_eq!(stale(&mut transfers), [(1, Some(id(1)))]);
    }

    proptest! {
        /// Compares the index with a search of the whole list after any sequence of changes.
        #[test]
        fn the_index_finds_what_a_look_at_all_finds(happenings in prop::collection::vec((0_u8..6, 0_u8..7), 0..60)) {
            let (mut transfers, changes) = (Transfers::default(), Arc::new(Changes::default()));
            for (n, what) in happenings {
                match (what, transfers.get_mut(id(n))) {
                    (0, _) => transfers.push(transfer(n, TransferState::Queued, &changes)),
                    (1, _) => drop(transfers.remove(id(n))),
                    (2, Some(transfer)) => transfer.task = Some(task()),
                    (3, Some(transfer)) => transfer.task = None,
                    (4, Some(transfer)) => drop(transfer.status.set_state(TransferState::Waiting)),
                    (5, Some(transfer)) => transfer.phase = Phase::Queued,
                    (6, Some(transfer)) => transfer.phase = Phase::Paused,
                    _ => {}
                }
                transfers.take_in(&changes);
                let queued = ids(transfers.iter().filter(|transfer| transfer.phase == Phase::Queued));
                let runs = ids(transfers.iter().filter(|transfer| transfer.task.is_some()));
                prop_assert_eq!((transfers.queued(9), transfers.has_queued()), (queued.clone(), !queued.is_empty()));
                prop_assert_eq!(ids(transfers.running()), runs.clone());
                prop_assert_eq!(transfers.count_active(PATIENCE, 9), runs.len());
            }
        }
    }
}
