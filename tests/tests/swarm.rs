//! Engines and a tracker in one process, over real TCP: what a swarm does when all is well, and when something is not.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use sprat_api::{Command, Event, Target, TrackerState, TransferState, Trouble};
use sprat_tests::files::{noise, same};
use sprat_tests::liar::{Liar, Lie};
use sprat_tests::relay::Relay;
use sprat_tests::swarm::{Peer, Tracker, only_peer};

const CHUNK: usize = 256 * 1024;

/// Slow enough that something can happen while a few megabytes are on their way.
fn slow(config: &mut sprat_peer::EngineConfig) {
    config.limits.upload_rate = NonZeroU32::new(4 * 1024 * 1024);
}

#[tokio::test]
async fn files_of_every_size_arrive_as_they_are() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), |_| {}).await;
    let mut downloader = Peer::start(Some(&tracker), |_| {}).await;
    for len in [0, 1, 16 * 1024 - 1, 16 * 1024 + 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, 5 * CHUNK + 1] {
        let data = noise(len, len as u64);
        let link = seeder.share_bytes(&format!("{len}.bin"), &data).await;
        downloader.fetch(link.clone()).await;
        let path = downloader.completed(&link).await;
        assert!(std::fs::read(&path).unwrap() == data, "{len} bytes");
        assert_eq!(path, downloader.downloads().join(format!("{len}.bin")));
    }
    seeder.stop().await;
    downloader.stop().await;
    tracker.stop().await;
}

#[tokio::test]
async fn a_link_with_an_address_needs_no_tracker() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let mut downloader = Peer::start(None, |_| {}).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(3 * CHUNK + 5, 1)).await);
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    assert!(same(&path, &seeder.dir.path().join("a.bin")));
}

#[tokio::test]
async fn somebody_on_the_wire_learns_neither_name_nor_id_nor_content() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let data = noise(3 * CHUNK, 40);
    let shared = seeder.share_bytes("secret plans.bin", &data).await;
    let relay = Relay::start(seeder.engine.snapshot().listen).await;
    let mut link = sprat_protocol::Link::new(shared.file_id);
    link.peers.push(relay.addr.into());
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    assert_eq!(path, downloader.downloads().join("secret plans.bin"));
    assert!(relay.len() > data.len(), "everything went past the relay");
    assert!(relay.heard(b"sprat/1"), "what TLS says before it encrypts");
    let id = link.file_id.to_string();
    let peer_id = seeder.engine.snapshot().peer_id;
    for readable in
        [b"secret".as_slice(), id.as_bytes(), link.file_id.as_bytes(), b"CHUNK", b"HELLO", peer_id.as_bytes()]
    {
        assert!(!relay.heard(readable), "{} can be read", String::from_utf8_lossy(readable));
    }
    assert!(!data.chunks(CHUNK / 2).any(|part| relay.heard(&part[..16])), "content can be read");
}

#[tokio::test]
async fn an_id_alone_is_enough_where_a_tracker_knows_it() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), |_| {}).await;
    let mut downloader = Peer::start(Some(&tracker), |_| {}).await;
    let link = seeder.share_bytes("näme 日本.bin", &noise(CHUNK, 2)).await;
    let bare = sprat_protocol::Link::new(link.file_id);
    downloader.fetch(bare.clone()).await;
    assert_eq!(downloader.completed(&bare).await, downloader.downloads().join("näme 日本.bin"));
}

#[tokio::test]
async fn a_peer_that_is_known_in_two_ways_keeps_its_one_connection() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), slow).await;
    let downloader = Peer::start(Some(&tracker), |_| {}).await;
    for (name, seed) in [("a.bin", 20), ("b.bin", 21)] {
        // The link names the seeder's address, and the tracker its peer ID.
        let link = seeder.share_bytes(name, &noise(8 * CHUNK, seed)).await;
        downloader.fetch(link).await;
    }
    downloader
        .until(|snapshot| {
            let left = snapshot.transfers.iter().flat_map(|transfer| &transfer.peers).find(|peer| !peer.connected);
            assert!(left.is_none(), "{left:?}");
            let complete = snapshot.transfers.iter().filter(|t| t.state == TransferState::Sharing).count();
            (complete == 2).then_some(())
        })
        .await;
}

