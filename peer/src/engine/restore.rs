//! Restores the transfers of the last run. They are in the list at once, and served as soon as a check has found their
//! files unchanged.

use std::path::Path;
use std::sync::Arc;

use sprat_api::{TransferState, Trouble};
use sprat_store::disk::stamp::FileStamp;
use sprat_store::folder::Folder;
use sprat_store::whole::Whole;

use super::running::Running;
use crate::download::status::Status;
use crate::engine::looking::{Found, Restored};
use crate::engine::phase::{Happening, Phase};
use crate::engine::transfer::Transfer;
use crate::shares::folder::serve;
use crate::state::library::{Library, Place, Record};

impl Running {
    /// Restores the list of the last run, and starts to check its files in the background.
    pub(super) fn restore(&mut self) {
        let mut whole = Vec::new();
        for record in Library::load(&self.keeper.state).transfers {
            let (path, what) = match record.place.clone() {
                Place::Wanted(wanted) => {
                    self.restore_wanted(&record, wanted);
                    continue;
                }
                Place::Whole { path, len, modified } => {
                    (path.clone(), Whole::File(path, FileStamp::recorded(len, modified)))
                }
                // The folder stays in the list whatever the check finds. Its contents are read by the check.
                Place::Folder { path } => (path.clone(), Whole::Folder(Arc::new(Folder::unknown(path)))),
            };
            self.restore_whole(&record, &path, what);
            whole.push(record);
        }
        self.restorer.start(self.parts.disk, self.keeper.state.clone(), whole);
    }

    fn restore_whole(&mut self, record: &Record, path: &Path, whole: Whole) {
        let size = match &whole {
            Whole::File(_, stamp) => Some(stamp.len),
            Whole::Folder(_) => None,
        };
        let status = Status::new(TransferState::Checking, Self::name_of(path), path.to_owned(), size);
        let mut transfer = Transfer::new(record.file_id, None, status, &self.parts.holdings.changes);
        (transfer.added, transfer.is_download) = (record.added, record.is_download);
        (transfer.whole, transfer.phase) = (Some(whole), Phase::at_start(true, record.paused));
        transfer.show_phase();
        self.transfers.push(transfer);
    }

    /// Takes in results of the check: unchanged files and folders are served from now on.
    pub(super) fn restored(&mut self, all: Vec<Restored>) {
        all.into_iter().for_each(|restored| self.restored_one(restored));
        self.stale = true;
    }

    fn restored_one(&mut self, Restored { file_id, path, folder, found }: Restored) {
        // The user may have moved, removed or checked the transfer meanwhile.
        let is_asked = self.restorer.restoring.remove(&file_id) && self.hasher.checked(&path).is_none();
        let Some(transfer) = self.transfer(file_id).filter(|transfer| is_asked && transfer.is_at(&path)) else {
            return;
        };
        if let Some(folder) = &folder {
            transfer.whole = Some(Whole::Folder(folder.clone()));
        }
        match (found, folder) {
            (Found::File(holding), _) => self.serve_whole(Arc::from(holding)),
            (Found::Folder(list, digests), Some(folder)) => {
                for (part, digest) in folder.parts.iter().zip(digests) {
                    serve(&self.parts.holdings, &self.parts.flow.settings, &folder, part, Some(digest), &list);
                }
                self.serve_folder(file_id, folder, &list);
            }
            // The file or folder is hashed again; the user does not have to do anything.
            (Found::Unhashed | Found::Folder(..), _) => return self.happens(file_id, Happening::Check),
            // The volume may only be away for a while.
            (Found::Changed, _) => {
                return self.happens(file_id, Happening::FoundOther(Trouble::SourceChanged { path }));
            }
        }
        self.happens(file_id, Happening::FoundSame);
    }
}
