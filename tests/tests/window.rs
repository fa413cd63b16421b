//! The real window on a real display: it shares, it says goodbye, and it costs nothing while nothing happens.
//!
//! These need a display: `xvfb-run cargo test --workspace -- --ignored`.

#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use sprat_tests::PATIENCE;
use sprat_tests::files::{independent_id, real_file, same};
use sprat_tests::process::{Process, Tracker, get};

/// Ticks of CPU (hundredths of a second) that a process has used.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name in parentheses").split_whitespace().collect();
    fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime")
}

#[test]
#[ignore = "needs a display"]
fn a_file_given_to_the_window_is_shared_and_an_idle_window_rests() {
    let dir = tempfile::tempdir().unwrap();
    let tracker = Tracker::start(&[]);
    let file = real_file();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let arguments = [
        text(&file),
        "--state-dir".into(),
        text(&dir.path().join("state")),
        "--download-dir".into(),
        text(&dir.path().join("downloads")),
        "--tracker".into(),
        tracker.url.clone(),
        "--listen".into(),
        "127.0.0.1:0".into(),
    ];
    let window = Process::start("sprat-gui", arguments);
    let id = independent_id(&file);
    let ended = get(&id, &tracker, dir.path(), &["--timeout", "60"]).wait();
    assert_eq!(ended.code(), 0, "{}", ended.errors);
    assert!(same(&file, &dir.path().join(file.file_name().unwrap())));
    // The upload's figures fade for a few seconds; then a second must pass in which nothing is done.
    let until = Instant::now() + PATIENCE;
    let rests = || {
        let before = ticks(window.id());
        std::thread::sleep(Duration::from_secs(2));
        ticks(window.id()) - before
    };
    let least = std::iter::repeat_with(rests).take_while(|_| Instant::now() < until).find(|ticks| *ticks <= 1);
    assert!(least.is_some(), "the window never rests");
}
