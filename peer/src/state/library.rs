//! State that outlives a restart: `library.json` lists the transfers, `hashes/` has the chunk hashes of shared files,
//! and `folders/` has the file lists of shared folders, so that unchanged files are not hashed again.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sprat_api::Priority;
use sprat_chunking::{ChunkHashes, FileDigest, FileId, Layout};
use sprat_protocol::Collection;
use sprat_store::disk::atomic::{replace, replace_unsynced};
use sprat_store::disk::stamp::FileStamp;
use sprat_store::folder::Folder;
use sprat_store::folder::digest::digest_list;
use sprat_store::part::sidecar::Sidecar;
use sprat_store::source::PlacedFile;

use crate::state::needed::Needed;
use crate::state::state_dir::StateDir;

/// Contents of `library.json`: the transfers of one engine.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Library {
    /// Records in the order in which the transfers were added.
    pub(crate) transfers: Vec<Record>,
}

/// Record of one transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// File ID of the transfer.
    pub(crate) file_id: FileId,
    /// Time when the transfer was added, in seconds since 1970.
    pub(crate) added: u64,
    /// Set if the user paused the transfer.
    pub(crate) paused: bool,
    /// Set if the transfer is or was a download.
    pub(crate) is_download: bool,
    /// Set if chunks are fetched in file order.
    #[serde(default)]
    pub(crate) sequential: bool,
    /// Priorities of files of a folder, by their places in its list. Files of normal priority are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) priorities: BTreeMap<u32, Priority>,
    /// Place of the data, complete or unfinished.
    pub(crate) place: Place,
}

/// Place of a transfer's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Place {
    /// Complete file.
    Whole {
        /// Path of the file.
        path: PathBuf,
        /// Length in bytes when the file was hashed.
        len: u64,
        /// Time of the last modification when the file was hashed, in nanoseconds since 1970.
        modified: Option<u64>,
    },
    /// Complete folder.
    Folder {
        /// Path of the folder.
        path: PathBuf,
    },
    /// Unfinished download.
    Wanted(Wanted),
}

/// Record of an unfinished download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// Link of the download, including the peers that the user added.
    pub(crate) link: String,
    /// Number of the link's peers, counted from the last, that the user added after the download was ordered.
    #[serde(default)]
    pub(crate) added_peers: usize,
    /// Folder that the download goes to.
    pub(crate) dir: PathBuf,
    /// Name that the file gets, if it is settled.
    pub(crate) name: Option<String>,
    /// Set if chunks were fetched.
    #[serde(default)]
    pub(crate) begun: bool,
    /// Set if the fetched data is still to be hashed again.
    #[serde(default)]
    pub(crate) distrust: bool,
}

impl Library {
    const FILE: &str = "library.json";

    /// Reads the list that the last run wrote. A damaged list is renamed, and the engine starts without it.
    pub(crate) fn load(state: &StateDir) -> Self {
        let path = state.file(Self::FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::default(),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "can't read the list of transfers");
                return Self::default();
            }
        };
        serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            let aside = state.file("library.damaged.json");
            tracing::error!(path = %path.display(), %error, aside = %aside.display(), "the list of transfers is damaged");
            let _ = fs::rename(&path, &aside);
            Self::default()
        })
    }

    /// Writes the list to the disk, wholly or not at all; blocks.
    pub(crate) fn save(&self, state: &StateDir) {
        let path = state.file(Self::FILE);
        if let Err(error) = replace(&path, &self.to_json()) {
            tracing::error!(path = %path.display(), %error, "can't write the list of transfers");
        }
    }

    fn to_json(&self) -> Vec<u8> {
        let mut json = br#"{"transfers":["#.to_vec();
        let first = json.len();
        for record in &self.transfers {
            let end = json.len();
            if end > first {
                json.push(b',');
            }
            // JSON cannot represent a path that is not Unicode: such a transfer is not kept.
            if serde_json::to_writer(&mut json, record).is_err() {
                json.truncate(end);
            }
        }
        json.extend(b"]}");
        json
    }
}

/// Keeps the chunk hashes of a shared file; blocks. The file is not synced: hashes are verified when they are read, and
/// the file is hashed again if a power cut took them.
pub(crate) fn keep_hashes(state: &StateDir, hashes: &ChunkHashes, layout: Layout) {
    let path = hashes_path(state, hashes.file_id());
    let bytes = Sidecar::encode(layout.len(), hashes);
    let kept = replace_unsynced(&path, &bytes).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            replace_unsynced(&path, &bytes)
        }
        _ => Err(error),
    });
    if let Err(error) = kept {
        tracing::warn!(path = %path.display(), %error, "can't keep chunk hashes; the file is hashed again at the next start");
    }
}

