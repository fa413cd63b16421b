//! Memory that strangers can make a sharer hold: it has a bound, whatever they ask for and whatever they send.

#![cfg(target_os = "linux")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::Link;
use sprat_protocol::wire::{self, Message};
use sprat_tests::files::{independent_id, noise};
use sprat_tests::glutton::Glutton;
use sprat_tests::group::ControlGroup;
use sprat_tests::process::{Process, Tracker, get};
use sprat_tests::stranger::Stranger;
use tokio::task::JoinSet;

const MIB: usize = 1024 * 1024;
/// Bound of a sharer's memory. An honest sharer has a tenth of it.
const MOST: u64 = 256 * MIB as u64;

/// A sharer of so many MiB, perhaps in a control group, with its tracker, its address and the ID of the file.
fn sharer(dir: &Path, mib: usize, group: Option<&ControlGroup>) -> (Tracker, Process, SocketAddr, FileId) {
    let tracker = Tracker::start(&[]);
    let file = dir.join("shared.bin");
    std::fs::write(&file, noise(mib * MIB, 1)).unwrap();
    let path = file.to_str().unwrap();
    let arguments = ["share", path, "--tracker", &tracker.url, "--listen", "127.0.0.1:0", "--json"];
    let mut process = match group {
        Some(group) => Process::start_in(group, "sprat", arguments),
        None => Process::start("sprat", arguments),
    };
    let shared = process.json("shared", |_| true);
    let link: Link = shared["link"].as_str().unwrap().parse().unwrap();
    let port = link.peers.first().unwrap().port();
    (tracker, process, ([127, 0, 0, 1], port).into(), link.file_id)
}

/// Somebody honest has the file all the same.
fn is_served(dir: &Path, tracker: &Tracker, file_id: FileId) {
    let out = dir.join("out");
    std::fs::create_dir(&out).unwrap();
    let ended = get(&file_id.to_string(), tracker, &out, &[]).wait();
    assert_eq!(ended.code(), 0, "{ended:#?}");
    assert_eq!(independent_id(&out.join("shared.bin")), file_id.to_string());
}

/// Connections that ask for all of a file of so many MiB in the largest chunks there are, and take next to nothing.
async fn gluttons(addr: SocketAddr, file_id: FileId, mib: u32, count: usize) -> Vec<Glutton> {
    let chunks = mib / 16;
    let dials: JoinSet<_> = (0..count).map(|_| Glutton::start(addr, file_id, ChunkSize::MAX, chunks)).collect();
    dials.join_all().await
}

/// Connections that each send all but the last byte of a list of hashes that nobody asked for; gives how many were refused.
async fn unasked(addr: SocketAddr, file_id: FileId, count: usize) -> usize {
    let say = move || async move {
        let mut stranger = Stranger::dial(addr).await.expect("the peer has a key");
        let mut bytes = Vec::new();
        wire::encode(&Message::Hashes { file_id, chunk_size: ChunkSize::MIN }, 2 * MIB, &mut bytes);
        bytes.resize(bytes.len() + 2 * MIB - 1, 1);
        let said = async {
            stranger.hello().await?;
            stranger.say(&bytes).await
        };
        said.await.is_err() || stranger.is_left(Duration::from_secs(10)).await
    };
    let strangers: JoinSet<_> = (0..count).map(|_| say()).collect();
    strangers.join_all().await.into_iter().filter(|refused| *refused).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_the_largest_chunks_and_takes_nothing_costs_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let (tracker, process, addr, file_id) = sharer(dir.path(), 64, None);
    let gluttons = gluttons(addr, file_id, 64, 48).await;
    tokio::task::block_in_place(|| is_served(dir.path(), &tracker, file_id));
    let peak = process.peak_memory();
    assert!(peak < MOST / 2, "{} MiB", peak / MIB as u64);
    drop(gluttons);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root: it makes a control group"]
async fn a_sharer_with_little_memory_outlives_a_hundred_who_take_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let group = ControlGroup::new(MOST).expect("this runs as root");
    let (tracker, process, addr, file_id) = sharer(dir.path(), 64, Some(&group));
    let gluttons = gluttons(addr, file_id, 64, 120).await;
    tokio::task::block_in_place(|| is_served(dir.path(), &tracker, file_id));
    let peak = process.peak_memory();
    assert!(peak < MOST / 2, "{peak}");
    drop(gluttons);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root: it makes a control group"]
async fn a_sharer_with_little_memory_outlives_lists_that_it_never_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let group = ControlGroup::new(MOST).expect("this runs as root");
    let (tracker, process, addr, file_id) = sharer(dir.path(), 8, Some(&group));
    assert_eq!(unasked(addr, file_id, 250).await, 250);
    let peak = process.peak_memory();
    assert!(peak < MOST / 2, "{peak}");
    tokio::task::block_in_place(|| is_served(dir.path(), &tracker, file_id));
}
