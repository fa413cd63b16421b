//! Folder on disk, shared and fetched as one ID: that of the list of its files.
//!
//! - [`list`]: a list as it came from the network.
//! - [`place`]: a list → where on disk each file goes.
//! - [`digest`]: a folder on disk → its list, and the chunk hashes of its parts.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::Collection;
use sprat_protocol::collection::Part;

use crate::source::{Bundled, PlacedFile, Source};

pub mod digest;
pub mod list;
pub mod place;

/// Folder on disk, and which of the files in its list are there.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Path of the folder.
    pub root: PathBuf,
    /// Contents of the folder.
    pub collection: Arc<Collection>,
    /// Parts, which are fetched by IDs of their own.
    pub parts: Vec<Part>,
    /// Files by place in the list; none where one is not there.
    pub files: Vec<Option<PlacedFile>>,
}

impl Folder {
    /// Returns a folder of which only the path is known.
    pub fn unknown(root: PathBuf) -> Self {
        Self { root, collection: Arc::default(), parts: Vec::new(), files: Vec::new() }
    }

    /// Looks at every file, and returns the folder with new stamps if each is as it was, as far as can be told without reading:
    /// what happens to one from now on is seen. Returns the folder unchanged as the error otherwise.
    pub fn renewed(mut self) -> Result<Self, Self> {
        for file in self.files.iter_mut().flatten() {
            match file.stamp.still_of(&self.root.join(&file.path)) {
                Some(now) => file.stamp = now,
                None => return Err(self),
            }
        }
        Ok(self)
    }

    /// Returns true if everything is as it was, as far as can be told without reading; looks at every file.
    pub fn is_still(&self) -> bool {
        self.files.iter().flatten().all(|file| file.stamp.is_still_of(&self.root.join(&file.path)))
    }

    /// Deletes the files that are still as they were, and the folders that are empty then.
    pub fn delete(&self) -> io::Result<()> {
        let mut dirs: BTreeSet<PathBuf> = BTreeSet::new();
        for file in self.files.iter().flatten() {
            let path = self.root.join(&file.path);
            dirs.extend(file.path.ancestors().skip(1).map(|dir| self.root.join(dir)));
            if file.stamp.is_still_of(&path) {
                fs::remove_file(&path)?;
            }
        }
        let (_, empty) = place::places(&self.collection);
        dirs.extend(empty.iter().flat_map(|dir| dir.ancestors()).map(|dir| self.root.join(dir)));
        dirs.insert(self.root.clone());
        // The deepest first; one that still has something in it stays.
        for dir in dirs.iter().rev() {
            let _ = fs::remove_dir(dir);
        }
        Ok(())
    }

    /// Source of the bytes of this part, if all of it is there.
    pub fn source(&self, part: &Part) -> Option<Source> {
        match part {
            Part::File(place) => {
                let file = self.files[*place].as_ref()?;
                Some(Source::Whole { path: self.root.join(&file.path), stamp: file.stamp })
            }
            Part::Bundle { files, .. } => {
                let files: Option<Vec<_>> = files.iter().map(|place| self.files[*place].clone()).collect();
                Some(Source::Bundle(Arc::new(Bundled::new(self.root.clone(), files?))))
            }
        }
    }

    /// Bytes of the files that are there.
    pub fn size(&self) -> u64 {
        self.files.iter().flatten().map(|file| file.stamp.len).sum()
    }

    /// Number of chunks of the parts that are there.
    pub fn num_chunks(&self) -> u32 {
        count_chunks(self.parts.iter().filter(|part| self.has(part)).map(|part| self.len_of(part)))
    }

    /// Returns true if everything is there.
    pub fn is_whole(&self) -> bool {
        self.files.iter().all(Option::is_some)
    }

    /// Returns true if all of this part is there.
    pub fn has(&self, part: &Part) -> bool {
        part.files().iter().all(|place| self.files[*place].is_some())
    }

    /// Length in bytes of a part.
    pub fn len_of(&self, part: &Part) -> u64 {
        self.collection.len_of(part)
    }

    /// ID that this part is fetched by.
    pub fn id_of(&self, part: &Part) -> FileId {
        self.collection.id_of(part)
    }
}

/// Number of chunks of a file of this length, unless somebody chose another chunk size.
pub fn num_chunks(len: u64) -> u32 {
    Layout::new(len, ChunkSize::for_len(len)).map_or(0, |layout| layout.num_chunks())
}

/// Number of chunks of files of these lengths together: a list from the network may say more than can be counted.
pub fn count_chunks(lens: impl Iterator<Item = u64>) -> u32 {
    lens.map(num_chunks).fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use sprat_protocol::CollectionFile;

    use super::*;
    use crate::disk::stamp::FileStamp;

    #[test]
    fn more_chunks_than_can_be_counted_are_counted_as_many() {
        let file = CollectionFile { path: vec!["a".to_owned()], size: 16 << 30, file_id: FileId::new([1; 32]) };
        let collection = Collection { files: vec![file; 70_000], ..Collection::default() };
        let placed = PlacedFile { path: "a".into(), stamp: FileStamp::recorded(16 << 30, None) };
        let (root, parts) = (PathBuf::new(), collection.parts());
        let folder = Folder { root, parts, files: vec![Some(placed); 70_000], collection: Arc::new(collection) };
        assert_eq!(folder.num_chunks(), u32::MAX);
    }
}
