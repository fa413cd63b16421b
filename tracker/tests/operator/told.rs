//! Words of the program to its operator: log, metrics and answers.

use super::{Started, tracker};

/// A REGISTER for a tracker of this name. It is looked at before the signature is.
fn register(name: &str) -> String {
    let body = format!(
        r#"{{"type":"REGISTER","peer_id":"{}","port":1,"files":[],"tracker":"{name}","time":1,"nonce":"{}"}}"#,
        sprat_protocol::Identity::from_seed([1; 32]).peer_id(),
        "0".repeat(32)
    );
    let length = body.len();
    format!(
        "POST /v1/register HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn peers_that_know_the_tracker_by_another_name_are_told_of_once_and_counted() {
    let started = Started::new(&["--names", "tracker.example:5000", "--names", "other.example:443"]);
    assert!(started.get("/metrics").contains("sprat_register_refused_total{reason=\"other_tracker\"} 0\n"));
    for _ in 0..20 {
        let answer = started.say(&register("192.0.2.1:5000"));
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.contains("tracker.example:5000"), "it says what would do: {answer}");
    }
    let metrics = started.get("/metrics");
    assert!(metrics.contains("sprat_register_refused_total{reason=\"other_tracker\"} 20\n"), "{metrics}");
    let lines = started.end();
    let told: Vec<_> = lines.iter().filter(|line| line.contains("192.0.2.1:5000")).collect();
    assert_eq!(told.len(), 1, "{lines:?}");
    assert!(told[0].contains("WARN") && told[0].contains("tracker.example:5000"), "{told:?}");
    assert!(told[0].contains("other.example:443"), "{told:?}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    use std::io::Write as _;
    use std::time::Instant;

    let mut started = Started::new(&["--server-drain-delay", "20s", "--grace", "0s"]);
    let begin = Instant::now();
    // Somebody whose request is never complete.
    let mut open = std::net::TcpStream::connect(started.address).unwrap();
    open.write_all(b"POST /v1/query HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{").unwrap();
    started.signal("TERM");
    started.line("ending");
    started.signal("TERM");
    let status = started.running.0.wait().unwrap();
    assert!(begin.elapsed().as_secs() < 15, "{:?}", begin.elapsed());
    assert_ne!(status.code(), Some(0), "requests were cut off, and that is told");
}

#[test]
fn a_variable_that_is_nearly_a_key_is_an_error_and_any_other_a_warning() {
    let output = tracker(&["config"]).env("SPRAT_TRACKER_LISTN", "127.0.0.1:1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("SPRAT_TRACKER_LISTN") && said.contains("SPRAT_TRACKER_LISTEN"), "{said}");
    let output = tracker(&["config"]).env("SPRAT_TRACKER_SERVICE_HOST", "10.0.0.1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("SPRAT_TRACKER_SERVICE_HOST"), "`config` tells warnings too: {said}");
}

#[test]
fn plain_http_to_a_tls_port_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = super::start::certificate(folder.path(), "one");
    let started = Started::new(&["--server-tls", &format!("{{ cert = {cert:?}, key = {key:?} }}")]);
    let answer = started.get("/healthz");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer:?}");
}

#[test]
fn a_full_table_of_files_keeps_nobody_from_looking_at_health() {
    use std::process::{Command, Stdio};

    let script = r#"ulimit -n 1024; exec "$@""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_sprat-tracker"), "--listen", "127.0.0.1:0"]);
    command.args(["--server-connections-per-address", "5000", "--server-idle-time", "10m"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = Started::from(command);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if limit.current.is_some_and(|limit| limit < 1500) {
        let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    }
    let idle: Vec<_> = (0..1100).map(|_| std::net::TcpStream::connect(started.address).unwrap()).collect();
    for path in ["/healthz", "/metrics"] {
        let answer = started.get(path);
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer:?}");
    }
    let line = started.line("make room");
    assert!(line.contains("WARN"), "{line}");
    drop(idle);
    assert!(!started.end().iter().any(|line| line.contains("make room")), "it is told when it begins");
}
