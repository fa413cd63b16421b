//! The program as its operator meets it: how it starts, what it keeps, what it says, and how it is brought back.

#![cfg(unix)]

#[path = "../common/running.rs"]
mod running;

mod kept;
mod start;
mod told;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use running::Running;

/// Time beyond anything here, so that what hangs fails.
const LONG: Duration = Duration::from_secs(20);

/// The program with these arguments, and no variables of whoever runs the test.
fn tracker(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sprat-tracker"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end; returns the exit code and what it said on both streams.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = tracker(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

/// A tracker that runs, with its address and the lines of its log.
struct Started {
    running: Running,
    address: SocketAddr,
    log: Receiver<String>,
}

impl Started {
    fn new(arguments: &[&str]) -> Self {
        Self::from(tracker(&[&["--listen", "127.0.0.1:0"], arguments].concat()))
    }

    fn from(mut command: Command) -> Self {
        let mut running = Running(command.spawn().unwrap());
        let log = log_of(&mut running.0);
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("sprat-tracker listening on http");
        let url = url.unwrap_or_else(|| panic!("it listens: {:?}", log.iter().collect::<Vec<_>>()));
        let address = url.trim_start_matches('s').strip_prefix("://").unwrap().parse().unwrap();
        Self { running, address, log }
    }

    /// Waits for a line of the log that says this.
    fn line(&self, says: &str) -> String {
        let mut seen = Vec::new();
        while let Ok(line) = self.log.recv_timeout(LONG) {
            if line.contains(says) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with {says:?} in {seen:?}");
    }

    fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.running.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Ends it in good order, and returns the rest of its log.
    fn end(mut self) -> Vec<String> {
        self.signal("TERM");
        self.running.0.wait().unwrap();
        self.log.iter().collect()
    }

    /// Sends these bytes and returns all that comes back until the tracker hangs up.
    fn say(&self, bytes: &str) -> String {
        say(self.address, bytes)
    }

    fn get(&self, path: &str) -> String {
        self.say(&format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"))
    }
}

fn say(address: SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A connection that is cut off may be reset.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The lines of standard error, as they come.
fn log_of(child: &mut Child) -> Receiver<String> {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}
