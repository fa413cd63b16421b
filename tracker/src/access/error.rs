//! Errors of the files about access.

use super::block_list::BlockListError;
use super::state_file::FileError;

/// Reason why the files about access cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessFilesError {
    /// One in the data folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// A block list.
    #[error(transparent)]
    BlockList(#[from] BlockListError),
}
