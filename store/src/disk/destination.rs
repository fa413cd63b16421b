//! Destination of a download: a folder that stays open, and a name in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::Trouble;
use sprat_protocol::FileName;

use crate::disk::open_dir::OpenDir;
use crate::disk::trouble::trouble;

/// Upper bound of the numbers that are tried beside a name that is taken.
const MAX_NUMBER: u32 = 10_000;

/// Destination of a file or folder.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Folder that it goes to.
    pub dir: Arc<OpenDir>,
    /// Name that it gets if nothing has that yet.
    pub name: FileName,
}

impl Destination {
    /// Opens a destination in this folder, which is made if it is not there, unless something was fetched there before.
    ///
    /// # Errors
    /// [`Trouble`] on this machine.
    pub fn at(dir: &Path, name: FileName, begun: bool) -> Result<Self, Trouble> {
        let made = if begun { Ok(()) } else { fs::create_dir_all(dir) };
        let opened = made.and_then(|()| OpenDir::at(dir)).map_err(|error| trouble(&dir.join(name.as_str()), 0, &error));
        Ok(Self { dir: Arc::new(opened?), name })
    }

    /// Opens the destination of what lies at this path.
    ///
    /// # Errors
    /// As for [`Destination::at`].
    pub fn of(path: &Path, begun: bool) -> Result<Self, Trouble> {
        Self::at(path.parent().unwrap_or(path), name_at(path), begun)
    }

    /// Names to try one after another: the name itself, then it with the numbers from 2 on.
    pub fn names(&self) -> impl Iterator<Item = String> + use<> {
        let name = self.name.clone();
        (1..=MAX_NUMBER).map(move |number| if number == 1 { name.to_string() } else { name.numbered(number) })
    }

    /// Names to try for what is expected to get the name `first`: that one, then all others.
    pub fn names_from(&self, first: &str) -> impl Iterator<Item = String> + use<> {
        std::iter::once(first.to_owned()).chain(self.names())
    }

    /// Path of what has this name in the folder.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// Name of what is at this path.
pub fn name_at(path: &Path) -> FileName {
    FileName::clean_keeping_dot(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

/// Name that something has while it is not finished yet.
pub fn part_name(name: &str) -> String {
    format!("{name}.part")
}
