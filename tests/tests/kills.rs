//! A download that is killed again and again.

use std::path::Path;

use serde_json::Value;
use sprat_tests::files::{noise, same};
use sprat_tests::process::{Process, Tracker, get, share};

const SIZE: u64 = 24 * 1024 * 1024;
/// Number of kills.
const KILLS: u32 = 20;

/// Outcome of one run of the download.
enum Run {
    /// Killed when so many bytes were verified.
    Killed(u64),
    /// Complete before it could be killed, with so many bytes fetched by this run.
    Complete(u64),
}

/// Lets a download run until so much is verified, then kills it.
fn run(mut download: Process, until: u64) -> Run {
    let verified = |line: &Value| line["verified"].as_u64().unwrap_or_default();
    let enough = |line: &Value| line["state"] == "downloading" && verified(line) >= until;
    let text = download.line(|line| {
        let line: Value = serde_json::from_str(line).expect("it prints JSON");
        line["type"] == "complete" || (line["type"] == "progress" && enough(&line))
    });
    let line: Value = serde_json::from_str(&text).expect("it was just read");
    match line["downloaded"].as_u64() {
        Some(fetched) => {
            assert_eq!(download.wait().code(), 0);
            Run::Complete(fetched)
        }
        None => {
            download.kill();
            Run::Killed(verified(&line))
        }
    }
}

#[test]
fn no_kill_costs_anything_that_was_verified() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.bin");
    std::fs::write(&file, noise(SIZE as usize, 70)).unwrap();
    let tracker = Tracker::start(&[]);
    let (_seeder, shared) = share(&file, &tracker, &["--upload-limit", "6M"]);
    let id = shared["file_id"].as_str().unwrap();
    let out = dir.path().join("out/");
    let (mut kills, mut verified) = (0, 0);
    loop {
        // A little more each time; once it was killed often enough, it may come to its end.
        let until = if kills < KILLS { verified + u64::from(kills % 3) * 500_000 } else { u64::MAX };
        match run(get(id, &tracker, &out, &[]), until) {
            Run::Killed(now) => {
                assert!(now >= verified, "{verified} were verified, and {now} after a kill");
                (kills, verified) = (kills + 1, now);
            }
            Run::Complete(fetched) => {
                assert!(verified + fetched <= SIZE, "{verified} were verified, and {fetched} of {SIZE} fetched again");
                assert_complete(&file, &out);
                if kills >= KILLS {
                    return;
                }
                std::fs::remove_file(out.join("a.bin")).unwrap();
                verified = 0;
            }
        }
    }
}

fn assert_complete(file: &Path, out: &Path) {
    assert!(same(file, &out.join("a.bin")));
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 1, "nothing is left beside the file");
}
