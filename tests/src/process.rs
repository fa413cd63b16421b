//! The binaries as a user runs them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use serde_json::Value;

use crate::PATIENCE;
use crate::group::ControlGroup;

/// The path of one of the workspace's binaries, beside which the tests are built.
///
/// # Panics
/// If it is not built: `cargo test --workspace` builds all of them.
pub fn binary(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().expect("a test runs from a file");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is not built; run: cargo test --workspace", path.display());
    path
}

/// A process whose lines can be waited for, and that ends with the test.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    errors: Option<std::thread::JoinHandle<String>>,
    /// Lines that the process has printed so far.
    pub printed: Vec<String>,
}

impl Process {
    /// Starts a binary with these arguments, in a clean environment but for what a process needs to run.
    pub fn start<S: AsRef<std::ffi::OsStr>>(name: &str, arguments: impl IntoIterator<Item = S>) -> Self {
        Self::run(Command::new(binary(name)), arguments)
    }

    /// The same in a control group.
    pub fn start_in<S: AsRef<std::ffi::OsStr>>(
        group: &ControlGroup,
        name: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::run(group.command(&binary(name)), arguments)
    }

    fn run<S: AsRef<std::ffi::OsStr>>(mut command: Command, arguments: impl IntoIterator<Item = S>) -> Self {
        command.args(arguments).env_remove("SPRAT_TRACKER").env("HOME", "/nonexistent").env_remove("XDG_CONFIG_HOME");
        // No desktop but the display: what would ask a person is not there.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary can be started");
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("stdout is piped");
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut stderr = child.stderr.take().expect("stderr is piped");
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Self { child, lines, errors: Some(errors), printed: Vec::new() }
    }

    /// The next line that `wanted` accepts.
    ///
    /// # Panics
    /// If none comes.
    pub fn line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.printed.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(_) => {
                    let _ = self.child.kill();
                    let errors = self.errors.take().map(|errors| errors.join().unwrap_or_default());
                    panic!("the line never came; printed {:#?}, errors: {errors:?}", self.printed);
                }
            }
        }
    }

    /// The next line of JSON of this type that `wanted` accepts.
    pub fn json(&mut self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let parse = |line: &str| serde_json::from_str::<Value>(line).ok().filter(|value| value["type"] == kind);
        let line = self.line(|line| parse(line).is_some_and(|value| wanted(&value)));
        parse(&line).expect("it was just parsed")
    }

    /// The most memory that it ever had, in bytes.
    #[cfg(target_os = "linux")]
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the system tells");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("that is a number") * 1024
    }

    /// Its process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Ends it as the system's service manager does.
    #[cfg(unix)]
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "a signal can be sent");
    }

    /// Ends it as a power cut does: it has no say in it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end. Gives its exit status and what it printed on both channels.
    ///
    /// # Panics
    /// If it does not end.
    pub fn wait(mut self) -> Ended {
        let until = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.printed.push(line);
        }
        assert!(Instant::now() < until, "it does not end; printed {:#?}", self.printed);
        let status = self.child.wait().expect("an own child can be waited for");
        let errors = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        Ended { status, printed: std::mem::take(&mut self.printed), errors }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit status of the process.
    pub status: ExitStatus,
    /// The lines of its stdout.
    pub printed: Vec<String>,
    /// Its stderr.
    pub errors: String,
}

impl Ended {
    /// Its exit code.
    ///
    /// # Panics
    /// If a signal ended it.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("it was killed: {self:?}"))
    }

    /// The last line of JSON of this type.
    ///
    /// # Panics
    /// If there is none.
    pub fn json(&self, kind: &str) -> Value {
        let values = self.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        values.rev().find(|value| value["type"] == kind).unwrap_or_else(|| panic!("no {kind} in {self:#?}"))
    }
}

/// A tracker process, and where it listens.
pub struct Tracker {
    /// The process.
    pub process: Process,
    /// Its URL.
    pub url: String,
}

impl Tracker {
    /// A tracker on a port that the system chooses.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", arguments)
    }

    /// A tracker on this address.
    pub fn start_at(listen: &str, arguments: &[&str]) -> Self {
        let mut process = Process::start("sprat-tracker", [&["--listen", listen], arguments].concat());
        let line = process.line(|line| line.starts_with("sprat-tracker listening on "));
        let url = line.rsplit(' ').next().expect("the line ends with the URL").to_owned();
        Self { process, url }
    }

    /// Its address without the scheme.
    pub fn addr(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }
}

/// `sprat share`, up to the moment when the file is shared.
pub fn share(file: &Path, tracker: &Tracker, arguments: &[&str]) -> (Process, Value) {
    let path = file.to_str().expect("a test's path is Unicode");
    let fixed = ["share", path, "--tracker", &tracker.url, "--listen", "127.0.0.1:0", "--json"];
    let mut process = Process::start("sprat", [&fixed, arguments].concat());
    let shared = process.json("shared", |_| true);
    (process, shared)
}

/// `sprat get` of this ID or link into a folder, just started.
pub fn get(what: &str, tracker: &Tracker, dir: &Path, arguments: &[&str]) -> Process {
    let dir = dir.to_str().expect("a test's path is Unicode");
    let fixed = ["get", what, "--tracker", &tracker.url, "--listen", "127.0.0.1:0", "--output", dir, "--json"];
    Process::start("sprat", [&fixed, arguments].concat())
}

/// `sprat search` for these words, again until something is found: the tracker takes names in a moment after they came.
///
/// # Panics
/// If nothing ever is.
pub fn until_found(words: &str, tracker: &Tracker) -> Ended {
    let until = Instant::now() + PATIENCE;
    loop {
        let ended = Process::start("sprat", ["search", words, "--tracker", &tracker.url]).wait();
        if ended.code() == 0 {
            return ended;
        }
        assert!(Instant::now() < until, "{ended:#?}");
    }
}

/// Number of chunks that each source of a `complete` line delivered.
pub fn chunks_by_source(complete: &Value) -> Vec<u64> {
    let sources = complete["sources"].as_array().expect("a complete line lists its sources");
    sources.iter().filter_map(|source| source["chunks"].as_u64()).collect()
}
