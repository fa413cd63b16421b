//! The binaries as a user runs them: every process is its own, every port the system's choice, every file a real one.

#![cfg(unix)]

#[path = "processes/protocol_page.rs"]
mod protocol_page;

use std::path::{Path, PathBuf};

use serde_json::Value;
use sprat_tests::files::{independent_id, real_file, same};
use sprat_tests::process::{Process, Tracker, chunks_by_source, get, share, until_found};

/// So slow that a few megabytes take a while: enough to kill somebody meanwhile.
const SLOW: &[&str] = &["--upload-limit", "8M"];

/// The file that is moved, in a folder of its own: a real program, cut where tests would take too long.
fn file(dir: &Path) -> PathBuf {
    let path = dir.join("program.bin");
    let mut bytes = std::fs::read(real_file()).unwrap();
    bytes.truncate(20 * 1024 * 1024 + 4321);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn id(shared: &Value) -> String {
    shared["file_id"].as_str().unwrap().to_owned()
}

fn downloaded(complete: &Value) -> u64 {
    complete["downloaded"].as_u64().unwrap()
}

#[test]
fn five_processes_move_a_real_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = real_file();
    let tracker = Tracker::start(&[]);
    let (_first, shared) = share(&file, &tracker, &["--upload-limit", "50M"]);
    let (_second, _) = share(&file, &tracker, &["--upload-limit", "50M"]);
    assert_eq!(id(&shared), independent_id(&file));
    let ended = get(&id(&shared), &tracker, dir.path(), &[]).wait();
    assert_eq!(ended.code(), 0, "{ended:#?}");
    let complete = ended.json("complete");
    assert!(same(&file, Path::new(complete["path"].as_str().unwrap())));
    let sources = chunks_by_source(&complete);
    assert!(sources.len() == 2 && sources.iter().all(|chunks| *chunks > 0), "{sources:?}");
    assert_eq!(downloaded(&complete), file.metadata().unwrap().len());
}

#[test]
fn a_seeder_that_is_killed_midway_is_missed_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let tracker = Tracker::start(&[]);
    let (mut first, shared) = share(&file, &tracker, SLOW);
    let (_second, _) = share(&file, &tracker, SLOW);
    let out = dir.path().join("out/");
    let mut download = get(&id(&shared), &tracker, &out, &[]);
    download.json("progress", |progress| chunks_by_source(progress).iter().filter(|chunks| **chunks > 2).count() == 2);
    first.kill();
    let ended = download.wait();
    assert_eq!(ended.code(), 0, "{ended:#?}");
    assert!(same(&file, &out.join("program.bin")));
}

#[test]
fn a_download_that_is_killed_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let size = file.metadata().unwrap().len();
    let tracker = Tracker::start(&[]);
    let (_seeder, shared) = share(&file, &tracker, SLOW);
    let out = dir.path().join("out/");
    let mut download = get(&id(&shared), &tracker, &out, &[]);
    let progress = download.json("progress", |progress| progress["verified"].as_u64().unwrap() > size / 4);
    download.kill();
    assert!(out.join("program.bin.part").exists() && !out.join("program.bin").exists());
    let ended = get(&id(&shared), &tracker, &out, &[]).wait();
    assert_eq!(ended.code(), 0, "{ended:#?}");
    assert!(same(&file, &out.join("program.bin")));
    let (before, after) = (progress["verified"].as_u64().unwrap(), downloaded(&ended.json("complete")));
    assert!(before + after <= size, "{before} were verified, and {after} of {size} fetched again");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1, "nothing is left beside the file");
}

#[test]
fn three_downloaders_fetch_from_each_other_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let tracker = Tracker::start(&[]);
    let (_seeder, shared) = share(&file, &tracker, SLOW);
    let outs: Vec<PathBuf> = (0..3).map(|n| dir.path().join(format!("out{n}/"))).collect();
    let downloads: Vec<Process> = outs.iter().map(|out| get(&id(&shared), &tracker, out, &["--seed"])).collect();
    let mut from_each_other = 0;
    for (mut download, out) in downloads.into_iter().zip(&outs) {
        let complete = download.json("complete", |_| true);
        assert!(same(&file, &out.join("program.bin")));
        let mut sources = chunks_by_source(&complete);
        sources.sort_unstable();
        assert!(sources.len() > 1, "{complete}");
        from_each_other += sources.iter().rev().skip(1).sum::<u64>();
    }
    assert!(from_each_other > 10, "only {from_each_other} chunks came from other downloaders");
}

#[test]
fn a_tracker_that_forgot_everything_is_told_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let tracker = Tracker::start(&["--lease-seconds", "2"]);
    let (_seeder, shared) = share(&file, &tracker, &[]);
    let addr = tracker.addr();
    drop(tracker);
    let tracker = Tracker::start_at(&addr, &["--lease-seconds", "2"]);
    let ended = get(&id(&shared), &tracker, &dir.path().join("out/"), &["--timeout", "60"]).wait();
    assert_eq!(ended.code(), 0, "{ended:#?}");
}

#[test]
fn who_leaves_says_goodbye() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let tracker = Tracker::start(&[]);
    let (seeder, shared) = share(&file, &tracker, &[]);
    seeder.interrupt();
    assert_eq!(seeder.wait().code(), 0);
    let ended = get(&id(&shared), &tracker, dir.path(), &["--timeout", "1"]).wait();
    assert_eq!(ended.code(), 3, "{ended:#?}");
    assert_eq!(ended.json("error")["file_id"], id(&shared));
}

#[test]
fn an_interrupted_download_keeps_what_it_has_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let tracker = Tracker::start(&[]);
    let (_seeder, shared) = share(&file, &tracker, SLOW);
    let out = dir.path().join("out/");
    let mut download = get(&id(&shared), &tracker, &out, &[]);
    download.json("progress", |progress| progress["chunks"].as_u64() > Some(3));
    download.interrupt();
    let ended = download.wait();
    assert_eq!(ended.code(), 130, "{ended:#?}");
    assert!(out.join("program.bin.part").exists() && !out.join("program.bin").exists());
}

#[test]
fn what_is_there_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let tracker = Tracker::start(&[]);
    let (_seeder, shared) = share(&file, &tracker, &[]);
    let out = dir.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("program.bin"), "mine").unwrap();
    let ended = get(&id(&shared), &tracker, &out, &[]).wait();
    assert_eq!(ended.json("complete")["path"], out.join("program (2).bin").to_str().unwrap());
    assert_eq!(std::fs::read(out.join("program.bin")).unwrap(), b"mine");
    assert!(same(&file, &out.join("program (2).bin")));
    // The very file is there now: it is found, not fetched.
    let again = get(&id(&shared), &tracker, &out, &[]).wait();
    assert_eq!(again.json("complete")["path"], out.join("program (2).bin").to_str().unwrap());
    assert_eq!(downloaded(&again.json("complete")), 0);
}

#[test]
fn search_finds_what_is_shared() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let tracker = Tracker::start(&[]);
    let (_seeder, shared) = share(&file, &tracker, &[]);
    let found = until_found("PROGRAM", &tracker);
    assert!(found.printed.iter().any(|line| line.contains(&id(&shared))), "{found:#?}");
}
