//! The way of notices to the window.

use tokio::sync::mpsc;

use super::waker::Waker;
use crate::model::messages::Notice;

/// Sender of notices to the window.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    pub(super) notices: mpsc::Sender<Notice>,
    pub(super) waker: Waker,
}

impl Outbox {
    /// Sends a notice. Waits for room: a window that does not look holds back the news, not the engine.
    pub(super) async fn send(&self, notice: Notice) {
        if self.notices.send(notice).await.is_ok() {
            self.waker.wake();
        }
    }
}
