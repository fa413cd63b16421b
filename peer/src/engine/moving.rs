//! Moving a transfer to another folder.

use std::io;
use std::path::{Path, PathBuf};

use sprat_api::Trouble;
use sprat_chunking::FileId;
use sprat_store::disk::job::Job;
use sprat_store::part::PartFile;
use sprat_store::site::Site;

/// Result of moving a transfer to another folder.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) file_id: FileId,
    /// Path before the move.
    pub(super) from: PathBuf,
    /// Path after the move, or the trouble that prevented it; `Err(None)` if the user cancelled the move.
    pub(super) result: Result<PathBuf, Option<Trouble>>,
}

/// Moves the unfinished data of the download towards `path`, a file or a folder, to the folder `dir`; blocks.
pub(super) fn relocate_unfinished(path: &Path, dir: &Path, file_id: FileId, job: &Job) -> io::Result<PathBuf> {
    if Site::is_begun(path, file_id) {
        Site::relocate(path, dir, job)
    } else {
        PartFile::relocate(path, dir, file_id, job)
    }
}
