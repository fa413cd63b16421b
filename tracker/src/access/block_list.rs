//! A file of what is blocked: one entry a line, what follows a `#` is the reason, and lines without an entry are comments.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::entries::{Entries, Kind, Reason, Target};

/// A million file IDs, with reasons.
const MAX_LEN: u64 = 256 * 1024 * 1024;

/// A block list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BlockListError {
    /// It cannot be read.
    #[error("cannot read the block list {}: {error}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line is no entry.
    #[error("{}:{line}: {entry:?} is none of the {kind} that belong here", path.display())]
    NoEntry {
        /// In which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// How it begins.
        entry: String,
        /// What it should be.
        kind: Kind,
    },
}

/// Adds all entries of a file to these.
pub(super) fn read(path: &Path, kind: Kind, entries: &mut Entries) -> Result<(), BlockListError> {
    let text = read_text(path).map_err(|error| BlockListError::Unreadable { path: path.to_owned(), error })?;
    for (line, text) in (1..).zip(text.lines()) {
        let (entry, reason) = text.split_once('#').unwrap_or((text, ""));
        let entry = entry.trim();
        if entry.is_empty() {
            continue;
        }
        let target = Target::parse(kind, entry).ok_or_else(|| {
            let entry = entry.chars().take(100).collect();
            BlockListError::NoEntry { path: path.to_owned(), line, entry, kind }
        })?;
        entries.insert(target, Reason::new(reason));
    }
    Ok(())
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_LEN + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_LEN {
        return Err(io::Error::other(format!("it is longer than {MAX_LEN} bytes")));
    }
    Ok(text)
}
