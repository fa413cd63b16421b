//! Changes of the catalogue that trackers tell each other, in streams that each tracker reads at its own pace.
//!
//! There are [`STREAMS`] streams, spread over the cluster, and the first byte of a file's ID says which one its changes are in,
//! so they come in their order. A tracker keeps with its catalogue how far it has read each stream, and goes on from
//! there after an outage. A change may come twice, and a tracker also hears its own. Streams are cut off at their old end:
//! who was away for longer is told that something is missing.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use redis::Value;
use serde::{Deserialize, Serialize};
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::PeerId;
use tokio::sync::Notify;
use tokio::time;

use super::keys::Keys;
use super::reading::read;
use super::router::{Router, SlotCall};
use super::scripts;
use crate::model::error::Unavailable;

/// Number of streams.
pub const STREAMS: usize = 16;
/// Number of changes that a stream keeps, about: with all streams 800,000, of some 250 bytes each.
const STREAM_LEN: usize = 50_000;
/// Upper bound of the changes that wait for their stream while it is away.
const QUEUE_LEN: usize = 10_000;
/// Number of changes that are written, or read, at once.
const BATCH_LEN: usize = 100;
/// Pause between two looks at the streams.
const FOLLOW_TIME: Duration = Duration::from_millis(500);
/// Pause before a stream is tried again.
const RETRY_TIME: Duration = Duration::from_millis(250);

/// A change of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The file is there, or most of its seeders claim something else than before.
    Put {
        /// ID of the file.
        file_id: FileId,
        /// Name of the file.
        name: String,
        /// Its length in bytes.
        size: u64,
        /// Its chunk size in bytes.
        chunk_size: ChunkSize,
        /// Time at which the file was first seen, in seconds since 1970 (UTC).
        first_seen: u64,
        /// Peer that registered it.
        by: PeerId,
    },
    /// A file was taken out.
    Remove {
        /// ID of the file.
        file_id: FileId,
    },
}

impl Change {
    /// Returns the file that the change is about.
    pub fn file_id(&self) -> FileId {
        match self {
            Self::Put { file_id, .. } | Self::Remove { file_id } => *file_id,
        }
    }

    fn stream(&self) -> usize {
        usize::from(self.file_id().as_bytes()[0]) % STREAMS
    }
}

/// Position up to which a stream was read; the beginning by default. Written as the ID of an entry,
/// `<milliseconds>-<number>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    millis: u64,
    number: u64,
}

impl Position {
    /// Milliseconds and number.
    pub fn parts(self) -> [u64; 2] {
        [self.millis, self.number]
    }

    /// The position of these [`Self::parts`].
    pub fn from_parts([millis, number]: [u64; 2]) -> Self {
        Self { millis, number }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

/// The text is not the ID of an entry of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that isn't a position in a stream")]
pub struct ParsePositionError;

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (millis, number) = text.split_once('-').ok_or(ParsePositionError)?;
        let parse = |text: &str| text.parse().map_err(|_| ParsePositionError);
        Ok(Self { millis: parse(millis)?, number: parse(number)? })
    }
}

/// News of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Number of the stream.
    pub stream: usize,
    /// Set if something before this is missing, because the stream was cut off or lost.
    pub has_gap: bool,
    /// Changes, in order. A change that cannot be read is left out.
    pub changes: Vec<Change>,
    /// Position up to which the stream is read with this: to be stored with the changes.
    pub position: Position,
}

/// Reads the streams.
#[derive(Debug)]
pub struct Follower<'a> {
    streams: &'a Streams,
    positions: [Position; STREAMS],
    ready: VecDeque<News>,
}

