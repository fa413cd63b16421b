//! Arena in which programs are compared: three hosts, one file, and a folder for each run.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::network::Network;
use crate::process::{Process, text};

/// The host of trackers.
pub(crate) const TRACKER: usize = 0;
/// The host of the seeder.
pub(crate) const SEEDER: usize = 1;
/// The host of the downloader.
pub(crate) const DOWNLOADER: usize = 2;

/// One run of one program.
pub(crate) struct Arena<'a> {
    /// The hosts.
    pub(crate) network: &'a Network,
    /// File that is sent; alone in its folder.
    pub(crate) file: &'a Path,
    /// The same file's torrent, where something that makes one is installed.
    torrent: Option<&'a Path>,
    /// For everything else; gone after the run.
    pub(crate) dir: PathBuf,
    /// Time at which the run is given up.
    pub(crate) until: Instant,
}

impl<'a> Arena<'a> {
    /// A run in this folder, which is made, that may take so long.
    pub(crate) fn new(
        network: &'a Network,
        dir: PathBuf,
        file: &'a Path,
        torrent: Option<&'a Path>,
        timeout: Duration,
    ) -> anyhow::Result<Self> {
        for part in ["seeder", "downloader", "out"] {
            std::fs::create_dir_all(dir.join(part))?;
        }
        Ok(Self { network, file, torrent, dir, until: Instant::now() + timeout })
    }

    /// The folder that the file is to get into.
    pub(crate) fn out(&self) -> PathBuf {
        self.dir.join("out")
    }

    /// Path at which the file is to be, if it keeps its name.
    pub(crate) fn target(&self) -> PathBuf {
        self.out().join(self.file.file_name().unwrap_or_default())
    }

    /// The folder that the file is in.
    pub(crate) fn source(&self) -> &'a Path {
        self.file.parent().unwrap_or(self.file)
    }

    /// The torrent.
    pub(crate) fn torrent(&self) -> anyhow::Result<&'a Path> {
        self.torrent.context("nothing that makes torrents is installed (transmission-create, python3-libtorrent)")
    }

    /// A program on the seeder's or the downloader's host, in a home of its own.
    pub(crate) fn start(&self, host: usize, program: &Path, arguments: &[&str]) -> anyhow::Result<Process> {
        let home = self.home(host);
        let mut command = self.network.command(host, program);
        command.args(arguments).current_dir(&home).env("HOME", &home).env_remove("XDG_CONFIG_HOME");
        Process::start(&mut command)
    }

    /// The home of what runs there.
    pub(crate) fn home(&self, host: usize) -> PathBuf {
        self.dir.join(if host == SEEDER { "seeder" } else { "downloader" })
    }
}

/// A program that moves files, at both ends.
pub(crate) trait Program {
    /// Name of the program.
    fn name(&self) -> &'static str;
    /// Promises of the program: verifying what it fetches, encrypting.
    fn promises(&self) -> &'static str;
    /// Its version, which may be empty; none where it is not installed.
    fn version(&self) -> Option<String>;
    /// Starts its seeder, up to the moment when a downloader can come.
    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding>;
    /// Starts its downloader.
    fn fetch(&self, arena: &Arena<'_>, seeding: &Seeding) -> anyhow::Result<Fetching>;
}

/// A seeder at work.
pub(crate) struct Seeding {
    /// Its process.
    pub(crate) process: Process,
    /// Address, link or ticket by which a downloader finds the seeder.
    pub(crate) at: String,
    /// Tracker that has to run meanwhile, but is not measured.
    pub(crate) _tracker: Option<Process>,
}

/// A downloader at work.
pub(crate) struct Fetching {
    /// Its process.
    pub(crate) process: Process,
    /// By which sign it is known to be done.
    pub(crate) done: Done,
    /// Path of the file once it is fetched.
    pub(crate) file: PathBuf,
}

/// The sign by which a download is known to be done.
pub(crate) enum Done {
    /// The process ends.
    Ends,
    /// The process prints a line that starts so.
    Prints(&'static str),
    /// This file is there.
    Appears(PathBuf),
}

/// Paths as arguments.
pub(crate) fn texts<const N: usize>(paths: [&Path; N]) -> anyhow::Result<[&str; N]> {
    let mut all = [""; N];
    for (place, path) in all.iter_mut().zip(paths) {
        *place = text(path)?;
    }
    Ok(all)
}
