//! The subject of a row of the list.

use std::path::PathBuf;
use std::sync::Arc;

use sprat_chunking::FileId;

use crate::model::engine::{HashingView, TransferView};

/// Identity of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// File that is being read in order to be shared.
    Hashing(PathBuf),
    /// Transfer.
    Transfer(FileId),
}

/// Subject of a row.
#[derive(Clone, Copy, Debug)]
pub enum ListItem<'a> {
    /// File that is being read in order to be shared.
    Hashing(&'a HashingView),
    /// Transfer.
    Transfer(&'a Arc<TransferView>),
}

impl ListItem<'_> {
    /// Identity of the row.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Hashing(hashing) => RowKey::Hashing(hashing.path.clone()),
            Self::Transfer(transfer) => RowKey::Transfer(transfer.file_id),
        }
    }

    /// Tells whether the row has this identity.
    pub(super) fn is(&self, key: &RowKey) -> bool {
        match (self, key) {
            (Self::Hashing(hashing), RowKey::Hashing(path)) => hashing.path == *path,
            (Self::Transfer(transfer), RowKey::Transfer(file_id)) => transfer.file_id == *file_id,
            _ => false,
        }
    }
}
