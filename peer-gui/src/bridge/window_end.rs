//! The window's end of the bridge.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::model::engine::{Command, EngineHandle, Snapshot};
use crate::model::messages::{Notice, Request};

/// Most requests, and most notices, that may wait.
const QUEUE: usize = 256;

/// The window's end of the bridge.
#[derive(Debug)]
pub struct Bridge {
    requests: mpsc::Sender<Request>,
    notices: mpsc::Receiver<Notice>,
    engine: Option<EngineHandle>,
    snapshots: Option<watch::Receiver<Arc<Snapshot>>>,
    /// Commands that found no room in the engine's queue yet, in their order: an action may be about thousands of
    /// transfers.
    backlog: VecDeque<Command>,
}

impl Bridge {
    /// Creates both ends: the window's, and the channels of the backend.
    pub(super) fn pair() -> (Self, mpsc::Receiver<Request>, mpsc::Sender<Notice>) {
        let (requests, requests_end) = mpsc::channel(QUEUE);
        let (notices_end, notices) = mpsc::channel(QUEUE);
        (Self { requests, notices, engine: None, snapshots: None, backlog: VecDeque::new() }, requests_end, notices_end)
    }

    /// Takes the next notice, if one waits.
    pub fn next_notice(&mut self) -> Option<Notice> {
        let notice = self.notices.try_recv().ok()?;
        match &notice {
            Notice::Started(engine) => {
                let mut snapshots = engine.watch();
                snapshots.mark_changed();
                self.snapshots = Some(snapshots);
                self.engine = Some(engine.clone());
            }
            Notice::Failed(_) => (self.engine, self.snapshots) = (None, None),
            _ => {}
        }
        Some(notice)
    }

    /// Takes the newest snapshot, if it was not taken yet.
    pub fn new_snapshot(&mut self) -> Option<Arc<Snapshot>> {
        let snapshots = self.snapshots.as_mut()?;
        // An error says that the engine has ended; the backend tells that with a notice.
        snapshots.has_changed().ok().filter(|changed| *changed)?;
        Some(snapshots.borrow_and_update().clone())
    }

    /// Hands the engine a command, now or when there is room in its queue. Without an engine the command is dropped.
    pub fn send(&mut self, command: Command) {
        self.backlog.push_back(command);
        self.flush();
    }

    /// Hands on the commands that found no room before. Returns true if any still waits.
    pub fn flush(&mut self) -> bool {
        let Some(engine) = &self.engine else {
            self.backlog.clear();
            return false;
        };
        while let Some(command) = self.backlog.pop_front() {
            if let Err(command) = engine.try_send(command) {
                self.backlog.push_front(*command);
                return true;
            }
        }
        false
    }

    /// Hands the backend a request. Returns false if its queue is full, or if it has ended.
    pub fn ask(&self, request: Request) -> bool {
        self.requests.try_send(request).is_ok()
    }

    /// Hands on the commands that still wait, and lets go of the engine, so that its owner can end it. For threads that
    /// may block.
    pub fn let_go(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.backlog.drain(..).for_each(|command| engine.blocking_send(command));
        }
        self.snapshots = None;
    }
}
