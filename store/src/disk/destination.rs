//! The place that something downloaded goes to: a folder that stays open, and a name in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::Trouble;
use sprat_protocol::FileName;

use crate::disk::open_dir::OpenDir;
use crate::disk::trouble::trouble;

/// The most numbered names that are tried beside a name that is taken.
pub const MAX_NUMBER: u32 = 10_000;

/// Where a file is to go.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The folder.
    pub dir: Arc<OpenDir>,
    /// The name that it gets if nothing has it yet.
    pub name: FileName,
}

impl Destination {
    /// In this folder, which is made if it is not there, unless something was fetched there before.
    ///
    /// # Errors
    /// [`Trouble`] on this machine.
    pub fn at(dir: &Path, name: FileName, begun: bool) -> Result<Self, Trouble> {
        let made = if begun { Ok(()) } else { fs::create_dir_all(dir) };
        let opened = made.and_then(|()| OpenDir::at(dir)).map_err(|error| trouble(&dir.join(name.as_str()), 0, &error));
        Ok(Self { dir: Arc::new(opened?), name })
    }

    /// That of what lies at this path.
    ///
    /// # Errors
    /// As for [`Destination::at`].
    pub fn of(path: &Path, begun: bool) -> Result<Self, Trouble> {
        Self::at(path.parent().unwrap_or(path), name_at(path), begun)
    }

    /// The name with this number; 1 is the name itself.
    pub fn numbered(&self, number: u32) -> String {
        if number == 1 { self.name.to_string() } else { self.name.numbered(number) }
    }

    /// The path of what has this name there.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// The name of what is at this path.
pub fn name_at(path: &Path) -> FileName {
    FileName::clean_keeping_dot(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

/// What is called so while it is not finished yet.
pub fn part_name(name: &str) -> String {
    format!("{name}.part")
}
