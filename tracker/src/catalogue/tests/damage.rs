//! Files in which bits were turned over, sectors lost and ends cut off: each is noticed and set aside, or changes no answer.

use std::fs;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;

use super::helpers::*;
use crate::catalogue::entry::Entry;
use crate::catalogue::error::ReadError;
use crate::catalogue::handle::Catalogue;
use crate::catalogue::place::Opening;
use crate::catalogue::search::Matches;
use crate::catalogue::words::Words;

/// Questions to a catalogue, in words that are common, rare, several, short and none.
const QUESTIONS: &[&str] = &["name", "red", "17", "blue 7", "nam een", "e", "", "purple"];

/// An answer to each of the questions, and the entry of each file.
#[derive(Debug, PartialEq)]
struct Answers {
    len: usize,
    found: Vec<Matches>,
    entries: Vec<Option<Entry>>,
}

fn ask(catalogue: &Catalogue, files: u32) -> Result<Answers, ReadError> {
    let found = QUESTIONS.iter().map(|words| catalogue.search(&Words::new(words)));
    let entries = (0..files).map(|number| catalogue.entry(id(number)));
    Ok(Answers {
        len: catalogue.len(),
        found: found.collect::<Result<_, _>>()?,
        entries: entries.collect::<Result<_, _>>()?,
    })
}

impl Answers {
    /// Holds that whatever is in these answers is in the right ones too.
    fn assert_true(&self, right: &Self) {
        assert_eq!(self.len, right.len);
        for (found, right) in self.found.iter().zip(&right.found) {
            assert!(found.files.iter().all(|file| right.files.contains(file)));
        }
        for (entry, right) in self.entries.iter().zip(&right.entries) {
            assert!(entry.is_none() || entry == right);
        }
    }
}

/// A catalogue of so many files, some of which were renamed and removed, as bytes; and its answers.
fn make(files: u32) -> (Vec<u8>, Answers) {
    let (_dir, path) = place();
    let (catalogue, _) = open(&path);
    for round in 0..4 {
        let colour = ["red", "green", "blue", "grey"][round];
        catalogue.fill((0..files >> round).map(|number| format!("{colour} name {number}.txt")));
    }
    for number in (0..files).step_by(7) {
        catalogue.remove(id(number)).unwrap();
    }
    catalogue.flush().wait_blocking().unwrap();
    let answers = ask(&catalogue, files).unwrap();
    assert!(answers.found[..7].iter().all(|matches| !matches.files.is_empty() && matches.all));
    drop(catalogue);
    (fs::read(&path).unwrap(), answers)
}

/// Says whether the damage in these bytes is noticed: at the start, by an answer or by the check. If it is not, it must
/// make no difference.
fn is_noticed(bytes: &[u8], files: u32, right: &Answers) -> bool {
    let (_dir, path) = place();
    fs::write(&path, bytes).unwrap();
    let (catalogue, opening) = open(&path);
    let noticed = match opening {
        Opening::SetAside { .. } => true,
        // Of an empty file nobody can tell that it had been longer, but it is said that there was nothing.
        Opening::New => bytes.is_empty(),
        _ => {
            let asked = ask(&catalogue, files);
            if let Ok(answers) = &asked {
                answers.assert_true(right);
            }
            match (asked, catalogue.check()) {
                (Ok(answers), Ok(_)) => {
                    assert_eq!(&answers, right, "the check saw nothing");
                    false
                }
                _ => {
                    wait_until("a new file", || catalogue.begun_anew() == 1);
                    true
                }
            }
        }
    };
    // Either way it goes on.
    catalogue.put(put(9999, "afterwards")).unwrap();
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!(catalogue.names("afterwards"), ["afterwards"]);
    noticed
}

#[test]
fn damage_anywhere_is_noticed_or_makes_no_difference() {
    let (bytes, right) = make(800);
    assert!(!is_noticed(&bytes, 800, &right));
    let noticed = (0..120).filter(|seed| {
        let mut rng = StdRng::seed_from_u64(*seed);
        let mut damaged = bytes.clone();
        let at = rng.random_range(0..bytes.len());
        match seed % 6 {
            0 => damaged.truncate(at),
            1 => damaged.truncate(at / 4096 * 4096),
            2 => damaged[at / 512 * 512..][..512].fill(0),
            3 => rng.fill(&mut damaged[at / 512 * 512..][..512]),
            _ => damaged[at] ^= 1 << rng.random_range(0..8),
        }
        is_noticed(&damaged, 800, &right)
    });
    let noticed = noticed.count();
    assert!(noticed > 60, "{noticed}");
}

#[test]
fn damage_to_any_byte_of_the_header_is_noticed_or_makes_no_difference() {
    let (bytes, right) = make(200);
    // Every third bit: those of each byte, in turns.
    let noticed = (0..800).step_by(3).filter(|bit| {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        is_noticed(&damaged, 200, &right)
    });
    let noticed = noticed.count();
    assert!(noticed > 100, "{noticed}");
}

#[test]
fn an_index_that_does_not_belong_to_its_entries_is_noticed() {
    type Harm = fn(&Connection) -> rusqlite::Result<()>;
    type Notice = fn(&Catalogue) -> Result<(), ReadError>;
    let search: Notice = |catalogue| catalogue.search(&Words::new("right")).map(|_| ());
    let check: Notice = |catalogue| catalogue.check().map(|_| ());
    let rename: Notice = |catalogue| {
        catalogue.put(put(0, "new name")).unwrap();
        catalogue.flush().wait_blocking().unwrap();
        Err(ReadError::Damaged("the writer says nothing, but begins anew".into()))
    };
    let harms: [(Harm, Notice); 8] = [
        (|db| db.execute_batch("DELETE FROM files WHERE id = 1"), search),
        (|db| db.execute_batch("UPDATE files SET id = 9 WHERE id = 1"), search),
        (|db| db.execute_batch("DELETE FROM names WHERE rowid = 1"), check),
        (|db| db.execute_batch("UPDATE names SET rowid = 9 WHERE rowid = 1"), check),
        (|db| db.execute_batch("INSERT INTO names (rowid, folded) VALUES (9, 'wrong')"), check),
        (|db| db.execute_batch("DELETE FROM names WHERE rowid = 1; DELETE FROM files WHERE id = 1"), check),
        (|db| db.execute_batch("UPDATE names_content SET c0 = 'wrong' WHERE id = 1"), check),
        (|db| db.execute_batch("DELETE FROM names WHERE rowid = 1"), rename),
    ];
    for (number, (harm, notice)) in harms.into_iter().enumerate() {
        let catalogue = in_memory();
        catalogue.fill(["right", "another"]);
        catalogue.hook(harm);
        catalogue.flush().wait_blocking().unwrap();
        assert!(matches!(notice(&catalogue), Err(ReadError::Damaged(_))), "{number}");
        wait_until("a new file", || catalogue.begun_anew() == 1);
    }
}
