//! Programs that stay while many others come and go.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::ensure;
use rand::RngExt;

use super::row::{Measured, Row, Trial};
use crate::files::same;
use crate::process::{Process, beside_this, text};
use crate::swarm::field;
use crate::usage::Usage;

pub(super) const ROWS: &[Row] = &[Row {
    number: 26,
    fault: "2,000 downloads in ten minutes, a third of them killed, beside a tracker and a sharer that stay",
    must: "RSS slope < 1 MiB for as many downloads as 20 peers begin in an hour; no task, file or socket leaked",
    run: programs,
}];

const PATIENCE: Duration = Duration::from_secs(60);
/// Number of downloads that 20 peers begin in an hour, of which 5 % leave or come in each minute.
const HOUR: f64 = 60.0;
/// Growth that is allowed in that hour, in MiB.
const GROWTH: f64 = 1.0;

/// Open files and memory of a process, in MiB.
#[derive(Clone, Copy, Debug)]
struct Held {
    files: usize,
    threads: usize,
    rss: f64,
}

fn held(process: &Process) -> Held {
    let count = |what| fs::read_dir(format!("/proc/{}/{what}", process.id())).map_or(0, Iterator::count);
    Held { files: count("fd"), threads: count("task"), rss: Usage::memory_of(process.id(), "VmRSS:") }
}

/// Interval between downloads.
const PACE: Duration = Duration::from_millis(300);

/// A tracker and a sharer that stay, and one download after another, of which every third is killed.
fn programs(trial: &Trial) -> anyhow::Result<Measured> {
    if !cfg!(target_os = "linux") {
        return Ok(Measured::NotRun("what a process holds is counted on Linux".to_owned()));
    }
    let (mut rng, dir) = (trial.rng(), tempfile::tempdir()?);
    let file = dir.path().join("shared.bin");
    crate::files::noise(&file, 4)?;
    let mut tracker = Process::start(Command::new(beside_this("sprat-tracker")?).args(["--listen", "127.0.0.1:0"]))?;
    let url = tracker.line("sprat-tracker listening on ", Instant::now() + PATIENCE)?;
    let sprat = |arguments: &[&str]| {
        let common = ["--tracker", &url, "--listen", "127.0.0.1:0", "--json"];
        Process::start(Command::new(beside_this("sprat")?).args(arguments).args(common))
    };
    let mut sharer = sprat(&["share", text(&file)?])?;
    let shared = sharer.record("shared", Instant::now() + PATIENCE)?;
    let id = field(&shared, "file_id")?.to_owned();
    let get = |out: &Path| sprat(&["get", &id, "--output", text(out)?]);
    let (count, start) = (trial.of(200, 2000), Instant::now());
    let mut samples: Vec<[(f64, Held); 2]> = Vec::new();
    for number in 0..count {
        let out = dir.path().join("copy");
        let mut download = get(&out)?;
        if number % 3 == 0 {
            sleep(Duration::from_millis(rng.random_range(0..100)));
            download.kill();
        } else {
            download.record("complete", Instant::now() + PATIENCE)?;
            ensure!(same(&file, &out)?, "the copy is another file");
        }
        drop(download);
        for entry in fs::read_dir(dir.path())? {
            let path = entry?.path();
            if path != file {
                fs::remove_file(path)?;
            }
        }
        sleep((start + PACE * (number + 1)).saturating_duration_since(Instant::now()));
        let hours = f64::from(number) / HOUR;
        samples.push([&tracker, &sharer].map(|process| (hours, held(process))));
        for process in [&mut tracker, &mut sharer] {
            process.new_lines();
        }
    }
    // The first half is for what grows once: of 500 peers the sharer remembers what they were sent.
    let later = &samples[samples.len() / 2..];
    let (mut told, mut holds) = (Vec::new(), true);
    for (n, name) in ["tracker", "sharer"].into_iter().enumerate() {
        let points: Vec<(f64, f64)> = later.iter().map(|both| (both[n].0, both[n].1.rss)).collect();
        let (slope, most) = (slope(&points), later.iter().map(|both| both[n].1.files).max().unwrap_or_default());
        let threads = later.iter().map(|both| both[n].1.threads).max().unwrap_or_default();
        let rss = points.last().map_or(0.0, |(_, rss)| *rss);
        holds &= slope < GROWTH && most < MOST && threads < MOST;
        told.push(format!(
            "the {name}: {slope:.3} MiB at {rss:.0} MiB, at most {most} files open and {threads} threads"
        ));
    }
    Ok(Measured::Held(format!("{count} real downloads: {}", told.join("; ")), holds))
}

/// More open files or threads than this are not those of the few who are there at once.
const MOST: usize = 40;

/// Growth of the second with the first, by the least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), point| {
        (over + (point.0 - x) * (point.1 - y), under + (point.0 - x) * (point.0 - x))
    });
    over / under
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_that_of_the_line_through_the_points() {
        assert!((slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) - 2.0).abs() < 1e-9);
        assert!(slope(&[(0.0, 1.0), (1.0, 2.0), (2.0, 1.0)]).abs() < 1e-9);
    }
}