impl Follower<'_> {
    /// Waits for something new. Dropping the future loses nothing.
    pub async fn next(&mut self) -> News {
        loop {
            if let Some(news) = self.ready.pop_front() {
                self.positions[news.stream] = news.position;
                return news;
            }
            self.look().await;
            if self.ready.is_empty() {
                time::sleep(FOLLOW_TIME).await;
            }
        }
    }

    /// Looks at all streams once. One that is away has its turn later.
    async fn look(&mut self) {
        let calls = self.positions.iter().enumerate().map(|(stream, position)| {
            let call = SlotCall::script(&scripts::FOLLOW, &[self.streams.keys.stream(stream)]);
            call.arg(position.to_string()).arg(BATCH_LEN)
        });
        let answers = self.streams.router.call_all(calls.collect()).await;
        for (stream, answer) in answers.into_iter().enumerate() {
            if let Ok(Some(news)) = answer.and_then(|answer| read_news(stream, answer)) {
                self.ready.push_back(news);
            }
        }
    }
}

/// Reads the answer of `follow.lua`, as news if it is any.
fn read_news(stream: usize, answer: Value) -> Result<Option<News>, Unavailable> {
    type StreamEntry = (String, Vec<Vec<u8>>);
    let (has_gap, entries): (bool, Vec<StreamEntry>) = read(answer)?;
    let mut position = Position::default();
    let mut changes = Vec::new();
    for (id, fields) in &entries {
        position = id.parse().map_err(|_| Unavailable)?;
        // The one field of an entry and its value.
        match fields.get(1).map(|change| serde_json::from_slice(change)) {
            Some(Ok(change)) => changes.push(change),
            _ => tracing::warn!(stream, id, "a change of the catalogue cannot be read"),
        }
    }
    let is_news = has_gap || !entries.is_empty();
    Ok(is_news.then_some(News { stream, has_gap, changes, position }))
}

/// Changes that are still to be written, in a queue for each stream.
#[derive(Debug, Default)]
struct Outbox {
    queues: Mutex<[StreamQueue; STREAMS]>,
    rung: Notify,
}

#[derive(Debug, Default)]
struct StreamQueue {
    changes: VecDeque<Change>,
    /// Number of changes that there was no room for.
    lost: u64,
}

impl Outbox {
    fn push(&self, change: Change) {
        let mut queues = self.queues.lock();
        let queue = &mut queues[change.stream()];
        if queue.changes.len() < QUEUE_LEN {
            queue.changes.push_back(change);
        } else {
            queue.lost += 1;
        }
        drop(queues);
        self.rung.notify_one();
    }

    /// The first changes of a queue, which stay in it.
    fn front(&self, stream: usize) -> Vec<Change> {
        self.queues.lock()[stream].changes.iter().take(BATCH_LEN).cloned().collect()
    }

    /// Takes the first changes out of a queue. Returns how many there was no room for since the last time.
    fn drop_front(&self, stream: usize, count: usize) -> u64 {
        let queue = &mut self.queues.lock()[stream];
        queue.changes.drain(..count);
        if count > 0 { std::mem::take(&mut queue.lost) } else { 0 }
    }

    fn is_empty(&self) -> bool {
        self.queues.lock().iter().all(|queue| queue.changes.is_empty())
    }
}

/// The streams of changes: those that this tracker writes, and those that it reads.
#[derive(Debug)]
pub(super) struct Streams {
    router: Arc<Router>,
    keys: Keys,
    outbox: Outbox,
}

impl Streams {
    pub(super) fn new(router: Arc<Router>, keys: Keys) -> Self {
        Self { router, keys, outbox: Outbox::default() }
    }

    /// Tells all trackers of a change, as soon as its stream can be written to. While that is away, changes wait; those for
    /// which there is no room are lost, and the log says so.
    pub(super) fn publish(&self, change: Change) {
        self.outbox.push(change);
    }

