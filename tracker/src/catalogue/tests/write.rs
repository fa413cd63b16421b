//! Changes on their way to the disk.

use std::fs;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::ffi;
use sprat_protocol::PeerId;

use super::helpers::*;
use crate::catalogue::error::ReadError;
use crate::catalogue::handle::{Catalogue, Settings};
use crate::catalogue::meta;
use crate::catalogue::place::{Opening, Place};
use crate::catalogue::queue::{Full, NotWritten, Put, Report};
use crate::catalogue::words::Words;
use crate::catalogue::writer::SEEN_WITHIN;

#[test]
fn changes_are_written_together() {
    let catalogue = in_memory();
    for number in 0..2500 {
        catalogue.put(put(number, "a")).unwrap();
    }
    // A full commit does not wait for more; one that is not full does.
    wait_until("two commits", || catalogue.waiting() == 500);
    assert_eq!((catalogue.commits(), catalogue.len()), (2, 2000));
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!((catalogue.commits(), catalogue.len(), catalogue.waiting()), (3, 2500, 0));
}

#[test]
fn changes_of_one_file_become_one() {
    let catalogue = in_memory();
    for turn in 0..100 {
        catalogue.put(Put { name: format!("name {turn}"), ..put(7, "") }).unwrap();
        catalogue.touch(id(7), NOW + 1).unwrap();
    }
    catalogue.put(Put { by: PeerId::new([9; 32]), unix_seconds: NOW + 2, ..put(7, "last") }).unwrap();
    assert_eq!(catalogue.waiting(), 1);
    assert_eq!(catalogue.entry(id(7)).unwrap(), None);
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!(catalogue.commits(), 1);
    let entry = catalogue.entry(id(7)).unwrap().unwrap();
    assert_eq!((entry.name.as_str(), entry.first_seen, entry.first_by), ("last", NOW, PeerId::new([7; 32])));
}

#[test]
fn a_change_is_written_after_a_while_without_a_flush() {
    let soon = Settings { commit_after: Duration::from_millis(1), ..settings() };
    let (catalogue, _) = Catalogue::open(Place::Memory, &soon).unwrap();
    for number in 0..3 {
        catalogue.put(put(number, "a")).unwrap();
        wait_until("a commit", || catalogue.len() == number as usize + 1);
    }
}

#[test]
fn one_searches_while_another_writes() {
    let (_dir, path) = place();
    for place in [Place::Memory, Place::File(path)] {
        let eager = Settings { commit_after: Duration::ZERO, ..settings() };
        let (catalogue, _) = Catalogue::open(place, &eager).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let catalogue = &catalogue;
            scope.spawn(move || {
                for number in (0..).take_while(|_| ended.try_recv() != Err(TryRecvError::Disconnected)) {
                    if catalogue.put(put(number, &format!("name {number}"))).is_err() {
                        catalogue.flush().wait_blocking().unwrap();
                    }
                }
            });
            let _end = end;
            wait_until("writes", || catalogue.commits() > 0);
            for _ in 0..100 {
                let matches = catalogue.search(&Words::new("name")).unwrap();
                assert!(!matches.files.is_empty());
            }
        });
    }
}

#[test]
fn the_log_does_not_grow_because_somebody_is_always_reading() {
    let (dir, path) = place();
    let (catalogue, _) = open(&path);
    let (begun, end) = (AtomicU64::new(0), AtomicBool::new(false));
    // Each of two reads until the other reads as well.
    let read = |db: &Connection| {
        let moment = db.unchecked_transaction()?;
        meta::read(&moment, meta::FILES)?;
        let number = begun.fetch_add(1, Ordering::Relaxed);
        while begun.load(Ordering::Relaxed) == number + 1 && !end.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        Ok(())
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !end.load(Ordering::Relaxed) {
                    catalogue.ask(read).unwrap();
                }
            });
        }
        for round in 0..40 {
            catalogue.fill((0..500).map(|number| format!("{round} {number} {}", "long ".repeat(40))));
        }
        end.store(true, Ordering::Relaxed);
    });
    let log = fs::metadata(dir.path().join("catalogue.db-wal")).unwrap().len();
    assert!(log < 8 << 20, "{log}");
}

#[test]
fn a_full_queue_takes_no_more_and_says_so() {
    let (catalogue, _) = Catalogue::open(Place::Memory, &Settings { queue: 10, ..settings() }).unwrap();
    for number in 0..10 {
        assert!(catalogue.has_room(10 - number as usize) && !catalogue.has_room(11 - number as usize));
        catalogue.put(put(number, "a")).unwrap();
    }
    assert_eq!(catalogue.put(put(10, "a")), Err(Full));
    // What waits already may still change.
    catalogue.put(put(3, "b")).unwrap();
    catalogue.flush().wait_blocking().unwrap();
    assert!(catalogue.has_room(10));
    assert_eq!(catalogue.names("b"), ["b"]);
}

