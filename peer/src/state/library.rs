//! What outlives a restart: `library.json` lists the transfers, `hashes/` has the chunk hashes of what is shared, and `folders/` the
//! lists of what is in shared folders, so that nothing is hashed again that did not change.

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

/// The transfers of one engine, as they are written down.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Library {
    /// In the order in which they were added.
    pub(crate) transfers: Vec<Record>,
}

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Which file.
    pub(crate) file_id: FileId,
    /// When it was added, in seconds since 1970.
    pub(crate) added: u64,
    /// Whether the user stopped it.
    pub(crate) paused: bool,
    /// Whether it is or was a download.
    pub(crate) is_download: bool,
    /// Whether its chunks are fetched in the order of the file.
    #[serde(default)]
    pub(crate) sequential: bool,
    /// The files of a folder, by their place in its list, that are not of normal priority.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) priorities: BTreeMap<u32, Priority>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// Where a transfer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Place {
    /// The whole file is here.
    Whole {
        /// Where.
        path: PathBuf,
        /// Its length in bytes when it was hashed.
        len: u64,
        /// When it was last modified then, in nanoseconds since 1970.
        modified: Option<u64>,
    },
    /// The whole folder is here.
    Folder {
        /// Where.
        path: PathBuf,
    },
    /// It is being downloaded.
    Wanted(Wanted),
}

/// A download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// The link that it was asked for with.
    pub(crate) link: String,
    /// How many of its peers, counted from the last, the user added since.
    #[serde(default)]
    pub(crate) added_peers: usize,
    /// The folder that it goes to.
    pub(crate) dir: PathBuf,
    /// The name that it gets.
    pub(crate) name: Option<String>,
    /// Whether chunks were fetched.
    #[serde(default)]
    pub(crate) begun: bool,
    /// Whether what was fetched is still to be hashed again.
    #[serde(default)]
    pub(crate) distrust: bool,
}

impl Library {
    const FILE: &str = "library.json";

    /// Reads what the last run wrote. What cannot be understood is set aside, and the engine starts without it.
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

    /// Writes it down, wholly or not at all; blocks.
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
            // A path that is no Unicode cannot be written in JSON: that transfer is not kept.
            if serde_json::to_writer(&mut json, record).is_err() {
                json.truncate(end);
            }
        }
        json.extend(b"]}");
        json
    }
}

/// Keeps the chunk hashes of a shared file; blocks. They are not synced: they are believed only if they are right, and what a power
/// cut takes of them is hashed again.
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

/// The chunk hashes that were kept, if they are still right.
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

/// The list of a folder's files, as it lies in the state directory.
#[derive(Debug)]
pub(crate) struct KeptList {
    /// Its chunk hashes, whose root is the folder's ID.
    pub(crate) hashes: ChunkHashes,
    /// How it is cut.
    pub(crate) layout: Layout,
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Its stamp.
    pub(crate) stamp: FileStamp,
}

/// Keeps the list of a folder's files, which is served from there; blocks.
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

/// The list of a folder's files that was kept, if it is still right.
pub(crate) fn kept_list(state: &StateDir, file_id: FileId) -> Option<(Collection, Vec<u8>)> {
    let bytes = fs::read(folder_path(state, file_id)).ok()?;
    digest_list(&bytes).filter(|digest| digest.file_id() == file_id)?;
    Some((Collection::parse(&bytes).ok()?, bytes))
}

/// Keeps where the files of a folder are and what tells that they are still the same; blocks.
pub(crate) fn keep_folder(state: &StateDir, file_id: FileId, folder: &Folder) {
    let kept: Vec<Option<KeptFile>> = folder.files.iter().map(|file| file.as_ref().map(KeptFile::from)).collect();
    let path = folder_path(state, file_id).with_extension("files");
    let json = serde_json::to_vec(&kept).map_err(io::Error::from);
    if let Err(error) = json.and_then(|json| replace(&path, &json)) {
        tracing::warn!(path = %path.display(), %error, "can't keep what is in a folder; it is hashed again at the next start");
    }
}

/// The folder at `root` that was kept, as it was then.
pub(crate) fn kept_folder(state: &StateDir, file_id: FileId, root: &Path) -> Option<(Folder, Vec<u8>)> {
    let (collection, bytes) = kept_list(state, file_id)?;
    let kept = fs::read(folder_path(state, file_id).with_extension("files")).ok()?;
    let kept: Vec<Option<KeptFile>> = serde_json::from_slice(&kept).ok()?;
    let files: Vec<_> = kept.into_iter().map(|file| file.map(PlacedFile::from)).collect();
    let folder = Folder { root: root.to_owned(), parts: collection.parts(), files, collection: Arc::new(collection) };
    (folder.files.len() == folder.collection.files.len()).then_some((folder, bytes))
}

/// Forgets what was kept of a file or folder, but for what other folders need, or the `others`, of which some may be the same; blocks.
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

/// What the lists on the disk need, each of which is read.
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

/// A file of a folder, as it is written down.
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

/// The place of a whole file.
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
        // This one comes after the lists were counted.
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
