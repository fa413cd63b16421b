//! Start: what keeps the program from it, and how that is told.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use super::{Started, run};

/// A key and its certificate, as files in this folder.
pub(super) fn certificate(folder: &std::path::Path, name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = |end: &str| folder.join(format!("{name}.{end}")).to_str().unwrap().to_owned();
    fs::write(path("cert"), made.cert.pem()).unwrap();
    fs::write(path("key"), made.signing_key.serialize_pem()).unwrap();
    (path("cert"), path("key"))
}

/// Exit codes that systemd takes for a reason not to start it again.
fn final_codes() -> Vec<i32> {
    let unit = include_str!("../../deploy/sprat-tracker.service");
    let codes = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus=")).unwrap();
    codes.split_whitespace().map(|code| code.parse().unwrap()).collect()
}

#[test]
fn both_wildcards_are_listened_on_at_one_port() {
    if TcpListener::bind("[::]:0").is_err() {
        return;
    }
    // Somebody may take the port in between, but not ten times.
    let started = (0..10).any(|_| {
        let port = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap().port();
        let (v4, v6) = (format!("0.0.0.0:{port}"), format!("[::]:{port}"));
        std::panic::catch_unwind(|| {
            let mut command = super::tracker(&["--listen", &v4, "--listen", &v6]);
            command.env("NO_COLOR", "1");
            let started = Started::from(command);
            let answers = super::say(([127, 0, 0, 1], port).into(), "GET /healthz HTTP/1.0\r\nhost: x\r\n\r\n");
            let v6 =
                super::say((std::net::Ipv6Addr::LOCALHOST, port).into(), "GET /healthz HTTP/1.0\r\nhost: x\r\n\r\n");
            assert!(answers.ends_with("ok") && v6.ends_with("ok"), "{answers} {v6}");
            drop(started);
        })
        .is_ok()
    });
    assert!(started);
}

#[test]
fn what_no_restart_mends_is_told_before_and_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = certificate(folder.path(), "one");
    let (_, other_key) = certificate(folder.path(), "other");
    fs::write(path("list"), "nonsense\n").unwrap();
    fs::write(path("file"), "").unwrap();
    let tls = |cert: &str, key: &str| format!("{{ cert = {cert:?}, key = {key:?} }}");
    for (arguments, says) in [
        (vec!["--server-tls", &tls(&path("missing"), &key)], "missing"),
        (vec!["--server-tls", &tls(&cert, &path("missing"))], "missing"),
        (vec!["--server-tls", &tls(&cert, &other_key)], "one.cert"),
        (vec!["--access-blocked-peers", &path("missing")], "missing"),
        (vec!["--access-blocked-addresses", &path("list")], "list:1"),
        (vec!["--data-dir", &path("file")], "--data-dir"),
        (
            vec!["--store", "cluster", "--cluster-nodes", "127.0.0.1:1", "--cluster-password-file", &path("missing")],
            "missing",
        ),
        (vec!["--store", "cluster", "--cluster-nodes", "redis://valkey-1:6379"], "redis://valkey-1:6379"),
        (vec!["--store", "cluster", "--cluster-nodes", "user@valkey-1:6379"], "user@valkey-1:6379"),
        (vec!["--names", "tracker.example.org"], "port"),
        (vec!["--names", "https://tracker.example.org"], "https://tracker.example.org"),
        (vec!["--names", "tracker.example.org:99999"], "99999"),
        (vec!["--names", "user@tracker.example.org:443"], "user@"),
        (vec!["--names", "tracker.example.org:443/?query"], "query"),
        (vec!["--names", "tracker.example.org:443#part"], "#part"),
        (vec!["--names", "tracker.example.org:0"], "port"),
        (vec!["--names", "räuber.example:443"], "xn--ruber-gra.example:443"),
        (vec!["--listen", "127.0.0.1:4000", "--listen", "127.0.0.1:4000"], "twice"),
    ] {
        let (code, said) = run(&[&["config"], &arguments[..]].concat());
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
        let (code, said) = run(&[&["--listen", "127.0.0.1:0"], &arguments[..]].concat());
        assert!(final_codes().contains(&code.unwrap()), "{arguments:?}: {code:?} {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    let good = ["config", "--server-tls", &tls(&cert, &key), "--names", "Tracker.example:443", "--names", "[::1]:5000"];
    assert_eq!(run(&good).0, Some(0), "{}", run(&good).1);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (code, said) = run(&["--listen", &taken.local_addr().unwrap().to_string()]);
    assert!(final_codes().contains(&code.unwrap()), "{code:?} {said}");
}
