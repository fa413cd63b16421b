//! A folder that is shared as one ID: that of its *collection*, a JSON file that lists what is in it.
//!
//! ```json
//! {"type":"sprat-collection",
//!  "files":[{"path":["dir","name"],"size":5,"file_id":"…"}],
//!  "bundles":[{"file_id":"…","files":1}],
//!  "folders":[["empty","folder"]]}
//! ```
//!
//! Written without spaces, with files and folders sorted by path, so that the same folder always has the same ID. `folders` are
//! those with nothing in them; the others follow from the files.
//!
//! Small files, of at most [`SMALL`] bytes, travel in *bundles*: a bundle is the bytes of so many of them, one after another in
//! the order of the list, as one file with an ID of its own. So thousands of them take no more requests than one large file. The
//! bundles cover all small files, in order; or there are none, and every file travels by itself.

use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;

/// First bytes of every collection.
const HEAD: &[u8] = br#"{"type":"sprat-collection","#;
/// The longest collection in bytes: some 400,000 files.
pub const MAX_COLLECTION: u64 = 64 * 1024 * 1024;
/// The most files and empty folders of a collection.
const MAX_ENTRIES: usize = 1_000_000;
/// Largest number of folders above a file.
const MAX_DEPTH: usize = 64;
/// The longest file in bytes that travels in a bundle.
pub const SMALL: u64 = 128 * 1024;
/// The longest bundle in bytes.
pub const MAX_BUNDLE: u64 = 16 * 1024 * 1024;

/// List of the files in a folder. Paths are as they came: none is to be joined to a folder before each of its
/// components was cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collection {
    /// Every file, sorted by path.
    pub files: Vec<CollectionFile>,
    /// Bundles that the small files travel in.
    pub bundles: Vec<Bundle>,
    /// Folders with nothing in them.
    pub folders: Vec<Vec<String>>,
}

/// One file of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionFile {
    /// The folders that it lies in and its name.
    pub path: Vec<String>,
    /// Length in bytes.
    pub size: u64,
    /// Its ID.
    pub file_id: FileId,
}

/// Small files that travel as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The ID of their bytes one after another.
    pub file_id: FileId,
    /// Number of files in the bundle.
    pub files: u32,
}

/// Bytes that travel as one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A file by itself: its place in the list.
    File(usize),
    /// A bundle: its ID, its length in bytes, and the places of its files.
    Bundle {
        /// The bundle's own ID.
        file_id: FileId,
        /// Length in bytes.
        size: u64,
        /// The files.
        files: Vec<usize>,
    },
}

impl Part {
    /// The places in the list of the files that come with it.
    pub fn files(&self) -> &[usize] {
        match self {
            Self::File(place) => std::slice::from_ref(place),
            Self::Bundle { files, .. } => files,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "sprat-collection")]
struct Document {
    files: Vec<CollectionFile>,
    #[serde(default)]
    bundles: Vec<Bundle>,
    #[serde(default)]
    folders: Vec<Vec<String>>,
}

impl Collection {
    /// Returns true if a file that begins with `head` may be a collection.
    pub fn begins_like_one(head: &[u8]) -> bool {
        head.starts_with(HEAD)
    }

    /// Number of bytes that [`Collection::begins_like_one`] needs.
    pub const HEAD_LEN: usize = HEAD.len();

    /// Reads a collection that came from anywhere.
    ///
    /// # Errors
    /// [`CollectionError`] says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, CollectionError> {
        if bytes.len() as u64 > MAX_COLLECTION {
            return Err(CollectionError::TooLong);
        }
        let Document { files, bundles, folders } = serde_json::from_slice(bytes)?;
        let collection = Self { files, bundles, folders };
        collection.check()?;
        Ok(collection)
    }

