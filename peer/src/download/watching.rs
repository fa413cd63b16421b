//! Details of a transfer for somebody who watches it closely: chunks under way, and the progress of a folder's parts.
//! Chunks under way change all the time and are recorded only while somebody watches.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use sprat_chunking::{Bitfield, FileId};
use sprat_protocol::Collection;
use tokio::sync::watch;

/// Details that one transfer shows to whoever watches it. Most transfers are never watched, so memory for the details
/// is allocated on first use.
#[derive(Debug, Default)]
pub(crate) struct Watching(OnceLock<Box<Told>>);

#[derive(Debug, Default)]
struct Told {
    on: watch::Sender<bool>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// List of the folder's files, if the transfer is a folder.
    list: Option<Arc<Collection>>,
    /// Progress of the file, or of each part of the folder that was begun.
    progress: HashMap<FileId, Progress>,
    /// Chunks under way, of the file or of each part of the folder.
    requested: HashMap<FileId, Bitfield>,
}

/// Last known progress of a file without a `Holding`.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// Some chunks are there: these, when last seen.
    Some(Bitfield),
    /// The whole file is there.
    All,
}

impl Watching {
    fn told(&self) -> &Told {
        self.0.get_or_init(Box::default)
    }

    /// Returns whether somebody watches.
    pub(crate) fn is_on(&self) -> bool {
        self.0.get().is_some_and(|told| *told.on.borrow())
    }

    /// Sets whether somebody watches from now on. If nobody does, forgets the chunks under way.
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

    /// Notes the chunks of this file that are under way now. Returns whether they changed.
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

    /// Chunks of this file that are under way, as last noted.
    pub(crate) fn requested_of(&self, file_id: &FileId) -> Option<Bitfield> {
        self.0.get()?.known.lock().requested.get(file_id).cloned()
    }

    /// Notes the progress of this file, or of this part of the folder; none of its chunks is under way any more.
    pub(crate) fn reached(&self, file_id: FileId, progress: Progress) {
        let mut known = self.told().known.lock();
        known.requested.remove(&file_id);
        known.progress.insert(file_id, progress);
    }

    /// Notes that this part of the folder is begun or continued.
    pub(crate) fn begun(&self, file_id: FileId) {
        self.told().known.lock().progress.entry(file_id).or_insert_with(|| Progress::Some(Bitfield::empty(0)));
    }

    /// Progress of this file, or of this part of the folder.
    pub(crate) fn progress_of(&self, file_id: &FileId) -> Option<Progress> {
        self.0.get()?.known.lock().progress.get(file_id).cloned()
    }

    /// Notes that the transfer is a folder with this list.
    pub(crate) fn is_folder(&self, list: Arc<Collection>) {
        self.told().known.lock().list = Some(list);
    }

    /// List of the folder's files, if the transfer is a folder and its list is known.
    pub(crate) fn list(&self) -> Option<Arc<Collection>> {
        self.0.get()?.known.lock().list.clone()
    }

    /// Forgets all details, because the transfer starts from scratch.
    pub(crate) fn starts_anew(&self) {
        if let Some(told) = self.0.get() {
            *told.known.lock() = Known::default();
        }
    }
}
