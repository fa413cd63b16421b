//! Automatic recovery from trouble on this machine: a full disk, a folder that could not be written, a volume that was
//! away, a shared file that is back as it was.

use std::time::Duration;

use sprat_api::{Event, Trouble};
use sprat_chunking::FileId;
use sprat_store::part::PartFile;
use sprat_store::site::Site;

use super::running::Running;
use crate::download::status::Figures;
use crate::engine::phase::{Goal, Happening};
use crate::engine::transfer::Recovery;
use crate::world::clock;

/// Time before the first check whether trouble is over. The time doubles with each check.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// Upper bound of the time between two checks.
const LONGEST: Duration = Duration::from_secs(30);

impl Running {
    /// Notes the trouble on this machine that stopped a transfer. Tells the user, unless the trouble is the same as before.
    pub(super) fn stopped_for(&mut self, file_id: FileId, trouble: Trouble) {
        let Some(transfer) = self.transfer(file_id) else { return };
        let verified = transfer.status.figures().verified;
        let before = transfer.recovery.take().filter(|before| before.verified >= verified);
        let wait = before.as_ref().map_or(FIRST_LOOK, |before| (before.wait * 2).min(LONGEST));
        let is_news = before.is_none_or(|before| !before.trouble.is_like(&trouble));
        // A transfer that the user paused does not resume by itself.
        let at = (transfer.phase.goal() == Goal::GoOn).then(|| clock::now() + wait);
        transfer.recovery = Some(Recovery { trouble: trouble.clone(), at, wait, verified });
        transfer.show_phase();
        if is_news {
            tracing::warn!(%file_id, %trouble, "a transfer stopped");
            self.tell(Event::Stopped { file_id, trouble });
        }
    }

    /// Checks the transfers whose next check is due, in the background.
    pub(super) fn look(&mut self) {
        for file_id in self.transfers.due(clock::now()) {
            let Some(transfer) = self.transfers.get_mut(file_id) else { continue };
            transfer.recovery.iter_mut().for_each(|recovery| recovery.at = None);
            let whole = transfer.whole.clone();
            let Figures { path, begun, .. } = transfer.status.figures();
            self.looker.look(self.parts.disk, file_id, move || match whole {
                Some(whole) => whole.is_still(),
                None => PartFile::could_go_on(&path, file_id, begun && !Site::is_begun(&path, file_id)),
            });
        }
    }

    /// Resumes a transfer whose trouble is over, or schedules the next check.
    pub(super) fn looked(&mut self, file_id: FileId, over: bool) {
        let Some(transfer) = self.transfer(file_id) else { return };
        // The recovery is gone if the user acted on the transfer during the check.
        let Some(recovery) = transfer.recovery.as_mut().filter(|recovery| recovery.at.is_none()) else { return };
        if over {
            return self.happens(file_id, Happening::TroubleOver);
        }
        recovery.wait = (recovery.wait * 2).min(LONGEST);
        recovery.at = (transfer.phase.goal() == Goal::GoOn).then(|| clock::now() + recovery.wait);
    }
}
