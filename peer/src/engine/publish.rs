//! The snapshots that front ends see, and the events that follow them: whoever hears an event finds it in the snapshot.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sprat_api::{Event, Snapshot, TransferView};
use sprat_chunking::FileId;
use tokio::sync::{broadcast, watch};

use super::run::Running;
use super::transfers::Place;
use crate::discovery::hints::Hints;
use crate::engine::transfer::Lasting;
use crate::world::clock;

/// Time between two snapshots while there is much to do.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(250);
/// The same for each transfer in the list, at most that long, where there is nothing else to do than to tell of an event.
const PROMPT_INTERVAL: Duration = Duration::from_micros(5);

/// What was told to front ends, and what is still to be told.
#[derive(Debug)]
pub(super) struct Publisher {
    snapshots: watch::Sender<Arc<Snapshot>>,
    events: broadcast::Sender<Event>,
    /// Time of the last snapshot.
    published: Instant,
    /// What happened since then.
    words: Vec<Word>,
    /// Whether somebody waits for what the next snapshot shows.
    is_awaited: bool,
    shown: Shown,
    /// What the links in the last snapshot say beside their files.
    hints: Hints,
}

/// Something that happened.
#[derive(Debug)]
enum Word {
    Event(Event),
    /// An event whose link has to name what the snapshot's links name.
    Shared {
        path: PathBuf,
        file_id: FileId,
        name: String,
        size: u64,
    },
}

/// The views of the last snapshot.
#[derive(Debug, Default)]
struct Shown {
    /// Where each stands in the list of transfers.
    places: Vec<Place>,
    views: Vec<Arc<TransferView>>,
    /// Those that are to be made anew whenever somebody looks, and of these those that are other soon though nothing happens.
    restless: BTreeSet<Place>,
    passing: BTreeSet<Place>,
}

impl Publisher {
    /// Tells by these two; `first` is what is told already.
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

    /// The next snapshot need not wait for the last to be a while ago.
    pub(super) fn rested(&mut self) {
        self.published = self.published.checked_sub(SNAPSHOT_INTERVAL).unwrap_or(self.published);
    }
}

impl Running {
    /// Tells front ends of this as soon as a snapshot shows it.
    pub(super) fn tell(&mut self, event: Event) {
        self.publisher.words.push(Word::Event(event));
        self.answer();
    }

    /// The same of something that is shared from now on.
    pub(super) fn tell_shared(&mut self, path: PathBuf, file_id: FileId, name: String, size: u64) {
        self.publisher.words.push(Word::Shared { path, file_id, name, size });
        self.answer();
    }

    /// Publishes a snapshot as soon as there is nothing else to do: somebody waits for it.
    pub(super) fn answer(&mut self) {
        (self.stale, self.publisher.is_awaited) = (true, true);
    }

    /// The time of the next snapshot, if something changed.
    pub(super) fn publish_at(&self) -> Instant {
        let prompt = u32::try_from(self.transfers.len()).map_or(SNAPSHOT_INTERVAL, |len| PROMPT_INTERVAL * len);
        let interval = match self.publisher.is_awaited && self.has_nothing_to_do() {
            true => prompt.min(SNAPSHOT_INTERVAL),
            false => SNAPSHOT_INTERVAL,
        };
        self.publisher.published + interval
    }

    /// Publishes how things stand if that is news or somebody asked, then the events. A stranger that came and went, such as a
    /// tracker that looks whether this peer can be reached, wakes nobody.
    pub(super) fn publish(&mut self) {
        // What happened before now is in the snapshot.
        let told = self.node.untold();
        self.publisher.words.extend(told.into_iter().map(Word::Event));
        let is_owed = self.commanded || self.publisher.is_awaited || !self.publisher.words.is_empty();
        let is_changed = self.show_changes();
        let last = self.publisher.snapshots.borrow().clone();
        let mut snapshot = self.rest_of_snapshot();
        if is_owed || is_changed || !says_the_same(&last, &snapshot) {
            snapshot.transfers.clone_from(&self.publisher.shown.views);
            self.publisher.snapshots.send_replace(Arc::new(snapshot));
        }
        self.commanded = false;
        self.publisher.say();
    }

    /// Makes the views anew that may be others now. Returns whether any is.
    fn show_changes(&mut self) -> bool {
        let now = clock::now();
        let hints = self.node.hints();
        if hints != self.publisher.hints {
            self.transfers.show_all_anew();
            self.publisher.hints = hints;
        }
        self.transfers.take_in(&self.node.holdings.changes);
        let Publisher { shown, hints, published, .. } = &mut self.publisher;
        self.transfers.show_again(&shown.restless);
        let views = self.transfers.take_stale().map(|(place, transfer)| {
            let view = transfer.map(|transfer| transfer.view(&self.node, hints, now));
            (place, view)
        });
        let is_changed = shown.renew(views);
        *published = now;
        // While something moves, a rate that falls is news too; when nothing does, nothing wakes.
        self.stale = !self.hashing.is_empty() || !shown.passing.is_empty();
        is_changed
    }

    /// How things stand, but for the transfers.
    fn rest_of_snapshot(&mut self) -> Snapshot {
        let detail = self.detail();
        let rates = self.publisher.shown.rates();
        Snapshot {
            trackers: self.node.trackers.views(),
            hashing: self.hashing_views(),
            down_rate: rates.0,
            up_rate: rates.1,
            up_limit: self.node.upload_rate.rate(),
            down_limit: self.node.download_rate.rate(),
            active_downloads: self.active_downloads,
            detail,
            ..Snapshot::new(self.node.peer_id, self.node.listen, self.download_dir.clone())
        }
    }
}

impl Publisher {
    /// Tells what happened, which the last snapshot shows. Nobody may be listening.
    fn say(&mut self) {
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
    /// Takes in these views, in the order of their places; none is of what is gone. Returns whether there was any.
    fn renew(&mut self, renewed: impl Iterator<Item = (Place, Option<(Arc<TransferView>, Lasting)>)>) -> bool {
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

    /// Bytes per second received and sent, all together: only of what is restless there are any.
    fn rates(&self) -> (u64, u64) {
        let at = self.restless.iter().filter_map(|place| self.places.binary_search(place).ok());
        at.map(|at| &self.views[at]).fold((0, 0), |(down, up), view| (down + view.down_rate, up + view.up_rate))
    }
}

/// Whether the one tells nothing that the other does not, the transfers aside.
fn says_the_same(one: &Snapshot, other: &Snapshot) -> bool {
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
