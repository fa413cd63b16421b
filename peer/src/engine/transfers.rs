//! All transfers of an engine, in the order in which they were added; each, and those that something is to be done about, found
//! without going through all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sprat_chunking::FileId;
use sprat_store::whole::Whole;

use crate::engine::transfer::Transfer;
use crate::world::changes::Changes;
use crate::world::clock;

/// The place of a transfer in the order in which they were added; never given again.
pub(super) type Place = u64;

/// The transfers of an engine.
///
/// Whoever may have changed a transfer, by [`Transfers::get_mut`] or through its status, has noted so; what is found by something
/// else than an ID is brought up to date before it is asked for.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    all: BTreeMap<Place, Box<Transfer>>,
    places: HashMap<FileId, Place>,
    next: Place,
    /// What `index` may be wrong about.
    touched: Vec<Place>,
    index: Index,
    /// What is to be shown anew.
    stale: BTreeSet<Place>,
}

/// Transfers by what is to be done about them.
#[derive(Debug, Default)]
struct Index {
    /// Those that are in one of the others.
    marks: HashMap<Place, Marks>,
    queued: BTreeSet<Place>,
    /// Trouble that is looked at again.
    looks: BTreeSet<(Instant, Place)>,
    /// Downloads that run and do not wait for peers.
    fetching: BTreeSet<Place>,
    /// Those that run and wait, since when.
    waiting: BTreeSet<(Instant, Place)>,
    /// Whole folders by where they are.
    roots: BTreeMap<PathBuf, BTreeSet<Place>>,
}

/// Where one transfer is in the index.
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
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Transfer> {
        self.all.values().map(Box::as_ref)
    }

    /// Adds one at the end, unless there is one of this file.
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

    /// Takes out the one of this file.
    pub(super) fn remove(&mut self, file_id: FileId) -> Option<Transfer> {
        let place = self.places.remove(&file_id)?;
        self.touched.push(place);
        self.stale.insert(place);
        self.all.remove(&place).map(|transfer| *transfer)
    }

    /// The one of this file.
    pub(super) fn get(&self, file_id: FileId) -> Option<&Transfer> {
        self.at(*self.places.get(&file_id)?)
    }

    /// The one of this file, to be changed.
    pub(super) fn get_mut(&mut self, file_id: FileId) -> Option<&mut Transfer> {
        let place = *self.places.get(&file_id)?;
        self.touched.push(place);
        self.all.get_mut(&place).map(Box::as_mut)
    }

    fn at(&self, place: Place) -> Option<&Transfer> {
        self.all.get(&place).map(Box::as_ref)
    }

    /// Takes note of what changed by itself.
    pub(super) fn take_in(&mut self, changes: &Changes) {
        let changed: Vec<Place> = changes.take().iter().filter_map(|id| self.places.get(id)).copied().collect();
        self.stale.extend(&changed);
        self.touched.extend(changed);
    }

    /// This one is to be shown anew.
    pub(super) fn show_anew(&mut self, file_id: FileId) {
        self.stale.extend(self.places.get(&file_id));
    }

    /// Those at these places are to be shown anew.
    pub(super) fn show_again(&mut self, places: &BTreeSet<Place>) {
        self.stale.extend(places);
    }

    /// All are to be shown anew.
    pub(super) fn show_all_anew(&mut self) {
        self.stale.extend(self.all.keys());
    }

    /// Takes what is to be shown anew, each with what it is now, if it is still there.
    pub(super) fn take_stale(&mut self) -> impl Iterator<Item = (Place, Option<&Transfer>)> {
        let stale = std::mem::take(&mut self.stale);
        let all = &self.all;
        stale.into_iter().map(|place| (place, all.get(&place).map(Box::as_ref)))
    }

    /// The first so many that wait for their turn.
    pub(super) fn queued(&mut self, most: usize) -> Vec<FileId> {
        self.settle();
        self.index.queued.iter().take(most).filter_map(|place| Some(self.at(*place)?.file_id)).collect()
    }

    /// Whether one waits for its turn.
    pub(super) fn has_queued(&mut self) -> bool {
        self.settle();
        !self.index.queued.is_empty()
    }

    /// How many downloads run, those aside that have waited for peers longer than `patience`; counted up to `most`.
    pub(super) fn count_active(&mut self, patience: Duration, most: usize) -> usize {
        self.settle();
        let fetching = self.index.fetching.len();
        fetching + self.patient(patience).take(most.saturating_sub(fetching)).count()
    }

    /// When the patience with the next of those that wait for peers ends.
    pub(super) fn next_given_up(&mut self, patience: Duration) -> Option<Instant> {
        self.settle();
        self.patient(patience).next().map(|(since, _)| *since + patience)
    }

    fn patient(&self, patience: Duration) -> impl Iterator<Item = &(Instant, Place)> {
        let since = clock::now().checked_sub(patience);
        let from = since.map_or(Bound::Unbounded, |since| Bound::Excluded((since, Place::MAX)));
        self.index.waiting.range((from, Bound::Unbounded))
    }

    /// Those whose task runs, in their order.
    pub(super) fn running(&mut self) -> impl Iterator<Item = &Transfer> {
        self.settle();
        let waiting = self.index.waiting.iter().map(|(_, place)| place);
        let places: BTreeSet<Place> = self.index.fetching.iter().chain(waiting).copied().collect();
        let all = &self.all;
        places.into_iter().filter_map(|place| all.get(&place).map(Box::as_ref))
    }

    /// When some trouble is looked at next.
    pub(super) fn next_look(&mut self) -> Option<Instant> {
        self.settle();
        self.index.looks.first().map(|(at, _)| *at)
    }

    /// Those whose trouble is to be looked at by now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<FileId> {
        self.settle();
        let due = self.index.looks.range(..=(now, Place::MAX));
        due.filter_map(|(_, place)| Some(self.at(*place)?.file_id)).collect()
    }

    /// The first whole folder that this path is in.
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
        let runs = transfer.running.as_ref().map(|_| transfer.status.waiting_since());
        Self {
            queued: transfer.is_queued(),
            look: transfer.recovery.as_ref().and_then(|recovery| recovery.at),
            runs: runs.map(|since| since.map_or(Runs::Fetching, Runs::WaitingSince)),
            root: match &transfer.whole {
                Some(Whole::Folder(folder)) => Some(folder.root.clone()),
                _ => None,
            },
        }
    }
}

