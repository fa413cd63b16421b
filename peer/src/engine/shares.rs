//! Shares: path → hashed → held → registered.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::{Event, TransferState, Trouble};
use sprat_chunking::{FileDigest, FileId};
use sprat_store::digest::ShareError;
use sprat_store::disk::stamp::FileStamp;
use sprat_store::folder::Folder;
use sprat_store::folder::digest::FolderDigest;
use sprat_store::whole::Whole;

use super::running::Running;
use crate::download::status::Status;
use crate::engine::hashing::{Digest, Hashed, Hashing};
use crate::engine::phase::Happening;
use crate::engine::transfer::Transfer;
use crate::shares::folder::serve;
use crate::shares::holding::Holding;
use crate::state::library;

impl Running {
    /// Removes a path from the queue of those to hash, or stops its hashing.
    pub(super) fn cancel_share(&mut self, path: &Path) {
        if self.hasher.cancel(path) {
            self.check_cancelled(path);
        }
    }

    /// Starts to hash the next batch of paths, if none is being hashed.
    pub(super) fn hash_next(&mut self) {
        let (state, keeps) = (&self.keeper.state, self.keeper.keeps);
        let started = self.hasher.start_next(self.parts.disk, state, keeps).to_vec();
        for Hashing { path, job } in started {
            let checked = self.hasher.checked(&path).and_then(|file_id| self.transfers.get(file_id));
            if let Some(transfer) = checked.filter(|transfer| transfer.is_at(&path)) {
                transfer.status.works(job);
            }
            self.stale = true;
        }
    }

    /// Takes in the results of a batch: serves its files, and tells the trackers.
    pub(super) fn hashed(&mut self, hashed: Vec<Hashed>) {
        hashed.into_iter().for_each(|hashed| self.hashed_one(hashed));
        self.stale = true;
    }

    fn hashed_one(&mut self, Hashed { path, result }: Hashed) {
        let found = match &result {
            Ok(Digest::File(digest, _)) => Some(digest.file_id()),
            Ok(Digest::Folder(folder)) => Some(folder.1.file_id()),
            Err(_) => None,
        };
        if matches!(result, Err(ShareError::Stopped)) && self.check_cancelled(&path) {
            return;
        }
        if let Some(expected) = self.hasher.take_check(&path) {
            // The transfer may have been moved or removed meanwhile.
            let is_there = self.transfer(expected).is_some_and(|transfer| transfer.is_at(&path));
            if is_there && found == Some(expected) {
                self.keep_hashed(&path, result);
                self.happens(expected, Happening::FoundSame);
            } else if is_there {
                self.found_otherwise(&path, expected);
            }
            return;
        }
        self.keep_hashed(&path, result);
        if let Some(file_id) = found {
            self.happens(file_id, Happening::SharedHere);
        }
    }

    /// Holds what was hashed, or tells why it cannot be shared.
    fn keep_hashed(&mut self, path: &Path, result: Result<Digest, ShareError>) {
        match result {
            Ok(Digest::File(digest, stamp)) => self.hold(path, digest, stamp),
            Ok(Digest::Folder(folder)) => self.hold_folder(path, *folder),
            Err(error) => {
                let reason = error.to_string();
                tracing::debug!(path = %path.display(), reason, "not shared");
                self.tell(Event::ShareFailed { path: path.to_owned(), reason });
            }
        }
    }

    fn hold(&mut self, path: &Path, digest: FileDigest, stamp: FileStamp) {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (file_id, name) = (digest.file_id(), Self::name_of(&absolute));
        self.is_here(file_id, &name, Whole::File(absolute.clone(), stamp), stamp.len);
        let holding = Holding::whole(name.clone(), digest.hashes, digest.layout, absolute, stamp);
        self.serve_whole(Arc::new(holding));
        self.shared(path, file_id, &name, stamp.len);
    }