#[test]
fn a_new_name_or_layout_keeps_the_first_sight() {
    let catalogue = in_memory();
    catalogue.fill(["old name", "another"]);
    let changed = Put { layout: layout(99), by: PeerId::new([9; 32]), unix_seconds: NOW + 9, ..put(0, "new") };
    catalogue.put(changed).unwrap();
    catalogue.flush().wait_blocking().unwrap();
    let entry = catalogue.entry(id(0)).unwrap().unwrap();
    assert_eq!((entry.name.as_str(), entry.layout, entry.last_seen), ("new", layout(99), NOW + 9));
    assert_eq!((entry.first_seen, entry.first_by), (NOW, PeerId::new([0; 32])));
    assert_eq!((catalogue.names("old"), catalogue.names("new"), catalogue.len()), (vec![], vec!["new".into()], 2));
}

#[test]
fn a_file_is_removed_and_is_new_when_it_comes_back() {
    let catalogue = in_memory();
    catalogue.fill(["a", "b"]);
    catalogue.remove(id(0)).unwrap().wait_blocking().unwrap();
    assert_eq!((catalogue.entry(id(0)).unwrap(), catalogue.names("a"), catalogue.len()), (None, vec![], 1));
    // Also when both wait at the same time, whichever comes last.
    let removed = catalogue.remove(id(1)).unwrap();
    catalogue.put(Put { unix_seconds: NOW + 5, ..put(1, "b") }).unwrap();
    removed.wait_blocking().unwrap();
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!(catalogue.entry(id(1)).unwrap().unwrap().first_seen, NOW + 5);
    catalogue.put(put(2, "c")).unwrap();
    catalogue.remove(id(2)).unwrap().wait_blocking().unwrap();
    assert_eq!(catalogue.len(), 1);
}

#[test]
fn when_a_file_was_last_seen_is_written_once_an_hour() {
    let catalogue = in_memory();
    catalogue.fill(["a"]);
    for (seen, known) in [
        (NOW + SEEN_WITHIN - 1, NOW),
        (NOW + SEEN_WITHIN, NOW + SEEN_WITHIN),
        (NOW, NOW + SEEN_WITHIN),
        (u64::MAX, i64::MAX as u64),
    ] {
        catalogue.touch(id(0), seen).unwrap();
        catalogue.touch(id(1), seen).unwrap();
        catalogue.flush().wait_blocking().unwrap();
        assert_eq!(catalogue.entry(id(0)).unwrap().unwrap().last_seen, known);
    }
    assert_eq!(catalogue.len(), 1);
    catalogue.put(Put { unix_seconds: u64::MAX, ..put(2, "from the far future") }).unwrap();
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!((catalogue.len(), catalogue.begun_anew()), (2, 0));
}

#[test]
fn an_orderly_end_writes_what_waits() {
    let (_dir, path) = place();
    let (catalogue, _) = open(&path);
    catalogue.put(put(0, "a")).unwrap();
    drop(catalogue);
    assert_eq!(open(&path).1, Opening::AsItWas { files: 1 });
}

#[tokio::test]
async fn a_flush_can_be_awaited() {
    let catalogue = in_memory();
    catalogue.flush().wait().await.unwrap();
    catalogue.put(put(0, "a")).unwrap();
    catalogue.flush().wait().await.unwrap();
    assert_eq!(catalogue.len(), 1);
}

#[test]
fn a_crash_leaves_what_was_committed() {
    let (dir, path) = place();
    let (catalogue, _) = open(&path);
    for commit in 0..30 {
        (0..10).for_each(|n| catalogue.put(put(commit * 10 + n, &format!("name {commit} {n}"))).unwrap());
        catalogue.flush().wait_blocking().unwrap();
    }
    catalogue.put(put(300, "not committed")).unwrap();
    // The files as they are now are what a crash would leave; of the log, anything between nothing and all.
    let log = fs::read(dir.path().join("catalogue.db-wal")).unwrap();
    assert!(log.len() > 30 * 4096);
    let mut lens = Vec::new();
    for cut in 0..=40 {
        let (after, at) = place();
        fs::copy(&path, &at).unwrap();
        fs::write(after.path().join("catalogue.db-wal"), &log[..log.len() * cut / 40]).unwrap();
        let (crashed, opening) = open(&at);
        let Opening::AsItWas { files } = opening else { panic!("{opening:?}") };
        assert_eq!((files % 10, crashed.check().unwrap(), crashed.names("name").len()), (0, files, files), "{cut}");
        lens.push(files);
    }
    assert!(lens.is_sorted() && lens[0] == 0 && lens[40] == 300, "{lens:?}");
}

