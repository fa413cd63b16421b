//! A file in the data folder that several processes change: the tracker while it runs, and its own command line beside it.
//!
//! It is replaced as a whole, so whoever reads it sees all of a change or nothing, also after a power cut. Whoever changes
//! it holds a lock, so no change is lost.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::operation::folder;

/// Upper bound of the length of such a file, far more than any of them has.
const MAX_LEN: u64 = 64 * 1024 * 1024;
/// The version of the form of these files.
const VERSION: u32 = 1;
/// Held by whoever changes one of them.
const LOCK: &str = "access.lock";

/// A file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {reason}", path.display())]
pub struct FileError {
    path: PathBuf,
    doing: &'static str,
    reason: String,
}

/// A JSON file with a `T` in it. A missing file is `T::default()`.
#[derive(Debug)]
pub(super) struct StateFile<T> {
    folder: PathBuf,
    name: &'static str,
    content: PhantomData<fn() -> T>,
}

/// Stamp of a file, which differs from that of another file or content; none where there is no file.
pub(super) type Stamp = Option<(Option<SystemTime>, u64, u64)>;

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl<T: Default + Serialize + DeserializeOwned> StateFile<T> {
    /// The file of this name in this folder.
    pub(super) fn new(folder: &Path, name: &'static str) -> Self {
        Self { folder: folder.to_owned(), name, content: PhantomData }
    }

    /// Reads the content of the file, and its stamp.
    pub(super) fn read(&self) -> Result<(T, Stamp), FileError> {
        self.try_read().map_err(|error| self.error("read", &error))
    }

    /// Looks at the stamp of the file: costs one look at the folder.
    pub(super) fn stamp(&self) -> Stamp {
        fs::metadata(self.path()).ok().as_ref().map(stamp)
    }

    /// Changes what is in it. Where `change` returns an error the file stays as it was.
    pub(super) fn update<R, E: From<FileError>>(&self, change: impl FnOnce(&mut T) -> Result<R, E>) -> Result<R, E> {
        let _lock = self.lock().map_err(|error| self.error("lock", &error))?;
        let (mut content, _) = self.read()?;
        let result = change(&mut content)?;
        self.write(content).map_err(|error| self.error("write", &error))?;
        Ok(result)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(self.name)
    }

    fn error(&self, doing: &'static str, error: &io::Error) -> FileError {
        let what_to_do = match error.kind() {
            io::ErrorKind::PermissionDenied => "; do this as the user that the tracker runs as, or as root",
            _ => "",
        };
        FileError { path: self.path(), doing, reason: format!("{error}{what_to_do}") }
    }

    fn try_read(&self) -> io::Result<(T, Stamp)> {
        let file = match File::open(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((T::default(), None)),
            file => file?,
        };
        let stamp = stamp(&file.metadata()?);
        let mut text = Vec::new();
        file.take(MAX_LEN).read_to_end(&mut text)?;
        let Version { version } = serde_json::from_slice(&text)?;
        if version != VERSION {
            let reason = format!("it has version {version}, and this sprat-tracker knows version {VERSION}");
            return Err(io::Error::other(reason));
        }
        let Versioned { content, .. } = serde_json::from_slice(&text)?;
        Ok((content, Some(stamp)))
    }

    /// The lock ends when it is dropped.
    fn lock(&self) -> io::Result<File> {
        let file = folder::private_file().create(true).append(true).open(self.folder.join(LOCK))?;
        folder::give_to_owner_of(&self.folder, &file)?;
        file.lock()?;
        Ok(file)
    }

    fn write(&self, content: T) -> io::Result<()> {
        // Only its owner can read it.
        let mut file = NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer_pretty(&mut file, &Versioned { version: VERSION, content })?;
        file.write_all(b"\n")?;
        folder::give_to_owner_of(&self.folder, file.as_file())?;
        file.as_file().sync_all()?;
        file.persist(self.path())?;
        folder::sync(&self.folder)
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> u64 {
    0
}

fn stamp(metadata: &Metadata) -> (Option<SystemTime>, u64, u64) {
    (metadata.modified().ok(), metadata.len(), inode(metadata))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Numbers {
        numbers: Vec<u32>,
    }

    fn push(file: &StateFile<Numbers>, number: u32) {
        let pushed: Result<(), FileError> = file.update(|content| {
            content.numbers.push(number);
            Ok(())
        });
        pushed.unwrap();
    }

    #[test]
    fn what_several_change_at_once_is_all_there() {
        let folder = tempfile::tempdir().unwrap();
        thread::scope(|scope| {
            for thread in 0..4 {
                let file = StateFile::<Numbers>::new(folder.path(), "numbers.json");
                scope.spawn(move || (0..25).for_each(|number| push(&file, thread * 100 + number)));
            }
        });
        let (content, _) = StateFile::<Numbers>::new(folder.path(), "numbers.json").read().unwrap();
        assert_eq!(content.numbers.len(), 100);
    }

    #[test]
    fn a_change_is_seen_by_the_stamp_and_an_error_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::<Numbers>::new(folder.path(), "numbers.json");
        assert_eq!(file.read().unwrap(), (Numbers::default(), None));
        push(&file, 1);
        let (_, stamp) = file.read().unwrap();
        assert_eq!(stamp, file.stamp());
        let error: Result<(), FileError> = file.update(|content| {
            content.numbers.clear();
            Err(FileError { path: PathBuf::new(), doing: "read", reason: String::new() })
        });
        assert!(error.is_err());
        assert_eq!((file.stamp(), file.read().unwrap().0.numbers), (stamp, vec![1]));
        push(&file, 2);
        assert_ne!(file.stamp(), stamp);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        push(&StateFile::new(folder.path(), "numbers.json"), 1);
        let mode = fs::metadata(folder.path().join("numbers.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.json");
        let file = StateFile::<Numbers>::new(folder.path(), "numbers.json");
        for text in
            ["", "{", "[]", r#"{"numbers":[1]}"#, r#"{"version":2,"numbers":[1]}"#, r#"{"version":1,"numbers":"x"}"#]
        {
            fs::write(&path, text).unwrap();
            let error = file.read().unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
        fs::write(&path, r#"{"version":1,"numbers":[1]}"#).unwrap();
        assert_eq!(file.read().unwrap().0.numbers, [1]);
    }
}
