//! Detail of the transfer that a front end watches.

use std::sync::Arc;

use sprat_api::Detail;
use sprat_chunking::FileId;
use sprat_store::whole::Whole;

use super::running::Running;
use crate::engine::watched::{Watched, file_map, folder_map, is_same};
use crate::state::library;

impl Running {
    /// Makes snapshots carry the detail of this transfer from now on, or no detail if `file_id` is `None`.
    pub(super) fn watch(&mut self, file_id: Option<FileId>) {
        if self.watched.as_ref().map(|watched| watched.file_id) == file_id {
            return;
        }
        let before = self.watched.take();
        if let Some(transfer) = before.and_then(|before| self.transfers.get(before.file_id)) {
            transfer.status.watching().set(false);
        }
        self.watched = file_id.map(|file_id| Watched { file_id, folder: None, told: None });
        self.keep_watching();
        self.answer();
    }

    /// Tells the watched transfer's status that it is watched. The transfer may have been added after the command.
    pub(super) fn keep_watching(&mut self) {
        let Some(file_id) = self.watched.as_ref().map(|watched| watched.file_id) else { return };
        let (news, state) = (self.parts.news.clone(), self.keeper.state.clone());
        let Some(transfer) = self.transfers.get(file_id).filter(|transfer| !transfer.status.watching().is_on()) else {
            return;
        };
        let status = transfer.status.clone();
        status.watching().set(true);
        if transfer.whole.is_some() || status.watching().list().is_some() {
            return;
        }
        // The list of a folder whose task has not run since the start of the engine is only on the disk.
        self.keeper.spawn(self.parts.disk, move || {
            if let Some((list, _)) = library::kept_list(&state, file_id) {
                status.watching().is_folder(Arc::new(list));
                news.changed();
            }
        });
    }

    /// Returns the detail of the watched transfer, if there is one.
    pub(super) fn detail(&mut self) -> Option<Arc<Detail>> {
        self.keep_watching();
        let watched = self.watched.as_mut()?;
        let transfer = self.transfers.get(watched.file_id)?;
        let list = match &transfer.whole {
            Some(Whole::Folder(folder)) => Some(folder.collection.clone()),
            Some(Whole::File(..)) => None,
            None => transfer.status.watching().list(),
        };
        watched.takes_in(list);
        let chunks = match &watched.folder {
            Some(folder) => folder_map(&self.parts.holdings, transfer, folder),
            None => file_map(&self.parts.holdings, transfer),
        };
        let settings = self.parts.flow.settings.get(&watched.file_id);
        let detail = Detail {
            file_id: watched.file_id,
            chunks,
            files: watched.folder.as_ref().map_or_else(Arc::default, |folder| folder.files.clone()),
            priorities: settings.as_ref().map(|settings| settings.priorities.read().clone()).unwrap_or_default(),
            up_limit: settings.as_ref().and_then(|settings| settings.upload_rate.rate()),
            down_limit: settings.as_ref().and_then(|settings| settings.download_rate.rate()),
        };
        let same = watched.told.take().filter(|told| is_same(told, &detail));
        watched.told = Some(same.unwrap_or_else(|| Arc::new(detail)));
        watched.told.clone()
    }
}
