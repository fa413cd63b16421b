//! Upkeep of what is there: checking it again, moving it elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::{Event, TransferState};
use sprat_chunking::FileId;
use sprat_store::disk::job::Job;
use sprat_store::disk::trouble::trouble;
use sprat_store::part::relocate::relocate;
use sprat_store::whole::Whole;

use super::running::Running;
use crate::engine::moving::{Moved, relocate_unfinished};
use crate::engine::transfer::After;
use crate::shares::folder::serve;

impl Running {
    /// Hashes all data of a transfer again. Wrong chunks of a download are fetched again; a shared file that changed is
    /// no longer served.
    pub(super) fn check(&mut self, file_id: FileId) {
        let Some(transfer) = self.transfer(file_id) else { return };
        if let Some(whole) = transfer.whole.as_ref().filter(|_| !transfer.moving) {
            let path = whole.path().to_owned();
            self.check_whole(file_id, path);
            return;
        }
        if transfer.order.is_none() {
            return;
        }
        transfer.status.update(|figures| figures.distrust = true);
        match &transfer.running {
            Some(running) if !transfer.paused && transfer.after == After::Stay => {
                running.stop.cancel();
                transfer.after = After::Restart;
            }
            None if !transfer.paused && !transfer.moving => self.enqueue(file_id),
            // Any other download is checked when it goes on.
            _ => {}
        }
        self.save();
    }

    /// Cancels a check or a move that is under way or about to begin.
    pub(super) fn cancel_work(&mut self, file_id: FileId) {
        let checked = self.rechecks.iter().find(|(_, checked)| **checked == file_id).map(|(path, _)| path.clone());
        if let Some(path) = checked {
            self.cancel_share(&path);
        }
        let Some(transfer) = self.transfer(file_id) else { return };
        if matches!(transfer.after, After::Move(_)) {
            let goes_on = transfer.running.is_some() && !transfer.paused;
            transfer.after = if goes_on { After::Restart } else { After::Stay };
        }
        if transfer.moving {
            transfer.status.work().into_iter().for_each(|job| job.stop());
            return;
        }
        let figures = transfer.status.figures();
        if transfer.running.is_some() && (figures.distrust || figures.state == TransferState::Checking) {
            // The rest is hashed when the download goes on.
            self.pause(file_id);
        }
    }

    /// Hashes a complete file or folder to check whether it still has this file ID.
    pub(super) fn check_whole(&mut self, file_id: FileId, path: PathBuf) {
        if self.rechecks.contains_key(&path) {
            return;
        }
        if let Some(transfer) = self.transfer(file_id) {
            transfer.set_state(TransferState::Checking);
        }
        self.rechecks.insert(path.clone(), file_id);
        self.share(path);
    }

    /// Ends the check of `path`, which the user cancelled: the transfer is as it was before. Returns whether `path` was
    /// being checked.
    pub(super) fn check_cancelled(&mut self, path: &Path) -> bool {
        let Some(file_id) = self.rechecks.remove(path) else { return false };
        let is_held = self.parts.holdings.get(&file_id).is_some();
        if let Some(transfer) = self.transfer(file_id).filter(|transfer| !transfer.moving) {
            // A transfer without a holding cannot be served, since its chunk hashes are not known: it is paused.
            transfer.paused |= !is_held;
            let resting = Self::resting(transfer);
            transfer.set_state(resting);
        }
        true
    }

    /// Handles the result of a check of `path`. Returns `false` if the content is as expected, and `true` if it is not
    /// or the transfer was moved or removed meanwhile.
    pub(super) fn found_otherwise(&mut self, path: &Path, expected: FileId, found: Option<FileId>) -> bool {
        let Some(transfer) = self.transfer(expected) else { return true };
        if transfer.moving || transfer.whole.as_ref().is_none_or(|whole| whole.path() != path) {
            return true;
        }
        if found == Some(expected) {
            return false;
        }
        // From now on, an unchanged stamp does not mean that the content is right.
        transfer.whole = transfer.whole.take().map(Whole::disproved);
        self.no_longer_shared(expected, path.to_owned());
        true
    }

    /// Moves the data of a download, complete or not, to the folder `dir`, and goes on there.
    pub(super) fn move_to(&mut self, file_id: FileId, dir: PathBuf) {
        let dir = std::path::absolute(&dir).unwrap_or(dir);
        let Some(transfer) = self.transfer(file_id).filter(|transfer| transfer.is_download) else { return };
        if matches!(transfer.after, After::Remove { .. }) {
            return;
        }
        if let Some(running) = &transfer.running {
            running.stop.cancel();
        }
        if transfer.is_busy() {
            transfer.after = After::Move(dir);
            return;
        }
        // Trouble at the old place means nothing at the new one.
        (transfer.moving, transfer.recovery) = (true, None);
        transfer.set_state(TransferState::Moving);
        let job = Arc::new(Job::default());
        transfer.status.works(job.clone());
        let from = transfer.whole.as_ref().map(|whole| whole.path().to_owned());
        let unfinished = transfer.status.figures().path;
        if let Some(holding) = self.parts.holdings.get(&file_id) {
            holding.serve(false);
        }
        self.parts.disk.spawn_in(&mut self.moves, move || {
            let moved = match &from {
                Some(from) => relocate(from, &dir, &job),
                None => relocate_unfinished(&unfinished, &dir, file_id, &job),
            };
            let from = from.unwrap_or(unfinished);
            let to = dir.join(from.file_name().unwrap_or_default());
            let result = moved.map_err(|error| (!job.is_stopped()).then(|| trouble(&to, 0, &error)));
            Moved { file_id, from, result }
        });
        self.stale = true;
    }

    /// Handles the end of a move, successful or not: the transfer goes on where its data is now.
    pub(super) fn moved(&mut self, Moved { file_id, from, result }: Moved) {
        let Some(transfer) = self.transfer(file_id) else { return };
        transfer.moving = false;
        let after = std::mem::replace(&mut transfer.after, After::Stay);
        let (paused, is_whole) = (transfer.paused, transfer.whole.is_some());
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
        match (after, paused, is_whole) {
            (After::Remove { delete_data }, ..) => self.forget(file_id, delete_data),
            (After::Move(dir), ..) => self.move_to(file_id, dir),
            (_, true, _) => self.pause(file_id),
            (_, false, true) => self.resume_share(file_id),
            (_, false, false) => self.enqueue(file_id),
        }
        self.start_queued();
        self.save();
        self.stale = true;
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
