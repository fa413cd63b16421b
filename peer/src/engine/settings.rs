//! User settings of single transfers: rate limits, priorities, order of chunks.

use std::num::NonZeroU32;
use std::sync::atomic::Ordering;

use sprat_api::Priority;
use sprat_chunking::FileId;

use super::running::Running;

impl Running {
    /// Limits the upload and download rates of this transfer, in bytes per second; `None` removes a limit.
    pub(super) fn set_transfer_rates(&mut self, file_id: FileId, up: Option<NonZeroU32>, down: Option<NonZeroU32>) {
        if self.transfer(file_id).is_none() {
            return;
        }
        let settings = self.parts.flow.settings.of(file_id);
        settings.upload_rate.set(up);
        settings.download_rate.set(down);
    }

    /// Sets the priority of files of a folder, given by their places in its list.
    pub(super) fn set_priorities(&mut self, file_id: FileId, files: Vec<u32>, priority: Priority) {
        if self.transfer(file_id).is_some() {
            self.parts.flow.settings.of(file_id).prioritize(files, priority);
            self.save();
        }
    }

    /// Fetches the chunks of this file in file order from now on, or rarest first.
    pub(super) fn set_sequential(&mut self, file_id: FileId, sequential: bool) {
        let Some(transfer) = self.transfer(file_id) else { return };
        transfer.sequential = sequential;
        self.transfers.show_anew(file_id);
        self.parts.flow.settings.of(file_id).sequential.store(sequential, Ordering::Relaxed);
        self.save();
    }
}