#[tokio::test]
async fn leechers_give_each_other_what_they_have() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), slow).await;
    let data = noise(24 * CHUNK, 3);
    let link = seeder.share_bytes("a.bin", &data).await;
    let mut leechers = Vec::new();
    for _ in 0..3 {
        leechers.push(Peer::start(Some(&tracker), |_| {}).await);
    }
    for leecher in &leechers {
        leecher.fetch(link.clone()).await;
    }
    let mut from_leechers = 0;
    for leecher in &mut leechers {
        let path = leecher.completed(&link).await;
        assert!(std::fs::read(path).unwrap() == data);
        let peers = leecher.transfer(&link).unwrap().peers.clone();
        let seeder_id = seeder.engine.snapshot().peer_id;
        from_leechers += peers.iter().filter(|p| p.peer_id != seeder_id).map(|p| p.chunks_down).sum::<u32>();
    }
    assert!(from_leechers > 8, "only {from_leechers} chunks came from leechers");
}

#[tokio::test]
async fn a_seeder_that_leaves_is_replaced_by_the_others() {
    let tracker = Tracker::start().await;
    let data = noise(16 * CHUNK, 4);
    let mut seeders = Vec::new();
    for _ in 0..2 {
        let mut seeder = Peer::start(Some(&tracker), slow).await;
        seeder.share_bytes("a.bin", &data).await;
        seeders.push(seeder);
    }
    let mut downloader = Peer::start(Some(&tracker), |_| {}).await;
    let link = seeders[0].share_bytes("a.bin", &data).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|snapshot| (snapshot.transfers.first()?.chunks_done >= 3).then_some(())).await;
    seeders.remove(0).stop().await;
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(path).unwrap() == data);
}

#[tokio::test]
async fn a_download_waits_for_a_seeder_and_goes_on_by_itself() {
    let tracker = Tracker::start().await;
    let data = noise(16 * CHUNK, 5);
    let mut seeder = Peer::start(Some(&tracker), slow).await;
    let link = seeder.share_bytes("a.bin", &data).await;
    let mut downloader =
        Peer::start(Some(&tracker), |config| config.limits.query_interval = Duration::from_millis(200)).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|snapshot| (snapshot.transfers.first()?.chunks_done >= 3).then_some(())).await;
    let dir = seeder.stop().await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Waiting).then_some(())).await;
    let mut seeder = Peer::start_in(dir, Some(&tracker), |_| {}).await;
    seeder.share_bytes("a.bin", &data).await;
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(path).unwrap() == data);
}

#[tokio::test]
async fn a_paused_download_keeps_what_it_has_and_goes_on_from_there() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), slow).await;
    let data = noise(16 * CHUNK, 6);
    let link = seeder.share_bytes("a.bin", &data).await;
    let mut downloader = Peer::start(Some(&tracker), |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|snapshot| (snapshot.transfers.first()?.chunks_done >= 4).then_some(())).await;
    downloader.engine.send(Command::Pause(link.file_id)).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
    downloader.engine.send(Command::Resume(link.file_id)).await;
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(path).unwrap() == data);
    let fetched = downloader.transfer(&link).unwrap().downloaded;
    // What was in flight when it was paused may come twice; what was verified may not.
    assert!(fetched <= (data.len() + 12 * CHUNK) as u64 && fetched >= data.len() as u64, "{fetched}");
}

#[tokio::test]
async fn a_paused_leecher_that_served_others_goes_on_in_its_own_part_file() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), slow).await;
    let data = noise(24 * CHUNK, 30);
    let link = seeder.share_bytes("a.bin", &data).await;
    let mut leechers = [Peer::start(Some(&tracker), |_| {}).await, Peer::start(Some(&tracker), |_| {}).await];
    for leecher in &leechers {
        leecher.fetch(link.clone()).await;
    }
    leechers[0].until(|snapshot| (snapshot.transfers.first()?.uploaded > 0).then_some(())).await;
    leechers[0].engine.send(Command::Pause(link.file_id)).await;
    leechers[0].until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
    leechers[0].engine.send(Command::Resume(link.file_id)).await;
    for leecher in &mut leechers {
        let path = leecher.completed(&link).await;
        assert_eq!(path, leecher.downloads().join("a.bin"));
        assert!(std::fs::read(path).unwrap() == data);
    }
}