    fn hold_folder(&mut self, path: &Path, (digest, list): (FolderDigest, Holding)) {
        let FolderDigest { folder, digests, .. } = digest;
        let (file_id, name, size) = (list.file_id(), list.name.clone(), list.layout().len());
        let (folder, list) = (Arc::new(folder), Arc::new(list));
        self.is_here(file_id, &name, Whole::Folder(folder.clone()), folder.collection.size());
        self.parts.holdings.remove(&file_id);
        self.parts.holdings.insert(list.clone());
        for (part, digest) in folder.parts.iter().zip(digests) {
            serve(&self.parts.holdings, &self.parts.flow.settings, &folder, part, Some(digest), &list);
        }
        self.serve_folder(file_id, folder, &list);
        self.shared(path, file_id, &name, size);
    }

    /// Saves the list, and tells the user of a new share.
    fn shared(&mut self, path: &Path, file_id: FileId, name: &str, size: u64) {
        self.save();
        tracing::info!(%file_id, name, "shared");
        self.tell_shared(path.to_owned(), file_id, name.to_owned(), size);
    }

    /// Notes that a complete file or folder is here, and adds it to the list if it is missing there.
    fn is_here(&mut self, file_id: FileId, name: &str, whole: Whole, size: u64) {
        if self.transfer(file_id).is_none() {
            let status = Status::new(TransferState::Sharing, name.to_owned(), whole.path().to_owned(), Some(size));
            self.transfers.push(Transfer::new(file_id, None, status, &self.parts.holdings.changes));
        }
        self.restorer.restoring.remove(&file_id);
        let Some(transfer) = self.transfer(file_id) else { return };
        (transfer.whole, transfer.recovery) = (Some(whole), None);
    }

    /// Serves a complete folder from now on. Its parts are served already.
    pub(super) fn serve_folder(&mut self, file_id: FileId, folder: Arc<Folder>, list: &Arc<Holding>) {
        let kept = folder.clone();
        self.keeper.keep(self.parts.disk, move |state| library::keep_folder(state, file_id, &kept));
        list.set_unfinished(!folder.is_whole());
        self.parts.holdings.insert(list.clone());
        let Some(transfer) = self.transfer(file_id) else { return };
        let size = folder.size();
        transfer.status.update(|figures| {
            figures.name = Self::name_of(&folder.root);
            figures.path = folder.root.clone();
            (figures.size, figures.verified) = (Some(size), size);
            figures.files = u32::try_from(folder.files.len()).ok();
            figures.num_chunks = folder.num_chunks();
            figures.chunks_done = figures.num_chunks;
        });
        (transfer.whole, transfer.recovery) = (Some(Whole::Folder(folder)), None);
        self.parts.trackers.kick();
    }

    /// Serves a complete file from now on.
    pub(super) fn serve_whole(&mut self, holding: Arc<Holding>) {
        let (layout, file_id) = (holding.layout(), holding.file_id());
        let name = holding.name.clone();
        self.parts.holdings.insert(holding);
        if let Some(transfer) = self.transfer(file_id) {
            let path = transfer.whole.as_ref().map(|whole| whole.path().to_owned());
            transfer.status.update(|figures| {
                figures.name = name;
                figures.path = path.unwrap_or_else(|| figures.path.clone());
                figures.size = Some(layout.len());
                (figures.num_chunks, figures.chunks_done) = (layout.num_chunks(), layout.num_chunks());
                figures.verified = layout.len();
            });
        }
        self.parts.trackers.kick();
    }

    /// Handles a report that a shared file changed. If its stamp changed, stops serving it and tells the user; else
    /// hashes it again.
    pub(super) fn source_changed(&mut self, file_id: FileId, path: PathBuf) {
        let file_id = self.transfers.folder_around(&path).unwrap_or(file_id);
        let Some(transfer) = self.transfer(file_id) else { return };
        // The report may come from an upload that waited, and may concern a path where the file lay before it was
        // completed or shared from elsewhere.
        let Some(whole) = transfer.whole.as_ref().filter(|whole| path.starts_with(whole.path())) else { return };
        if whole.is_still() {
            // The stamp is unchanged, but some of the content is not.
            self.happens(file_id, Happening::Check);
        } else {
            // The chunk hashes are kept: the volume may only be away for a while.
            self.happens(file_id, Happening::FoundOther(Trouble::SourceChanged { path }));
        }
    }
}
