//! Needs of a window besides transfers themselves: detail, progress, names.

use std::num::NonZeroU32;
use std::sync::Arc;

use sprat_api::{Cell, Command, Detail, Event, Priority, Snapshot, TransferState};
use sprat_peer::EngineConfig;
use sprat_protocol::{Link, PeerAddr};
use sprat_tests::files::noise;
use sprat_tests::swarm::{Peer, only_peer};

const CHUNK: usize = 256 * 1024;
/// Rate of a slow peer, in bytes a second.
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

/// Waits until everything that was sent so far is carried out.
async fn carried_out(peer: &Peer) {
    let most = peer.engine.snapshot().active_downloads + 1;
    peer.engine.send(Command::SetActiveDownloads(most)).await;
    peer.until(|s| (s.active_downloads == most).then_some(())).await;
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
    let downloader = Peer::start_in(downloader.stop().await, None, keep).await;
    let here = |s: &Snapshot| s.transfers.iter().filter(|t| t.state == TransferState::Sharing).count() == 2;
    downloader.until(|s| here(s).then_some(())).await;
    // Nothing happens to what is here.
    downloader.engine.send(Command::AddPeer { file_id: file.file_id, addr: address(&seeder) }).await;
    carried_out(&downloader).await;
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

#[tokio::test]
async fn a_check_tells_how_far_it_is_and_can_be_cancelled() {
    let mut sharer = Peer::start(None, |_| {}).await;
    // Nothing but holes, which are hashed all the same, and take a while.
    let path = sharer.dir.path().join("a.bin");
    std::fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let link = sharer.share(&path).await;
    sharer.engine.send(Command::Check(link.file_id)).await;
    for n in 0..1100 {
        sharer.engine.send(Command::Share(sharer.dir.path().join(n.to_string()))).await;
    }
    let work = sharer.until(|s| s.transfers.first()?.work.clone()).await;
    assert!(work.done <= work.total && work.total == 1 << 30, "{work:?}");
    let snapshot = sharer.until(|s| (s.hashing.len() > 1000).then_some(s.hashing.clone())).await;
    assert_eq!((snapshot.len(), &snapshot[0].path, snapshot[1].total), (1001, &path, 0));
    sharer.engine.send(Command::CancelWork(link.file_id)).await;
    reaches(&sharer, TransferState::Sharing).await;
    assert_eq!(sharer.engine.snapshot().transfers[0].work, None);
    assert!(std::fs::metadata(&path).unwrap().len() == 1 << 30);
}

#[tokio::test]
async fn a_download_whose_check_is_cancelled_is_checked_when_it_goes_on() {
    let mut seeder = Peer::start(None, |config| config.limits.upload_rate = NonZeroU32::new(16 << 20)).await;
    let data = noise(256 * CHUNK, 74);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let keep = |config: &mut EngineConfig| config.restore = true;
    let downloader = Peer::start(None, keep).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 2).then_some(())).await;
    downloader.engine.send(Command::Pause(link.file_id)).await;
    reaches(&downloader, TransferState::Paused).await;
    // As a disk would that lost the bytes and nothing else.
    let part = downloader.downloads().join("a.bin.part");
    let modified = std::fs::metadata(&part).unwrap().modified().unwrap();
    std::fs::write(&part, vec![0; data.len()]).unwrap();
    std::fs::File::options().write(true).open(&part).unwrap().set_modified(modified).unwrap();
    for command in [Command::Check(link.file_id), Command::Resume(link.file_id), Command::CancelWork(link.file_id)] {
        downloader.engine.send(command).await;
    }
    carried_out(&downloader).await;
    reaches(&downloader, TransferState::Paused).await;
    // That it is still to be checked outlives a restart.
    let mut downloader = Peer::start_in(downloader.stop().await, None, keep).await;
    reaches(&downloader, TransferState::Paused).await;
    downloader.engine.send(Command::Resume(link.file_id)).await;
    seeder.engine.send(Command::SetRates { up: None, down: None }).await;
    assert!(std::fs::read(downloader.completed(&link).await).unwrap() == data);
}

#[tokio::test]
async fn a_move_that_is_cancelled_leaves_everything_where_it_was() {
    // From one file system to another, or there is nothing to cancel.
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
    let mut seeder = Peer::start(None, |_| {}).await;
    let data = noise(256 * CHUNK, 75);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    seeder.stop().await;
    let file_id = link.file_id;
    downloader.engine.send(Command::Move { file_id, dir: other.path().to_owned() }).await;
    downloader.engine.send(Command::CancelWork(file_id)).await;
    carried_out(&downloader).await;
    reaches(&downloader, TransferState::Sharing).await;
    assert_eq!(downloader.transfer(&link).unwrap().path, path);
    assert_eq!(std::fs::read_dir(&other).unwrap().count(), 0, "half a copy is left");
    let mut third = Peer::start(None, |_| {}).await;
    third.fetch(only_peer(&downloader.transfer(&link).unwrap().link)).await;
    assert!(std::fs::read(third.completed(&link).await).unwrap() == data, "it is in use where it is");
    // The next one is not cancelled.
    downloader.engine.send(Command::Move { file_id, dir: other.path().to_owned() }).await;
    let moved = downloader.event(|event| match event {
        Event::Moved { path, .. } => Some(path),
        Event::NotMoved { trouble, .. } => panic!("{trouble}"),
        _ => None,
    });
    assert_eq!(moved.await, other.path().join("a.bin"));
}

