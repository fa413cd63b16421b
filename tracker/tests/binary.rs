//! The binary as somebody who starts it sees it: its one line, its exit codes, its end.

#[path = "common/running.rs"]
mod running;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use running::Running;

fn tracker(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sprat-tracker"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Running {
    /// Starts a tracker and waits for its line.
    fn start(arguments: &[&str]) -> (Self, String) {
        let mut running = Self(tracker(arguments).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (running, line)
    }
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn it_says_where_it_listens() {
    let (_running, line) = Running::start(&["--listen", "127.0.0.1:0"]);
    let port = line.strip_prefix("sprat-tracker listening on http://127.0.0.1:").unwrap();
    assert_ne!(port.strip_suffix('\n').unwrap().parse::<u16>().unwrap(), 0);
}

#[test]
fn ipv6_is_written_in_brackets() {
    if TcpListener::bind("[::1]:0").is_ok() {
        let (_running, line) = Running::start(&["--listen", "[::1]:0"]);
        assert!(line.starts_with("sprat-tracker listening on http://[::1]:"), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn signals_end_it_and_that_is_no_failure() {
    use std::io::Read;

    for signal in ["TERM", "INT"] {
        // Its standard output is closed once its line was read.
        let (mut running, line) = Running::start(&["--listen", "127.0.0.1:0", "--log", "info"]);
        // Somebody keeps a connection open.
        let address = line.trim().strip_prefix("sprat-tracker listening on http://").unwrap();
        let _idle = std::net::TcpStream::connect(address).unwrap();
        let kill = format!("kill -{signal} {}", running.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "{signal}");
        let mut log = String::new();
        running.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(log.contains("tracker started") && log.contains("tracker stopped"), "{log}");
    }
}

#[test]
fn a_port_in_use_is_one_clear_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = tracker(&["--listen", &address]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), [].as_slice()));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains(&address) && stderr(&output).contains("--listen 127.0.0.1:0"));
}

#[test]
fn options_that_make_no_sense_are_usage_errors() {
    for arguments in [
        ["--listen", "nowhere"],
        ["--lease-seconds", "0"],
        ["--lease-seconds", "86401"],
        ["--log", "sprat=loudly"],
        ["--mood", "good"],
    ] {
        assert_eq!(tracker(&arguments).output().unwrap().status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn the_data_folder_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a").join("b");
    let arguments = ["--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
    let (_running, line) = Running::start(&arguments);
    assert!(line.contains("listening") && data.is_dir());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = tracker(&["--listen", "127.0.0.1:0", "--data-dir", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("--data-dir"), "{}", stderr(&output));
}

#[test]
fn configuration_comes_from_file_environment_and_flags() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracker.toml");
    std::fs::write(&file, "lease = \"5m\"\n[limits]\nfiles = 7\npeers = 7\n").unwrap();
    let mut command = tracker(&["config", "--config", file.to_str().unwrap(), "--limits-holdings", "9"]);
    let output = command.env("SPRAT_TRACKER_LIMITS_PEERS", "8").output().unwrap();
    let text = std::str::from_utf8(&output.stdout).unwrap();
    for line in [
        &format!("lease = \"5m\"  # {}:1", file.display()),
        &format!("files = 7  # {}:3", file.display()),
        "peers = 8  # SPRAT_TRACKER_LIMITS_PEERS",
        "holdings = 9  # --limits-holdings",
        "listen = [\"127.0.0.1:5000\"]  # default",
    ] {
        assert!(text.lines().any(|printed| printed == line), "{line} in {text}");
    }
}

#[test]
fn the_printed_example_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracker.toml");
    let example = tracker(&["config", "--example"]).output().unwrap();
    std::fs::write(&file, &example.stdout).unwrap();
    let output = tracker(&["config", "--config", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_configuration_with_a_mistake_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracker.toml");
    std::fs::write(&file, "\nleese = 3\n").unwrap();
    for command in ["run", "config"] {
        let output = tracker(&[command, "--config", file.to_str().unwrap()]).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), [].as_slice()));
        let expected = format!("sprat-tracker: {}:2: there is no key \"leese\"; did you mean lease?\n", file.display());
        assert_eq!(stderr(&output), expected);
    }
}

/// Lines of the log from now on.
#[cfg(unix)]
struct Log(std::io::Lines<BufReader<std::process::ChildStderr>>);

#[cfg(unix)]
impl Log {
    fn of(running: &mut Running) -> Self {
        Self(BufReader::new(running.0.stderr.take().unwrap()).lines())
    }

    /// Waits for a line that says this.
    fn line(&mut self, says: &str) -> String {
        let mut seen = Vec::new();
        for line in self.0.by_ref() {
            let line = line.unwrap();
            if line.contains(says) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with {says:?} in {seen:?}");
    }
}

#[cfg(unix)]
fn signal(running: &Running, signal: &str) {
    let kill = format!("kill -{signal} {}", running.0.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_hang_up_reads_the_configuration_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracker.toml");
    std::fs::write(&file, "log.level = 'info'").unwrap();
    let (mut running, _) = Running::start(&["--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()]);
    let mut log = Log::of(&mut running);
    std::fs::write(&file, "log.level = 'mistake=['").unwrap();
    signal(&running, "HUP");
    assert!(log.line("stays as it was").contains("log.level"));
    std::fs::write(&file, "log.level = 'debug'\n[limits]\nfiles = 3").unwrap();
    signal(&running, "HUP");
    assert!(log.line("started anew").contains("limits.files"));
    signal(&running, "TERM");
    log.line("tracker stopped");
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn the_log_is_for_whoever_reads_it() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::UnixStream;

    let (mut running, _) = Running::start(&["--listen", "127.0.0.1:0", "--log-format", "json"]);
    let line = Log::of(&mut running).line("tracker started");
    assert!(line.starts_with('{') && line.ends_with('}') && line.contains("\"level\":\"INFO\""), "{line}");

    let (mut running, _) = Running::start(&["--listen", "127.0.0.1:0"]);
    let line = Log::of(&mut running).line("tracker started");
    assert!(line.starts_with("20") && line.contains("INFO") && !line.contains('\u{1b}'), "{line}");

    // The journal knows the time, and what is an error from the number.
    let (ours, theirs) = UnixStream::pair().unwrap();
    let theirs = std::fs::File::from(std::os::fd::OwnedFd::from(theirs));
    let metadata = theirs.metadata().unwrap();
    let stream = format!("{}:{}", metadata.dev(), metadata.ino());
    let mut command = tracker(&["--listen", "127.0.0.1:0"]);
    let _running = Running(command.env("JOURNAL_STREAM", stream).stderr(theirs).spawn().unwrap());
    drop(command);
    let mut line = String::new();
    BufReader::new(ours).read_line(&mut line).unwrap();
    assert!(line.starts_with("<6>sprat_tracker::http::running: tracker started address"), "{line:?}");
}

/// Makes a token with the program and returns it.
fn create_token(data_dir: &str, name: &str, role: &str) -> String {
    let arguments = ["token", "create", name, "--role", role, "--expires", "90d", "--data-dir", data_dir];
    let output = tracker(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let token = String::from_utf8(output.stdout.clone()).unwrap().trim_end().to_owned();
    assert!(token.starts_with("sprat_") && !stderr(&output).contains(&token), "{token}");
    token
}

/// The address in its line.
fn url_in(line: &str) -> &str {
    line.trim_end().strip_prefix("sprat-tracker listening on ").unwrap()
}

/// Checks this tracker as a script does; returns the exit code and the words.
fn check(arguments: &[&str]) -> (Option<i32>, String) {
    let output = tracker(&[&["check"], arguments].concat()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout.clone()).unwrap() + stderr(&output))
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data").to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| tracker(&[arguments, &["--data-dir", &data_dir]].concat()).output().unwrap();
    let token = create_token(&data_dir, "Jörg's laptop", "share");
    let list = run(&["token", "list"]);
    let text = std::str::from_utf8(&list.stdout).unwrap();
    assert!(text.contains("share") && text.contains("Jörg's laptop") && !text.contains(&token), "{text}");
    let again = run(&["token", "create", "Jörg's laptop", "--role", "read"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("there is a token of this name"), "{}", stderr(&again));
    assert_eq!(run(&["token", "revoke", "Jörg's laptop"]).status.code(), Some(0));
    assert_eq!(run(&["token", "revoke", "Jörg's laptop"]).status.code(), Some(1));
    for wrong in [&["token", "create", "x", "--role", "king"][..], &["token", "create", "x"], &["token"]] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let nowhere = tracker(&["token", "list"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(stderr(&nowhere).contains("--data-dir"), "{}", stderr(&nowhere));
}

#[test]
fn check_says_whether_a_tracker_is_healthy() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let (_open, line) = Running::start(&["--listen", "127.0.0.1:0"]);
    let (code, said) = check(&[url_in(&line)]);
    assert_eq!((code, said.lines().count()), (Some(0), 1), "{said}");
    assert!(said.contains("healthy: ready in") && said.contains("answers QUERY"), "{said}");

    let (_private, line) =
        Running::start(&["--listen", "127.0.0.1:0", "--data-dir", data_dir, "--access-public", "none"]);
    let (code, said) = check(&[url_in(&line)]);
    assert!(code == Some(0) && said.contains("--token-file"), "{said}");
    let file = folder.path().join("token");
    for (token, expected) in
        [(create_token(data_dir, "x", "read"), Some(0)), (format!("sprat_{}", "a".repeat(52)), Some(1))]
    {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        let mut result = check(&[url_in(&line), "--token-file", file.to_str().unwrap()]);
        // A running tracker notices a token within a second.
        for _ in 0..100 {
            if result.0 == expected {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
            result = check(&[url_in(&line), "--token-file", file.to_str().unwrap()]);
        }
        assert_eq!((result.0, result.1.contains(&token)), (expected, false), "{}", result.1);
    }

    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, said) = check(&[&format!("http://{gone}")]);
    assert_eq!((code, said.contains("not healthy")), (Some(1), true), "{said}");
    // Somebody listens and is no tracker, or never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, said) = check(&[&format!("http://{}", silent.local_addr().unwrap()), "--timeout", "50ms"]);
    assert_eq!((code, said.contains("not healthy")), (Some(1), true), "{said}");
    for wrong in [
        "127.0.0.1:5000",
        "ftp://127.0.0.1",
        "http://",
        "http://a@127.0.0.1",
        "http://127.0.0.1?a",
        "http://127.0.0.1#a",
    ] {
        assert_eq!(check(&[wrong]).0, Some(2), "{wrong}");
    }
}

#[cfg(unix)]
#[test]
fn block_lists_and_tokens_are_read_again_on_a_hang_up() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("addresses");
    std::fs::write(&list, "").unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--access-blocked-addresses", list.to_str().unwrap()];
    let (mut running, line) = Running::start(&arguments);
    let mut log = Log::of(&mut running);
    assert_eq!(check(&[url_in(&line)]).0, Some(0));
    for (text, says, code) in [
        ("127.0.0.1 # go away", "networks=1", Some(1)),
        ("nonsense", "addresses:1: \"nonsense\"", Some(1)),
        ("", "networks=0", Some(0)),
    ] {
        std::fs::write(&list, text).unwrap();
        signal(&running, "HUP");
        log.line(says);
        log.line("configuration read again");
        let (result, said) = check(&[url_in(&line)]);
        assert_eq!(
            (result, said.contains("your address is blocked on this tracker: go away")),
            (code, code == Some(1))
        );
    }
}

#[cfg(unix)]
#[test]
fn a_network_becomes_private_on_a_hang_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracker.toml");
    std::fs::write(&file, "").unwrap();
    let data_dir = folder.path().join("data");
    let arguments =
        ["--listen", "127.0.0.1:0", "--config", file.to_str().unwrap(), "--data-dir", data_dir.to_str().unwrap()];
    let (mut running, line) = Running::start(&arguments);
    let mut log = Log::of(&mut running);
    for (text, says) in [("access.public = 'none'", "QUERY takes a token"), ("", "answers QUERY")] {
        std::fs::write(&file, text).unwrap();
        signal(&running, "HUP");
        log.line("configuration read again");
        let (code, said) = check(&[url_in(&line)]);
        assert!(code == Some(0) && said.contains(says), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn no_secret_is_in_the_log() {
    use std::io::Read;

    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let token = create_token(data_dir, "operator", "admin");
    let arguments = ["--listen", "127.0.0.1:0", "--log", "trace", "--data-dir", data_dir, "--access-public", "none"];
    let (mut running, line) = Running::start(&arguments);
    let wrong = format!("sprat_{}", "a".repeat(52));
    let send = |method: &str, path: &str, token: &str, body: &str| {
        let mut stream = std::net::TcpStream::connect(url_in(&line).strip_prefix("http://").unwrap()).unwrap();
        let length = body.len();
        std::io::Write::write_all(&mut stream, format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n{body}"
        ).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let made = send("POST", "/v1/admin/tokens", &token, r#"{"name":"second","role":"share"}"#);
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    let second = &made[made.find("sprat_").unwrap()..][..58];
    for token in [&token, second, &wrong, &token[..57]] {
        send("GET", "/v1/stats", token, "");
        send("GET", &format!("/v1/files/{token}"), token, "");
        send("POST", "/v1/query", token, "{}");
    }
    signal(&running, "TERM");
    let mut log = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("a token was made"), "{log}");
    for secret in [&token, second, &wrong] {
        assert!(!log.contains(&secret[6..40]), "{log}");
    }
}

#[test]
fn the_names_of_files_are_copied_while_the_tracker_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let (data_dir, copy) = (data_dir.to_str().unwrap(), folder.path().join("copy.db"));
    let (_running, _) = Running::start(&["--listen", "127.0.0.1:0", "--data-dir", data_dir]);
    let backup = || tracker(&["backup", copy.to_str().unwrap(), "--data-dir", data_dir]).output().unwrap();
    let output = backup();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(std::fs::read(&copy).unwrap().starts_with(b"SQLite format 3\0"));
    let output = backup();
    assert_eq!(output.status.code(), Some(1), "what is there is not written over");
    assert!(stderr(&output).contains("copy.db"), "{}", stderr(&output));
    let output = tracker(&["backup", "other.db"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--data-dir"), "{}", stderr(&output));
}
