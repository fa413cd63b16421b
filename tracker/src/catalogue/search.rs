//! Search for the names that have some words: what SQLite is asked, and how much it is looked at.

use rusqlite::{Connection, Rows};
use sprat_chunking::{FileId, Layout};

use super::entry::{Entry, columns};
use super::error::Fault;
use super::rarity::Rarity;
use super::words::{Rank, Words};

/// Number of the newest names that are looked at, of those that the index finds. Not all of them have the words.
const LOOK_AT: usize = 2000;
/// Number of the newest names that are looked at where no word is long enough for the index. There is no search in
/// between, so a name costs less.
const SCAN: usize = 10_000;
/// Number of those that are answered with: more than all pages show.
const MAX_FOUND: usize = 1001;

/// A file whose name has all the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// ID of the file.
    pub file_id: FileId,
    /// Name of the file.
    pub name: String,
    /// Its length and chunk size.
    pub layout: Layout,
    /// Time of the first registration, in seconds since 1970 (UTC).
    pub first_seen: u64,
    /// Rank of the name among the answers.
    pub rank: Rank,
}

/// Files that a search found, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The files.
    pub files: Vec<Match>,
    /// Set if there are no others. Otherwise the search ended early: there were too many names to look at, or the time
    /// was over.
    pub all: bool,
}

/// Looks for words until all is seen, the bound is reached or the connection is interrupted.
pub(super) fn search(db: &Connection, words: &Words, rarity: &Rarity) -> Result<Matches, Fault> {
    let trigrams = rarity.rarest(words.trigrams());
    if trigrams.is_empty() {
        let mut newest =
            db.prepare_cached(concat!("SELECT ", columns!(), " FROM files ORDER BY files.id DESC LIMIT ?1"))?;
        return collect(newest.query([SCAN])?, words, SCAN);
    }
    // The name of a row that is missing is NULL, which is damage, and not no match.
    let mut matching = db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM names LEFT JOIN files ON files.id = names.rowid WHERE names MATCH ?1 ORDER BY names.rowid DESC LIMIT ?2"
    ))?;
    collect(matching.query((expression(&trigrams), LOOK_AT))?, words, LOOK_AT)
}

/// FTS5's expression for what has all of these. In quotes everything is data, and a quote is written twice.
fn expression(trigrams: &[String]) -> String {
    let quoted: Vec<_> = trigrams.iter().map(|trigram| format!("\"{}\"", trigram.replace('"', "\"\""))).collect();
    quoted.join(" ")
}

fn collect(mut rows: Rows<'_>, words: &Words, bound: usize) -> Result<Matches, Fault> {
    let mut files = Vec::new();
    let mut looked_at = 0;
    loop {
        let row = match rows.next().map_err(Fault::from) {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(Matches { all: looked_at < bound, files }),
            Err(fault) if fault.is_interrupt() => return Ok(Matches { all: false, files }),
            Err(fault) => return Err(fault),
        };
        looked_at += 1;
        let entry = Entry::read(row)?;
        if let Some(rank) = words.rank(&entry.name) {
            let Entry { file_id, name, layout, first_seen, .. } = entry;
            files.push(Match { file_id, name, layout, first_seen, rank });
        }
        if files.len() == MAX_FOUND {
            return Ok(Matches { all: false, files });
        }
    }
}
