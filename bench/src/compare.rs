//! One file from one seeder to one downloader, each on a host of its own, by Sprat and by other programs, in one table.
//!
//! - [`arena`]: where they meet, and what each has to tell about itself.
//! - [`ours`]: the reference limit, and Sprat.
//! - [`torrents`]: programs that speak BitTorrent; [`announce`] is the tracker that they ask.
//! - [`others`]: sendme, and nginx with curl.

pub(crate) mod announce;
mod arena;
mod others;
mod ours;
mod torrents;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::files::same;
use crate::network::Network;
use crate::process::{GLANCE, Process};
use arena::{Arena, Done, Fetching, Program};

/// A program whose run took longer is not run again.
const SLOW: Duration = Duration::from_secs(60);

/// Options of `compare`.
#[derive(clap::Args)]
pub(crate) struct Compare {
    #[command(flatten)]
    load: crate::load::Load,
    /// Seconds after which a run of a program is given up
    #[arg(long, default_value_t = 300)]
    timeout: u64,
    /// Only programs whose name contains one of these; the reference is always there
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// Prints one table.
pub(crate) fn run(compare: &Compare) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(std::path::absolute(&compare.load.dir)?)?;
    let file = dir.path().join("source/file.bin");
    std::fs::create_dir(dir.path().join("source"))?;
    crate::files::noise(&file, compare.load.mib)?;
    let network = Network::new(&[None; 3])?;
    let torrent = torrents::make(dir.path(), &file);
    let timeout = Duration::from_secs(compare.timeout);
    let mut entrants: Vec<Entrant> =
        programs().into_iter().filter(|program| compare.wants(&**program)).map(Entrant::new).collect();
    let mut turn = 0;
    // In turns, so that what else happens on the machine meanwhile meets all of them.
    for run in 0..compare.load.runs.max(1) {
        for entrant in entrants.iter_mut().filter(|entrant| entrant.goes_on()) {
            eprintln!("run {} of {}: {}", run + 1, compare.load.runs.max(1), entrant.title);
            let arena =
                Arena::new(&network, dir.path().join(format!("turn-{turn}")), &file, torrent.as_deref(), timeout)?;
            entrant.take_turn(&arena);
            // The whole folder goes in the end.
            let _ = std::fs::remove_dir_all(&arena.dir);
            turn += 1;
        }
    }
    println!(
        "| program | GB/s | ÷ reference | CPU s/GB, both ends | peak RSS, downloader / seeder, MiB | verifies, encrypts |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let reference = entrants.first().and_then(|entrant| entrant.best.as_ref()).map_or(f64::NAN, |best| best.rate);
    entrants.iter().for_each(|entrant| entrant.print(reference));
    Ok(())
}

impl Compare {
    fn wants(&self, program: &dyn Program) -> bool {
        let is_named = |name: &String| program.name().contains(name.as_str());
        self.only.is_empty() || program.name() == ours::REFERENCE || self.only.iter().any(is_named)
    }
}

/// A program, and how it did so far.
struct Entrant {
    program: Box<dyn Program>,
    title: String,
    best: Option<Measured>,
    /// Reason for which a program takes no more turns, unless that is because it is slow.
    out: Option<String>,
    is_slow: bool,
}

impl Entrant {
    fn new(program: Box<dyn Program>) -> Self {
        let version = program.version();
        let out = version.is_none().then(|| "not installed".to_owned());
        let title = format!("{} {}", program.name(), version.unwrap_or_default()).trim().to_owned();
        Self { program, title, best: None, out, is_slow: false }
    }

    fn goes_on(&self) -> bool {
        self.out.is_none() && !self.is_slow
    }

    fn take_turn(&mut self, arena: &Arena<'_>) {
        let start = Instant::now();
        match measure(&*self.program, arena) {
            Ok(measured) if self.best.as_ref().is_none_or(|best| measured.rate > best.rate) => {
                self.best = Some(measured);
            }
            Ok(_) => {}
            Err(error) => self.out = Some(format!("failed: {error:#}").replace(['\n', '|'], " ")),
        }
        self.is_slow = start.elapsed() > SLOW;
    }

    /// Prints the program's row. Whoever failed once has a row of failure, however well it did before.
    fn print(&self, reference: f64) {
        let title = &self.title;
        match (&self.out, &self.best) {
            (Some(out), _) => println!("| {title} | {out} | | | | |"),
            (None, Some(best)) => best.print(title, reference, self.program.promises()),
            (None, None) => {}
        }
    }
}

fn programs() -> Vec<Box<dyn Program>> {
    let mut programs = ours::all();
    programs.extend(torrents::all());
    programs.extend(others::all());
    programs
}

struct Measured {
    rate: f64,
    cpu_per_gb: f64,
    rss: (f64, f64),
}

impl Measured {
    fn print(&self, title: &str, reference: f64, promises: &str) {
        let Self { rate, cpu_per_gb, rss: (downloader, seeder) } = self;
        let ratio = rate / reference;
        println!("| {title} | {rate:.3} | {ratio:.2} | {cpu_per_gb:.2} | {downloader:.0} / {seeder:.0} | {promises} |");
    }
}

/// From the start of the downloader's process to the moment when the file is in place and, where the program does so,
/// verified. What the seeder did to get ready is not counted.
fn measure(program: &dyn Program, arena: &Arena<'_>) -> anyhow::Result<Measured> {
    let gigabytes = arena.file.metadata()?.len() as f64 / 1e9;
    let seeding = program.seed(arena).context("seeder")?;
    // What the last run left to be written is not to slow this one down.
    let _ = std::process::Command::new("sync").status();
    seeding.process.forget_peak();
    let before = seeding.process.usage().cpu;
    let start = Instant::now();
    let mut fetching = program.fetch(arena, &seeding).context("downloader")?;
    let peak = wait(&mut fetching, &seeding.process, arena.until).context("downloader")?;
    let seconds = start.elapsed().as_secs_f64();
    let (downloader, seeder) = (fetching.process.usage(), seeding.process.usage());
    drop(fetching.process);
    check(arena.file, &fetching.file)?;
    let cpu = downloader.cpu + seeder.cpu - before;
    Ok(Measured { rate: gigabytes / seconds, cpu_per_gb: cpu / gigabytes, rss: (peak, seeder.rss) })
}

/// Waits until the download is done; gives the downloader's peak of memory.
fn wait(fetching: &mut Fetching, seeder: &Process, until: Instant) -> anyhow::Result<f64> {
    let mut peak: f64 = 0.0;
    loop {
        let process = &mut fetching.process;
        peak = peak.max(process.usage().rss);
        let ended = process.has_ended();
        let lines = process.new_lines();
        let done = match &fetching.done {
            Done::Ends => ended,
            Done::Prints(start) => lines.iter().any(|line| line.starts_with(start)),
            Done::Appears(path) => path.exists(),
        };
        if done {
            return Ok(peak);
        }
        ensure!(!ended, "it ended early; its last line was {:?}", process.last_line());
        ensure!(!seeder.has_ended(), "the seeder ended");
        ensure!(Instant::now() < until, "not done in time; its last line was {:?}", process.last_line());
        thread::sleep(GLANCE);
    }
}

fn check(file: &Path, copy: &Path) -> anyhow::Result<()> {
    ensure!(copy.exists(), "it ended without the file");
    ensure!(same(file, copy)?, "the file is not the one that was sent");
    Ok(())
}
