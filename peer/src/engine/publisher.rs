//! Snapshots and events on their way to front ends.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sprat_api::{Event, Snapshot, TransferView};
use sprat_chunking::FileId;
use tokio::sync::{broadcast, watch};

use crate::discovery::hints::Hints;
use crate::engine::transfer::Lasting;
use crate::engine::transfers::Place;
use crate::world::clock;

/// Time between two snapshots while there is much to do.
pub(super) const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(250);

/// Publisher of snapshots and events: what was sent to front ends last, and what is queued.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) events: broadcast::Sender<Event>,
    /// Time of the last snapshot.
    pub(super) published: Instant,
    /// Events queued since the last snapshot.
    pub(super) words: Vec<Word>,
    /// Set if a front end waits for the next snapshot or for the events after it.
    pub(super) is_awaited: bool,
    pub(super) shown: Shown,
    /// Hints in the links of the last snapshot: trackers, and addresses of this peer.
    pub(super) hints: Hints,
}

/// Queued event.
#[derive(Debug)]
pub(super) enum Word {
    Event(Event),
    /// `Event::Shared` without its link, which has to name the same hints as the links in the last snapshot.
    Shared {
        path: PathBuf,
        file_id: FileId,
        name: String,
        size: u64,
    },
}

/// Views of the transfers in the last snapshot.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Place of each view in the list of transfers, in ascending order.
    pub(super) places: Vec<Place>,
    pub(super) views: Vec<Arc<TransferView>>,
    /// Places of the views that are renewed for every snapshot. `passing` has those of them that soon change without
    /// any event.
    pub(super) restless: BTreeSet<Place>,
    pub(super) passing: BTreeSet<Place>,
}

impl Publisher {
    /// Creates a publisher whose first snapshot is `first`, and the receiver of its snapshots.
    pub(super) fn new(first: Snapshot, events: broadcast::Sender<Event>) -> (Self, watch::Receiver<Arc<Snapshot>>) {
        let (snapshots, receiver) = watch::channel(Arc::new(first));
        let publisher = Self {
            snapshots,
            events,
            published: clock::now(),
            words: Vec::new(),
            is_awaited: false,
            shown: Shown::default(),
            hints: Hints::default(),
        };
        (publisher, receiver)
    }

    /// Allows the next snapshot at once, as if the last one were `SNAPSHOT_INTERVAL` ago.
    pub(super) fn rested(&mut self) {
        self.published = self.published.checked_sub(SNAPSHOT_INTERVAL).unwrap_or(self.published);
    }

    /// Sends the queued events, which the last snapshot shows. The absence of receivers is no error.
    pub(super) fn say(&mut self) {
        self.is_awaited = false;
        for word in std::mem::take(&mut self.words) {
            let event = match word {
                Word::Event(event) => event,
                Word::Shared { path, file_id, name, size } => {
                    Event::Shared { path, link: self.hints.link(file_id, &name, Some(size)) }
                }
            };
            let _ = self.events.send(event);
        }
    }
}

impl Shown {
    /// Inserts or replaces the view at each place, or removes it for `None`; views stay in the order of their places.
    /// Returns whether there was any.
    pub(super) fn renew(
        &mut self,
        renewed: impl Iterator<Item = (Place, Option<(Arc<TransferView>, Lasting)>)>,
    ) -> bool {
        let mut gone = BTreeSet::new();
        let mut is_changed = false;
        for (place, view) in renewed {
            self.restless.remove(&place);
            self.passing.remove(&place);
            is_changed = true;
            let Some((view, lasting)) = view else {
                gone.insert(place);
                continue;
            };
            if lasting != Lasting::UntilChanged {
                self.restless.insert(place);
            }
            if lasting == Lasting::Passing {
                self.passing.insert(place);
            }
            match self.places.binary_search(&place) {
                Ok(at) => self.views[at] = view,
                Err(at) => {
                    self.places.insert(at, place);
                    self.views.insert(at, view);
                }
            }
        }
        if !gone.is_empty() {
            let mut places = self.places.iter();
            self.views.retain(|_| places.next().is_some_and(|place| !gone.contains(place)));
            self.places.retain(|place| !gone.contains(place));
        }
        is_changed
    }