#[tokio::test]
async fn a_file_that_was_deleted_after_it_came_can_be_fetched_again() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let data = noise(4 * CHUNK, 31);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    std::fs::remove_file(&path).unwrap();
    downloader.fetch(link.clone()).await;
    assert_eq!(downloader.completed(&link).await, path);
    assert!(std::fs::read(path).unwrap() == data);
}

#[tokio::test]
async fn a_removed_download_leaves_nothing_behind_if_asked_to() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), slow).await;
    let link = seeder.share_bytes("a.bin", &noise(16 * CHUNK, 7)).await;
    let mut downloader = Peer::start(Some(&tracker), |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|snapshot| (snapshot.transfers.first()?.chunks_done >= 1).then_some(())).await;
    downloader.engine.send(Command::Remove { file_id: link.file_id, delete_data: true }).await;
    downloader.event(|event| matches!(event, Event::Removed(_)).then_some(())).await;
    let dir = downloader.stop().await;
    assert_eq!(std::fs::read_dir(dir.path().join("downloads")).unwrap().count(), 0);
}

#[tokio::test]
async fn everything_comes_back_after_a_restart() {
    let tracker = Tracker::start().await;
    let kept = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let mut seeder = Peer::start(Some(&tracker), |config| (kept(config), slow(config)).1).await;
    let data = noise(16 * CHUNK, 8);
    let link = seeder.share_bytes("a.bin", &data).await;
    let downloader = Peer::start(Some(&tracker), kept).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|snapshot| (snapshot.transfers.first()?.chunks_done >= 4).then_some(())).await;
    let (seeder_dir, downloader_dir) = (seeder.stop().await, downloader.stop().await);
    // The seeder serves without being told again, and the downloader goes on without being told again.
    let seeder = Peer::start_in(seeder_dir, Some(&tracker), kept).await;
    assert_eq!(seeder.engine.snapshot().hashing.len(), 0);
    let mut downloader = Peer::start_in(downloader_dir, Some(&tracker), kept).await;
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(path).unwrap() == data);
    let fetched = downloader.transfer(&link).unwrap().downloaded;
    assert!(fetched <= (data.len() - 4 * CHUNK) as u64, "{fetched} bytes were fetched again");
}

#[tokio::test]
async fn a_shared_file_that_changes_is_no_longer_served() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), |_| {}).await;
    let link = seeder.share_bytes("a.bin", &noise(4 * CHUNK, 9)).await;
    let aside = seeder.dir.path().join("aside");
    std::fs::rename(seeder.dir.path().join("a.bin"), &aside).unwrap();
    std::fs::write(seeder.dir.path().join("a.bin"), noise(4 * CHUNK, 10)).unwrap();
    let downloader = Peer::start(Some(&tracker), |_| {}).await;
    downloader.fetch(link.clone()).await;
    let trouble = seeder.event(|event| match event {
        Event::Stopped { trouble, .. } => Some(trouble),
        _ => None,
    });
    assert_eq!(trouble.await, Trouble::SourceChanged { path: seeder.dir.path().join("a.bin") });
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Waiting).then_some(())).await;
    assert_eq!(downloader.transfer(&link).unwrap().chunks_done, 0);
    // It is moved back, as a drive that was away: nothing has to be hashed or said.
    std::fs::rename(&aside, seeder.dir.path().join("a.bin")).unwrap();
    seeder.until(|s| (s.transfers.first()?.state == TransferState::Sharing).then_some(())).await;
}