/// Fills the disk as long as this is set: the file must not grow.
static DISK_IS_FULL: [AtomicBool; 2] = [AtomicBool::new(true), AtomicBool::new(true)];

fn limit_pages(db: &Connection, disk: usize) -> rusqlite::Result<()> {
    let pages: u32 = db.pragma_query_one(None, "page_count")?;
    let most = if DISK_IS_FULL[disk].load(Ordering::Relaxed) { pages } else { u32::MAX / 2 };
    db.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))
}

#[test]
fn a_full_disk_loses_nothing() {
    let (_dir, path) = place();
    let (catalogue, _) = Catalogue::open(Place::File(path.clone()), &Settings { queue: 600, ..settings() }).unwrap();
    catalogue.fill(["there before"]);
    catalogue.hook(|db| limit_pages(db, 0));
    for number in 1..500 {
        catalogue.put(put(number, &format!("number {number}"))).unwrap();
    }
    let written = catalogue.flush();
    wait_until("trouble", || catalogue.trouble().is_some_and(|trouble| trouble.contains("full")));
    // Meanwhile it answers, and takes what finds room.
    assert_eq!((catalogue.names("before").len(), catalogue.names("number").len()), (1, 0));
    (500..600).for_each(|number| catalogue.put(put(number, &format!("number {number}"))).unwrap());
    assert_eq!(catalogue.put(put(600, "too much")), Err(Full));
    DISK_IS_FULL[0].store(false, Ordering::Relaxed);
    written.wait_blocking().unwrap();
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!((catalogue.trouble(), catalogue.len(), catalogue.names("number").len()), (None, 600, 599));
    assert_eq!((catalogue.check().unwrap(), catalogue.begun_anew()), (600, 0));
}

#[test]
fn a_disk_that_stays_full_does_not_keep_it_from_ending() {
    let (_dir, path) = place();
    let (catalogue, _) = open(&path);
    catalogue.hook(|db| limit_pages(db, 1));
    (0..500).for_each(|number| catalogue.put(put(number, "a")).unwrap());
    let written = catalogue.flush();
    drop(catalogue);
    assert_eq!(written.wait_blocking(), Err(NotWritten));
    assert_eq!(open(&path).1, Opening::AsItWas { files: 0 });
}

fn corrupt() -> rusqlite::Result<()> {
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None))
}

#[test]
fn what_the_writer_finds_damaged_is_set_aside_and_what_waits_is_written_anew() {
    static ONCE: AtomicBool = AtomicBool::new(true);
    let (dir, path) = place();
    let (catalogue, _) = open(&path);
    catalogue.fill(["old"]);
    assert_eq!(catalogue.names("old"), ["old"]);
    catalogue.put(put(1, "new")).unwrap();
    catalogue.hook(|_| if ONCE.swap(false, Ordering::Relaxed) { corrupt() } else { Ok(()) });
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!((catalogue.names(""), catalogue.len(), catalogue.begun_anew()), (vec!["new".into()], 1, 1));
    let aside = files_in(dir.path()).into_iter().find(|name| name.contains(".damaged-")).unwrap();
    assert_eq!(open(&dir.path().join(aside)).0.names("old"), ["old"]);
    drop(catalogue);
    assert_eq!(open(&path).1, Opening::AsItWas { files: 1 });
}

#[test]
fn a_change_that_damages_every_file_is_dropped() {
    let (dir, path) = place();
    let (catalogue, _) = open(&path);
    catalogue.hook(|_| corrupt());
    catalogue.put(put(0, "in the same commit")).unwrap();
    catalogue.flush().wait_blocking().unwrap();
    catalogue.put(put(1, "later")).unwrap();
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!((catalogue.names(""), catalogue.begun_anew()), (vec!["later".into()], 1));
    assert_eq!(files_in(dir.path()).iter().filter(|name| name.contains(".damaged-")).count(), 1);
}

#[test]
fn what_a_reader_finds_damaged_is_set_aside_once() {
    let (_dir, path) = place();
    let (catalogue, _) = open(&path);
    catalogue.fill(["right", "another"]);
    catalogue.hook(|db| db.execute_batch("UPDATE files SET name = 'wrong' WHERE name = 'right'"));
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!(catalogue.names("another"), ["another"]);
    let damaged = catalogue.search(&Words::new("right"));
    assert!(matches!(damaged, Err(ReadError::Damaged(_))), "{damaged:?}");
    wait_until("a new file", || catalogue.begun_anew() == 1);
    // Another reader saw the same, and says so late.
    catalogue.shared.queue.report(Report { file: 0, damage: "the same".into() });
    catalogue.put(put(2, "new")).unwrap();
    catalogue.flush().wait_blocking().unwrap();
    assert_eq!((catalogue.names(""), catalogue.begun_anew()), (vec!["new".into()], 1));
}