/// Returns the kept chunk hashes of a file, if they hash up to its file ID.
pub(crate) fn kept_hashes(state: &StateDir, file_id: FileId) -> Option<(ChunkHashes, Layout)> {
    let kept = Sidecar::decode(&fs::read(hashes_path(state, file_id)).ok()?);
    let kept = kept.filter(|kept| kept.hashes.file_id() == file_id)?;
    let layout = Layout::new(kept.size, kept.hashes.chunk_size()).ok()?;
    (layout.num_chunks() == kept.hashes.num_chunks()).then_some((kept.hashes, layout))
}

fn forget_hashes(state: &StateDir, file_id: FileId) {
    let path = hashes_path(state, file_id);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "can't delete a file that is no longer needed");
        }
        _ => {}
    }
}

/// List of a folder's files, in the state directory.
#[derive(Debug)]
pub(crate) struct KeptList {
    /// Chunk hashes of the list, whose root is the folder's ID.
    pub(crate) hashes: ChunkHashes,
    /// Layout of the list in chunks.
    pub(crate) layout: Layout,
    /// Path of the list.
    pub(crate) path: PathBuf,
    /// Stamp of the list.
    pub(crate) stamp: FileStamp,
}

/// Keeps the list of a folder's files, which is served from the state directory; blocks.
pub(crate) fn keep_list(state: &StateDir, bytes: &[u8]) -> io::Result<KeptList> {
    let FileDigest { layout, hashes } = digest_list(bytes).ok_or(io::ErrorKind::FileTooLarge)?;
    let path = folder_path(state, hashes.file_id());
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let mut needed = state.needed.lock();
    replace(&path, bytes)?;
    if let Some(needed) = needed.as_mut()
        && let Ok(collection) = Collection::parse(bytes)
    {
        needed.add(hashes.file_id(), &collection);
    }
    drop(needed);
    let stamp = FileStamp::of(&fs::metadata(&path)?);
    Ok(KeptList { hashes, layout, path, stamp })
}

/// Returns the kept list of a folder's files and its bytes, if they hash up to the folder's ID.
pub(crate) fn kept_list(state: &StateDir, file_id: FileId) -> Option<(Collection, Vec<u8>)> {
    let bytes = fs::read(folder_path(state, file_id)).ok()?;
    digest_list(&bytes).filter(|digest| digest.file_id() == file_id)?;
    Some((Collection::parse(&bytes).ok()?, bytes))
}

/// Keeps the paths and stamps of a folder's files; blocks.
pub(crate) fn keep_folder(state: &StateDir, file_id: FileId, folder: &Folder) {
    let kept: Vec<Option<KeptFile>> = folder.files.iter().map(|file| file.as_ref().map(KeptFile::from)).collect();
    let path = folder_path(state, file_id).with_extension("files");
    let json = serde_json::to_vec(&kept).map_err(io::Error::from);
    if let Err(error) = json.and_then(|json| replace(&path, &json)) {
        tracing::warn!(path = %path.display(), %error, "can't keep what is in a folder; it is hashed again at the next start");
    }
}

/// Returns the folder at `root` as it was when it was kept, and the bytes of its list.
pub(crate) fn kept_folder(state: &StateDir, file_id: FileId, root: &Path) -> Option<(Folder, Vec<u8>)> {
    let (collection, bytes) = kept_list(state, file_id)?;
    let kept = fs::read(folder_path(state, file_id).with_extension("files")).ok()?;
    let kept: Vec<Option<KeptFile>> = serde_json::from_slice(&kept).ok()?;
    let files: Vec<_> = kept.into_iter().map(|file| file.map(PlacedFile::from)).collect();
    let folder = Folder { root: root.to_owned(), parts: collection.parts(), files, collection: Arc::new(collection) };
    (folder.files.len() == folder.collection.files.len()).then_some((folder, bytes))
}

/// Deletes what was kept of a file or folder, except chunk hashes that other kept folders need, and those of the
/// folder's parts that are in `others`; blocks.
pub(crate) fn forget(state: &StateDir, file_id: FileId, others: &HashSet<FileId>) {
    let mut needed = state.needed.lock();
    let needed = needed.get_or_insert_with(|| needed_by_all(state));
    let mut gone = HashSet::from([file_id]);
    if needed.has_list(&file_id) {
        let collection = kept_list(state, file_id).map(|(collection, _)| collection).unwrap_or_default();
        let parts = needed.remove(file_id, &collection);
        gone.extend(parts.difference(others));
    }
    let path = folder_path(state, file_id);
    let _ = fs::remove_file(path.with_extension("files"));
    let _ = fs::remove_file(path);
    gone.into_iter().filter(|id| !needed.needs(id)).for_each(|id| forget_hashes(state, id));
}