/// A stranger who can write to a shared folder can have a file look as it did, and then be another one, or a link to
/// what only its sharer may read.
#[cfg(unix)]
#[tokio::test]
async fn a_shared_file_that_only_looks_as_it_did_is_no_longer_served() {
    let (bytes, others) = (noise(4 * CHUNK, 19), noise(4 * CHUNK, 20));
    for (is_folder, is_link) in [(false, false), (false, true), (true, false), (true, true)] {
        let tracker = Tracker::start().await;
        let mut seeder = Peer::start(Some(&tracker), |_| {}).await;
        let folder = seeder.dir.path().join("folder");
        // As a part of a folder it is one of the small ones, which travel together.
        let (bytes, others) = if is_folder { (&bytes[..1000], &others[..1000]) } else { (&bytes[..], &others[..]) };
        std::fs::create_dir(&folder).unwrap();
        let (path, elsewhere) = (folder.join("a.bin"), seeder.dir.path().join("elsewhere"));
        std::fs::write(&path, bytes).unwrap();
        let link = seeder.share(if is_folder { &folder } else { &path }).await;
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        let target = if is_link { &elsewhere } else { &path };
        std::fs::write(target, others).unwrap();
        std::fs::File::options().write(true).open(target).unwrap().set_modified(modified).unwrap();
        if is_link {
            std::fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        }
        let downloader = Peer::start(Some(&tracker), |_| {}).await;
        let mut heard = downloader.engine.events();
        downloader.fetch(link.clone()).await;
        let trouble = seeder.event(|event| match event {
            Event::Stopped { trouble, .. } => Some(trouble),
            _ => None,
        });
        assert!(matches!(trouble.await, Trouble::SourceChanged { .. }), "{is_folder} {is_link}");
        downloader.until(|s| (s.transfers.first()?.state == TransferState::Waiting).then_some(())).await;
        let heard = std::iter::from_fn(|| heard.try_recv().ok());
        assert_eq!(heard.filter(|event| matches!(event, Event::BadChunk { .. })).count(), 0, "{is_folder} {is_link}");
        // Nor does it go on by itself: that it looks right is no news.
        let library = seeder.engine.snapshot();
        assert!(matches!(library.transfers[0].state, TransferState::Stopped(_)), "{is_folder} {is_link}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_stops_the_download_until_it_can() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(CHUNK, 11)).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    let file = downloader.dir.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let target = Target::Dir(file.join("below"));
    downloader.engine.send(Command::Download { link: link.clone(), target }).await;
    let trouble = downloader.event(|event| match event {
        Event::Stopped { trouble, .. } => Some(trouble),
        _ => None,
    });
    assert!(matches!(trouble.await, Trouble::Io { .. }));
    // Once that is mended, nobody has to say so.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(downloader.completed(&link).await, file.join("below/a.bin"));
}

#[tokio::test]
async fn the_same_id_twice_is_fetched_once() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(4 * CHUNK, 12)).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.fetch(link.clone()).await;
    downloader.completed(&link).await;
    assert_eq!(downloader.engine.snapshot().transfers.len(), 1);
    assert_eq!(downloader.transfer(&link).unwrap().downloaded, 4 * CHUNK as u64);
    // And once more when it is there already.
    downloader.fetch(link.clone()).await;
    downloader.completed(&link).await;
    assert_eq!(std::fs::read_dir(downloader.downloads()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_that_is_removed_under_a_download_stops_it_before_more_is_lost() {
    let data = noise(32 * CHUNK, 14);
    let mut seeder = Peer::start(None, |config| config.limits.upload_rate = NonZeroU32::new(4 * CHUNK as u32)).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|snapshot| (snapshot.transfers.first()?.chunks_done > 2).then_some(())).await;
    std::fs::remove_dir_all(downloader.downloads()).unwrap();
    let trouble = downloader.event(|event| match event {
        Event::Stopped { trouble, .. } => Some(trouble),
        _ => None,
    });
    assert!(matches!(trouble.await, Trouble::Io { .. }));
    let fetched = downloader.transfer(&link).unwrap().downloaded;
    assert!(fetched < data.len() as u64, "it went on to its end");
}

/// An honest seeder and one that lies in some way: the file is right in any case, and the liar is not believed.
async fn with_a_liar(lie: Lie) -> (Peer, Liar, Vec<Event>) {
    let data = noise(12 * CHUNK + 7, 13);
    let liar = Liar::start(data.clone(), lie).await;
    let mut seeder = Peer::start(None, slow).await;
    let honest = seeder.share_bytes("a.bin", &data).await;
    let mut link = liar.link();
    link.peers.extend(honest.peers);
    let mut downloader = Peer::start(None, |config| {
        config.limits.request_timeout = (Duration::from_millis(300), Duration::from_millis(300));
        config.limits.doubt_after = Duration::from_millis(500);
    })
    .await;
    let mut events = downloader.engine.events();
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(&path).unwrap() == data, "{lie:?}");
    assert_eq!(path, downloader.downloads().join("file.bin"), "{lie:?}");
    (downloader, liar, std::iter::from_fn(|| events.try_recv().ok()).collect())
}

#[tokio::test]
async fn no_lie_costs_more_than_a_retry() {
    for lie in [
        Lie::None,
        Lie::CorruptHashes,
        Lie::WrongSize,
        Lie::ShiftedHashes,
        Lie::Silence,
        Lie::HalfAChunk,
        Lie::Unasked,
        Lie::TooLong,
        Lie::AnotherName,
        Lie::Zeros,
    ] {
        with_a_liar(lie).await;
    }
}

#[tokio::test]
async fn a_peer_that_sends_a_bad_chunk_is_named_and_gets_no_second_chance() {
    let (downloader, liar, events) = with_a_liar(Lie::CorruptChunks).await;
    let culprits: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event {
            Event::BadChunk { peer_id, .. } => Some(peer_id),
            _ => None,
        })
        .collect();
    assert!(!culprits.is_empty() && culprits.iter().all(|culprit| *culprit == liar.peer_id), "{culprits:?}");
    let snapshot = downloader.engine.snapshot();
    let from_liar = snapshot.transfers[0].peers.iter().find(|peer| peer.peer_id == liar.peer_id);
    assert!(from_liar.is_none_or(|peer| peer.chunks_down == 0));
}

