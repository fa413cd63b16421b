//! Other trackers that share a cluster: names that come and go are told to them, so that SEARCH finds the same everywhere.

use std::sync::Arc;
use std::time::Duration;

use sprat_chunking::{FileId, Layout};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::access::Access;
use crate::catalogue::{Catalogue, Full, Put};
use crate::store::cluster::Cluster;
use crate::store::cluster::changes::{Change, News, Position, STREAMS};

/// Pause before what others told is written down again.
const AGAIN: Duration = Duration::from_millis(100);

/// Other trackers that share a cluster with this one.
#[derive(Debug)]
pub(super) struct Others {
    cluster: Arc<Cluster>,
    catalogue: Arc<Catalogue>,
    access: Arc<Access>,
    /// Rung when something was missed that the others told.
    lost: Arc<Notify>,
}

impl Others {
    pub(super) fn new(
        cluster: Arc<Cluster>,
        catalogue: Arc<Catalogue>,
        access: Arc<Access>,
        lost: Arc<Notify>,
    ) -> Self {
        Self { cluster, catalogue, access, lost }
    }

    /// Tells the others what a file is called.
    pub(super) fn tell_of(&self, put: &Put) {
        let &Put { file_id, ref name, layout, by, unix_seconds } = put;
        let (name, size, chunk_size) = (name.clone(), layout.len(), layout.chunk_size());
        self.cluster.publish(Change::Put { file_id, name, size, chunk_size, first_seen: unix_seconds, by });
    }

    /// Tells the others that a name is not to be found any more.
    pub(super) fn tell_of_removal(&self, file_id: FileId) {
        self.cluster.publish(Change::Remove { file_id });
    }

    /// Writes down what others tell, from where the catalogue stands; for ever.
    pub(super) async fn keep_following(&self) {
        let mut positions = [Position::default(); STREAMS];
        for (stream, position) in positions.iter_mut().enumerate() {
            *position = self.position(stream).await;
        }
        let mut follower = self.cluster.follow(positions);
        loop {
            let News { stream, has_gap, changes, position } = follower.next().await;
            if has_gap {
                tracing::info!(stream, "others told something that this tracker has missed; it learns all names");
                self.lost.notify_one();
            }
            for change in changes {
                self.write_down(change).await;
            }
            let [millis, number] = keys(stream);
            let [at_millis, at_number] = position.parts();
            while self.catalogue.note(vec![(millis.clone(), at_millis), (number.clone(), at_number)]) == Err(Full) {
                sleep(AGAIN).await;
            }
        }
    }

    async fn write_down(&self, change: Change) {
        let write = || match &change {
            Change::Put { file_id, name, size, chunk_size, first_seen, by } => {
                let Ok(layout) = Layout::new(*size, *chunk_size) else { return Ok(()) };
                if self.access.blocks().file(*file_id).is_err() {
                    return Ok(());
                }
                let name = name.clone();
                self.catalogue.put(Put { file_id: *file_id, name, layout, by: *by, unix_seconds: *first_seen })
            }
            Change::Remove { file_id } => self.catalogue.remove(*file_id).map(drop),
        };
        while write() == Err(Full) {
            sleep(AGAIN).await;
        }
    }

    /// Finds how far this catalogue has followed a stream; the beginning if that cannot be found out.
    async fn position(&self, stream: usize) -> Position {
        let catalogue = self.catalogue.clone();
        let read = move || -> Option<Position> {
            let [millis, number] = keys(stream).map(|key| catalogue.noted(&key).ok().flatten());
            Some(Position::from_parts([millis?, number?]))
        };
        spawn_blocking(read).await.expect("this does not panic").unwrap_or_default()
    }
}

/// Names the keys under which the catalogue notes how far a stream is read.
fn keys(stream: usize) -> [String; 2] {
    [format!("stream {stream} millis"), format!("stream {stream} number")]
}
