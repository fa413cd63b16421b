//! Syncing: what is in its place is made durable, and then noted in the record.

use std::collections::BTreeSet;
use std::io;

use sprat_api::Trouble;
use sprat_chunking::FileId;

use super::Site;
use crate::disk::stamp::FileStamp;
use crate::disk::sync::sync_dir;
use crate::disk::trouble::trouble;
use crate::source::PlacedFile;

/// Number of files from which on the whole file system is synced, with what others wrote.
#[cfg(target_os = "linux")]
const SYNC_TOGETHER: usize = 64;
/// Number of bytes in their places after which these are made durable.
const SYNC_EVERY: u64 = 64 * 1024 * 1024;

impl Site {
    /// Notes that the files of this part are in their places.
    pub(super) fn there(&mut self, id: FileId, files: &[usize]) -> Result<(), Trouble> {
        let stamps: Option<Vec<FileStamp>> = files.iter().map(|place| self.stamp(*place)).collect();
        let stamps = stamps.ok_or_else(|| trouble(&self.path, 0, &io::ErrorKind::NotFound.into()))?;
        self.keep(files, &stamps);
        self.unsynced.push(id);
        self.unsynced_bytes += stamps.iter().map(|stamp| stamp.len).sum::<u64>();
        if self.unsynced_bytes >= SYNC_EVERY { self.sync() } else { Ok(()) }
    }

    /// Makes durable what is in its place, then puts it on record.
    pub(super) fn sync(&mut self) -> Result<(), Trouble> {
        let ids = std::mem::take(&mut self.unsynced);
        self.unsynced_bytes = 0;
        let places: Vec<usize> = ids.iter().flat_map(|id| self.files_of(*id)).collect();
        let failed = |error: io::Error| trouble(&self.path, 0, &error);
        self.sync_files(&places).map_err(failed)?;
        for id in ids {
            let files = self.files_of(id).into_iter().filter_map(|place| self.folder.files[place].as_ref());
            let stamps: Vec<FileStamp> = files.map(|file| file.stamp).collect();
            self.progress.note(id, &stamps).map_err(failed)?;
        }
        self.progress.sync().map_err(failed)
    }

    /// Makes these files durable. Linux can sync a whole file system at once, which for thousands of small files takes a
    /// fraction of the time that one after another takes.
    fn sync_files(&self, places: &[usize]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if places.len() >= SYNC_TOGETHER {
            return Ok(rustix::fs::syncfs(self.open_at(places[0], |dir, name| dir.open(name))?)?);
        }
        let mut dirs = BTreeSet::new();
        for place in places {
            // Windows syncs what is open for writing only.
            self.open_at(*place, |dir, name| dir.open_to_write(name))?.sync_all()?;
            // Folders may be new, up to the root.
            dirs.extend(self.places[*place].ancestors().skip(1));
        }
        dirs.into_iter().for_each(|below| sync_dir(&self.folder.root.join(below)));
        Ok(())
    }

    pub(super) fn keep(&mut self, files: &[usize], stamps: &[FileStamp]) {
        for (place, stamp) in files.iter().zip(stamps) {
            self.folder.files[*place] = Some(self.placed(*place, *stamp));
        }
    }

    fn placed(&self, place: usize, stamp: FileStamp) -> PlacedFile {
        PlacedFile { path: self.places[place].clone(), stamp }
    }
}
