//! What a window needs of the engine besides transfers themselves: detail, progress, names.

use std::num::NonZeroU32;

use sprat_peer::{Cell, Command, Detail, EngineConfig, Event, Priority, Snapshot, TransferState};
use sprat_protocol::{Link, PeerAddr};
use sprat_tests::files::noise;
use sprat_tests::swarm::{Peer, only_peer};

const CHUNK: usize = 256 * 1024;
/// What a slow peer sends, in bytes a second.
const RATE: u32 = 1024 * 1024;

/// Slow enough that something can happen while a few megabytes are on their way.
fn slow(config: &mut EngineConfig) {
    config.limits.upload_rate = NonZeroU32::new(RATE);
}

fn count(detail: &Detail, cell: Cell) -> usize {
    detail.chunks.cells.iter().filter(|other| **other == cell).count()
}

/// Waits until the only transfer is in this state.
async fn reaches(peer: &Peer, state: TransferState) {
    peer.until(|s| (s.transfers.first()?.state == state).then_some(())).await;
}

#[tokio::test]
async fn who_watches_a_download_sees_which_chunks_are_here_and_which_are_on_their_way() {
    let mut seeder = Peer::start(None, slow).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(12 * CHUNK, 70)).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 0).then_some(())).await;
    assert!(downloader.engine.snapshot().detail.is_none(), "nobody watches");
    downloader.engine.send(Command::Watch(Some(link.file_id))).await;
    let (up, down) = (NonZeroU32::new(9_000_000), NonZeroU32::new(8_000_000));
    downloader.engine.send(Command::SetTransferRates { file_id: link.file_id, up, down }).await;
    let under_way = |s: &Snapshot| s.detail.clone().filter(|detail| count(detail, Cell::Requested) > 0);
    let detail = downloader.until(under_way).await;
    assert_eq!((detail.file_id, detail.chunks.cells.len(), detail.chunks.chunks_per_cell), (link.file_id, 12, 1));
    assert!(detail.files.is_empty());
    let limits = |s: &Snapshot| s.detail.as_ref().map(|detail| (detail.up_limit, detail.down_limit));
    downloader.until(|s| (limits(s) == Some((up, down))).then_some(())).await;
    downloader.until(|s| s.detail.clone().filter(|detail| count(detail, Cell::Here) > 3)).await;
    // What is here is shown also while nothing runs, and nothing is on its way then.
    downloader.engine.send(Command::Pause(link.file_id)).await;
    reaches(&downloader, TransferState::Paused).await;
    let paused = downloader.engine.snapshot();
    let detail = paused.detail.clone().unwrap();
    assert_eq!(count(&detail, Cell::Here), paused.transfers[0].chunks_done as usize);
    assert_eq!(count(&detail, Cell::Requested), 0);
    downloader.engine.send(Command::Resume(link.file_id)).await;
    downloader.completed(&link).await;
    downloader.until(|s| s.detail.clone().filter(|detail| count(detail, Cell::Here) == 12)).await;
    // Nobody, and what is not there.
    downloader.engine.send(Command::Watch(None)).await;
    downloader.until(|s| s.detail.is_none().then_some(())).await;
    downloader.engine.send(Command::Watch(Some(sprat_chunking::FileId::new([9; 32])))).await;
    downloader.engine.send(Command::SetActiveDownloads(3)).await;
    downloader.engine.send(Command::SetRates { up: None, down }).await;
    downloader.until(|s| ((s.active_downloads, s.up_limit, s.down_limit) == (3, None, down)).then_some(())).await;
    assert!(downloader.engine.snapshot().detail.is_none());
    assert_eq!(seeder.engine.snapshot().up_limit, NonZeroU32::new(RATE));
}

/// A folder with a large file, and small ones that travel together.
async fn folder(seeder: &mut Peer) -> Link {
    let source = seeder.dir.path().join("a");
    std::fs::create_dir_all(source.join("below")).unwrap();
    std::fs::write(source.join("below/large\u{202e}"), noise(8 * CHUNK, 71)).unwrap();
    std::fs::write(source.join("small"), noise(100, 72)).unwrap();
    std::fs::write(source.join("zero"), "").unwrap();
    only_peer(&seeder.share(&source).await)
}

