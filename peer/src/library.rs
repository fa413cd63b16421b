//! What outlives a restart: `library.json` lists the transfers, `hashes/` has the chunk hashes of what is shared, so that
//! nothing is hashed again that did not change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sprat_chunking::{ChunkHashes, FileId, Layout};

use crate::share::FileStamp;
use crate::state_dir::{StateDir, replace};
use crate::store::sidecar::Sidecar;

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
    /// It is being downloaded.
    Wanted {
        /// The link that it was asked for with.
        link: String,
        /// The folder that it goes to.
        dir: PathBuf,
        /// The name that the user chose.
        name: Option<String>,
    },
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
        // A path that is no Unicode cannot be written in JSON: that transfer is not kept.
        let transfers: Vec<&Record> =
            self.transfers.iter().filter(|record| serde_json::to_vec(record).is_ok()).collect();
        let json = serde_json::json!({ "transfers": transfers });
        let path = state.file(Self::FILE);
        if let Err(error) = replace(&path, json.to_string().as_bytes()) {
            tracing::error!(path = %path.display(), %error, "can't write the list of transfers");
        }
    }
}

/// Keeps the chunk hashes of a shared file; blocks.
pub(crate) fn keep_hashes(state: &StateDir, hashes: &ChunkHashes, layout: Layout) {
    let path = hashes_path(state, hashes.file_id());
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    if Sidecar::is_free(&path)
        && let Err(error) = made.and_then(|()| Sidecar::write(&path, layout.len(), hashes))
    {
        tracing::warn!(path = %path.display(), %error, "can't keep chunk hashes; the file is hashed again at the next start");
    }
}

/// The chunk hashes that were kept, if they are still right.
pub(crate) fn kept_hashes(state: &StateDir, file_id: FileId) -> Option<(ChunkHashes, Layout)> {
    let kept = Sidecar::read(&hashes_path(state, file_id)).filter(|kept| kept.hashes.file_id() == file_id)?;
    let layout = Layout::new(kept.size, kept.hashes.chunk_size()).ok()?;
    (layout.num_chunks() == kept.hashes.num_chunks()).then_some((kept.hashes, layout))
}

/// Forgets them.
pub(crate) fn forget_hashes(state: &StateDir, file_id: FileId) {
    let path = hashes_path(state, file_id);
    if !Sidecar::is_free(&path) {
        Sidecar::remove(&path);
    }
}

fn hashes_path(state: &StateDir, file_id: FileId) -> PathBuf {
    state.file("hashes").join(file_id.to_string())
}

/// The place of a whole file.
pub(crate) fn whole(path: &Path, stamp: FileStamp) -> Place {
    let since = stamp.modified.and_then(|modified| modified.duration_since(SystemTime::UNIX_EPOCH).ok());
    let modified = since.and_then(|since| u64::try_from(since.as_nanos()).ok());
    Place::Whole { path: path.to_owned(), len: stamp.len, modified }
}

/// The stamp that was written down.
pub(crate) fn stamp(len: u64, modified: Option<u64>) -> FileStamp {
    FileStamp { len, modified: modified.map(|nanos| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let stamp = FileStamp { len: 5, modified: Some(SystemTime::UNIX_EPOCH + Duration::from_nanos(1_234_567_891)) };
        Record {
            file_id: FileId::new([3; 32]),
            added: 9,
            paused: true,
            is_download: false,
            sequential: true,
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
        assert_eq!(whole(Path::new("/a/b"), stamp(len, modified)), record().place);
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
        odd.place = whole(Path::new(std::ffi::OsStr::from_bytes(b"/\xff")), FileStamp { len: 1, modified: None });
        Library { transfers: vec![odd, record()] }.save(&state);
        assert_eq!(Library::load(&state).transfers, [record()]);
    }
}