    fn check(&self) -> Result<(), CollectionError> {
        if self.files.len() + self.folders.len() > MAX_ENTRIES {
            return Err(CollectionError::TooLong);
        }
        let paths = self.files.iter().map(|file| &file.path).chain(&self.folders);
        if paths.into_iter().any(|path| path.is_empty() || path.len() > MAX_DEPTH || path.iter().any(String::is_empty))
        {
            return Err(CollectionError::Path);
        }
        let total = self.files.iter().try_fold(0u64, |total, file| total.checked_add(file.size));
        if total.is_none_or(|total| total > i64::MAX as u64) {
            return Err(CollectionError::TooLong);
        }
        let small = self.small();
        let bundled: u64 = self.bundles.iter().map(|bundle| u64::from(bundle.files)).sum();
        let covered = self.bundles.is_empty() || bundled == small.len() as u64;
        let bounded =
            || self.bundled(&small).all(|(_, files)| !files.is_empty() && self.len_together(files) <= MAX_BUNDLE);
        if covered && bounded() { Ok(()) } else { Err(CollectionError::Bundles) }
    }

    /// The collection as it is shared.
    ///
    /// # Errors
    /// [`CollectionError::TooLong`] if the folder has too much in it.
    pub fn to_bytes(mut self) -> Result<Vec<u8>, CollectionError> {
        self.folders.sort_unstable();
        self.check()?;
        let Self { files, bundles, folders } = self;
        let bytes = serde_json::to_vec(&Document { files, bundles, folders })?;
        if bytes.len() as u64 > MAX_COLLECTION { Err(CollectionError::TooLong) } else { Ok(bytes) }
    }

    /// Bytes of all files together.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Parts that have to be fetched for everything to be there. Empty files are in no part that is a file.
    pub fn parts(&self) -> Vec<Part> {
        let alone = |file: &CollectionFile| file.size > 0 && (self.bundles.is_empty() || file.size > SMALL);
        let files = self.files.iter().enumerate().filter(|(_, file)| alone(file)).map(|(place, _)| Part::File(place));
        let small = self.small();
        let bundles = self.bundled(&small).map(|(file_id, files)| Part::Bundle {
            file_id,
            size: self.len_together(files),
            files: files.to_vec(),
        });
        files.chain(bundles).collect()
    }

    /// The ID that this part is fetched by.
    pub fn id_of(&self, part: &Part) -> FileId {
        match part {
            Part::File(place) => self.files[*place].file_id,
            Part::Bundle { file_id, .. } => *file_id,
        }
    }

    /// Length in bytes of this part.
    pub fn len_of(&self, part: &Part) -> u64 {
        match part {
            Part::File(place) => self.files[*place].size,
            Part::Bundle { size, .. } => *size,
        }
    }

    /// The places of the small files.
    fn small(&self) -> Vec<usize> {
        let small = self.files.iter().enumerate().filter(|(_, file)| file.size <= SMALL);
        small.map(|(place, _)| place).collect()
    }

    /// Each bundle's ID and which of the small files it takes; the bundles do not take more than there are.
    fn bundled<'a>(&'a self, small: &'a [usize]) -> impl Iterator<Item = (FileId, &'a [usize])> {
        self.bundles.iter().scan(small, |rest, bundle| {
            let (files, after) = rest.split_at_checked(bundle.files as usize)?;
            *rest = after;
            Some((bundle.file_id, files))
        })
    }

    /// Bytes of these files together.
    fn len_together(&self, files: &[usize]) -> u64 {
        files.iter().map(|place| self.files[*place].size).sum()
    }
}

/// Division of these sizes into one bundle after another: the number of small files that each takes.
pub fn bundle_small(sizes: impl IntoIterator<Item = u64>) -> Vec<u32> {
    let mut bundles: Vec<(u32, u64)> = Vec::new();
    for size in sizes {
        match bundles.last_mut() {
            Some((files, len)) if *len + size <= MAX_BUNDLE => (*files, *len) = (*files + 1, *len + size),
            _ => bundles.push((1, size)),
        }
    }
    bundles.into_iter().map(|(files, _)| files).collect()
}

