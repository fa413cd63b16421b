//! The window: what it costs while nothing happens, how long it takes to be there, its memory (Linux, a display), and what a frame
//! of a long list takes (no display).

mod frames;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::process::{Process, beside_this, text};
use crate::usage::Usage;

/// Time that anything may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// A window that did nothing for so long is at rest.
const AT_REST: Duration = Duration::from_secs(3);
/// Between two looks at something slow.
const LOOK: Duration = Duration::from_millis(50);

/// Options of `window`.
#[derive(clap::Args)]
pub(crate) struct Window {
    /// Number of files that the window shares
    #[arg(long, default_value_t = 1000)]
    transfers: u32,
    /// Number of starts
    #[arg(long, default_value_t = 10)]
    starts: u32,
    /// Seconds without anything to do
    #[arg(long, default_value_t = 60)]
    idle: u64,
    /// Number of transfers in the longest list
    #[arg(long, default_value_t = 10_000)]
    listed: u32,
    /// Number of frames that are drawn of it
    #[arg(long, default_value_t = 500)]
    frames: u32,
}

/// Prints two tables.
pub(crate) fn run(args: &Window) -> anyhow::Result<()> {
    frames::run(args.listed, args.frames.max(1))?;
    ensure!(std::env::var_os("DISPLAY").is_some(), "the rest needs a display: run it with xvfb-run, or on a desktop");
    let dir = tempfile::tempdir()?;
    let mut tracker = Process::start(Command::new(beside_this("sprat-tracker")?).args(["--listen", "127.0.0.1:0"]))?;
    let url = tracker.line("sprat-tracker listening on ", Instant::now() + PATIENCE)?;
    let program = Program { dir: dir.path(), url: &url };
    program.share(args.transfers)?;
    println!("| the window with {} transfers | target | measured |\n| --- | --- | --- |", args.transfers);
    program.time_starts(args.starts.max(1))?;
    program.watch_idle(args.idle)
}

/// The program, always on the same folders.
struct Program<'a> {
    dir: &'a Path,
    url: &'a str,
}

/// One run of it, and how long it took in milliseconds.
struct Started {
    process: Process,
    first_frame: f64,
    with_transfers: f64,
}

impl Program<'_> {
    /// Starts it, until the transfers are on the screen.
    fn start(&self, open: &[String]) -> anyhow::Result<Started> {
        let mut command = Command::new(beside_this("sprat-gui")?);
        command.args(["--tracker", self.url, "--listen", "127.0.0.1:0"]).args(open);
        command.arg("--state-dir").arg(self.dir.join("state")).arg("--download-dir").arg(self.dir.join("downloads"));
        command.env("RUST_LOG", "sprat_peer_gui=info").env("NO_COLOR", "1").env_remove("WAYLAND_DISPLAY");
        let begun = Instant::now();
        let mut process = Process::start(&mut command)?;
        let line = process.line_with("the first frame is drawn", begun + PATIENCE)?;
        let first_frame = begun.elapsed();
        // The first frame has them already where the engine is quicker than the graphics.
        if !line.contains("with_transfers=true") {
            process.line_with("with_transfers=true", begun + PATIENCE)?;
        }
        let [first_frame, with_transfers] = [first_frame, begun.elapsed()].map(|took| took.as_secs_f64() * 1e3);
        Ok(Started { process, first_frame, with_transfers })
    }

    /// The first run: everything is shared.
    fn share(&self, transfers: u32) -> anyhow::Result<()> {
        let mut files = Vec::new();
        for number in 0..transfers {
            let file = self.dir.join(format!("tiny-{number}.txt"));
            std::fs::write(&file, format!("The file number {number}."))?;
            files.push(text(&file)?.to_owned());
        }
        let _first = self.start(&files)?;
        let until = Instant::now() + PATIENCE;
        while self.shared() < transfers as usize {
            ensure!(Instant::now() < until, "only {} of {transfers} files are shared", self.shared());
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Number of transfers that are written down.
    fn shared(&self) -> usize {
        let library = std::fs::read(self.dir.join("state/library.json")).unwrap_or_default();
        let library: Value = serde_json::from_slice(&library).unwrap_or_default();
        library["transfers"].as_array().map_or(0, Vec::len)
    }

    fn time_starts(&self, starts: u32) -> anyhow::Result<()> {
        let (mut first, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..starts {
            let started = self.start(&[])?;
            first.push(started.first_frame);
            whole.push(started.with_transfers);
        }
        for (what, target, took) in [
            ("start to the first frame", "≤ 500 ms", &mut first),
            ("start to the first frame with the transfers", "", &mut whole),
        ] {
            took.sort_by(f64::total_cmp);
            let (median, worst) = (took[took.len() / 2], took.last().copied().unwrap_or_default());
            println!("| {what}, {starts} starts: median, worst | {target} | {median:.0} ms, {worst:.0} ms |");
        }
        Ok(())
    }

    fn watch_idle(&self, seconds: u64) -> anyhow::Result<()> {
        let started = self.start(&[])?;
        let pid = started.process.id();
        at_rest(pid)?;
        let shown = ticks_within(pid, Duration::from_secs(seconds));
        let [all, own] = ["VmRSS:", "RssAnon:"].map(|line| Usage::memory_of(pid, line));
        hide(pid)?;
        at_rest(pid)?;
        let hidden = ticks_within(pid, Duration::from_secs(seconds));
        println!("| CPU in {seconds} s, on the screen | 0 ticks | {shown:.0} ticks |");
        println!("| CPU in {seconds} s, taken off the screen | 0 ticks | {hidden:.0} ticks |");
        println!("| memory; of that, not of files | ≤ 180 MiB | {all:.0} MiB; {own:.0} MiB |");
        Ok(())
    }
}

/// Waits until the process has done nothing for a while.
fn at_rest(pid: u32) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    while ticks_within(pid, AT_REST) > 0.0 {
        ensure!(Instant::now() < until, "the window never rests");
    }
    Ok(())
}

/// Ticks of CPU, hundredths of a second, that the process uses within so long.
fn ticks_within(pid: u32, time: Duration) -> f64 {
    let before = Usage::of(pid).cpu;
    std::thread::sleep(time);
    ((Usage::of(pid).cpu - before) * 100.0).round()
}

/// Unmaps the window, as a window manager does when it is minimised.
fn hide(pid: u32) -> anyhow::Result<()> {
    let pid = pid.to_string();
    let hiding = ["search", "--all", "--onlyvisible", "--pid", &pid, "--name", "^Sprat$", "windowunmap", "--sync"];
    let status = Command::new("xdotool").args(hiding).status().context("xdotool is not installed")?;
    ensure!(status.success(), "xdotool found no window");
    Ok(())
}
