//! Pruning: files that nobody has had for long are forgotten, and the oldest of too many.

use std::sync::atomic::Ordering;

use rusqlite::Connection;
use sprat_chunking::FileId;

use super::entry::{Entry, columns};
use super::error::{Fault, ReadError};
use super::queue::QueuedChange;
use super::readers::Pace;
use super::shared::Shared;

/// Entries that one step looks at.
const STEP: usize = 500;

/// Rule by which files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Moment before which a file must have been last seen to be forgotten, in seconds since 1970 (UTC).
    pub seen_since: u64,
    /// Upper bound of the files that are kept; of more, those go first that were seen the longest ago.
    pub most: usize,
}

/// Progress of a pass over the catalogue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pass {
    /// The last entry that was looked at: when it was last seen, and its number.
    after: Option<(i64, i64)>,
    /// Number of files that were too many when the pass began.
    excess: Option<usize>,
    /// Number of files that were removed.
    pub removed: usize,
    /// Set when there is nothing more to remove.
    pub done: bool,
}

/// Goes a step on with a pass: see [`Catalogue::prune`](super::handle::Catalogue::prune).
pub(super) fn step(
    shared: &Shared,
    pass: Pass,
    retention: &Retention,
    now: u64,
    are_alive: impl FnOnce(&[FileId]) -> Vec<bool>,
) -> Result<Pass, ReadError> {
    let after = pass.after.unwrap_or((i64::MIN, i64::MIN));
    let oldest = shared.ask(Pace::Within(shared.deadline), |db| oldest(db, after))?;
    let excess = pass.excess.unwrap_or_else(|| shared.files.load(Ordering::Relaxed).saturating_sub(retention.most));
    let mut pass = Pass { excess: Some(excess), done: oldest.len() < STEP, ..pass };
    let need_not_be_kept = |entry: &Entry, pass: &Pass| entry.last_seen < retention.seen_since || pass.removed < excess;
    if oldest.first().is_none_or(|entry| !need_not_be_kept(entry, &pass)) {
        return Ok(Pass { done: true, ..pass });
    }
    let file_ids: Vec<FileId> = oldest.iter().map(|entry| entry.file_id).collect();
    for (entry, alive) in oldest.into_iter().zip(are_alive(&file_ids)) {
        if !need_not_be_kept(&entry, &pass) {
            return Ok(Pass { done: true, ..pass });
        }
        let change = if alive { QueuedChange::Touch(entry.file_id, now) } else { QueuedChange::Remove(entry.file_id) };
        if shared.queue.push(change).is_err() {
            return Ok(Pass { done: false, ..pass });
        }
        pass.removed += usize::from(!alive);
        pass.after = Some((i64::try_from(entry.last_seen).unwrap_or(i64::MAX), entry.id));
    }
    Ok(pass)
}

/// The entries that were seen the longest ago, after this one.
fn oldest(db: &Connection, after: (i64, i64)) -> Result<Vec<Entry>, Fault> {
    let mut statement = db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM files WHERE (last_seen, id) > (?1, ?2) ORDER BY last_seen, id LIMIT ?3"
    ))?;
    let mut rows = statement.query((after.0, after.1, STEP))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(Entry::read(row)?);
    }
    Ok(entries)
}
