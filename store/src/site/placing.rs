//! Placing: parts that were fetched go to their places below `files`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use sprat_api::Trouble;
use sprat_chunking::FileId;
use sprat_protocol::collection::Part;

use super::Site;
use crate::disk::open_dir::OpenDir;
use crate::disk::trouble::trouble;
use crate::folder::digest::id_of_small;

impl Site {
    /// Puts what was fetched under this name among the parts in its places. Now and then that is made durable and noted.
    ///
    /// # Errors
    /// [`Trouble`] on this machine, or with a list that calls other bytes by this ID.
    pub fn place(&mut self, id: FileId, fetched: &str) -> Result<(), Trouble> {
        let parts = self.parts.get(&id).cloned().unwrap_or_default();
        let files = self.files_of(id);
        // What the list says wrongly is found out before anything is done with what came: it is not to be fetched again.
        let failed = |error: io::Error| trouble(&self.parts_dir.path().join(fetched), 0, &error);
        let file = self.parts_dir.open(fetched).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        let is_bundle = |part: &Part| matches!(part, Part::Bundle { .. });
        let agree = parts.windows(2).all(|pair| is_bundle(&pair[0]) == is_bundle(&pair[1]));
        if !agree || parts.iter().any(|part| self.folder.len_of(part) != len) {
            return Err(self.wrong_list(files[0]));
        }
        match &parts[..] {
            [Part::Bundle { .. }, ..] => self.unbundle(&parts, file)?,
            _ => self.place_file(&files, fetched, file)?,
        }
        // After a bundle was taken apart it is of no more use: what is not durable yet is hashed again after a crash.
        let _ = self.parts_dir.remove_file(fetched);
        self.there(id, &files)
    }

    fn place_file(&mut self, places: &[usize], fetched: &str, mut file: File) -> Result<(), Trouble> {
        let [first, others @ ..] = places else { return Ok(()) };
        let parts = self.parts_dir.clone();
        self.put(*first, |dir, name| parts.rename(fetched, dir, name))?;
        for other in others {
            self.put(*other, |dir, name| {
                file.rewind()?;
                dir.copy(name, &mut file)
            })?;
        }
        Ok(())
    }

    fn unbundle(&mut self, parts: &[Part], mut file: File) -> Result<(), Trouble> {
        for part in parts {
            let Part::Bundle { files, .. } = part else { continue };
            file.rewind().map_err(|error| trouble(self.parts_dir.path(), 0, &error))?;
            let mut bundle = io::BufReader::with_capacity(1 << 18, &file);
            let mut bytes = Vec::new();
            for place in files {
                let listed = &self.folder.collection.files[*place];
                bytes.resize(listed.size as usize, 0);
                let read = bundle.read_exact(&mut bytes);
                if read.is_err() || id_of_small(&bytes) != listed.file_id {
                    return Err(self.wrong_list(*place));
                }
                self.write(*place, &bytes)?;
            }
        }
        Ok(())
    }

    fn wrong_list(&self, place: usize) -> Trouble {
        let reason = "the folder's list calls other content by this ID; whoever shared it has to share it again";
        Trouble::Io { path: self.places[place].clone(), reason: reason.to_owned() }
    }

    pub(super) fn write(&mut self, place: usize, bytes: &[u8]) -> Result<(), Trouble> {
        let stamp = self.put(place, |dir, name| dir.write(name, bytes))?;
        if bytes.is_empty() {
            self.keep(&[place], &[stamp]);
        }
        Ok(())
    }

    /// Puts something in the place of a file.
    pub(super) fn put<T>(
        &mut self,
        place: usize,
        how: impl FnOnce(&OpenDir, &OsStr) -> io::Result<T>,
    ) -> Result<T, Trouble> {
        let below = self.places[place].clone();
        let dir = self.dir_of(below.parent().unwrap_or(Path::new("")))?;
        how(dir, below.file_name().unwrap_or_default())
            .map_err(|error| trouble(&self.folder.root.join(below), 0, &error))
    }

    /// Opens the folder at this path below `files`; made if it is not there.
    pub(super) fn dir_of(&mut self, below: &Path) -> Result<&OpenDir, Trouble> {
        let latest = match self.latest.take() {
            Some((latest, dir)) if latest == below => (latest, dir),
            _ => {
                let dir = self.files.dir_below(below);
                (below.to_owned(), dir.map_err(|error| trouble(&self.folder.root.join(below), 0, &error))?)
            }
        };
        Ok(&self.latest.insert(latest).1)
    }

    /// Opens a file in its place.
    pub(super) fn open_at(
        &self,
        place: usize,
        how: impl FnOnce(&OpenDir, &OsStr) -> io::Result<File>,
    ) -> io::Result<File> {
        let below = &self.places[place];
        let parent = below.parent().unwrap_or(Path::new(""));
        let name = below.file_name().unwrap_or_default();
        match &self.latest {
            Some((latest, dir)) if latest == parent => how(dir, name),
            _ => how(&self.files.dir_at(parent)?, name),
        }
    }
}
