//! Folders: shared and fetched as one ID, that of the list of what is in them.
//!
//! - `digest`: a folder on disk → its list, and the chunk hashes of what travels.
//! - `place`: a list from the network → where on disk each file goes.
//! - `fetch`: the task that downloads a folder: its parts, a few at a time.
//! - `site`, `progress`: where an unfinished folder lies, and which of its parts are there.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sprat_chunking::{ChunkSize, FileDigest, FileId, Layout};
use sprat_protocol::Collection;
use sprat_protocol::collection::Part;

use crate::holding::{Holding, ReadError, Source, read_whole};
use crate::node::Node;
use crate::share::FileStamp;

pub(crate) mod digest;
pub(crate) mod fetch;
mod place;
pub(crate) mod progress;
pub(crate) mod site;

/// A folder on disk as its list says.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    /// Where it is.
    pub(crate) root: PathBuf,
    /// What is in it.
    pub(crate) collection: Arc<Collection>,
    /// What travels by itself.
    pub(crate) parts: Vec<Part>,
    /// The files by place in the list; none where one is not there.
    pub(crate) files: Vec<Option<PlacedFile>>,
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacedFile {
    /// Where below the folder.
    pub(crate) path: PathBuf,
    /// What tells that it is still the same.
    pub(crate) stamp: FileStamp,
}

impl Folder {
    /// A folder of which only is known where it is.
    pub(crate) fn unknown(root: PathBuf) -> Self {
        Self { root, collection: Arc::default(), parts: Vec::new(), files: Vec::new() }
    }

    /// The same after a look at every file, if each is as it was as far as can be told without reading: what happens to one from now
    /// on is seen.
    pub(crate) fn renewed(mut self) -> Result<Self, Self> {
        for file in self.files.iter_mut().flatten() {
            match file.stamp.still_of(&self.root.join(&file.path)) {
                Some(now) => file.stamp = now,
                None => return Err(self),
            }
        }
        Ok(self)
    }

    /// Whether everything is as it was, as far as can be told without reading; looks at every file.
    pub(crate) fn is_still(&self) -> bool {
        self.files.iter().flatten().all(|file| file.stamp.is_still_of(&self.root.join(&file.path)))
    }

    /// Serves this part from where it lies, if all of it is here. What served it while it was fetched goes on from there;
    /// otherwise its chunk hashes are needed.
    pub(crate) fn serve(&self, node: &Node, part: &Part, digest: Option<FileDigest>, of: &Arc<Holding>) {
        let id = self.id_of(part);
        let Some(source) = self.source(part) else { return };
        node.settings.share(of.file_id(), id);
        match (node.holdings.part(&id, of), digest) {
            (Some(holding), _) => holding.lies(source),
            (None, Some(FileDigest { layout, hashes })) => {
                let name = match part {
                    Part::File(place) => self.collection.files[*place].path.last().cloned().unwrap_or_default(),
                    Part::Bundle { .. } => id.to_string(),
                };
                node.holdings.insert(Arc::new(Holding::lying(name, hashes, layout, source).part_of(of)));
            }
            (None, None) => {}
        }
    }

    /// Deletes what is still as it was, and the folders that are empty then.
    pub(crate) fn delete(&self) -> io::Result<()> {
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

    fn source(&self, part: &Part) -> Option<Source> {
        match part {
            Part::File(place) => {
                let file = self.files[*place].as_ref()?;
                Some(Source::Whole { path: self.root.join(&file.path), stamp: file.stamp })
            }
            Part::Bundle { files, .. } => Some(Source::Bundle(Arc::new(Bundled::new(self, files)?))),
        }
    }

    /// Bytes of the files that are there.
    pub(crate) fn size(&self) -> u64 {
        self.files.iter().flatten().map(|file| file.stamp.len).sum()
    }

    /// How many chunks the parts have that are there.
    pub(crate) fn num_chunks(&self) -> u32 {
        count_chunks(self.parts.iter().filter(|part| self.has(part)).map(|part| self.len_of(part)))
    }

    /// Whether everything is there.
    pub(crate) fn is_whole(&self) -> bool {
        self.files.iter().all(Option::is_some)
    }

    /// Whether all of this part is there.
    pub(crate) fn has(&self, part: &Part) -> bool {
        part.files().iter().all(|place| self.files[*place].is_some())
    }

    /// Length in bytes of a part.
    pub(crate) fn len_of(&self, part: &Part) -> u64 {
        self.collection.len_of(part)
    }

    /// The ID that this part is fetched by.
    pub(crate) fn id_of(&self, part: &Part) -> FileId {
        self.collection.id_of(part)
    }
}

/// How many chunks a file of this length has, unless somebody chose another chunk size.
pub(crate) fn num_chunks(len: u64) -> u32 {
    Layout::new(len, ChunkSize::for_len(len)).map_or(0, |layout| layout.num_chunks())
}

/// How many chunks files of these lengths have together: a list from the network may say more than can be counted.
pub(crate) fn count_chunks(lens: impl Iterator<Item = u64>) -> u32 {
    lens.map(num_chunks).fold(0, u32::saturating_add)
}

/// Small files of a folder, read as if they were one.
#[derive(Debug)]
pub(crate) struct Bundled {
    root: PathBuf,
    /// The files, and where each ends within the bundle.
    files: Vec<(PlacedFile, u64)>,
}

impl Bundled {
    /// The bundle of these files, if all are here.
    fn new(folder: &Folder, files: &[usize]) -> Option<Self> {
        let mut end = 0;
        let files = files.iter().map(|place| {
            let file = folder.files[*place].clone()?;
            end += file.stamp.len;
            Some((file, end))
        });
        Some(Self { root: folder.root.clone(), files: files.collect::<Option<_>>()? })
    }

    /// Fills `buf` from `start` on; blocks. Returns a file of those that were read to which something happened, if there is one.
    pub(crate) fn read(&self, start: u64, mut buf: &mut [u8]) -> Result<Option<PathBuf>, ReadError> {
        let (mut offset, mut touched) = (start, None);
        let first = self.files.partition_point(|(_, end)| *end <= start);
        for (placed, end) in &self.files[first..] {
            if buf.is_empty() {
                return Ok(touched);
            }
            let path = self.root.join(&placed.path);
            let within = offset - (end - placed.stamp.len);
            let (part, rest) = buf.split_at_mut(((end - offset) as usize).min(buf.len()));
            if read_whole(&path, placed.stamp, part, within)? {
                touched = Some(path);
            }
            offset += part.len() as u64;
            buf = rest;
        }
        if buf.is_empty() { Ok(touched) } else { Err(ReadError::NotHere) }
    }
}

#[cfg(test)]
mod tests {
    use sprat_protocol::CollectionFile;

    use super::*;
    use crate::library;

    #[test]
    fn more_chunks_than_can_be_counted_are_counted_as_many() {
        let file = CollectionFile { path: vec!["a".to_owned()], size: 16 << 30, file_id: FileId::new([1; 32]) };
        let collection = Collection { files: vec![file; 70_000], ..Collection::default() };
        let placed = PlacedFile { path: "a".into(), stamp: library::stamp(16 << 30, None) };
        let (root, parts) = (PathBuf::new(), collection.parts());
        let folder = Folder { root, parts, files: vec![Some(placed); 70_000], collection: Arc::new(collection) };
        assert_eq!(folder.num_chunks(), u32::MAX);
    }
}
