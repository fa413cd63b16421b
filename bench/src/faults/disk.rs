//! Disks that are full or gone, files that change while they are served, and sizes at the edge.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command as Program;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, ensure};
use rand::RngExt;
use sprat_api::{Command, Event, Target, TransferState, Trouble};
use sprat_tests::files::{independent_id, noise};
use sprat_tests::swarm::{Peer, only_peer};

use super::row::{Measured, Row, Trial};
use super::world::{MIB, at_rate, engines, is_right, is_root, link_to, until_chunks};
use crate::process::{Process, beside_this, text};
use crate::swarm::field;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 9,
        fault: "the disk is full at a random byte, and freed later",
        must: "stops with the reason; nothing verified is lost; goes on by itself",
        run: |trial| engines(full(trial)),
    },
    Row {
        number: 10,
        fault: "the target folder turns read-only, is removed, is unmounted",
        must: "named within 1 s; other transfers untouched",
        run: |trial| engines(gone(trial)),
    },
    Row {
        number: 11,
        fault: "a shared file is edited, truncated, replaced while it is served",
        must: "no wrong byte is accepted; the sharer is told",
        run: |trial| engines(changed(trial)),
    },
    Row {
        number: 16,
        fault: "files of 0 B, 1 B, 256 KiB ± 1, and a sparse one (16 GiB; 1 TiB in a full run)",
        must: "right; the sparse one is hashed within 100 MiB",
        run: |trial| engines(sizes(trial)),
    },
];

const CHUNK: usize = 256 * 1024;

/// A file system of its own, unmounted with this value.
struct Disk {
    dir: tempfile::TempDir,
    /// Image that the disk lies in, where that is not memory.
    _image: Option<tempfile::NamedTempFile>,
}

impl Disk {
    /// So many bytes of memory.
    fn new(bytes: usize) -> anyhow::Result<Self> {
        let disk = Self { dir: tempfile::tempdir()?, _image: None };
        mount(&format!("-t tmpfs -o size={bytes} sprat-faults"), disk.path())?;
        Ok(disk)
    }

