//! Moving a transfer to another folder.

use std::io;
use std::path::{Path, PathBuf};

use sprat_api::Trouble;
use sprat_chunking::FileId;
use sprat_store::disk::job::Job;
use sprat_store::part::PartFile;
use sprat_store::site::Site;

/// What moving gave.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) file_id: FileId,
    /// Where it was.
    pub(super) from: PathBuf,
    /// Where it is now, or why it is where it was; nothing if the user did not want it moved any more.
    pub(super) result: Result<PathBuf, Option<Trouble>>,
}

/// Moves what was fetched towards `path`, a file or a folder; blocks.
pub(super) fn relocate_unfinished(path: &Path, dir: &Path, file_id: FileId, job: &Job) -> io::Result<PathBuf> {
    if Site::is_begun(path, file_id) {
        Site::relocate(path, dir, job)
    } else {
        PartFile::relocate(path, dir, file_id, job)
    }
}
