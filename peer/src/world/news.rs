//! News for front ends, from any task of an engine.

use parking_lot::Mutex;
use sprat_api::Event;
use tokio::sync::Notify;

/// Events that are to follow the next snapshot, and a notification that the snapshot would change.
#[derive(Debug, Default)]
pub(crate) struct News {
    events: Mutex<Vec<Event>>,
    changed: Notify,
}

impl News {
    /// Queues an event for front ends, to be sent after the next snapshot.
    pub(crate) fn emit(&self, event: Event) {
        self.events.lock().push(event);
        self.changed.notify_one();
    }

    /// Notifies the engine that something changed which a snapshot shows.
    pub(crate) fn changed(&self) {
        self.changed.notify_one();
    }

    /// Waits until something changed. Cancel safe.
    pub(crate) async fn wait(&self) {
        self.changed.notified().await;
    }

    /// Removes and returns the events since the last call.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock())
    }
}

#[cfg(test)]
mod tests {
    use sprat_chunking::FileId;

    use super::*;

    #[tokio::test]
    async fn an_event_is_taken_once_and_wakes_who_waits() {
        let news = News::default();
        news.emit(Event::Removed(FileId::new([1; 32])));
        news.wait().await;
        assert_eq!((news.take().len(), news.take().len()), (1, 0));
    }
}
