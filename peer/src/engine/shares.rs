//! Shares: path → hashed → held → registered.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::{Event, HashingView, TransferState, Trouble, Work};
use sprat_chunking::{FileDigest, FileId};
use sprat_store::digest::ShareError;
use sprat_store::disk::job::Job;
use sprat_store::disk::stamp::FileStamp;
use sprat_store::folder::Folder;
use sprat_store::folder::digest::FolderDigest;
use sprat_store::whole::Whole;

use super::running::Running;
use crate::download::status::Status;
use crate::engine::hashing::{Batch, Digest, Hashed, Hashing, MAX_BATCH, hash_together};
use crate::engine::phase::Happening;
use crate::engine::transfer::Transfer;
use crate::shares::folder::serve;
use crate::shares::holding::Holding;
use crate::state::library;
use crate::world::clock;

/// Paths that wait to be hashed of which a snapshot tells.
const MAX_WAITING: usize = 1000;
impl Running {
    /// Queues a path to be hashed. Hashing uses all cores, so one large file is hashed at a time, or many small ones.
    pub(super) fn share(&mut self, path: PathBuf) {
        self.to_hash.push_back(path);
    }

    /// Removes a path from the queue, or stops its hashing.
    pub(super) fn cancel_share(&mut self, path: &Path) {
        let waiting = self.to_hash.len();
        self.to_hash.retain(|waiting| waiting != path);
        if self.to_hash.len() < waiting {
            self.check_cancelled(path);
        }
        self.hashing.iter().filter(|hashing| hashing.path == path).for_each(|hashing| hashing.job.stop());
    }

    /// Starts to hash the next batch of paths, if none is being hashed.
    pub(super) fn hash_next(&mut self) {
        if !self.hashing.is_empty() || self.to_hash.is_empty() {
            return;
        }
        let next = self.to_hash.drain(..self.to_hash.len().min(MAX_BATCH));
        self.hashing = next.map(|path| Hashing { path, job: Arc::new(Job::default()) }).collect();
        for Hashing { path, job } in &self.hashing {
            let checked = self.rechecks.get(path).and_then(|file_id| self.transfers.get(*file_id));
            if let Some(transfer) = checked.filter(|transfer| transfer.is_at(path)) {
                transfer.status.works(job.clone());
            }
        }
        let (state, keeps, batch) = (self.state.clone(), self.keeps_anything(), self.hashing.clone());
        self.parts.disk.spawn_in(&mut self.hashers, move || hash_together(batch, &state, keeps));
        self.stale = true;
    }

    /// Takes in a hashed batch: serves its files, tells the trackers, and puts the rest back at the front of the queue.
    pub(super) fn hashed(&mut self, Batch { hashed, rest }: Batch) {
        self.hashing.clear();
        hashed.into_iter().for_each(|hashed| self.hashed_one(hashed));
        let (stopped, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|hashing| hashing.job.is_stopped());
        rest.into_iter().rev().for_each(|hashing| self.to_hash.push_front(hashing.path));
        for Hashing { path, .. } in stopped {
            self.hashed_one(Hashed { path, result: Err(ShareError::Stopped) });
        }
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
        if let Some(expected) = self.rechecks.remove(&path) {
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
        self.restoring.remove(&file_id);
        let Some(transfer) = self.transfer(file_id) else { return };
        (transfer.whole, transfer.recovery) = (Some(whole), None);
    }

    /// Serves a complete folder from now on. Its parts are served already.
    pub(super) fn serve_folder(&mut self, file_id: FileId, folder: Arc<Folder>, list: &Arc<Holding>) {
        if self.keeps_anything() {
            let (state, folder) = (self.state.clone(), folder.clone());
            self.parts.disk.spawn_in(&mut self.chores, move || library::keep_folder(&state, file_id, &folder));
        }
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

    /// Returns the paths that are being hashed or wait for it, as snapshots show them.
    pub(super) fn hashing_views(&self) -> Vec<HashingView> {
        let now = clock::now();
        let current = self.hashing.iter().map(|hashing| {
            let work = hashing.job.work(now).unwrap_or(Work { done: 0, total: 0, eta: None });
            HashingView { path: hashing.path.clone(), done: work.done, total: work.total, eta: work.eta }
        });
        let waiting = self.to_hash.iter().take(MAX_WAITING);
        let waiting = waiting.map(|path| HashingView { path: path.clone(), done: 0, total: 0, eta: None });
        current.chain(waiting).collect()
    }
}
