//! What is known of a transfer for who looks at it closely: which chunks are under way, and which of a folder's parts are
//! there. What changes all the time is written down only while somebody watches.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use sprat_chunking::{Bitfield, FileId};
use sprat_protocol::Collection;
use tokio::sync::watch;

/// What one transfer shows to whoever watches it. Most are never watched and have nothing to tell, and cost next to nothing.
#[derive(Debug, Default)]
pub(crate) struct Watching(OnceLock<Box<Told>>);

#[derive(Debug, Default)]
struct Told {
    on: watch::Sender<bool>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// What is in the folder, if it is one.
    list: Option<Arc<Collection>>,
    /// How far it is, or each part of the folder that was begun.
    progress: HashMap<FileId, Progress>,
    /// Chunks under way, of the file itself or of each part.
    requested: HashMap<FileId, Bitfield>,
}

/// Last known progress of a file without a `Holding`.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// These chunks were there when last seen.
    Some(Bitfield),
    /// All of it is there.
    All,
}

impl Watching {
    fn told(&self) -> &Told {
        self.0.get_or_init(Box::default)
    }

    /// Whether somebody watches.
    pub(crate) fn is_on(&self) -> bool {
        self.0.get().is_some_and(|told| *told.on.borrow())
    }

    /// Somebody watches from now on, or nobody.
    pub(crate) fn set(&self, on: bool) {
        self.told().on.send_replace(on);
        if !on {
            self.told().known.lock().requested.clear();
        }
    }

    /// A receiver that wakes when somebody begins to watch, or ceases to.
    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.told().on.subscribe()
    }

    /// These chunks of this file are under way now. Returns whether that is news.
    pub(crate) fn requested(&self, file_id: FileId, chunks: Bitfield) -> bool {
        let mut known = self.told().known.lock();
        let before = known.requested.get(&file_id);
        let is_news = before.map_or(chunks.count() > 0, |before| *before != chunks);
        if chunks.count() == 0 {
            known.requested.remove(&file_id);
        } else if is_news {
            known.requested.insert(file_id, chunks);
        }
        is_news
    }

    /// Which chunks of this file are under way, as far as was told.
    pub(crate) fn requested_of(&self, file_id: &FileId) -> Option<Bitfield> {
        self.0.get()?.known.lock().requested.get(file_id).cloned()
    }

    /// This file, or this part of the folder, is so far; nothing of it is under way any more.
    pub(crate) fn reached(&self, file_id: FileId, progress: Progress) {
        let mut known = self.told().known.lock();
        known.requested.remove(&file_id);
        known.progress.insert(file_id, progress);
    }

    /// This part of the folder is begun, or goes on.
    pub(crate) fn begun(&self, file_id: FileId) {
        self.told().known.lock().progress.entry(file_id).or_insert_with(|| Progress::Some(Bitfield::empty(0)));
    }

    /// How far this file, or this part of the folder, is.
    pub(crate) fn progress_of(&self, file_id: &FileId) -> Option<Progress> {
        self.0.get()?.known.lock().progress.get(file_id).cloned()
    }

    /// It is a folder, and that is in it.
    pub(crate) fn is_folder(&self, list: Arc<Collection>) {
        self.told().known.lock().list = Some(list);
    }

    /// What is in the folder, if it is one and that is known.
    pub(crate) fn list(&self) -> Option<Arc<Collection>> {
        self.0.get()?.known.lock().list.clone()
    }

    /// Nothing is there any more.
    pub(crate) fn starts_anew(&self) {
        if let Some(told) = self.0.get() {
            *told.known.lock() = Known::default();
        }
    }
}