    /// Reads changes from these positions on.
    pub(super) fn follow(&self, positions: [Position; STREAMS]) -> Follower<'_> {
        Follower { streams: self, positions, ready: VecDeque::new() }
    }

    /// Writes what is published; never ends.
    pub(super) async fn keep_publishing(&self) {
        loop {
            if self.outbox.is_empty() {
                self.outbox.rung.notified().await;
            } else if !self.publish_some().await {
                time::sleep(RETRY_TIME).await;
            }
        }
    }

    /// Writes what is still to be written, as far as that can be done now.
    pub(super) async fn publish_rest(&self) {
        while !self.outbox.is_empty() && self.publish_some().await {}
    }

    /// Writes some changes of each queue. Says whether all streams were there.
    async fn publish_some(&self) -> bool {
        let mut is_everything = true;
        let batches = (0..STREAMS).map(|stream| (stream, self.outbox.front(stream)));
        let batches: Vec<(usize, Vec<Change>)> = batches.filter(|(_, changes)| !changes.is_empty()).collect();
        let calls =
            batches.iter().flat_map(|(stream, changes)| changes.iter().map(|change| self.append(*stream, change)));
        let mut answers = self.router.call_all(calls.collect()).await.into_iter();
        for (stream, changes) in batches {
            // All answers have to be taken. What comes after one that was not written is written again, after it.
            let written: Vec<bool> = answers.by_ref().take(changes.len()).map(|answer| answer.is_ok()).collect();
            let written = written.iter().take_while(|is_written| **is_written).count();
            let lost = self.outbox.drop_front(stream, written);
            if lost > 0 {
                tracing::warn!(
                    lost,
                    "other trackers do not hear of some files: too many changes waited for the cluster"
                );
            }
            is_everything &= written == changes.len();
        }
        is_everything
    }

    fn append(&self, stream: usize, change: &Change) -> SlotCall {
        let change = serde_json::to_vec(change).expect("a change is plain data");
        let call = SlotCall::new("XADD", &self.keys.stream(stream)).arg("MAXLEN").arg("~").arg(STREAM_LEN);
        call.arg("*").arg("change").arg(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(byte: u8) -> Change {
        let (file_id, by) = (FileId::new([byte; 32]), PeerId::new([1; 32]));
        Change::Put { file_id, name: "a".into(), size: 1, chunk_size: ChunkSize::DEFAULT, first_seen: 2, by }
    }

    #[test]
    fn golden_change() {
        let id = "07".repeat(32);
        assert_eq!(
            serde_json::to_string(&put(7)).unwrap(),
            format!(
                r#"{{"change":"put","file_id":"{id}","name":"a","size":1,"chunk_size":262144,"first_seen":2,"by":"{}"}}"#,
                PeerId::new([1; 32])
            )
        );
        let remove = Change::Remove { file_id: FileId::new([7; 32]) };
        assert_eq!(serde_json::to_string(&remove).unwrap(), format!(r#"{{"change":"remove","file_id":"{id}"}}"#));
    }

    #[test]
    fn a_position_is_written_as_it_is_read() {
        let position: Position = "1795268875560-3".parse().unwrap();
        assert_eq!(position, Position { millis: 1_795_268_875_560, number: 3 });
        assert_eq!(position.to_string(), "1795268875560-3");
        assert_eq!(Position::default().to_string(), "0-0");
        for nonsense in ["", "1", "1-", "-1", "1-a", "a-1"] {
            assert_eq!(nonsense.parse::<Position>(), Err(ParsePositionError), "{nonsense}");
        }
    }

    #[test]
    fn a_queue_has_an_end_and_keeps_its_order() {
        let outbox = Outbox::default();
        for _ in 0..QUEUE_LEN {
            outbox.push(put(1));
        }
        let same = put(1 + STREAMS as u8);
        outbox.push(same.clone());
        outbox.push(put(2));
        assert_eq!((outbox.drop_front(2, 1), outbox.drop_front(1, QUEUE_LEN - 1)), (0, 1));
        outbox.push(same.clone());
        assert_eq!(outbox.front(1), [put(1), same]);
        assert_eq!(outbox.drop_front(1, 2), 0);
        assert!(outbox.is_empty());
    }
}
