//! A copy of a catalogue that is being written.

use std::fs;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::helpers::*;
use crate::catalogue::backup::backup;
use crate::catalogue::error::BackupError;
use crate::catalogue::handle::{Catalogue, Settings};
use crate::catalogue::place::{Opening, Place};

#[test]
fn a_backup_is_one_moment_of_a_catalogue_that_is_being_written() {
    let (dir, path) = place();
    let eager = Settings { commit_after: Duration::ZERO, ..settings() };
    let (catalogue, _) = Catalogue::open(Place::File(path.clone()), &eager).unwrap();
    let catalogue = &catalogue;
    catalogue.fill((0..1000).map(|number| format!("name {number}")));
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in (1000..).take_while(|_| ended.try_recv() != Err(TryRecvError::Disconnected)) {
                while catalogue.put(put(number, &format!("name {number}"))).is_err() {
                    thread::yield_now();
                }
            }
        });
        let _end = end;
        for turn in 0..3 {
            let commits = catalogue.commits();
            wait_until("writes", || catalogue.commits() > commits);
            let to = dir.path().join(format!("backup {turn}"));
            backup(&path, &to).unwrap();
            let (copy, opening) = open(&to);
            let Opening::AsItWas { files } = opening else { panic!("{opening:?}") };
            assert!(files >= 1000, "{files}");
            assert_eq!(copy.check().unwrap(), files);
            // What was put first is in it, and nothing after the first that is not.
            let last = u32::try_from(files).unwrap();
            assert!(copy.entry(id(last - 1)).unwrap().is_some() && copy.entry(id(last)).unwrap().is_none());
        }
    });
    assert!(!files_in(dir.path()).iter().any(|name| name.contains("partial")), "{:?}", files_in(dir.path()));
}

#[test]
fn a_backup_replaces_nothing() {
    let (dir, path) = place();
    open(&path).0.fill(["a"]);
    let to = dir.path().join("precious");
    fs::write(&to, "precious").unwrap();
    assert!(matches!(backup(&path, &to), Err(BackupError::Exists(_))));
    assert_eq!(fs::read_to_string(&to).unwrap(), "precious");
}

#[test]
fn there_is_no_backup_of_what_is_no_catalogue() {
    let (dir, path) = place();
    let to = dir.path().join("backup");
    assert!(matches!(backup(&path, &to), Err(BackupError::Sqlite(_))));
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE thesis (chapter TEXT)").unwrap();
    assert!(matches!(backup(&path, &to), Err(BackupError::NotACatalogue(_))));
    assert_eq!(files_in(dir.path()), ["catalogue.db"]);
}

#[test]
fn there_is_no_backup_of_what_is_damaged() {
    let (dir, path) = place();
    let (catalogue, _) = open(&path);
    catalogue.fill(["right"]);
    catalogue.hook(|db| db.execute_batch("UPDATE files SET name = 'wrong'"));
    catalogue.flush().wait_blocking().unwrap();
    let to = dir.path().join("backup");
    assert!(matches!(backup(&path, &to), Err(BackupError::Damaged(_))));
    drop(catalogue);
    assert_eq!(files_in(dir.path()), ["catalogue.db", "catalogue.db.lock"]);
}
