//! Disks in trouble. These mount file systems of their own, so they need Linux and root, and are run only when asked for.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command as Process;

use sprat_api::{Command, Event, Target, TransferState, Trouble};
use sprat_tests::files::noise;
use sprat_tests::swarm::{Peer, only_peer};

const MIB: usize = 1024 * 1024;

/// A file system of a few bytes; unmounted with this value.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        mount(&["-t", "tmpfs", "-o", "size=4m", "sprat-test"], dir.path());
        Self(dir)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Process::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

fn mount(options: &[&str], on: &Path) {
    assert!(Process::new("mount").args(options).arg(on).status().unwrap().success(), "this needs root");
}

async fn stopped(peer: &mut Peer) -> Trouble {
    let trouble = peer.event(|event| match event {
        Event::Stopped { trouble, .. } => Some(trouble),
        _ => None,
    });
    trouble.await
}

#[tokio::test]
#[ignore = "mounts a file system: needs Linux and root"]
async fn a_full_disk_stops_a_download_until_there_is_room() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let data = noise(8 * MIB, 31);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let disk = Disk::new();
    let mut downloader = Peer::start(None, |_| {}).await;
    let target = Target::Dir(disk.0.path().to_owned());
    downloader.engine.send(Command::Download { link: link.clone(), target }).await;
    assert!(matches!(stopped(&mut downloader).await, Trouble::DiskFull { .. }));
    let kept = downloader.transfer(&link).unwrap().verified;
    assert!(kept > MIB as u64, "{kept} bytes are kept");
    mount(&["-o", "remount,size=64m"], disk.0.path());
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(path).unwrap() == data);
    let fetched = downloader.transfer(&link).unwrap().downloaded;
    assert_eq!(fetched, data.len() as u64, "nothing verified was fetched twice");
}

#[tokio::test]
#[ignore = "mounts a file system: needs Linux and root"]
async fn a_volume_that_vanishes_stops_a_download_until_it_is_back() {
    let mut seeder = Peer::start(None, |config| config.limits.upload_rate = std::num::NonZeroU32::new(2 << 20)).await;
    let data = noise(8 * MIB, 32);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let (disk, aside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    mount(&["-t", "tmpfs", "sprat-test"], aside.path());
    mount(&["--bind", aside.path().to_str().unwrap()], disk.path());
    let (disk, aside) = (Disk(disk), Disk(aside));
    let mut downloader = Peer::start(None, |_| {}).await;
    let target = Target::Dir(disk.0.path().to_owned());
    downloader.engine.send(Command::Download { link: link.clone(), target }).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 2).then_some(())).await;
    downloader.engine.send(Command::Pause(link.file_id)).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
    assert!(Process::new("umount").arg("--lazy").arg(disk.0.path()).status().unwrap().success());
    downloader.engine.send(Command::Resume(link.file_id)).await;
    assert!(matches!(stopped(&mut downloader).await, Trouble::Io { .. }));
    assert_eq!(std::fs::read_dir(disk.0.path()).unwrap().count(), 0, "nothing is written where the volume was");
    mount(&["--bind", aside.0.path().to_str().unwrap()], disk.0.path());
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(path).unwrap() == data);
    let fetched = downloader.transfer(&link).unwrap().downloaded;
    assert_eq!(fetched, data.len() as u64, "nothing verified was fetched twice");
}