/// Reason for which some bytes are no collection, or a folder cannot be one.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// The bytes are no such JSON.
    #[error("the list of the folder's files can't be read: {0}")]
    Json(#[from] serde_json::Error),
    /// There is too much in it.
    #[error("the folder has too many files in it; share its folders one by one")]
    TooLong,
    /// A path leads nowhere.
    #[error("the list of the folder's files has a path that leads nowhere")]
    Path,
    /// Its bundles do not fit its files.
    #[error("the list of the folder's files does not hold together")]
    Bundles,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(path: &[&str], size: u64) -> CollectionFile {
        CollectionFile { path: path.iter().map(ToString::to_string).collect(), size, file_id: FileId::new([7; 32]) }
    }

    fn example() -> Collection {
        Collection {
            files: vec![file(&["a"], 5), file(&["b", "c"], SMALL + 1), file(&["b", "d"], 0), file(&["e"], 9)],
            bundles: vec![Bundle { file_id: FileId::new([8; 32]), files: 3 }],
            folders: vec![vec!["z".to_owned()], vec!["f".to_owned(), "g".to_owned()]],
        }
    }

    #[test]
    fn a_collection_is_written_as_it_is_read() {
        let bytes = Collection { files: vec![file(&["é", "b"], 1)], ..Collection::default() }.to_bytes().unwrap();
        let expected = format!(
            r#"{{"type":"sprat-collection","files":[{{"path":["é","b"],"size":1,"file_id":"{}"}}],"bundles":[],"folders":[]}}"#,
            "07".repeat(32)
        );
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);
        assert!(Collection::begins_like_one(&bytes[..Collection::HEAD_LEN]));
        let bytes = example().to_bytes().unwrap();
        let read = Collection::parse(&bytes).unwrap();
        assert_eq!((read.files, read.bundles), (example().files, example().bundles));
        assert_eq!(read.folders[0], ["f", "g"], "sorted");
        let plain = br#"{"type":"sprat-collection","files":[],"later":1}"#;
        assert_eq!(Collection::parse(plain).unwrap(), Collection::default());
    }

    #[test]
    fn its_parts_are_large_files_and_bundles() {
        let bundle = Part::Bundle { file_id: FileId::new([8; 32]), size: 14, files: vec![0, 2, 3] };
        assert_eq!(example().parts(), [Part::File(1), bundle]);
        let unbundled = Collection { bundles: Vec::new(), ..example() };
        assert_eq!(unbundled.parts(), [Part::File(0), Part::File(1), Part::File(3)], "an empty file needs nobody");
        assert_eq!(example().size(), 14 + SMALL + 1);
    }

    #[test]
    fn what_does_not_hold_together_is_refused() {
        let refused = |collection: Collection| collection.to_bytes().unwrap_err();
        let bundles = |files| vec![Bundle { file_id: FileId::new([8; 32]), files }];
        for files in [0, 2, 4, u32::MAX] {
            let wrong = Collection { bundles: bundles(files), ..example() };
            assert!(matches!(refused(wrong), CollectionError::Bundles), "{files}");
        }
        let empty = Collection { bundles: [bundles(0), bundles(3)].concat(), ..example() };
        assert!(matches!(refused(empty), CollectionError::Bundles));
        let many = (0..129).map(|_| file(&["a"], SMALL)).collect();
        let long = Collection { files: many, bundles: bundles(129), folders: Vec::new() };
        assert!(matches!(refused(long), CollectionError::Bundles));
        for path in [&[][..], &["a", ""], &["a"; 65]] {
            let wrong = Collection { files: vec![file(path, 1)], ..Collection::default() };
            assert!(matches!(refused(wrong), CollectionError::Path), "{path:?}");
        }
        let huge = Collection { files: vec![file(&["a"], u64::MAX), file(&["b"], 2)], ..Collection::default() };
        assert!(matches!(refused(huge), CollectionError::TooLong));
    }

    #[test]
    fn bundles_are_filled_in_order() {
        assert_eq!(bundle_small([]), Vec::<u32>::new());
        assert_eq!(bundle_small([1, 2, 3]), [3]);
        assert_eq!(bundle_small((0..300).map(|_| SMALL)), [128, 128, 44]);
    }

    proptest! {
        #[test]
        fn no_bytes_ever_panic_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..400) {
            let _ = Collection::parse(&bytes);
            let whole = example().to_bytes().unwrap();
            let _ = Collection::parse(&whole[..cut.min(whole.len())]);
        }
    }
}
