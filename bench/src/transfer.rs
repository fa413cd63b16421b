//! One file from one seeder to one downloader over loopback, each end in a process of its own: the engine, and the
//! reference limit, which is plain TCP, 256 KiB at a time, with SHA-256 and pwrite on blocking threads.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use sprat_chunking::{ReadAt, WriteAt};

use crate::engine::{self, runtime};
use crate::load::Load;
use crate::usage::Usage;

const CHUNK: usize = 256 * 1024;

/// Which end of which transfer.
#[derive(clap::Args)]
pub(crate) struct EndArgs {
    /// Which.
    #[arg(value_enum)]
    end: End,
    /// The file that is read, or the folder or file that is written.
    path: PathBuf,
    /// Address or link of the other end.
    other: Option<String>,
    /// Address that a seeder listens at.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum End {
    ReferenceSeeder,
    ReferenceDownloader,
    SpratSeeder,
    SpratDownloader,
}

/// Prints one table.
pub(crate) fn run(load: &Load) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&load.dir)?;
    let file = dir.path().join("file");
    crate::files::noise(&file, load.mib)?;
    println!("| program | GB/s | ÷ reference | CPU s/GB, both ends | peak RSS, downloader / seeder, MiB |");
    println!("| --- | --- | --- | --- | --- |");
    let mut reference = None;
    for (name, seeder, downloader) in [
        ("plain TCP + SHA-256 + pwrite", "reference-seeder", "reference-downloader"),
        ("sprat", "sprat-seeder", "sprat-downloader"),
    ] {
        let mut best: Option<Measured> = None;
        for run in 0..load.runs.max(1) {
            let out = dir.path().join(format!("{seeder}-{run}"));
            let measured = measure(seeder, downloader, &file, &out)?;
            if best.as_ref().is_none_or(|best| measured.rate > best.rate) {
                best = Some(measured);
            }
        }
        let Some(best) = best else { continue };
        let reference = *reference.get_or_insert(best.rate);
        let ratio = best.rate / reference;
        println!(
            "| {name} | {:.2} | {ratio:.2} | {:.2} | {:.0} / {:.0} |",
            best.rate, best.cpu_per_gb, best.rss.0, best.rss.1
        );
    }
    Ok(())
}

struct Measured {
    rate: f64,
    cpu_per_gb: f64,
    rss: (f64, f64),
}

fn measure(seeder: &str, downloader: &str, file: &Path, out: &Path) -> anyhow::Result<Measured> {
    let gigabytes = file.metadata()?.len() as f64 / 1e9;
    let mut seeding = start(seeder, file, None)?;
    let at = line(&mut seeding)?;
    let other = at.trim_start_matches("listening on ");
    let mut downloading = start(downloader, out, Some(other))?;
    let [seconds, cpu, rss] = numbers(&line(&mut downloading)?)?;
    downloading.wait()?;
    // The seeder ends when its stdin does, and says what it used.
    drop(seeding.stdin.take());
    let [_, seeder_cpu, seeder_rss] = numbers(&line(&mut seeding)?)?;
    seeding.wait()?;
    if out.is_dir() {
        std::fs::remove_dir_all(out)?;
    } else {
        std::fs::remove_file(out)?;
    }
    Ok(Measured { rate: gigabytes / seconds, cpu_per_gb: (cpu + seeder_cpu) / gigabytes, rss: (rss, seeder_rss) })
}

fn start(end: &str, path: &Path, other: Option<&str>) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("end").arg(end).arg(path).args(other).stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(command.spawn()?)
}

fn line(child: &mut Child) -> anyhow::Result<String> {
    let mut line = String::new();
    BufReader::with_capacity(1, child.stdout.as_mut().context("stdout is piped")?).read_line(&mut line)?;
    if line.is_empty() {
        bail!("one end of the transfer ended early");
    }
    Ok(line.trim().to_owned())
}

fn numbers(line: &str) -> anyhow::Result<[f64; 3]> {
    let numbers: Result<Vec<f64>, _> = line.split(' ').map(str::parse).collect();
    numbers?.try_into().map_err(|_| anyhow::anyhow!("three numbers were expected, not {line:?}"))
}

/// Runs one end; this is what the processes do.
pub(crate) fn end(args: &EndArgs) -> anyhow::Result<()> {
    match args.end {
        End::ReferenceSeeder => reference_seeder(&args.path, args.listen),
        End::ReferenceDownloader => reference_downloader(&args.path, other(args)?),
        End::SpratSeeder => runtime()?.block_on(sprat_seeder(&args.path)),
        End::SpratDownloader => runtime()?.block_on(sprat_downloader(&args.path, other(args)?)),
    }
}

fn other(args: &EndArgs) -> anyhow::Result<&str> {
    args.other.as_deref().context("the other end is missing")
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

fn say_usage(seconds: f64) -> anyhow::Result<()> {
    let usage = Usage::of_this_process();
    say(&format!("{seconds} {} {}", usage.cpu, usage.rss))
}

fn wait_for_end_of_input() -> anyhow::Result<()> {
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn reference_seeder(path: &Path, listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen)?;
    say(&format!("listening on {}", listener.local_addr()?))?;
    let (mut stream, _) = listener.accept()?;
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    stream.write_all(&len.to_be_bytes())?;
    let mut buffer = vec![0; CHUNK];
    for offset in (0..len).step_by(CHUNK) {
        let part = CHUNK.min((len - offset) as usize);
        file.read_exact_at(&mut buffer[..part], offset)?;
        stream.write_all(&buffer[..part])?;
    }
    wait_for_end_of_input()?;
    say_usage(0.0)
}

fn reference_downloader(path: &Path, addr: &str) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut stream = TcpStream::connect(addr)?;
    let mut len = [0; 8];
    stream.read_exact(&mut len)?;
    let len = u64::from_be_bytes(len);
    let file = File::create(path)?;
    file.set_len(len)?;
    let mut buffer = vec![0; CHUNK];
    let mut digests = Vec::new();
    for offset in (0..len).step_by(CHUNK) {
        let part = CHUNK.min((len - offset) as usize);
        stream.read_exact(&mut buffer[..part])?;
        digests.push(Sha256::digest(&buffer[..part]));
        file.write_all_at(&buffer[..part], offset)?;
    }
    std::hint::black_box(digests);
    say_usage(start.elapsed().as_secs_f64())
}

async fn sprat_seeder(path: &Path) -> anyhow::Result<()> {
    let state = tempfile::tempdir()?;
    let engine = engine::start(state.path(), Path::new("."), None).await?;
    say(&engine::share(&engine, path).await?.to_string())?;
    // What hashing used is another benchmark's.
    let before = Usage::of_this_process();
    tokio::task::spawn_blocking(wait_for_end_of_input).await??;
    let after = Usage::of_this_process();
    say(&format!("0 {} {}", after.cpu - before.cpu, after.rss))?;
    engine.shutdown().await;
    Ok(())
}

async fn sprat_downloader(out: &Path, link: &str) -> anyhow::Result<()> {
    let state = tempfile::tempdir()?;
    let engine = engine::start(state.path(), out, None).await?;
    let start = Instant::now();
    engine::fetch(&engine, link.parse()?).await?;
    say_usage(start.elapsed().as_secs_f64())?;
    engine.shutdown().await;
    Ok(())
}