#[tokio::test]
async fn who_watches_a_folder_sees_its_files_and_all_its_parts() {
    let mut seeder = Peer::start(None, slow).await;
    let link = folder(&mut seeder).await;
    let keep = |config: &mut EngineConfig| config.restore = true;
    let downloader = Peer::start(None, keep).await;
    downloader.engine.send(Command::Watch(Some(link.file_id))).await;
    downloader.fetch(link.clone()).await;
    let listed = |s: &Snapshot| s.detail.clone().filter(|detail| !detail.files.is_empty());
    let detail = downloader.until(listed).await;
    let files: Vec<_> = detail.files.iter().map(|file| (file.path.as_str(), file.size)).collect();
    assert_eq!(files, [("below/large", 8 * CHUNK as u64), ("small", 100), ("zero", 0)]);
    assert_eq!(detail.chunks.cells.len(), 9, "eight chunks of the large one, one of the bundle");
    downloader.until(|s| s.detail.clone().filter(|detail| count(detail, Cell::Requested) > 0)).await;
    downloader.until(|s| s.detail.clone().filter(|detail| count(detail, Cell::Here) > 2)).await;
    let file_id = link.file_id;
    downloader.engine.send(Command::SetPriorities { file_id, files: vec![1], priority: Priority::High }).await;
    downloader.until(|s| s.detail.clone().filter(|detail| detail.priorities.get(&1) == Some(&Priority::High))).await;
    downloader.engine.send(Command::Pause(file_id)).await;
    reaches(&downloader, TransferState::Paused).await;
    let detail = downloader.engine.snapshot().detail.clone().unwrap();
    assert!(count(&detail, Cell::Here) > 2 && count(&detail, Cell::Requested) == 0, "{detail:?}");
    // After a restart its list is known, though nothing runs.
    let mut downloader = Peer::start_in(downloader.stop().await, None, keep).await;
    reaches(&downloader, TransferState::Paused).await;
    downloader.engine.send(Command::Watch(Some(file_id))).await;
    assert_eq!(downloader.until(listed).await.files, detail.files);
    downloader.engine.send(Command::Resume(file_id)).await;
    downloader.completed(&link).await;
    let detail = downloader.until(|s| s.detail.clone().filter(|detail| count(detail, Cell::Here) == 9)).await;
    assert_eq!(detail.files.len(), 3);
    // And who shares it sees the same.
    seeder.engine.send(Command::Watch(Some(file_id))).await;
    let shared = seeder.until(listed).await;
    assert_eq!((&shared.files, &shared.chunks), (&detail.files, &detail.chunks));
}

/// The address that a peer listens at.
fn address(peer: &Peer) -> PeerAddr {
    peer.engine.snapshot().listen.into()
}

#[tokio::test]
async fn a_peer_that_is_added_by_hand_is_asked_at_once_and_also_after_a_restart() {
    let mut seeder = Peer::start(None, slow).await;
    let file = seeder.share_bytes("a.bin", &noise(8 * CHUNK, 73)).await;
    let folder = folder(&mut seeder).await;
    let keep = |config: &mut EngineConfig| config.restore = true;
    let downloader = Peer::start(None, keep).await;
    for link in [&file, &folder] {
        downloader.fetch(Link::new(link.file_id)).await;
    }
    let waits = |s: &Snapshot| s.transfers.iter().filter(|t| t.state == TransferState::Waiting).count() == 2;
    downloader.until(|s| waits(s).then_some(())).await;
    for link in [&file, &folder] {
        downloader.engine.send(Command::AddPeer { file_id: link.file_id, addr: address(&seeder) }).await;
    }
    let begun = |s: &Snapshot| s.transfers.iter().filter(|t| t.chunks_done > 0).count() == 2;
    downloader.until(|s| begun(s).then_some(())).await;
    let mut downloader = Peer::start_in(downloader.stop().await, None, keep).await;
    for _ in 0..2 {
        downloader.event(|event| matches!(event, Event::Completed { .. }).then_some(())).await;
    }
    // Nothing happens to what is here.
    downloader.engine.send(Command::AddPeer { file_id: file.file_id, addr: address(&seeder) }).await;
    downloader.engine.send(Command::SetActiveDownloads(2)).await;
    downloader.until(|s| (s.active_downloads == 2).then_some(())).await;
    assert_eq!(downloader.transfer(&file).unwrap().state, TransferState::Sharing);
}

#[tokio::test]
async fn a_peer_that_is_added_to_a_running_folder_gives_its_parts() {
    let mut first = Peer::start(None, slow).await;
    let link = folder(&mut first).await;
    let mut second = Peer::start(None, |_| {}).await;
    second.fetch(link.clone()).await;
    second.completed(&link).await;
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 0).then_some(())).await;
    first.stop().await;
    reaches(&downloader, TransferState::Waiting).await;
    downloader.engine.send(Command::AddPeer { file_id: link.file_id, addr: address(&second) }).await;
    downloader.completed(&link).await;
}
