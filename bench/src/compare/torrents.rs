//! Programs that speak BitTorrent, each at both ends. Whatever looks for other peers is off, and TCP is used, not uTP: that is
//! faster here.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::compare::arena::{Arena, DOWNLOADER, Done, Fetching, Program, SEEDER, Seeding, TRACKER, texts};
use crate::network::address;
use crate::process::{Process, text};
use crate::programs::{find, found, version};

/// Port of seeders; each host has its ports to itself.
const PORT: u16 = 6881;
/// Port of the tracker.
const TRACKER_PORT: u16 = 6969;

/// All of them.
pub(crate) fn all() -> Vec<Box<dyn Program>> {
    vec![Box::new(Rqbit), Box::new(Libtorrent), Box::new(Aria2), Box::new(Transmission)]
}

/// Makes a torrent of the file, with pieces of 1 MiB, by whatever is installed.
pub(crate) fn make(dir: &Path, file: &Path) -> Option<PathBuf> {
    let torrent = dir.join("file.torrent");
    let url = format!("http://{}:{TRACKER_PORT}/announce", address(TRACKER));
    let mut command = match find("transmission-create") {
        Some(create) => {
            let mut command = Command::new(create);
            command.args(["-s", "1024", "-t", &url, "-o"]).arg(&torrent).arg(file);
            command
        }
        None => {
            let mut command = Command::new(python()?);
            command.args(["-c", SCRIPT, "make"]).arg(&torrent).arg(file).arg(&url);
            command
        }
    };
    command.output().is_ok_and(|output| output.status.success()).then_some(torrent)
}

fn peer() -> String {
    format!("{}:{PORT}", address(SEEDER))
}

/// The tracker that names the seeder.
fn tracker(arena: &Arena<'_>) -> anyhow::Result<Process> {
    let listen = format!("{}:{TRACKER_PORT}", address(TRACKER));
    let mut tracker =
        arena.network.start(TRACKER, &std::env::current_exe()?, ["announce", listen.as_str(), &peer()])?;
    tracker.line("listening on ", arena.until)?;
    Ok(tracker)
}

/// A script that a program is to run when it is done, and the file that it makes.
fn hook(arena: &Arena<'_>) -> anyhow::Result<(PathBuf, PathBuf)> {
    let (script, done) = (arena.dir.join("hook"), arena.dir.join("hook.done"));
    std::fs::write(&script, "#!/bin/sh\n: > \"$0.done\"\n")?;
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755))?;
    Ok((script, done))
}

struct Aria2;

impl Aria2 {
    fn start(arena: &Arena<'_>, host: usize, dir: &Path, arguments: &[&str]) -> anyhow::Result<Process> {
        let [dir, torrent] = texts([dir, arena.torrent()?])?;
        let common = "--no-conf --enable-dht=false --enable-dht6=false --bt-enable-lpd=false --enable-peer-exchange=false \
                      --disable-ipv6 --file-allocation=falloc --summary-interval=0";
        let listen = format!("--listen-port={PORT}");
        let mut all: Vec<&str> = common.split(' ').collect();
        all.extend([listen.as_str(), "--dir", dir]);
        all.extend(arguments);
        all.push(torrent);
        arena.start(host, &found("aria2c")?, &all)
    }
}

impl Program for Aria2 {
    fn name(&self) -> &'static str {
        "aria2 (BitTorrent)"
    }

    fn promises(&self) -> &'static str {
        "yes, no"
    }

    fn version(&self) -> Option<String> {
        version("aria2c", &["--version"])
    }

    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding> {
        let tracker = Some(tracker(arena)?);
        let arguments = ["--bt-seed-unverified=true", "--seed-ratio=0"];
        let mut process = Self::start(arena, SEEDER, arena.source(), &arguments)?;
        process.listens(PORT, arena.until)?;
        Ok(Seeding { process, at: String::new(), _tracker: tracker })
    }

    fn fetch(&self, arena: &Arena<'_>, _seeding: &Seeding) -> anyhow::Result<Fetching> {
        let (script, done) = hook(arena)?;
        let on_complete = format!("--on-bt-download-complete={}", text(&script)?);
        let process = Self::start(arena, DOWNLOADER, &arena.out(), &["--seed-time=0", &on_complete])?;
        Ok(Fetching { process, done: Done::Appears(done), file: arena.target() })
    }
}

struct Transmission;

impl Transmission {
    fn start(arena: &Arena<'_>, host: usize, dir: &Path, arguments: &[&str]) -> anyhow::Result<Process> {
        let home = arena.home(host);
        let settings = r#"{"dht-enabled":false,"lpd-enabled":false,"pex-enabled":false,"utp-enabled":false}"#;
        std::fs::write(home.join("settings.json"), settings)?;
        let [dir, torrent, home] = texts([dir, arena.torrent()?, &home])?;
        let port = PORT.to_string();
        let common = ["-M", "-D", "-U", "-et", "-p", &port, "-g", home, "-w", dir];
        arena.start(host, &found("transmission-cli")?, &[&common, arguments, &[torrent]].concat())
    }
}

