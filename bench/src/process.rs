//! Processes that are measured: what they print, what they used, and that each of them ends.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::usage::Usage;

/// Interval at which a process is looked at while something is awaited: whatever is timed is known to this.
pub(crate) const GLANCE: Duration = Duration::from_millis(2);

/// A process and the lines that it prints, on both channels; it ends with this value.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    last: String,
}

impl Process {
    /// Starts it. Whatever it prints is read at once, so that it never waits for that.
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        // Nothing is ever said to it, but some take the end of their input for the end of their work.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("can't start {:?}", command.get_program()))?;
        let (sender, lines) = channel();
        read_lines(child.stdout.take().context("stdout is piped")?, sender.clone());
        read_lines(child.stderr.take().context("stderr is piped")?, sender);
        Ok(Self { child, lines, last: String::new() })
    }

    /// The rest of the next line that starts so.
    pub(crate) fn line(&mut self, start: &str, until: Instant) -> anyhow::Result<String> {
        let line =
            self.next(|line| line.starts_with(start), until).with_context(|| format!("waiting for {start:?}"))?;
        Ok(line[start.len()..].to_owned())
    }

    /// The next line with this in it.
    pub(crate) fn line_with(&mut self, part: &str, until: Instant) -> anyhow::Result<String> {
        self.next(|line| line.contains(part), until).with_context(|| format!("waiting for {part:?}"))
    }

    fn next(&mut self, wanted: impl Fn(&str) -> bool, until: Instant) -> anyhow::Result<String> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                let how = if self.has_ended() { "ended" } else { "took too long" };
                bail!("the process {how}; its last line was {:?}", self.last);
            };
            if wanted(&line) {
                return Ok(line);
            }
            self.last = line;
        }
    }

    /// The next record of this type.
    pub(crate) fn record(&mut self, kind: &str, until: Instant) -> anyhow::Result<Value> {
        let start = format!("{{\"type\":\"{kind}\"");
        let rest = self.line(&start, until)?;
        Ok(serde_json::from_str(&(start + &rest))?)
    }

    /// The lines since the last look; all that it ever printed once it has ended.
    pub(crate) fn new_lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let patience = if self.has_ended() { Duration::from_secs(1) } else { Duration::ZERO };
        while let Ok(line) = self.lines.recv_timeout(patience) {
            lines.push(line);
        }
        if let Some(last) = lines.last() {
            self.last.clone_from(last);
        }
        lines
    }

    /// The records since the last look.
    pub(crate) fn new_records(&mut self) -> Vec<Value> {
        self.new_lines().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Line that the process printed last.
    pub(crate) fn last_line(&self) -> &str {
        &self.last
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Time and memory that the process has used so far; its CPU also after it has ended.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }

    /// Returns true if the process has ended. It is not yet reaped then, so that its usage can still be read.
    pub(crate) fn has_ended(&self) -> bool {
        Usage::has_ended(self.child.id())
    }

    /// Waits until it listens on this TCP port, in its own network.
    pub(crate) fn listens(&mut self, port: u16, until: Instant) -> anyhow::Result<()> {
        while !self.has_port(port) {
            let in_time = Instant::now() < until && !self.has_ended();
            self.new_lines();
            ensure!(in_time, "it never listened on port {port}; its last line was {:?}", self.last);
            thread::sleep(GLANCE);
        }
        Ok(())
    }

    fn has_port(&self, port: u16) -> bool {
        let listening = |table: &str| {
            let lines = std::fs::read_to_string(format!("/proc/{}/net/{table}", self.child.id())).unwrap_or_default();
            let wanted = format!(":{port:04X}");
            lines.lines().any(|line| {
                let mut fields = line.split_whitespace().skip(1);
                fields.next().is_some_and(|local| local.ends_with(&wanted)) && fields.nth(1) == Some("0A")
            })
        };
        listening("tcp") || listening("tcp6")
    }

    /// Lets its peak of memory begin anew.
    pub(crate) fn forget_peak(&self) {
        // Where the system refuses, the peak is that of its whole life.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    pub(crate) fn terminate(&mut self, until: Instant) -> anyhow::Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed()).context("a process has a number")?;
        kill_process(pid, Signal::TERM)?;
        while !self.has_ended() {
            ensure!(Instant::now() < until, "it does not end; its last line was {:?}", self.last);
            thread::sleep(GLANCE);
        }
        Ok(())
    }

    /// Ends it as a power cut does: it has no say in it.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends on each line; one that is overwritten on a terminal counts as well.
fn read_lines(stream: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let mut line = Vec::new();
        for byte in BufReader::new(stream).bytes().map_while(Result::ok).chain([b'\n']) {
            if !matches!(byte, b'\n' | b'\r') {
                line.push(byte);
            } else if !line.is_empty() {
                // Nobody may be listening any more; what is printed is read all the same.
                let _ = lines.send(String::from_utf8_lossy(&line).into_owned());
                line.clear();
            }
        }
    });
}

/// One of the workspace's binaries, beside this one; tests lie one folder below.
pub(crate) fn beside_this(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    let path = if cfg!(test) { path.parent().context("it lies in a folder")?.with_file_name(name) } else { path };
    ensure!(path.exists(), "{} is not built; run: cargo build --release", path.display());
    Ok(path)
}

/// The path as an argument.
pub(crate) fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not Unicode", path.display()))
}