#[tokio::test]
async fn a_peer_that_sent_a_bad_chunk_is_still_refused_after_a_restart() {
    let (tracker, data) = (Tracker::start().await, noise(4 * CHUNK, 15));
    let liar = Liar::start(data.clone(), Lie::CorruptChunks).await;
    let kept = |config: &mut sprat_peer::EngineConfig| {
        config.restore = true;
        config.limits.query_interval = Duration::from_millis(200);
    };
    let mut downloader = Peer::start(Some(&tracker), kept).await;
    let link = liar.link();
    downloader.fetch(link.clone()).await;
    downloader.event(|event| matches!(event, Event::BadChunk { .. }).then_some(())).await;
    let dir = downloader.stop().await;
    // The link still names the liar; who else has the file, only the tracker says.
    let mut downloader = Peer::start_in(dir, Some(&tracker), kept).await;
    let mut honest = Peer::start(Some(&tracker), |_| {}).await;
    honest.share_bytes("file.bin", &data).await;
    downloader.completed(&link).await;
    assert_eq!(liar.greeted(), 1, "it was talked to in the first run only");
}

#[tokio::test]
async fn a_damaged_list_of_bans_stops_nobody() {
    let dir = Peer::start(None, |_| {}).await.stop().await;
    std::fs::write(dir.path().join("state/bans.json"), "{").unwrap();
    Peer::start_in(dir, None, |config| config.restore = true).await;
}

#[tokio::test]
async fn a_name_from_the_network_stays_in_the_folder() {
    let liar = Liar::start(noise(CHUNK, 14), Lie::None).await;
    let mut downloader = Peer::start(None, |_| {}).await;
    let link = sprat_protocol::Link { name: None, ..liar.link() };
    downloader.fetch(link.clone()).await;
    assert_eq!(downloader.completed(&link).await, downloader.downloads().join("_._.._evil.bin"));
}

/// A program reads `.bash_profile` in the user's folder by itself: only the user may say that a file is to be called so.
#[tokio::test]
async fn nobody_else_chooses_a_name_with_a_dot_in_front() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let shared = only_peer(&seeder.share_bytes(".bash_profile", &noise(CHUNK, 15)).await);
    assert_eq!(shared.name.as_deref(), Some(".bash_profile"), "its own file is called what it is called");
    // First by the link, then by what the peer itself says.
    for name in [Some(".bash_profile"), Some(" \u{200b}.bash_profile"), None] {
        let mut downloader = Peer::start(None, |_| {}).await;
        let link = sprat_protocol::Link { name: name.map(str::to_owned), ..shared.clone() };
        downloader.fetch(link.clone()).await;
        assert_eq!(downloader.completed(&link).await, downloader.downloads().join("_bash_profile"), "{name:?}");
    }
    let mut downloader = Peer::start(None, |_| {}).await;
    let target = Target::File(downloader.downloads().join(".mine"));
    downloader.engine.send(Command::Download { link: shared.clone(), target }).await;
    assert_eq!(downloader.completed(&shared).await, downloader.downloads().join(".mine"));
}

