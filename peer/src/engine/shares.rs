//! Sharing: path → hashed → held → registered.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sprat_chunking::{FileDigest, FileId};

use super::downloads::is_still;
use super::run::Running;
use crate::event::Event;
use crate::holding::Holding;
use crate::library::{self, Library, Place, Record};
use crate::share::{FileStamp, ShareError, digest_file};
use crate::snapshot::{HashingView, TransferState, Trouble};
use crate::status::Status;
use crate::transfer::{After, Transfer};

/// A file that is being hashed.
#[derive(Debug)]
pub(super) struct Hashing {
    path: PathBuf,
    done: AtomicU64,
    total: u64,
    cancelled: AtomicBool,
}

impl Hashing {
    /// Ends it at the next chunk.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// A file that was hashed, or could not be.
#[derive(Debug)]
pub(super) struct Hashed {
    path: PathBuf,
    result: Result<(FileDigest, FileStamp), ShareError>,
}

impl Running {
    /// Puts a path into the queue. Hashing uses all cores, so one is hashed at a time.
    pub(super) fn share(&mut self, path: PathBuf) {
        self.to_hash.push_back(path);
    }

    /// Takes a path out of the queue, or ends its hashing.
    pub(super) fn cancel_share(&mut self, path: &Path) {
        self.to_hash.retain(|waiting| waiting != path);
        if let Some(hashing) = self.hashing.as_ref().filter(|hashing| hashing.path == path) {
            hashing.cancel();
        }
    }

