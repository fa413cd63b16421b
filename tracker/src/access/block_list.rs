//! A file of what is blocked: one entry a line, what follows a `#` is the reason, and lines without an entry are comments.

use std::io;
use std::path::{Path, PathBuf};

use super::entries::{Entries, Kind, Reason, Target};
use crate::config::text_file;
use crate::model::shown::shown;

/// A million file IDs, with reasons.
const MAX_LEN: u64 = 256 * 1024 * 1024;

/// A block list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BlockListError {
    /// The file cannot be read.
    #[error("cannot read the block list {}: {error}", path.display())]
    Unreadable {
        /// Path of the list.
        path: PathBuf,
        /// Cause.
        error: io::Error,
    },
    /// A line is no entry.
    #[error("{}:{line}: {entry:?} is none of the {kind} that belong here", path.display())]
    NoEntry {
        /// Path of the list.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Beginning of the line's entry.
        entry: String,
        /// Kind of entry that belongs here.
        kind: Kind,
    },
}

/// Adds all entries of a file to these.
pub(super) fn read(path: &Path, kind: Kind, entries: &mut Entries) -> Result<(), BlockListError> {
    let text =
        text_file::read(path, MAX_LEN).map_err(|error| BlockListError::Unreadable { path: path.to_owned(), error })?;
    for (line, text) in (1..).zip(text.lines()) {
        let (entry, reason) = text.split_once('#').unwrap_or((text, ""));
        let entry = entry.trim();
        if entry.is_empty() {
            continue;
        }
        let target = Target::parse(kind, entry).ok_or_else(|| BlockListError::NoEntry {
            path: path.to_owned(),
            line,
            entry: shown(entry),
            kind,
        })?;
        entries.insert(target, Reason::new(reason));
    }
    Ok(())
}
