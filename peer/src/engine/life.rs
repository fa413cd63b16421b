//! Lives of transfers: happenings go through [`Phase::after`], and what follows from them is done here.

use sprat_api::TransferState;
use sprat_chunking::FileId;

use super::running::Running;
use crate::engine::phase::{Do, Happening, Phase};
use crate::engine::transfer::Task;

impl Running {
    /// Takes a transfer to the phase after a happening, and does what follows from it.
    pub(super) fn happens(&mut self, file_id: FileId, happening: Happening) {
        let Some(transfer) = self.transfer(file_id) else { return };
        let phase = std::mem::replace(&mut transfer.phase, Phase::Paused);
        let (phase, deeds) = phase.after(happening, transfer.whole.is_some());
        transfer.phase = phase;
        transfer.show_phase();
        deeds.into_iter().for_each(|deed| self.carry(file_id, deed));
        self.stale = true;
    }

    fn carry(&mut self, file_id: FileId, deed: Do) {
        match deed {
            Do::Enqueue if self.has_turn() => self.happens(file_id, Happening::Turn),
            Do::Enqueue => {}
            Do::Start => self.start(file_id),
            Do::StopTask => self.with_task(file_id, |task| task.stop.cancel()),
            Do::Hurry => self.with_task(file_id, |task| task.hurry.notify_one()),
            Do::Serve => self.serve_or_check(file_id),
            Do::Unserve => self.unserve(file_id),
            Do::Check => self.check_whole(file_id),
            Do::StopCheck => self.stop_check(file_id),
            Do::Distrust => {
                self.transfer(file_id).into_iter().for_each(|t| t.status.update(|figures| figures.distrust = true));
            }
            Do::Move(dir) => self.start_move(file_id, dir),
            Do::StopMove => {
                let job = self.transfer(file_id).and_then(|transfer| transfer.status.work());
                job.into_iter().for_each(|job| job.stop());
            }
            Do::Note(trouble) => self.stopped_for(file_id, trouble),
            Do::Forget { delete_data } => self.forget(file_id, delete_data),
        }
    }

    fn with_task(&mut self, file_id: FileId, act: impl FnOnce(&Task)) {
        if let Some(task) = self.transfer(file_id).and_then(|transfer| transfer.task.as_ref()) {
            act(task);
        }
    }

    /// Pauses a transfer and keeps its data.
    pub(super) fn pause(&mut self, file_id: FileId) {
        self.acted(file_id, Happening::Pause);
    }

    /// Resumes a transfer that stopped for whatever reason; makes a running download retry at once.
    pub(super) fn resume(&mut self, file_id: FileId) {
        self.acted(file_id, Happening::Resume);
    }

    /// Removes a transfer from the list, at once or as soon as its task or move has ended.
    pub(super) fn remove(&mut self, file_id: FileId, delete_data: bool) {
        self.acted(file_id, Happening::Remove { delete_data });
    }

    /// Hashes all data of a transfer again. Wrong chunks of a download are fetched again; a shared file that changed is
    /// no longer served.
    pub(super) fn check(&mut self, file_id: FileId) {
        self.acted(file_id, Happening::Check);
    }

    /// Cancels a check or a move that is under way or about to begin.
    pub(super) fn cancel_work(&mut self, file_id: FileId) {
        let Some(transfer) = self.transfer(file_id) else { return };
        let figures = transfer.status.figures();
        let hashes = figures.distrust || figures.state == TransferState::Checking;
        self.acted(file_id, Happening::CancelWork { hashes });
    }

    /// Lets a command of the user happen. Trouble that stopped the transfer before is over for the user, unless a
    /// cancelled check or move leaves the transfer as it was.
    pub(super) fn acted(&mut self, file_id: FileId, happening: Happening) {
        let is_cancelled = matches!(happening, Happening::CancelWork { .. });
        if let Some(transfer) = self.transfer(file_id).filter(|_| !is_cancelled) {
            transfer.recovery = None;
        }
        self.happens(file_id, happening);
        self.save();
    }

    /// Stops serving the data of a transfer. Complete data can be served again; of an unfinished download, uploads that
    /// wait for chunks release the file.
    fn unserve(&mut self, file_id: FileId) {
        let is_whole = self.transfer(file_id).is_some_and(|transfer| transfer.whole.is_some());
        match self.parts.holdings.get(&file_id) {
            Some(holding) if is_whole => holding.serve(false),
            Some(_) => self.parts.holdings.remove(&file_id),
            None => {}
        }
        self.parts.trackers.kick();
    }

    /// Serves complete data if it is unchanged, else checks it.
    fn serve_or_check(&mut self, file_id: FileId) {
        // The check after the start of the engine has not ended yet.
        if self.restorer.restoring.contains(&file_id) {
            return;
        }
        let Some(whole) = self.transfer(file_id).and_then(|transfer| transfer.whole.clone()) else { return };
        match self.parts.holdings.get(&file_id).filter(|_| whole.is_still()) {
            Some(holding) => {
                holding.serve(true);
                self.parts.trackers.kick();
                self.happens(file_id, Happening::FoundSame);
            }
            None => self.check_whole(file_id),
        }
    }
}