    /// Begins to hash the next path, if none is being hashed.
    pub(super) fn hash_next(&mut self) {
        if self.hashing.is_some() {
            return;
        }
        let Some(path) = self.to_hash.pop_front() else { return };
        let total = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let hashing =
            Arc::new(Hashing { path: path.clone(), done: AtomicU64::new(0), total, cancelled: AtomicBool::new(false) });
        self.hashing = Some(hashing.clone());
        let state = self.keeps_hashes();
        self.hashers.spawn_blocking(move || {
            // Where it lies must not depend on where the process stands later.
            let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
            let result = digest_file(&absolute, |done| {
                hashing.done.store(done, Ordering::Relaxed);
                if hashing.cancelled.load(Ordering::Relaxed) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            if let (Some(state), Ok((digest, _))) = (state, &result) {
                library::keep_hashes(&state, &digest.hashes, digest.layout);
            }
            Hashed { path, result }
        });
        self.publish();
    }

    /// A path was hashed: holds the file, and lets the trackers know.
    pub(super) fn hashed(&mut self, Hashed { path, result }: Hashed) {
        self.hashing = None;
        match result {
            Ok((digest, stamp)) => self.hold(&path, digest, stamp),
            Err(error) => {
                let reason = error.to_string();
                tracing::debug!(path = %path.display(), reason, "not shared");
                self.node.emit(Event::ShareFailed { path, reason });
            }
        }
        self.publish();
    }

    fn hold(&mut self, path: &Path, digest: FileDigest, stamp: FileStamp) {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (file_id, name) = (digest.file_id(), Self::name_of(&absolute));
        if let Some(transfer) = self.transfer(file_id) {
            if let Some(running) = &transfer.running {
                // What is being downloaded turned out to be here: the download ends, its part file is of no more use.
                transfer.after = After::Stay;
                running.stop.cancel();
            }
            (transfer.whole, transfer.paused) = (Some((absolute.clone(), stamp)), false);
            transfer.recovery = None;
        } else {
            let status = Status::new(TransferState::Sharing, name.clone(), absolute.clone(), Some(stamp.len));
            let mut transfer = Transfer::new(file_id, None, status);
            transfer.whole = Some((absolute.clone(), stamp));
            self.transfers.push(transfer);
        }
        let holding = Holding::whole(name.clone(), digest.hashes, digest.layout, absolute, stamp);
        self.serve_whole(Arc::new(holding));
        self.save();
        self.publish();
        tracing::info!(%file_id, name, "shared");
        let link = self.node.link(file_id, &name, Some(stamp.len));
        self.node.emit(Event::Shared { path: path.to_owned(), link });
    }

    /// Serves a whole file from now on.
    pub(super) fn serve_whole(&mut self, holding: Arc<Holding>) {
        let (layout, file_id) = (holding.layout(), holding.file_id());
        let name = holding.name.clone();
        self.node.holdings.insert(holding);
        if let Some(transfer) = self.transfer(file_id) {
            let path = transfer.whole.as_ref().map(|(path, _)| path.clone());
            transfer.status.update(|figures| {
                figures.state = TransferState::Sharing;
                figures.name = name;
                figures.path = path.unwrap_or_else(|| figures.path.clone());
                figures.size = Some(layout.len());
                (figures.num_chunks, figures.chunks_done) = (layout.num_chunks(), layout.num_chunks());
                figures.verified = layout.len();
            });
        }
        self.node.trackers.kick();
    }

    /// A shared file is no longer what it was: it is not served any more, and the user is told.
    pub(super) fn source_changed(&mut self, file_id: FileId, path: PathBuf) {
        let trouble = Trouble::SourceChanged { path: path.clone() };
        let Some(transfer) = self.transfer(file_id) else { return };
        // An upload that was waiting may have looked where the file lay before it was shared from elsewhere.
        if transfer.whole.as_ref().is_none_or(|(current, _)| *current != path) {
            return;
        }
        // Its hashes stay: a drive may only be away for a while.
        if let Some(holding) = self.node.holdings.get(&file_id) {
            holding.serve(false);
        }
        self.node.trackers.kick();
        self.stopped_for(file_id, trouble);
    }

    /// What a snapshot shows of the queue.
    pub(super) fn hashing_views(&self) -> Vec<HashingView> {
        let current = self.hashing.iter().map(|hashing| HashingView {
            path: hashing.path.clone(),
            done: hashing.done.load(Ordering::Relaxed),
            total: hashing.total,
        });
        let waiting = self.to_hash.iter().map(|path| HashingView { path: path.clone(), done: 0, total: 0 });
        current.chain(waiting).collect()
    }

    /// Brings back what the last run wrote down.
    pub(super) fn restore(&mut self) {
        for record in Library::load(&self.state).transfers {
            match record.place.clone() {
                Place::Whole { path, len, modified } => {
                    self.restore_whole(&record, path, library::stamp(len, modified));
                }
                Place::Wanted(wanted) => self.restore_wanted(&record, wanted),
            }
        }
    }

    fn restore_whole(&mut self, record: &Record, path: PathBuf, stamp: FileStamp) {
        let file_id = record.file_id;
        let status = Status::new(TransferState::Sharing, Self::name_of(&path), path.clone(), Some(stamp.len));
        let mut transfer = Transfer::new(file_id, None, status);
        (transfer.added, transfer.paused, transfer.is_download) = (record.added, record.paused, record.is_download);
        let now = std::fs::metadata(&path).map(|metadata| FileStamp::of(&metadata));
        let unchanged = now.is_ok_and(|now| now == stamp);
        let kept = library::kept_hashes(&self.state, file_id).filter(|_| unchanged);
        transfer.whole = Some((path.clone(), stamp));
        let paused = transfer.paused;
        if kept.is_none() {
            transfer.set_state(TransferState::Stopped(Trouble::SourceChanged { path: path.clone() }));
        }
        self.transfers.push(transfer);
        if let Some((hashes, layout)) = kept {
            let name = Self::name_of(&path);
            self.serve_whole(Arc::new(Holding::whole(name, hashes, layout, path.clone(), stamp)));
            if paused {
                self.pause(file_id);
            }
        } else if unchanged {
            // Only its hashes were lost: it is hashed again, and nobody has to do anything.
            self.share(path);
        }
    }

    /// Where hashes are kept, if they outlive this run.
    fn keeps_hashes(&self) -> Option<Arc<crate::state_dir::StateDir>> {
        self.keeps_anything().then(|| self.state.clone())
    }

    /// Resumes a share that the user stopped, or one whose file had changed: then it is hashed anew, as it is now.
    pub(super) fn resume_share(&mut self, file_id: FileId) {
        let whole = self.transfer(file_id).and_then(|transfer| transfer.whole.clone());
        let Some((path, stamp)) = whole else { return };
        if let Some(holding) = self.node.holdings.get(&file_id).filter(|_| is_still(&path, stamp)) {
            holding.serve(true);
            self.node.trackers.kick();
            if let Some(transfer) = self.transfer(file_id) {
                let resting = Self::resting(transfer);
                transfer.set_state(resting);
            }
            return;
        }
        self.share(path);
    }
}
