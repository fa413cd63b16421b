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