    /// Bytes per second received and sent by all transfers. Only restless views have rates other than zero.
    pub(super) fn rates(&self) -> (u64, u64) {
        let at = self.restless.iter().filter_map(|place| self.places.binary_search(place).ok());
        at.map(|at| &self.views[at]).fold((0, 0), |(down, up), view| (down + view.down_rate, up + view.up_rate))
    }
}

/// Compares two snapshots, the transfers aside. Returns whether they are equal.
pub(super) fn says_the_same(one: &Snapshot, other: &Snapshot) -> bool {
    let totals = |s: &Snapshot| (s.down_rate, s.up_rate, s.up_limit, s.down_limit, s.active_downloads);
    one.trackers == other.trackers
        && one.hashing == other.hashing
        && one.download_dir == other.download_dir
        && one.detail == other.detail
        && totals(one) == totals(other)
}

#[cfg(test)]
mod tests {
    use sprat_api::{HashingView, TrackerState, TrackerView, TransferState};
    use sprat_protocol::{Link, PeerId};

    use super::*;

    fn view(n: u8, down_rate: u64) -> Arc<TransferView> {
        let file_id = FileId::new([n; 32]);
        Arc::new(TransferView {
            file_id,
            name: n.to_string(),
            path: "/".into(),
            size: None,
            files: None,
            state: TransferState::Sharing,
            is_download: false,
            sequential: false,
            verified: 0,
            chunks_done: 0,
            num_chunks: 0,
            down_rate,
            up_rate: 2 * down_rate,
            downloaded: 0,
            uploaded: 0,
            eta: None,
            work: None,
            added: 0,
            link: Link { file_id, name: None, size: None, trackers: Vec::new(), peers: Vec::new() },
            peers: Vec::new(),
        })
    }

    #[test]
    fn views_keep_their_order_and_only_what_is_renewed_is_another() {
        use Lasting::{Passing, UntilChanged, UntilLooked};
        let names = |shown: &Shown| shown.views.iter().map(|view| view.name.clone()).collect::<Vec<_>>();
        let mut shown = Shown::default();
        let three = [
            (0, Some((view(5, 0), UntilChanged))),
            (2, Some((view(6, 7), Passing))),
            (3, Some((view(7, 1), UntilLooked))),
        ];
        assert!(shown.renew(three.into_iter()));
        assert_eq!((names(&shown), shown.rates()), (["5", "6", "7"].map(String::from).to_vec(), (8, 16)));
        assert_eq!((shown.restless.len(), shown.passing.len()), (2, 1));
        let before = shown.views.clone();
        let changed =
            [(0, None), (2, Some((view(9, 0), UntilChanged))), (4, Some((view(8, 0), UntilChanged))), (5, None)];
        assert!(shown.renew(changed.into_iter()));
        assert_eq!((names(&shown), shown.rates()), (["9", "7", "8"].map(String::from).to_vec(), (1, 2)));
        assert!(Arc::ptr_eq(&shown.views[1], &before[2]), "nothing changed of this one");
        assert!(!shown.renew(std::iter::empty()));
        assert!(shown.renew([(3, None)].into_iter()) && shown.restless.is_empty() && shown.passing.is_empty());
    }

    #[test]
    fn what_says_the_same_is_no_news() {
        let quiet = Snapshot::new(PeerId::new([1; 32]), ([127, 0, 0, 1], 4000).into(), "/downloads".into());
        assert!(says_the_same(&quiet, &quiet.clone()));
        let url = "http://hub:5000".parse().unwrap();
        let tracker = TrackerView { reachable: None, refusal: None, url, state: TrackerState::Online };
        let reading = HashingView { path: "/a".into(), done: 0, total: 1, eta: None };
        for news in [
            Snapshot { trackers: vec![tracker], ..quiet.clone() },
            Snapshot { hashing: vec![reading], ..quiet.clone() },
            Snapshot { up_rate: 1, ..quiet.clone() },
            Snapshot { active_downloads: 6, ..quiet.clone() },
        ] {
            assert!(!says_the_same(&quiet, &news));
        }
    }
}
