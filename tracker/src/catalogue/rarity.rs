//! Rarity of runs of three characters, about: in how many names each of them is.
//!
//! The index has a list of names for each of these trigrams, and what a search costs is to go through the lists of those
//! that it is asked for. So it is asked for the rarest few only; the names that it finds are held against the words themselves
//! anyway. Names like those of films or photographs have some trigrams in common, and the lists of those are long.

use std::collections::HashMap;

use rusqlite::Connection;

use super::error::Fault;
use super::words::{fold, trigrams};

/// Names are looked at in so many places, spread over the catalogue, and so many in each.
const PLACES: i64 = 100;
const NAMES: i64 = 40;
/// Upper bound of the trigrams that are counted: names may be long and have nothing in common.
const MOST: usize = 100_000;
/// Number of names that are quick to search whatever is asked for.
const FEW: usize = 1000;
/// Number of trigrams that the index is asked for.
const ASKED: usize = 3;

/// Counts of a sample of names.
#[derive(Debug, Default)]
pub(super) struct Rarity {
    counts: HashMap<String, u32>,
    /// Number of files when the sample was drawn.
    files: usize,
}

impl Rarity {
    /// Counts the trigrams of some of these files' names. Where its time is over, those that it has seen by then.
    pub(super) fn sample(db: &Connection, files: usize) -> Result<Self, Fault> {
        let mut sample = Self { counts: HashMap::new(), files };
        match sample.count(db) {
            Err(fault) if !fault.is_interrupt() => Err(fault),
            _ => Ok(sample),
        }
    }

    /// Says whether the sample still stands for so many files.
    pub(super) fn is_good_for(&self, files: usize) -> bool {
        files <= FEW || (self.files / 2..=self.files / 2 * 3).contains(&files)
    }

    /// The rarest few of these, of which the first ones are preferred.
    pub(super) fn rarest(&self, mut trigrams: Vec<String>) -> Vec<String> {
        trigrams.sort_by_key(|trigram| self.counts.get(trigram).copied().unwrap_or(0));
        trigrams.truncate(ASKED);
        trigrams
    }

    fn count(&mut self, db: &Connection) -> Result<(), Fault> {
        let last: Option<i64> = db.query_row("SELECT max(id) FROM files", [], |row| row.get(0))?;
        let mut statement = db.prepare_cached("SELECT name FROM files WHERE id >= ?1 ORDER BY id LIMIT ?2")?;
        for place in 0..PLACES {
            let mut rows = statement.query([last.unwrap_or(0) / PLACES * place, NAMES])?;
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                for trigram in trigrams(&fold(&name).chars().collect::<Vec<char>>()) {
                    if self.counts.len() < MOST || self.counts.contains_key(&trigram) {
                        *self.counts.entry(trigram).or_default() += 1;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trigrams: &[&str]) -> Vec<String> {
        trigrams.iter().map(|trigram| (*trigram).to_owned()).collect()
    }

    #[test]
    fn the_rarest_are_asked_for_and_else_the_first() {
        let counts = [("mkv", 900), ("img", 500), ("fil", 20)].map(|(trigram, count)| (trigram.to_owned(), count));
        let rarity = Rarity { counts: counts.into(), files: 5000 };
        assert_eq!(rarity.rarest(of(&["mkv", "img", "fil", "abc"])), ["abc", "fil", "img"]);
        assert_eq!(Rarity::default().rarest(of(&["d", "c", "b", "a"])), ["d", "c", "b"]);
        assert!(rarity.rarest(vec![]).is_empty());
    }

    #[test]
    fn a_sample_is_taken_anew_when_there_are_half_as_many_more() {
        let rarity = Rarity { files: 10_000, ..Rarity::default() };
        let good = [4999, 5000, 10_000, 15_000, 15_001].map(|files| rarity.is_good_for(files));
        assert_eq!(good, [false, true, true, true, false]);
        assert!(Rarity::default().is_good_for(FEW) && !Rarity::default().is_good_for(FEW + 1));
    }
}