#[tokio::test]
async fn a_name_that_the_user_gave_keeps_its_dot_over_a_restart() {
    let keep = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let mut seeder = Peer::start(None, slow).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(16 * CHUNK, 16)).await);
    let downloader = Peer::start(None, keep).await;
    let target = Target::File(downloader.downloads().join(".mine"));
    downloader.engine.send(Command::Download { link: link.clone(), target }).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 0).then_some(())).await;
    let mut downloader = Peer::start_in(downloader.stop().await, None, keep).await;
    let path = downloader.completed(&link).await;
    assert_eq!(path, downloader.downloads().join(".mine"));
    assert_eq!(std::fs::read_dir(downloader.downloads()).unwrap().count(), 1, "what was fetched was found");
}

#[tokio::test]
async fn downloads_wait_for_their_turn() {
    let mut seeder = Peer::start(None, slow).await;
    let mut links = Vec::new();
    for n in 0..3u8 {
        links.push(only_peer(&seeder.share_bytes(&format!("{n}.bin"), &noise(16 * CHUNK, u64::from(n) + 40)).await));
    }
    let mut downloader = Peer::start(None, |config| config.limits.active_downloads = 1).await;
    for link in &links {
        downloader.fetch(link.clone()).await;
    }
    let states = |snapshot: &sprat_api::Snapshot| -> Vec<TransferState> {
        snapshot.transfers.iter().map(|transfer| transfer.state.clone()).collect()
    };
    let waits = [TransferState::Downloading, TransferState::Queued, TransferState::Queued];
    downloader.until(|s| (states(s) == waits).then_some(())).await;
    // One that is paused gives its turn to the next.
    downloader.engine.send(Command::Pause(links[0].file_id)).await;
    let turn = [TransferState::Paused, TransferState::Downloading, TransferState::Queued];
    downloader.until(|s| (states(s) == turn).then_some(())).await;
    downloader.engine.send(Command::Resume(links[0].file_id)).await;
    downloader.engine.send(Command::SetActiveDownloads(3)).await;
    for _ in &links {
        downloader.event(|event| matches!(event, Event::Completed { .. }).then_some(())).await;
    }
}

#[tokio::test]
async fn a_check_finds_what_changed_on_the_disk() {
    let mut seeder = Peer::start(None, slow).await;
    let data = noise(8 * CHUNK, 50);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 2).then_some(())).await;
    downloader.engine.send(Command::Pause(link.file_id)).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
    let part = downloader.downloads().join("a.bin.part");
    let (modified, len) = (std::fs::metadata(&part).unwrap().modified().unwrap(), data.len());
    std::fs::write(&part, vec![0; len]).unwrap();
    // As a disk would that lost the bytes and nothing else.
    std::fs::File::options().write(true).open(&part).unwrap().set_modified(modified).unwrap();
    downloader.engine.send(Command::Check(link.file_id)).await;
    downloader.engine.send(Command::Resume(link.file_id)).await;
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(&path).unwrap() == data);
    // And of a whole file.
    downloader.engine.send(Command::Check(link.file_id)).await;
    downloader.event(|event| matches!(event, Event::Shared { .. }).then_some(())).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Sharing).then_some(())).await;
    std::fs::write(&path, vec![0; len]).unwrap();
    downloader.engine.send(Command::Check(link.file_id)).await;
    let trouble = downloader.event(|event| match event {
        Event::Stopped { trouble, .. } => Some(trouble),
        _ => None,
    });
    assert_eq!(trouble.await, Trouble::SourceChanged { path });
    assert_eq!(downloader.engine.snapshot().transfers.len(), 1, "what it is now is not shared");
}

#[tokio::test]
async fn a_download_goes_on_where_it_is_moved_to() {
    let mut seeder = Peer::start(None, slow).await;
    let data = noise(8 * CHUNK, 51);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 2).then_some(())).await;
    let [first, second] = ["first", "second"].map(|name| downloader.dir.path().join(name));
    let moved = |event| match event {
        Event::Moved { path, .. } => Some(path),
        Event::NotMoved { trouble, .. } => panic!("{trouble}"),
        _ => None,
    };
    downloader.engine.send(Command::Move { file_id: link.file_id, dir: first.clone() }).await;
    assert_eq!(downloader.event(moved).await, first.join("a.bin"));
    assert_eq!(downloader.completed(&link).await, first.join("a.bin"));
    assert_eq!(downloader.transfer(&link).unwrap().downloaded, data.len() as u64, "nothing was fetched twice");
    assert_eq!(std::fs::read_dir(downloader.downloads()).unwrap().count(), 0);
    downloader.engine.send(Command::Move { file_id: link.file_id, dir: second.clone() }).await;
    assert_eq!(downloader.event(moved).await, second.join("a.bin"));
    // It is served from there.
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Sharing).then_some(())).await;
    seeder.stop().await;
    let mut third = Peer::start(None, |_| {}).await;
    third.fetch(only_peer(&downloader.transfer(&link).unwrap().link.clone())).await;
    assert!(std::fs::read(third.completed(&link).await).unwrap() == data);
}

