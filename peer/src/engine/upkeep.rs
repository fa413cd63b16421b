//! Upkeep of what is there: checking it again, moving it elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::{Event, Trouble};
use sprat_chunking::FileId;
use sprat_store::disk::job::Job;
use sprat_store::whole::Whole;

use super::running::Running;
use crate::engine::moving::{Move, Moved};
use crate::engine::phase::Happening;
use crate::shares::folder::serve;

impl Running {
    /// Hashes the complete data of a transfer to check whether it still has this file ID.
    pub(super) fn check_whole(&mut self, file_id: FileId) {
        let whole = self.transfer(file_id).and_then(|transfer| transfer.whole.as_ref());
        let Some(path) = whole.map(|whole| whole.path().to_owned()) else { return };
        self.hasher.check(path, file_id);
    }

    /// Cancels the check of a transfer's complete data, if there is one.
    pub(super) fn stop_check(&mut self, file_id: FileId) {
        if let Some(path) = self.hasher.path_of_check(file_id) {
            self.cancel_share(&path);
        }
    }

    /// Ends the check of `path`, which was cancelled. Returns whether `path` was being checked.
    pub(super) fn check_cancelled(&mut self, path: &Path) -> bool {
        let Some(file_id) = self.hasher.take_check(path) else { return false };
        // Data without a holding cannot be served, since its chunk hashes are not known.
        let held = self.parts.holdings.get(&file_id).is_some();
        self.happens(file_id, Happening::CheckCancelled { held });
        true
    }

    /// Handles the result of a check of `path` that found other content, or none.
    pub(super) fn found_otherwise(&mut self, path: &Path, file_id: FileId) {
        let Some(transfer) = self.transfer(file_id) else { return };
        // From now on, an unchanged stamp does not mean that the content is right.
        transfer.whole = transfer.whole.take().map(Whole::disproved);
        self.happens(file_id, Happening::FoundOther(Trouble::SourceChanged { path: path.to_owned() }));
    }

    /// Moves the data of a download, complete or not, to the folder `dir`, and goes on there.
    pub(super) fn move_to(&mut self, file_id: FileId, dir: PathBuf) {
        let dir = std::path::absolute(&dir).unwrap_or(dir);
        if self.transfer(file_id).is_some_and(|transfer| transfer.is_download) {
            self.acted(file_id, Happening::Move(dir));
        }
    }

    /// Starts to move the data of a transfer on which nothing else works.
    pub(super) fn start_move(&mut self, file_id: FileId, dir: PathBuf) {
        let Some(transfer) = self.transfer(file_id) else { return };
        let job = Arc::new(Job::default());
        transfer.status.works(job.clone());
        let whole = transfer.whole.as_ref().map(|whole| whole.path().to_owned());
        let unfinished = transfer.status.figures().path;
        self.mover.start(self.parts.disk, Move { file_id, whole, unfinished, dir, job });
    }

    /// Handles the end of a move, successful or not: the transfer goes on where its data is now.
    pub(super) fn moved(&mut self, Moved { file_id, from, result }: Moved) {
        let Some(transfer) = self.transfer(file_id) else { return };
        // A file that was shared from elsewhere meanwhile stays there.
        let replaced = transfer.whole.as_ref().is_some_and(|whole| whole.path() != from);
        match result {
            Ok(_) if replaced => {}
            Ok(path) => {
                transfer.moved_to(&path);
                let whole = transfer.whole.clone();
                if let Some(whole) = whole {
                    self.serve_from(file_id, &whole);
                }
                self.tell(Event::Moved { file_id, path });
            }
            Err(None) => tracing::info!(%file_id, "moving it was cancelled"),
            Err(Some(trouble)) => {
                tracing::warn!(%file_id, %trouble, "not moved");
                self.tell(Event::NotMoved { file_id, trouble });
            }
        }
        self.happens(file_id, Happening::Moved);
        self.start_queued();
        self.save();
    }

    /// Serves a complete file or folder from its new path.
    fn serve_from(&self, file_id: FileId, whole: &Whole) {
        let Some(holding) = self.parts.holdings.get(&file_id) else { return };
        match whole {
            Whole::File(path, stamp) => holding.completed(path.clone(), *stamp),
            Whole::Folder(folder) => {
                folder.parts.iter().for_each(|part| {
                    serve(&self.parts.holdings, &self.parts.flow.settings, folder, part, None, &holding);
                });
            }
        }
    }
}