impl Program for Transmission {
    fn name(&self) -> &'static str {
        "Transmission"
    }

    fn promises(&self) -> &'static str {
        "yes, no"
    }

    fn version(&self) -> Option<String> {
        version("transmission-cli", &["-V"])
    }

    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding> {
        let tracker = Some(tracker(arena)?);
        let mut process = Self::start(arena, SEEDER, arena.source(), &["-v"])?;
        process.line("Seeding", arena.until)?;
        Ok(Seeding { process, at: String::new(), _tracker: tracker })
    }

    fn fetch(&self, arena: &Arena<'_>, _seeding: &Seeding) -> anyhow::Result<Fetching> {
        let (script, done) = hook(arena)?;
        let process = Self::start(arena, DOWNLOADER, &arena.out(), &["-f", text(&script)?])?;
        Ok(Fetching { process, done: Done::Appears(done), file: arena.target() })
    }
}

struct Rqbit;

impl Rqbit {
    fn start(arena: &Arena<'_>, host: usize, dir: &Path, arguments: &[&str]) -> anyhow::Result<Process> {
        let [dir, torrent] = texts([dir, arena.torrent()?])?;
        let common = "--disable-dht --disable-lsd --disable-trackers --disable-upnp-port-forward --ipv4-only --listen-ip 0.0.0.0";
        let port = PORT.to_string();
        let mut all: Vec<&str> = common.split(' ').collect();
        all.extend(["--listen-port", &port, "download", "--disable-http-api", "--overwrite", "-o", dir]);
        all.extend(arguments);
        all.push(torrent);
        arena.start(host, &found("rqbit")?, &all)
    }
}

impl Program for Rqbit {
    fn name(&self) -> &'static str {
        "rqbit (BitTorrent)"
    }

    fn promises(&self) -> &'static str {
        "yes, no"
    }

    fn version(&self) -> Option<String> {
        version("rqbit", &["--version"])
    }

    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding> {
        let mut process = Self::start(arena, SEEDER, arena.source(), &[])?;
        process.line_with("]: 100.00%", arena.until)?;
        Ok(Seeding { process, at: peer(), _tracker: None })
    }

    fn fetch(&self, arena: &Arena<'_>, seeding: &Seeding) -> anyhow::Result<Fetching> {
        let arguments = ["--exit-on-finish", "--initial-peers", &seeding.at];
        let process = Self::start(arena, DOWNLOADER, &arena.out(), &arguments)?;
        Ok(Fetching { process, done: Done::Ends, file: arena.target() })
    }
}

/// The library that qBittorrent is built on, driven by its Python binding.
struct Libtorrent;

/// `make`, `seed` and `fetch`, with the arguments that they unpack.
const SCRIPT: &str = include_str!("libtorrent.py");

/// A Python that has libtorrent.
fn python() -> Option<PathBuf> {
    let candidates = find("python3").into_iter().chain([PathBuf::from("/usr/bin/python3")]);
    candidates.into_iter().find(|python| {
        let imported = Command::new(python).args(["-c", "import libtorrent"]).output();
        imported.is_ok_and(|output| output.status.success())
    })
}

impl Program for Libtorrent {
    fn name(&self) -> &'static str {
        "libtorrent (as in qBittorrent)"
    }

    fn promises(&self) -> &'static str {
        "yes, no"
    }

    fn version(&self) -> Option<String> {
        let script = "import libtorrent; print(libtorrent.__version__)";
        let output = Command::new(python()?).args(["-c", script]).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding> {
        let [torrent, source] = texts([arena.torrent()?, arena.source()])?;
        let python = python().context("no Python has libtorrent")?;
        let mut process = arena.start(SEEDER, &python, &["-c", SCRIPT, "seed", torrent, source, &peer()])?;
        process.line("complete", arena.until)?;
        Ok(Seeding { process, at: peer(), _tracker: None })
    }

    fn fetch(&self, arena: &Arena<'_>, seeding: &Seeding) -> anyhow::Result<Fetching> {
        let out = arena.out();
        let [torrent, out] = texts([arena.torrent()?, &out])?;
        let python = python().context("no Python has libtorrent")?;
        let process = arena.start(DOWNLOADER, &python, &["-c", SCRIPT, "fetch", torrent, out, &seeding.at])?;
        Ok(Fetching { process, done: Done::Prints("complete"), file: arena.target() })
    }
}