#[tokio::test]
async fn a_download_that_is_being_moved_is_left_alone_until_it_is_there() {
    let mut seeder = Peer::start(None, slow).await;
    let data = noise(128 * CHUNK, 52);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 2).then_some(())).await;
    // From one file system to another, where there are two, which takes a while.
    let other = if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() };
    let other = tempfile::tempdir_in(other).unwrap();
    let dir = |n: usize| if n.is_multiple_of(2) { other.path() } else { downloader.dir.path() };
    let dirs: Vec<_> = (0..4).map(|n| dir(n).join(n.to_string())).collect();
    for dir in &dirs {
        downloader.engine.send(Command::Pause(link.file_id)).await;
        downloader.until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
        downloader.engine.send(Command::Move { file_id: link.file_id, dir: dir.clone() }).await;
        downloader.engine.send(Command::Resume(link.file_id)).await;
        let moved = downloader.event(|event| match event {
            Event::Moved { path, .. } => Some(path),
            Event::NotMoved { trouble, .. } | Event::Stopped { trouble, .. } => panic!("{trouble}"),
            _ => None,
        });
        assert_eq!(moved.await, dir.join("a.bin"));
    }
    seeder.engine.send(Command::SetRates { up: None, down: None }).await;
    assert_eq!(downloader.completed(&link).await, dirs[3].join("a.bin"));
    assert_eq!(downloader.transfer(&link).unwrap().downloaded, data.len() as u64, "nothing was fetched twice");
    let left = dirs[..3].iter().map(|dir| std::fs::read_dir(dir).unwrap().count());
    assert_eq!(left.sum::<usize>(), 0, "nothing is left on the way");
}

#[tokio::test]
async fn a_download_keeps_its_numbered_name_when_the_other_file_is_gone() {
    let mut seeder = Peer::start(None, slow).await;
    let data = noise(8 * CHUNK, 53);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    std::fs::create_dir_all(downloader.downloads()).unwrap();
    std::fs::write(downloader.downloads().join("a.bin"), "another").unwrap();
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 2).then_some(())).await;
    downloader.engine.send(Command::Pause(link.file_id)).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
    std::fs::remove_file(downloader.downloads().join("a.bin")).unwrap();
    downloader.engine.send(Command::Resume(link.file_id)).await;
    assert_eq!(downloader.completed(&link).await, downloader.downloads().join("a (2).bin"));
    assert_eq!(downloader.transfer(&link).unwrap().downloaded, data.len() as u64, "nothing was fetched twice");
}

#[tokio::test]
async fn what_is_removed_just_before_the_end_stays_removed() {
    let mut seeder = Peer::start(None, slow).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(8 * CHUNK, 54)).await);
    let keep = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let downloader = Peer::start(None, keep).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 2).then_some(())).await;
    downloader.engine.send(Command::Remove { file_id: link.file_id, delete_data: true }).await;
    // The engine takes note of it, but the download has not ended yet.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let downloader = Peer::start_in(downloader.stop().await, None, keep).await;
    assert!(downloader.transfer(&link).is_none());
    assert_eq!(std::fs::read_dir(downloader.downloads()).unwrap().count(), 0);
}