/// Counts what the lists on the disk need. Every list is read.
fn needed_by_all(state: &StateDir) -> Needed {
    let mut needed = Needed::default();
    let entries = fs::read_dir(state.file("folders")).into_iter().flatten().flatten();
    for list in entries.filter_map(|entry| entry.file_name().to_str()?.parse::<FileId>().ok()) {
        if let Some((collection, _)) = kept_list(state, list) {
            needed.add(list, &collection);
        }
    }
    needed
}

/// File of a folder, as it is written to the disk.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptFile {
    path: PathBuf,
    len: u64,
    modified: Option<u64>,
}

impl From<&PlacedFile> for KeptFile {
    fn from(file: &PlacedFile) -> Self {
        Self { path: file.path.clone(), len: file.stamp.len, modified: file.stamp.nanos() }
    }
}

impl From<KeptFile> for PlacedFile {
    fn from(kept: KeptFile) -> Self {
        Self { path: kept.path, stamp: FileStamp::recorded(kept.len, kept.modified) }
    }
}

fn folder_path(state: &StateDir, file_id: FileId) -> PathBuf {
    state.file("folders").join(file_id.to_string())
}

fn hashes_path(state: &StateDir, file_id: FileId) -> PathBuf {
    state.file("hashes").join(file_id.to_string())
}

/// Creates the place of a complete file.
pub(crate) fn whole(path: &Path, stamp: FileStamp) -> Place {
    Place::Whole { path: path.to_owned(), len: stamp.len, modified: stamp.nanos() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let stamp = FileStamp::recorded(5, Some(1_234_567_891));
        Record {
            file_id: FileId::new([3; 32]),
            added: 9,
            paused: true,
            is_download: false,
            sequential: true,
            priorities: BTreeMap::from([(3, Priority::Off)]),
            place: whole(Path::new("/a/b"), stamp),
        }
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert_eq!(Library::load(&state), Library::default());
        let library = Library { transfers: vec![record()] };
        library.save(&state);
        assert_eq!(Library::load(&state), library);
        let Place::Whole { len, modified, .. } = record().place else { panic!("it is whole") };
        assert_eq!(whole(Path::new("/a/b"), FileStamp::recorded(len, modified)), record().place);
    }

    #[test]
    fn a_list_of_an_older_version_is_loaded() {
        let mut older = serde_json::to_value(record()).unwrap();
        older.as_object_mut().unwrap().remove("sequential");
        assert_eq!(serde_json::from_value::<Record>(older).unwrap(), Record { sequential: false, ..record() });
    }

    #[test]
    fn a_damaged_list_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        fs::write(dir.path().join("library.json"), "{\"transfers\":[{}]}").unwrap();
        assert_eq!(Library::load(&state), Library::default());
        assert!(dir.path().join("library.damaged.json").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_unicode_costs_only_itself() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        let mut odd = record();
        odd.place = whole(Path::new(std::ffi::OsStr::from_bytes(b"/\xff")), FileStamp::recorded(1, None));
        Library { transfers: vec![odd, record()] }.save(&state);
        assert_eq!(Library::load(&state).transfers, [record()]);
    }

    #[test]
    fn what_is_forgotten_leaves_the_disk_but_for_what_others_need() {
        use sprat_protocol::collection::CollectionFile;
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        let keep = |content: u8| {
            let digest = digest_list(&[content]).unwrap();
            keep_hashes(&state, &digest.hashes, digest.layout);
            digest.file_id()
        };
        let [alone, shared, common, other] = [1, 2, 3, 4].map(keep);
        let list = |files: &[FileId]| {
            let file = |(n, id): (usize, &FileId)| CollectionFile { path: vec![n.to_string()], size: 1, file_id: *id };
            let files = files.iter().enumerate().map(file).collect();
            let list = Collection { bundles: Vec::new(), files, folders: Vec::new() }.to_bytes().unwrap();
            keep_list(&state, &list).unwrap().hashes.file_id()
        };
        let one = list(&[alone, shared, common]);
        let left = || [alone, shared, common, other].map(|id| hashes_path(&state, id).exists());
        forget(&state, other, &HashSet::new());
        assert_eq!(left(), [true, true, true, false]);
        // The second list is added after the lists were counted.
        let two = list(&[common]);
        forget(&state, common, &HashSet::new());
        assert_eq!(left(), [true, true, true, false], "folders need it");
        forget(&state, one, &HashSet::from([shared]));
        assert_eq!(left(), [false, true, true, false]);
        assert!(!folder_path(&state, one).exists() && folder_path(&state, two).exists());
        forget(&state, two, &HashSet::new());
        assert_eq!(left(), [false, true, false, false]);
    }
}
