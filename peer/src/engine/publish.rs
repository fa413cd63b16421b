//! Snapshots for front ends, and the events that follow them. Each event is sent after a snapshot that shows it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sprat_api::{Event, Snapshot};
use sprat_chunking::FileId;

use super::running::Running;
use crate::engine::publisher::{Publisher, SNAPSHOT_INTERVAL, Word, says_the_same};
use crate::world::clock;

/// Time between two snapshots for each transfer in the list, up to `SNAPSHOT_INTERVAL`, while a front end waits for a
/// snapshot and the engine has nothing else to do.
const PROMPT_INTERVAL: Duration = Duration::from_micros(5);

impl Running {
    /// Queues an event for front ends, to be sent after the next snapshot.
    pub(super) fn tell(&mut self, event: Event) {
        self.publisher.words.push(Word::Event(event));
        self.answer();
    }

    /// Queues the event of a new share. Its link is made when the event is sent, with the hints of the last snapshot.
    pub(super) fn tell_shared(&mut self, path: PathBuf, file_id: FileId, name: String, size: u64) {
        self.publisher.words.push(Word::Shared { path, file_id, name, size });
        self.answer();
    }

    /// Requests a snapshot as soon as there is nothing else to do, because a front end waits for it.
    pub(super) fn answer(&mut self) {
        (self.stale, self.publisher.is_awaited) = (true, true);
    }

    /// Returns the time when the next snapshot is due if something has changed.
    pub(super) fn publish_at(&self) -> Instant {
        let prompt = u32::try_from(self.transfers.len()).map_or(SNAPSHOT_INTERVAL, |len| PROMPT_INTERVAL * len);
        let interval = match self.publisher.is_awaited && self.has_nothing_to_do() {
            true => prompt.min(SNAPSHOT_INTERVAL),
            false => SNAPSHOT_INTERVAL,
        };
        self.publisher.published + interval
    }

    /// Publishes a snapshot if it differs from the last one or a front end waits for it, then sends the queued events.
    /// A change that no snapshot shows wakes no front end, such as a connection of a tracker that checks whether this
    /// peer can be reached.
    pub(super) fn publish(&mut self) {
        // Events are taken before the snapshot is made, so that the snapshot shows what they tell.
        let told = self.parts.news.take();
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

    /// Renews the views that may have changed. Returns whether any view was renewed.
    fn show_changes(&mut self) -> bool {
        let now = clock::now();
        let hints = self.parts.hints();
        if hints != self.publisher.hints {
            self.transfers.show_all_anew();
            self.publisher.hints = hints;
        }
        self.transfers.take_in(&self.parts.holdings.changes);
        let Publisher { shown, hints, published, .. } = &mut self.publisher;
        self.transfers.show_again(&shown.restless);
        let views = self.transfers.take_stale().map(|(place, transfer)| {
            let view = transfer.map(|transfer| transfer.view(&self.parts.holdings, hints, now));
            (place, view)
        });
        let is_changed = shown.renew(views);
        *published = now;
        // Falling rates and running work change a snapshot without any event, so another snapshot is due. Otherwise the
        // engine sleeps until something happens.
        self.stale = self.hasher.is_hashing() || !shown.passing.is_empty();
        is_changed
    }

    /// Creates a snapshot of everything but the transfers.
    fn rest_of_snapshot(&mut self) -> Snapshot {
        let detail = self.detail();
        let rates = self.publisher.shown.rates();
        Snapshot {
            trackers: self.parts.trackers.views(),
            hashing: self.hasher.views(clock::now()),
            down_rate: rates.0,
            up_rate: rates.1,
            up_limit: self.parts.flow.upload_rate.rate(),
            down_limit: self.parts.flow.download_rate.rate(),
            active_downloads: self.active_downloads,
            detail,
            ..Snapshot::new(self.parts.me.peer_id, self.parts.me.listen, self.download_dir.clone())
        }
    }
}