    /// One that turns read-only at its first error, although somebody writes there.
    fn failing() -> anyhow::Result<Self> {
        let image = tempfile::NamedTempFile::new()?;
        image.as_file().set_len(64 << 20)?;
        let made = Program::new("mkfs.ext4").arg("-q").arg(image.path()).status()?;
        ensure!(made.success(), "mkfs.ext4 failed");
        let dir = tempfile::tempdir()?;
        mount(&format!("-o loop,errors=remount-ro {}", text(image.path())?), dir.path())?;
        Ok(Self { dir, _image: Some(image) })
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Has it find an error.
    fn fail(&self) -> anyhow::Result<()> {
        let found = Program::new("findmnt").args(["-no", "SOURCE"]).arg(self.path()).output()?;
        let device = String::from_utf8(found.stdout)?.trim().trim_start_matches("/dev/").to_owned();
        Ok(fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "1")?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Program::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

fn mount(options: &str, on: &Path) -> anyhow::Result<()> {
    let status = Program::new("mount").args(options.split(' ')).arg(on).status()?;
    ensure!(status.success(), "mount {options} failed");
    Ok(())
}

/// Waits until a transfer is stopped; gives why, and after how long.
async fn stopped(peer: &mut Peer) -> (Trouble, Duration) {
    let start = Instant::now();
    let trouble = peer.event(|event| match event {
        Event::Stopped { trouble, .. } => Some(trouble),
        _ => None,
    });
    (trouble.await, start.elapsed())
}

async fn full(trial: &Trial) -> anyhow::Result<Measured> {
    if !is_root() {
        return Ok(Measured::NotRun("needs root, to mount a file system".to_owned()));
    }
    let mut rng = trial.rng();
    let data = noise(8 * MIB, trial.seed);
    let mut seeder = Peer::start(None, |_| {}).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let tries = trial.of(3, 20);
    let (mut again, mut slowest) = (0, Duration::ZERO);
    for _ in 0..tries {
        // In whole pages, as the file system counts; the part file and what is beside it need a few.
        let disk = Disk::new(rng.random_range(20..1800) * 4096)?;
        let mut downloader = Peer::start(None, |_| {}).await;
        let target = Target::Dir(disk.path().to_owned());
        downloader.engine.send(Command::Download { link: link.clone(), target }).await;
        let (trouble, _) = stopped(&mut downloader).await;
        ensure!(matches!(trouble, Trouble::DiskFull { .. }), "it stopped for another reason: {trouble}");
        let kept = downloader.transfer(&link).context("it is listed")?.verified;
        mount("-o remount,size=64m", disk.path())?;
        let start = Instant::now();
        let path = downloader.completed(&link).await;
        slowest = slowest.max(start.elapsed());
        is_right(&path, &data)?;
        let transfer = downloader.transfer(&link).context("it is listed")?;
        ensure!(transfer.verified >= kept, "{kept} bytes were verified, and fewer later");
        again += transfer.downloaded.saturating_sub(data.len() as u64);
        downloader.stop().await;
    }
    let told = format!(
        "{tries} disks: each stopped as full, then complete and right, the slowest {:.1} s after there was room; {again} bytes fetched twice",
        slowest.as_secs_f64()
    );
    Ok(Measured::Held(told, again == 0))
}

async fn gone(trial: &Trial) -> anyhow::Result<Measured> {
    if !is_root() {
        return Ok(Measured::NotRun("needs root, to mount a file system".to_owned()));
    }
    let (mut told, mut holds) = (Vec::new(), true);
    for what in ["read-only", "removed", "unmounted"] {
        let (first, second) = (noise(12 * MIB, trial.seed), noise(12 * MIB, trial.seed + 1));
        let mut seeder = Peer::start(None, at_rate(4 * MIB)).await;
        let link = only_peer(&seeder.share_bytes("a.bin", &first).await);
        let other = only_peer(&seeder.share_bytes("b.bin", &second).await);
        let disk = if what == "read-only" { Disk::failing() } else { Disk::new(64 * MIB) }?;
        let dir = disk.path().join("downloads");
        fs::create_dir(&dir)?;
        let mut downloader = Peer::start(None, |_| {}).await;
        downloader.engine.send(Command::Download { link: link.clone(), target: Target::Dir(dir.clone()) }).await;
        until_chunks(&downloader, 4).await;
        downloader.fetch(other.clone()).await;
        match what {
            "read-only" => disk.fail()?,
            "removed" => fs::remove_dir_all(&dir)?,
            _ => ensure!(Program::new("umount").arg("--lazy").arg(disk.path()).status()?.success(), "umount"),
        }
        let named = tokio::time::timeout(Duration::from_secs(40), stopped(&mut downloader)).await;
        let is_other_fine = downloader.until(|snapshot| {
            let other = snapshot.transfers.iter().find(|transfer| transfer.file_id == other.file_id)?;
            match &other.state {
                TransferState::Sharing => Some(true),
                TransferState::Stopped(_) => Some(false),
                _ => None,
            }
        });
        let is_other_fine = is_other_fine.await;
        let within = named.as_ref().is_ok_and(|(_, took)| took.as_secs_f64() <= 1.0);
        let when = named.map_or("never named".to_owned(), |(trouble, took)| {
            let kind = if matches!(trouble, Trouble::Io { .. }) { "named" } else { "called something else" };
            format!("{kind} after {:.2} s", took.as_secs_f64())
        });
        holds &= within && is_other_fine;
        told.push(format!("{what}: {when}{}", if is_other_fine { "" } else { ", and the other transfer stopped" }));
    }
    Ok(Measured::Held(told.join("; "), holds))
}

/// Change of a file that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Edited,
    Truncated,
    Replaced,
    /// Edited, and its time of change set back.
    EditedInSecret,
}

async fn changed(trial: &Trial) -> anyhow::Result<Measured> {
    let mut told = Vec::new();
    let mut holds = true;
    for change in [Change::Edited, Change::Truncated, Change::Replaced, Change::EditedInSecret] {
        for round in 0..trial.of(1, 5) {
            let (is_told, bad) = change_one(change, trial.seed + round).await?;
            // Only Unix keeps a time that nobody can set; elsewhere what counts is that it goes no further.
            holds &= is_told || (change == Change::EditedInSecret && cfg!(not(unix)));
            if round == 0 {
                let sharer = if is_told { "told" } else { "not told" };
                told.push(format!("{change:?}: sharer {sharer}, {bad} bad chunks sent and refused"));
            }
        }
    }
    Ok(Measured::Held(format!("{}; every file right in the end", told.join("; ")), holds))
}

/// Changes a file that is served. Returns whether the sharer was told, and how many bad chunks it sent.
async fn change_one(change: Change, seed: u64) -> anyhow::Result<(bool, usize)> {
    let data = noise(24 * CHUNK, seed);
    let mut sharer = Peer::start(None, at_rate(4 * MIB)).await;
    let link = only_peer(&sharer.share_bytes("a.bin", &data).await);
    let mut told = sharer.engine.events();
    let mut downloader = Peer::start(None, |_| {}).await;
    let mut events = downloader.engine.events();
    downloader.fetch(link.clone()).await;
    until_chunks(&downloader, 4).await;
    let path = sharer.dir.path().join("a.bin");
    let modified = fs::metadata(&path)?.modified()?;
    match change {
        Change::Edited => fs::write(&path, noise(24 * CHUNK, seed + 1))?,
        Change::Truncated => File::options().write(true).open(&path)?.set_len(5 * CHUNK as u64)?,
        Change::Replaced => {
            fs::write(path.with_extension("new"), noise(24 * CHUNK, seed + 2))?;
            fs::rename(path.with_extension("new"), &path)?;
        }
        Change::EditedInSecret => {
            fs::write(&path, noise(24 * CHUNK, seed + 3))?;
            set_time(&path, modified)?;
        }
    }
    // Who has the right file arrives.
    let mut honest = Peer::start(None, |_| {}).await;
    honest.share_bytes("a.bin", &data).await;
    downloader
        .until(|snapshot| (!snapshot.transfers.first()?.peers.iter().any(|peer| peer.connected)).then_some(()))
        .await;
    let addr = honest.engine.snapshot().listen.into();
    downloader.engine.send(Command::AddPeer { file_id: link.file_id, addr }).await;
    is_right(&downloader.completed(&link).await, &data)?;
    let bad = std::iter::from_fn(|| events.try_recv().ok()).filter(|event| matches!(event, Event::BadChunk { .. }));
    let bad = bad.count();
    let told = std::iter::from_fn(|| told.try_recv().ok())
        .any(|event| matches!(event, Event::Stopped { trouble: Trouble::SourceChanged { .. }, .. }));
    Ok((told, bad))
}

fn set_time(path: &Path, time: SystemTime) -> std::io::Result<()> {
    File::options().write(true).open(path)?.set_modified(time)
}

async fn sizes(trial: &Trial) -> anyhow::Result<Measured> {
    let mut seeder = Peer::start(None, |_| {}).await;
    let mut downloader = Peer::start(None, |_| {}).await;
    for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1] {
        let name = format!("{len}.bin");
        let link = seeder.share_bytes(&name, &noise(len, trial.seed)).await;
        ensure!(link.file_id.to_string() == independent_id(&seeder.dir.path().join(&name)), "{len}: another ID");
        downloader.fetch(link_to(&link, &[seeder.engine.snapshot().listen])).await;
        is_right(&downloader.completed(&link).await, &noise(len, trial.seed))?;
    }
    let gib: u64 = trial.of(16, 1024);
    let dir = tempfile::tempdir_in(".")?;
    let path = dir.path().join("sparse.bin");
    File::create(&path)?.set_len(gib << 30)?;
    let start = Instant::now();
    let arguments = ["share", text(&path)?, "--listen", "127.0.0.1:0", "--tracker", "http://127.0.0.1:9", "--json"];
    let mut process = Process::start(Program::new(beside_this("sprat")?).args(arguments))?;
    let shared = process.record("shared", start + Duration::from_secs(3600))?;
    let (took, rss) = (start.elapsed().as_secs_f64(), process.usage().rss);
    let expected = zeros_id(gib << 30);
    ensure!(field(&shared, "file_id")? == expected, "the sparse file has another ID than {expected}");
    let told = format!("all right; {gib} GiB of zeros hashed in {took:.0} s, right, peak RSS {rss:.0} MiB");
    Ok(Measured::Held(told, rss <= 100.0))
}

/// The ID of a file of zeros whose length is 16 KiB times a power of two: one hash for each level of its tree.
fn zeros_id(len: u64) -> String {
    use sha2::{Digest, Sha256};
    let block = 16 * 1024;
    let mut node: [u8; 32] = Sha256::new().chain_update([0]).chain_update(vec![0; block]).finalize().into();
    for _ in 0..(len / block as u64).ilog2() {
        node = Sha256::new().chain_update([1]).chain_update(node).chain_update(node).finalize().into();
    }
    node.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_zeros_is_that_of_a_file_of_zeros() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("zeros");
        fs::write(&path, vec![0; MIB]).unwrap();
        assert_eq!(zeros_id(MIB as u64), independent_id(&path));
    }
}
