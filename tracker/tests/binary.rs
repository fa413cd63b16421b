//! The binary as somebody who starts it sees it: its one line, its exit codes, its end.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

fn tracker(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sprat-tracker"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A tracker that is ended when a test ends, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), [].as_slice()));
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
    assert_eq!(output.status.code(), Some(1));
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

/// What is written to the log from now on.
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
        while let Some(line) = self.0.next() {
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
    assert!(line.starts_with("<6>sprat_tracker::server: tracker started address"), "{line:?}");
}
