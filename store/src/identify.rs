//! IDs and sizes of files and folders, by their paths.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use sprat_chunking::FileId;

use crate::digest::{ShareError, digest_file};
use crate::folder::digest::{digest_folder, digest_list, folder_size};

/// Returns the ID that the file or folder at `path` is shared under; blocks. `progress` as for [`digest_file`].
///
/// # Errors
/// [`ShareError`] says what stands in the way.
pub fn id_of(path: &Path, progress: impl Fn(u64) -> ControlFlow<()> + Sync) -> Result<FileId, ShareError> {
    if !path.is_dir() {
        return digest_file(path, progress).map(|(digest, _)| digest.file_id());
    }
    let list = digest_list(&digest_folder(path, progress)?.bytes);
    Ok(list.ok_or_else(|| ShareError::TooLong { path: path.to_owned() })?.file_id())
}

/// Bytes of the file, or of all files in the folder, at `path`; 0 where that cannot be told.
pub fn size_of(path: &Path) -> u64 {
    if path.is_dir() { folder_size(path) } else { fs::metadata(path).map_or(0, |metadata| metadata.len()) }
}
