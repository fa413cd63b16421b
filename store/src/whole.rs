//! Files and folders that are wholly here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::stamp::FileStamp;
use crate::folder::Folder;

/// File or folder that is wholly here.
#[derive(Clone, Debug)]
pub enum Whole {
    /// File, and the stamp that tells that it is still the same.
    File(PathBuf, FileStamp),
    /// Folder.
    Folder(Arc<Folder>),
}

impl Whole {
    /// Path of the file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path, _) => path,
            Self::Folder(folder) => &folder.root,
        }
    }

    /// Returns true if it is there, as far as one look tells.
    pub fn is_there(&self) -> bool {
        match self {
            Self::File(..) => self.is_still(),
            Self::Folder(folder) => folder.root.is_dir(),
        }
    }

    /// Returns true if it is still what it was, as far as can be told without reading it; looks at every file.
    pub fn is_still(&self) -> bool {
        match self {
            Self::File(path, stamp) => stamp.is_still_of(path),
            Self::Folder(folder) => folder.is_still(),
        }
    }

    /// Returns the same once its bytes were found to be others: from then on nothing that is there looks like it.
    pub fn disproved(self) -> Self {
        let disproved = |stamp: FileStamp| FileStamp { modified: None, ..stamp };
        match self {
            Self::File(path, stamp) => Self::File(path, disproved(stamp)),
            Self::Folder(folder) => {
                let mut folder = Arc::unwrap_or_clone(folder);
                folder.files.iter_mut().flatten().for_each(|file| file.stamp = disproved(file.stamp));
                Self::Folder(Arc::new(folder))
            }
        }
    }

    /// Deletes the file or folder, but for what somebody changed since.
    pub fn delete(&self) {
        let deleted = match self {
            Self::File(path, _) if self.is_still() => fs::remove_file(path),
            Self::File(..) => Ok(()),
            Self::Folder(folder) => folder.delete(),
        };
        if let Err(error) = deleted {
            tracing::warn!(path = %self.path().display(), %error, "can't delete what was downloaded");
        }
    }
}
