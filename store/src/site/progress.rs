//! Record of an unfinished folder, `progress`: whose the folder is, and which of its parts are there.
//!
//! Lines of JSON, each after the first 16 hex digits of its SHA-256 and a space. The first names the collection; each that
//! follows, a part that is durable, with the length and the time of each of its files. A line that was torn by a crash
//! counts for nothing.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sprat_chunking::FileId;

use crate::disk::open_dir::OpenDir;
use crate::disk::stamp::FileStamp;
use crate::disk::sync::lock;

/// Name of the record.
const NAME: &str = "progress";
/// Upper bound of the first line's length; it has not half of that.
const MAX_OWNER: u64 = 512;

/// Record of an unfinished folder.
#[derive(Debug)]
pub struct Progress {
    file: File,
    /// Parts that are there, by the ID that they are fetched by, and the stamps of their files.
    done: HashMap<FileId, Vec<FileStamp>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Collection(FileId),
    Part { id: FileId, files: Vec<(u64, Option<u64>)> },
}

impl Progress {
    /// Returns the ID of the folder whose record is in here, if there is one.
    pub fn owner(work: &OpenDir) -> Option<FileId> {
        let mut line = String::new();
        BufReader::new(work.open(NAME).ok()?.take(MAX_OWNER)).read_line(&mut line).ok()?;
        match decode(line.trim_end())? {
            Line::Collection(id) => Some(id),
            Line::Part { .. } => None,
        }
    }

    /// Opens the record of this collection, or begins one where there is none; blocks.
    pub fn open(work: &OpenDir, collection: FileId) -> io::Result<Self> {
        let is_new = Self::owner(work).is_none();
        let file = if is_new { work.create(NAME) } else { work.open_to_write(NAME) }?;
        let mut progress = Self { file, done: HashMap::new() };
        if is_new {
            progress.append(&Line::Collection(collection))?;
            progress.sync()?;
        } else {
            // What is noted next goes after all of this.
            let mut text = Vec::new();
            progress.file.read_to_end(&mut text)?;
            for line in String::from_utf8_lossy(&text).lines().filter_map(decode) {
                if let Line::Part { id, files } = line {
                    let stamps = files.into_iter().map(|(len, modified)| FileStamp::recorded(len, modified));
                    progress.done.insert(id, stamps.collect());
                }
            }
            if text.last() != Some(&b'\n') {
                progress.file.write_all(b"\n")?;
            }
        }
        Ok(progress)
    }

    /// Locks the record against other processes. Returns false if another one has it.
    pub fn lock(&self) -> io::Result<bool> {
        match lock(&self.file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Stamps of this part's files, if the part is noted.
    pub fn done(&self, part: FileId) -> Option<&[FileStamp]> {
        self.done.get(&part).map(Vec::as_slice)
    }

    /// Makes the notes durable; blocks.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Notes that a part is there and durable. The note itself is durable after the next [`Progress::sync`].
    pub fn note(&mut self, part: FileId, files: &[FileStamp]) -> io::Result<()> {
        let stamps = files.iter().map(|stamp| (stamp.len, stamp.nanos())).collect();
        self.append(&Line::Part { id: part, files: stamps })
    }

    fn append(&mut self, line: &Line) -> io::Result<()> {
        let json = serde_json::to_string(line)?;
        self.file.write_all(format!("{} {json}\n", checksum(&json)).as_bytes())
    }
}

/// Reads or refuses a line with the right checksum, however strange. Returns true if it was read.
#[cfg(feature = "fuzz")]
pub fn read_line(json: &str) -> bool {
    decode(&format!("{} {json}", checksum(json))).is_some()
}

fn decode(line: &str) -> Option<Line> {
    let (sum, json) = line.split_once(' ')?;
    if sum == checksum(json) { serde_json::from_str(json).ok() } else { None }
}

fn checksum(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_known_and_a_torn_line_counts_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (work, path) = (OpenDir::at(dir.path()).unwrap(), dir.path().join(NAME));
        let [collection, first, second] = [1, 2, 3].map(|n| FileId::new([n; 32]));
        let stamps = [FileStamp::recorded(5, Some(1_234_567_890_123)), FileStamp::recorded(0, None)];
        let mut progress = Progress::open(&work, collection).unwrap();
        progress.note(first, &stamps).unwrap();
        progress.note(second, &stamps[..1]).unwrap();
        assert_eq!(Progress::owner(&work), Some(collection));
        let whole = std::fs::read(&path).unwrap();
        let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at).collect();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let Some(owner) = Progress::owner(&work) else {
                assert!(cut < ends[0], "{cut}");
                continue;
            };
            let mut progress = Progress::open(&work, owner).unwrap();
            assert_eq!(progress.done(first).is_some(), cut >= ends[1], "{cut}");
            assert_eq!(progress.done(second).is_some(), cut >= ends[2], "{cut}");
            assert!(progress.done(first).is_none_or(|done| done == stamps));
            progress.note(second, &stamps).unwrap();
        }
    }
}