#[tokio::test]
async fn in_sequence_the_beginning_of_a_file_is_there_first_also_after_a_restart() {
    let mut seeder = Peer::start(None, slow).await;
    let data = noise(40 * CHUNK, 60);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let kept = |config: &mut sprat_peer::EngineConfig| {
        config.restore = true;
        // One chunk after another.
        config.limits.window_bytes = 2 * CHUNK as u64;
    };
    let downloader = Peer::start(None, kept).await;
    downloader.fetch(link.clone()).await;
    downloader.engine.send(Command::SetSequential { file_id: link.file_id, sequential: true }).await;
    let chunks_done = |s: &sprat_api::Snapshot| s.transfers.first().map_or(0, |t| t.chunks_done as usize);
    downloader.until(|snapshot| (chunks_done(snapshot) >= 4).then_some(())).await;
    let dir = downloader.stop().await;
    let mut downloader = Peer::start_in(dir, None, kept).await;
    assert!(downloader.until(|snapshot| Some(snapshot.transfers.first()?.sequential)).await);
    let done = downloader.until(|s| (chunks_done(s) >= 16 && chunks_done(s) < 40).then_some(chunks_done(s))).await;
    let part = std::fs::read(downloader.downloads().join("a.bin.part")).unwrap();
    // The last chunk is one of those that are done, and one more may be on its way.
    let beginning = (done - 2) * CHUNK;
    assert!(part[..beginning] == data[..beginning], "{done} chunks");
    let path = downloader.completed(&link).await;
    assert!(std::fs::read(path).unwrap() == data);
}

#[tokio::test]
async fn a_tracker_that_says_nothing_delays_no_other() {
    let tracker = Tracker::start().await;
    // Connections to it come up, and that is all.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap()).parse().unwrap();
    let mut seeder = Peer::start(None, |_| {}).await;
    let link = sprat_protocol::Link::new(seeder.share_bytes("a.bin", &noise(CHUNK, 61)).await.file_id);
    let mut downloader = Peer::start(Some(&tracker), |config| config.trackers.insert(0, silent_url)).await;
    let start = Instant::now();
    downloader.fetch(link.clone()).await;
    // The first to ask the tracker finds nobody: it has to be asked again.
    downloader.until(|s| s.trackers.iter().any(|t| t.state == TrackerState::Online).then_some(())).await;
    seeder.engine.send(Command::SetTrackers(vec![tracker.url.clone()])).await;
    downloader.completed(&link).await;
    // A tracker has 15 seconds to answer.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_peer_is_found_by_a_name_of_which_not_every_address_leads_there() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let mut link = sprat_protocol::Link::new(seeder.share_bytes("a.bin", &noise(CHUNK, 62)).await.file_id);
    // It listens on 127.0.0.1; the name stands for ::1 too on most machines.
    link.peers.push(format!("localhost:{}", seeder.engine.snapshot().listen.port()).parse().unwrap());
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.completed(&link).await;
}

#[tokio::test]
async fn a_check_changes_nothing_but_what_it_finds() {
    let mut sharer = Peer::start(None, |_| {}).await;
    let first = sharer.share_bytes("a.bin", &noise(300 * CHUNK, 60)).await;
    let second = sharer.share_bytes("b.bin", &noise(CHUNK, 61)).await;
    let state = |place: usize, state: TransferState| {
        move |s: &sprat_api::Snapshot| (s.transfers.get(place)?.state == state).then_some(())
    };
    // One that is paused stays so.
    sharer.engine.send(Command::Pause(second.file_id)).await;
    sharer.engine.send(Command::Check(second.file_id)).await;
    sharer.event(|event| matches!(event, Event::Shared { .. }).then_some(())).await;
    sharer.until(state(1, TransferState::Paused)).await;
    sharer.engine.send(Command::Resume(second.file_id)).await;
    sharer.until(state(1, TransferState::Sharing)).await;
    // One that is cancelled, before or after it began, has found nothing.
    for link in [&first, &second] {
        sharer.engine.send(Command::Check(link.file_id)).await;
    }
    for name in ["b.bin", "a.bin"] {
        sharer.engine.send(Command::CancelShare(sharer.dir.path().join(name))).await;
    }
    sharer.until(state(0, TransferState::Sharing)).await;
    sharer.until(state(1, TransferState::Sharing)).await;
    // One that is removed meanwhile stays removed.
    sharer.engine.send(Command::Check(first.file_id)).await;
    sharer.engine.send(Command::Remove { file_id: first.file_id, delete_data: false }).await;
    sharer.engine.send(Command::Check(second.file_id)).await;
    sharer.event(|event| matches!(event, Event::Shared { .. }).then_some(())).await;
    sharer.until(state(0, TransferState::Sharing)).await;
    assert_eq!(sharer.engine.snapshot().transfers.len(), 1);
}