impl Index {
    /// From now on this transfer is found so, and in no other way.
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
    use crate::engine::transfer::{Recovery, Running};

    const PATIENCE: Duration = Duration::from_secs(5);

    fn id(n: u8) -> FileId {
        FileId::new([n; 32])
    }

    fn transfer(n: u8, state: TransferState, changes: &Arc<Changes>) -> Transfer {
        let link = Link { file_id: id(n), name: None, size: None, trackers: Vec::new(), peers: Vec::new() };
        let order = Order { link, added_peers: 0, dir: "/".into(), name: None, begun: false, distrust: false };
        Transfer::new(id(n), Some(order), Status::new(state, n.to_string(), "/".into(), None), changes)
    }

    fn running() -> Running {
        let (added_peers, _) = watch::channel(Vec::new());
        Running { stop: CancellationToken::new(), hurry: Arc::new(Notify::new()), added_peers }
    }

    fn ids<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> Vec<FileId> {
        transfers.into_iter().map(|transfer| transfer.file_id).collect()
    }

    /// Three of them, all of which wait for their turn.
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
            transfer.running = Some(running());
            transfer.set_state(TransferState::Searching);
        }
        assert_eq!((transfers.queued(9), transfers.count_active(PATIENCE, 9)), (vec![id(2)], 2));
        assert_eq!(ids(transfers.running()), [3, 1].map(id));
        // The task says so, and the engine hears of it by the note.
        transfers.get(id(1)).unwrap().status.set_state(TransferState::Waiting);
        transfers.take_in(&changes);
        assert_eq!((transfers.count_active(PATIENCE, 9), transfers.count_active(Duration::ZERO, 9)), (2, 1));
        assert!(transfers.next_given_up(PATIENCE).is_some_and(|at| at > clock::now()));
        assert_eq!(transfers.next_given_up(Duration::ZERO), None, "patience that is over does not end again");
        transfers.get_mut(id(1)).unwrap().running = None;
        assert_eq!((transfers.count_active(Duration::ZERO, 9), transfers.next_given_up(PATIENCE)), (1, None));
    }

    #[test]
    fn trouble_is_due_when_its_time_has_come() {
        let (mut transfers, _) = three();
        let now = Instant::now();
        let trouble = || Trouble::SourceChanged { path: "/".into() };
        let later = |seconds| now + Duration::from_secs(seconds);
        transfers.get_mut(id(2)).unwrap().recovery = Some(Recovery::at(trouble(), Some(later(2))));
        transfers.get_mut(id(3)).unwrap().recovery = Some(Recovery::at(trouble(), Some(later(1))));
        transfers.get_mut(id(1)).unwrap().recovery = Some(Recovery::at(trouble(), None));
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
        /// Whatever happened, the index finds what going through all finds.
        #[test]
        fn the_index_finds_what_a_look_at_all_finds(happenings in prop::collection::vec((0_u8..6, 0_u8..7), 0..60)) {
            let (mut transfers, changes) = (Transfers::default(), Arc::new(Changes::default()));
            for (n, what) in happenings {
                match (what, transfers.get_mut(id(n))) {
                    (0, _) => transfers.push(transfer(n, TransferState::Queued, &changes)),
                    (1, _) => drop(transfers.remove(id(n))),
                    (2, Some(transfer)) => transfer.running = Some(running()),
                    (3, Some(transfer)) => transfer.running = None,
                    (4, Some(transfer)) => transfer.set_state(TransferState::Waiting),
                    (5, Some(transfer)) => transfer.set_state(TransferState::Queued),
                    (6, Some(transfer)) => transfer.order = None,
                    _ => {}
                }
                transfers.take_in(&changes);
                let queued = ids(transfers.iter().filter(|transfer| transfer.is_queued()));
                let runs = ids(transfers.iter().filter(|transfer| transfer.running.is_some()));
                prop_assert_eq!((transfers.queued(9), transfers.has_queued()), (queued.clone(), !queued.is_empty()));
                prop_assert_eq!(ids(transfers.running()), runs.clone());
                prop_assert_eq!(transfers.count_active(PATIENCE, 9), runs.len());
            }
        }
    }
}
