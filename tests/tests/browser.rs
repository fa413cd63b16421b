//! The tracker's page in a real browser, as somebody who was handed the tracker's address sees it. Its own policy lets no
//! script run, so what is seen here is seen without JavaScript.
//!
//! Needs Chromium: `cargo test --workspace -- --ignored`.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use sprat_tests::files::real_file;
use sprat_tests::process::{Tracker, share, until_found};

/// Page as the browser renders it, and the browser's complaints.
fn rendered(url: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let quiet = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
        "--dump-dom",
    ];
    let output = Command::new("chromium")
        .args(quiet)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .stdin(Stdio::null())
        .output()
        .expect("Chromium is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let errors = String::from_utf8_lossy(&output.stderr);
    let of_the_page: Vec<&str> = errors.lines().filter(|line| line.contains("CONSOLE")).collect();
    (String::from_utf8(output.stdout).unwrap(), of_the_page.join("\n"))
}

#[test]
#[ignore = "needs Chromium"]
fn the_page_works_without_javascript_and_needs_nothing_from_elsewhere() {
    let tracker = Tracker::start(&[]);
    let file = real_file();
    let name = file.file_name().unwrap().to_str().unwrap();
    let (_sharer, shared) = share(&file, &tracker, &[]);
    let id = shared["file_id"].as_str().unwrap();

    let (home, complaints) = rendered(&tracker.url);
    assert!(!home.contains("<script"), "{home}");
    assert!(home.contains("<dt>Peers online</dt><dd>1</dd>"), "{home}");
    assert!(home.contains(&format!("sprat get ID --tracker {}", tracker.url)), "{home}");
    assert_eq!(complaints, "");

    until_found(name, &tracker);
    let (found, complaints) = rendered(&format!("{}/?q={name}", tracker.url));
    assert!(found.contains(&format!("<bdi>{name}</bdi>")) && found.contains(id), "{found}");
    assert_eq!(complaints, "");

    let (docs, complaints) = rendered(&format!("{}/docs", tracker.url));
    assert!(docs.contains("POST /v1/register"), "{docs}");
    assert_eq!(complaints, "");
}