#[tokio::test]
async fn a_peer_is_called_what_its_person_calls_it() {
    let named = |config: &mut EngineConfig| {
        slow(config);
        config.display_name = "Ada\u{202e}\n's laptop ".to_owned();
    };
    let mut seeder = Peer::start(None, named).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(8 * CHUNK, 76)).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    let before = since_1970();
    downloader.fetch(link.clone()).await;
    let peer = |s: &Snapshot| s.transfers.first()?.peers.first().cloned();
    let fast = downloader.until(|s| peer(s).filter(|peer| peer.down_rate > 0)).await;
    assert_eq!((fast.name.as_str(), fast.connected), ("Ada's laptop", true));
    assert!((before..=since_1970()).contains(&fast.last_seen) && fast.up_rate == 0, "{fast:?}");
    let asker = seeder.until(|s| peer(s).filter(|peer| peer.up_rate > 0)).await;
    assert_eq!((asker.name.as_str(), asker.down_rate), ("", 0));
    downloader.completed(&link).await;
    // Rates fall to nothing by themselves.
    downloader.until(|s| peer(s).filter(|peer| peer.down_rate == 0)).await;
    seeder.until(|s| peer(s).filter(|peer| peer.up_rate == 0)).await;
    // Another name is told to who connects from now on.
    seeder.engine.send(Command::SetDisplayName("x".repeat(100))).await;
    carried_out(&seeder).await;
    let third = Peer::start(None, |_| {}).await;
    third.fetch(link.clone()).await;
    assert_eq!(third.until(peer).await.name, "x".repeat(64));
    seeder.stop().await;
    let gone = third.until(|s| peer(s).filter(|peer| !peer.connected)).await;
    assert!(gone.last_seen >= fast.last_seen);
}

#[tokio::test]
async fn where_nothing_changed_a_snapshot_has_the_same_view_as_before() {
    let mut seeder = Peer::start(None, slow).await;
    let mut links = Vec::new();
    for n in 0..3 {
        links.push(only_peer(&seeder.share_bytes(&n.to_string(), &noise(3 * CHUNK, 80 + n)).await));
    }
    carried_out(&seeder).await;
    let before = seeder.engine.snapshot();
    let same = |before: &Snapshot, after: &Snapshot| {
        let pairs = before.transfers.iter().zip(&after.transfers);
        pairs.map(|(before, after)| Arc::ptr_eq(before, after)).collect::<Vec<_>>()
    };
    seeder.engine.send(Command::Pause(links[0].file_id)).await;
    carried_out(&seeder).await;
    let paused = seeder.engine.snapshot();
    assert_eq!(same(&before, &paused), [false, true, true]);
    assert_eq!(paused.transfers[0].state, TransferState::Paused);
    // One is sent: its rate is seen, and falls to nothing.
    let downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(links[1].clone()).await;
    seeder.until(|s| (s.transfers[1].up_rate > 0).then_some(())).await;
    let sent = seeder.until(|s| (s.transfers[1].up_rate == 0).then_some(s.transfers.clone())).await;
    assert!(Arc::ptr_eq(&sent[2], &paused.transfers[2]) && sent[1].uploaded == 3 * CHUNK as u64);
    downloader.stop().await;
    seeder.until(|s| (!s.transfers[1].peers[0].connected).then_some(())).await;
    carried_out(&seeder).await;
    let gone = seeder.engine.snapshot();
    carried_out(&seeder).await;
    assert_eq!(same(&gone, &seeder.engine.snapshot()), [true, true, true]);
    // Another tracker is in every link.
    let tracker = url::Url::parse("http://127.0.0.1:9").unwrap();
    seeder.engine.send(Command::SetTrackers(vec![tracker.clone()])).await;
    carried_out(&seeder).await;
    assert!(seeder.engine.snapshot().transfers.iter().all(|transfer| transfer.link.trackers == [tracker.clone()]));
}

#[tokio::test]
async fn what_comes_back_can_be_told_what_to_do_at_once() {
    let keep = |config: &mut EngineConfig| config.restore = true;
    let mut sharer = Peer::start(None, keep).await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(sharer.share_bytes(&n.to_string(), &noise(CHUNK, 90 + n)).await.file_id);
    }
    let sharer = Peer::start_in(sharer.stop().await, None, keep).await;
    let removed = Command::Remove { file_id: ids[1], delete_data: false };
    for command in [Command::Pause(ids[0]), removed, Command::Resume(ids[2]), Command::Check(ids[3])] {
        sharer.engine.send(command).await;
    }
    carried_out(&sharer).await;
    let settled = |s: &Snapshot| {
        let states: Vec<_> = s.transfers.iter().map(|transfer| (transfer.file_id, transfer.state.clone())).collect();
        let sharing = |id| (id, TransferState::Sharing);
        (states == [(ids[0], TransferState::Paused), sharing(ids[2]), sharing(ids[3])]).then_some(())
    };
    sharer.until(settled).await;
    sharer.engine.send(Command::Resume(ids[0])).await;
    sharer.until(|s| s.transfers.iter().all(|t| t.state == TransferState::Sharing).then_some(())).await;
}

#[tokio::test]
async fn what_was_asked_for_just_before_the_end_is_done() {
    let keep = |config: &mut EngineConfig| config.restore = true;
    let mut sharer = Peer::start(None, keep).await;
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(sharer.share_bytes(&n.to_string(), &noise(10, 200 + n)).await.file_id);
    }
    for file_id in &ids {
        sharer.engine.try_send(Command::Remove { file_id: *file_id, delete_data: false }).unwrap();
    }
    let sharer = Peer::start_in(sharer.stop().await, None, keep).await;
    carried_out(&sharer).await;
    assert_eq!(sharer.engine.snapshot().transfers.len(), 0);
}

fn since_1970() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}
