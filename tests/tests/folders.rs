//! Folders, shared and fetched as one ID; and what an old release left of them.

#[path = "folders/old_state.rs"]
mod old_state;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sprat_api::{Command, Event, Priority, TransferState, Trouble};
use sprat_protocol::Link;
use sprat_tests::files::noise;
use sprat_tests::swarm::{Peer, Tracker, only_peer};

const KIB: usize = 1024;

/// Everything below a folder: the bytes of files, nothing for folders.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let below = path.strip_prefix(root).unwrap().to_owned();
            if path.is_dir() {
                found.insert(below, None);
                waiting.push(path);
            } else {
                found.insert(below, Some(fs::read(path).unwrap()));
            }
        }
    }
    found
}

/// A folder with something of everything.
fn folder(root: &Path) {
    let files: [(&str, usize); 9] = [
        ("empty", 0),
        ("one", 1),
        ("below/small", 100 * KIB),
        ("below/deep/er/large", 900 * KIB + 3),
        ("below/ünïcödé 文件 📄", 128 * KIB),
        ("below/same as large", 900 * KIB + 3),
        ("chunk", 256 * KIB),
        ("chunk.part", 256 * KIB + 1),
        ("progress", 5),
    ];
    for (name, len) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, noise(len, len as u64)).unwrap();
    }
    for n in 0..300 {
        fs::create_dir_all(root.join(format!("many/{}", n % 7))).unwrap();
        fs::write(root.join(format!("many/{}/{n}", n % 7)), noise(n * 11, n as u64)).unwrap();
    }
    fs::create_dir_all(root.join("nothing/in here")).unwrap();
}

#[tokio::test]
async fn a_folder_arrives_as_it_is() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), |_| {}).await;
    let source = seeder.dir.path().join("photos 2026");
    folder(&source);
    let link = seeder.share(&source).await;
    let shared = seeder.transfer(&link).unwrap();
    assert_eq!((shared.files, shared.state.clone()), (Some(309), TransferState::Sharing));
    let mut downloader = Peer::start(Some(&tracker), |_| {}).await;
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    assert_eq!(path, downloader.downloads().join("photos 2026"));
    assert!(tree(&path) == tree(&source));
    assert_eq!(fs::read_dir(downloader.downloads()).unwrap().count(), 1, "nothing is left beside it");
    let transfer = downloader.transfer(&link).unwrap();
    assert_eq!((transfer.verified, transfer.size), (shared.size.unwrap(), shared.size));
    assert_eq!(transfer.chunks_done, transfer.num_chunks);
    // Who has fetched it gives it to others, alone.
    seeder.stop().await;
    let mut third = Peer::start(Some(&tracker), |_| {}).await;
    third.fetch(link.clone()).await;
    let path = third.completed(&link).await;
    assert!(tree(&path) == tree(&downloader.downloads().join("photos 2026")));
    // Again, where it is already: nothing is fetched.
    downloader.until(|s| (s.transfers.first()?.uploaded > 0).then_some(())).await;
    let dir = third.stop().await;
    let mut again = Peer::start_in(dir, Some(&tracker), |_| {}).await;
    again.fetch(link.clone()).await;
    assert_eq!(again.completed(&link).await, path);
    let transfer = again.transfer(&link).unwrap();
    assert_eq!((transfer.verified, transfer.state.clone()), (transfer.size.unwrap(), TransferState::Sharing));
    assert_eq!(fs::read_dir(again.downloads()).unwrap().count(), 1, "nothing is left beside it");
    // And where this engine knows nothing of it.
    let dir = again.stop().await;
    fs::remove_dir_all(dir.path().join("state")).unwrap();
    let mut stranger = Peer::start_in(dir, Some(&tracker), |_| {}).await;
    stranger.fetch(link.clone()).await;
    assert_eq!(stranger.completed(&link).await, path);
    assert_eq!(fs::read_dir(stranger.downloads()).unwrap().count(), 1, "nothing is left beside it");
}

#[tokio::test]
async fn a_folder_from_the_network_is_never_hidden_and_what_is_in_it_may_be() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let source = seeder.dir.path().join(".ssh");
    fs::create_dir_all(source.join(".config")).unwrap();
    fs::write(source.join("authorized_keys"), "mine").unwrap();
    fs::write(source.join(".config/.gitignore"), "*").unwrap();
    let link = only_peer(&seeder.share(&source).await);
    for name in [link.name.clone(), None] {
        let mut downloader = Peer::start(None, |_| {}).await;
        let link = Link { name, ..link.clone() };
        downloader.fetch(link.clone()).await;
        let path = downloader.completed(&link).await;
        assert_eq!(path, downloader.downloads().join("_ssh"), "{:?}", link.name);
        assert!(tree(&path) == tree(&source));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_in_a_folder_are_left_out() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let source = seeder.dir.path().join("a");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("file"), "mine").unwrap();
    std::os::unix::fs::symlink("/etc", source.join("dir")).unwrap();
    std::os::unix::fs::symlink(source.join("file"), source.join("link")).unwrap();
    let link = only_peer(&seeder.share(&source).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    assert_eq!(tree(&path).into_keys().collect::<Vec<_>>(), [PathBuf::from("file")]);
}

#[tokio::test]
async fn a_folder_that_is_stopped_goes_on_where_it_was_also_after_a_restart() {
    let slow = |config: &mut sprat_peer::EngineConfig| config.limits.upload_rate = std::num::NonZeroU32::new(2 << 20);
    let mut seeder = Peer::start(None, slow).await;
    let source = seeder.dir.path().join("a");
    folder(&source);
    let link = only_peer(&seeder.share(&source).await);
    let keep = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let downloader = Peer::start(None, keep).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.chunks_done > 5).then_some(())).await;
    downloader.engine.send(Command::Pause(link.file_id)).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
    let dir = downloader.stop().await;
    assert!(dir.path().join("downloads/a.part/files").is_dir());
    let mut downloader = Peer::start_in(dir, None, keep).await;
    downloader.engine.send(Command::Resume(link.file_id)).await;
    let path = downloader.completed(&link).await;
    assert!(tree(&path) == tree(&source));
    let transfer = downloader.transfer(&link).unwrap();
    let size = transfer.size.unwrap();
    assert!(transfer.downloaded < size, "{} of {size} fetched by the second run alone", transfer.downloaded);
    // And as a share after another one: nothing is hashed or fetched.
    let dir = downloader.stop().await;
    let downloader = Peer::start_in(dir, None, keep).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Sharing).then_some(())).await;
    assert!(downloader.engine.snapshot().hashing.is_empty());
    let mut third = Peer::start(None, |_| {}).await;
    seeder.stop().await;
    let mine = downloader.transfer(&link).unwrap().link.clone();
    third.fetch(only_peer(&mine)).await;
    assert!(tree(&third.completed(&link).await) == tree(&path));
}

#[tokio::test]
async fn a_folder_in_which_something_changes_is_no_longer_served() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let source = seeder.dir.path().join("a");
    folder(&source);
    let link = only_peer(&seeder.share(&source).await);
    fs::write(source.join("below/small"), noise(100 * KIB, 1)).unwrap();
    let downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    let trouble = seeder.event(|event| match event {
        Event::Stopped { trouble, .. } => Some(trouble),
        _ => None,
    });
    assert_eq!(trouble.await, Trouble::SourceChanged { path: source.join("below/small") });
}

#[tokio::test]
async fn a_removed_folder_leaves_only_what_somebody_changed() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let source = seeder.dir.path().join("a");
    folder(&source);
    let link = only_peer(&seeder.share(&source).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    fs::write(path.join("below/mine"), "new").unwrap();
    fs::write(path.join("one"), "changed").unwrap();
    downloader.engine.send(Command::Remove { file_id: link.file_id, delete_data: true }).await;
    downloader.event(|event| matches!(event, Event::Removed(_)).then_some(())).await;
    let downloads = downloader.downloads();
    let _dir = downloader.stop().await;
    let left: Vec<PathBuf> = tree(&downloads).into_keys().collect();
    assert_eq!(left, ["a", "a/below", "a/below/mine", "a/one"].map(PathBuf::from));
    assert!(source.join("one").exists(), "what was only shared is never deleted");
}

#[tokio::test]
async fn leechers_of_a_folder_give_each_other_its_parts() {
    let tracker = Tracker::start().await;
    let slow = |config: &mut sprat_peer::EngineConfig| config.limits.upload_rate = std::num::NonZeroU32::new(1 << 20);
    let mut seeder = Peer::start(Some(&tracker), slow).await;
    let source = seeder.dir.path().join("a");
    fs::create_dir(&source).unwrap();
    for n in 0..4u8 {
        fs::write(source.join(format!("{n}")), noise(1200 * KIB, u64::from(n))).unwrap();
    }
    let link = seeder.share(&source).await;
    let (mut crowd, seeder_id) = (Vec::new(), seeder.engine.snapshot().peer_id);
    for _ in 0..3 {
        let peer = Peer::start(Some(&tracker), |_| {}).await;
        peer.fetch(link.clone()).await;
        crowd.push(peer);
    }
    for peer in &mut crowd {
        let path = peer.completed(&link).await;
        assert!(tree(&path) == tree(&source));
    }
    let seeders = crowd.iter().map(|peer| {
        let sources = peer.transfer(&link).unwrap().peers.clone();
        sources.iter().filter(|source| source.peer_id == seeder_id).map(|source| source.bytes_down).sum::<u64>()
    });
    let (from_seeder, size) = (seeders.sum::<u64>(), seeder.transfer(&link).unwrap().size.unwrap());
    assert!(from_seeder < 5 * size / 2, "{from_seeder} of {} came from the seeder", 3 * size);
}

#[tokio::test]
async fn a_folder_whose_list_was_fetched_in_two_runs_arrives() {
    let slow = |config: &mut sprat_peer::EngineConfig| config.limits.upload_rate = std::num::NonZeroU32::new(1 << 18);
    let mut seeder = Peer::start(None, slow).await;
    let source = seeder.dir.path().join("a");
    fs::create_dir(&source).unwrap();
    for n in 0..6000 {
        fs::write(source.join(format!("{n}")), n.to_string()).unwrap();
    }
    let link = only_peer(&seeder.share(&source).await);
    let keep = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let downloader = Peer::start(None, keep).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|s| (s.transfers.first()?.verified > 0).then_some(())).await;
    let dir = downloader.stop().await;
    assert!(dir.path().join("downloads/a.part").is_file(), "the list is not here yet");
    seeder.engine.send(Command::SetRates { up: None, down: None }).await;
    let mut downloader = Peer::start_in(dir, None, keep).await;
    let path = downloader.completed(&link).await;
    assert!(tree(&path) == tree(&source));
    assert_eq!(fs::read_dir(downloader.downloads()).unwrap().count(), 1, "nothing is left beside it");
}

#[tokio::test]
async fn a_file_alone_and_in_folders_is_served_for_each_of_them() {
    let keep = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let mut seeder = Peer::start(None, keep).await;
    let root = seeder.dir.path().to_owned();
    let large = noise(600 * KIB, 7);
    for name in ["a", "b"] {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join("large"), &large).unwrap();
        fs::write(root.join(name).join("small"), name).unwrap();
    }
    let first = only_peer(&seeder.share(&root.join("a")).await);
    let second = only_peer(&seeder.share(&root.join("b")).await);
    let alone = only_peer(&seeder.share(&root.join("a/large")).await);
    // None of them takes anything from the others when it goes.
    for (gone, left) in [(&first, vec![&second, &alone]), (&alone, vec![&second])] {
        seeder.engine.send(Command::Remove { file_id: gone.file_id, delete_data: false }).await;
        seeder.event(|event| matches!(event, Event::Removed(_)).then_some(())).await;
        for link in left {
            let mut third = Peer::start(None, |_| {}).await;
            third.fetch(link.clone()).await;
            third.completed(link).await;
        }
    }
    let seeder = Peer::start_in(seeder.stop().await, None, keep).await;
    let link = seeder.until(|s| Some(s.transfers.first()?.link.clone())).await;
    let mut third = Peer::start(None, |_| {}).await;
    third.fetch(only_peer(&link)).await;
    assert!(tree(&third.completed(&second).await) == tree(&root.join("b")));
}

#[tokio::test]
async fn a_file_is_still_shared_alone_after_its_folder_came() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), |_| {}).await;
    let source = seeder.dir.path().join("a");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("large"), noise(600 * KIB, 8)).unwrap();
    let alone = seeder.share(&source.join("large")).await;
    let folder = seeder.share(&source).await;
    let mut downloader = Peer::start(Some(&tracker), |_| {}).await;
    downloader.fetch(alone.clone()).await;
    downloader.completed(&alone).await;
    downloader.fetch(folder.clone()).await;
    downloader.completed(&folder).await;
    downloader.engine.send(Command::Remove { file_id: folder.file_id, delete_data: true }).await;
    downloader.event(|event| matches!(event, Event::Removed(_)).then_some(())).await;
    seeder.stop().await;
    let mut third = Peer::start(Some(&tracker), |_| {}).await;
    third.fetch(alone.clone()).await;
    third.completed(&alone).await;
}

#[tokio::test]
async fn a_file_that_is_fetched_alone_while_its_folder_is_fetched_arrives_twice() {
    let slow = |config: &mut sprat_peer::EngineConfig| config.limits.upload_rate = std::num::NonZeroU32::new(4 << 20);
    let mut seeder = Peer::start(None, slow).await;
    let source = seeder.dir.path().join("a");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("large"), noise(3000 * KIB, 9)).unwrap();
    let alone = only_peer(&seeder.share(&source.join("large")).await);
    let folder = only_peer(&seeder.share(&source).await);
    for first in [&folder, &alone] {
        let mut downloader = Peer::start(None, |_| {}).await;
        downloader.fetch(first.clone()).await;
        downloader
            .until(|s| (s.transfers.first()?.chunks_done > 1 && s.transfers[0].verified > 300_000).then_some(()))
            .await;
        downloader.fetch(if first == &folder { alone.clone() } else { folder.clone() }).await;
        for _ in 0..2 {
            downloader.event(|event| matches!(event, Event::Completed { .. }).then_some(())).await;
        }
        assert!(tree(&downloader.downloads().join("a")) == tree(&source));
        assert!(fs::read(downloader.downloads().join("large")).unwrap() == noise(3000 * KIB, 9));
    }
}

#[tokio::test]
async fn a_folder_on_a_volume_that_is_away_is_not_forgotten() {
    let keep = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let mut seeder = Peer::start(None, keep).await;
    let source = seeder.dir.path().join("a");
    folder(&source);
    let link = only_peer(&seeder.share(&source).await);
    let dir = seeder.stop().await;
    let away = dir.path().join("away");
    fs::rename(&source, &away).unwrap();
    let seeder = Peer::start_in(dir, None, keep).await;
    let state = |s: &sprat_api::Snapshot| Some(s.transfers.first()?.state.clone());
    let stopped = TransferState::Stopped(Trouble::SourceChanged { path: source.clone() });
    seeder.until(|s| (state(s)? == stopped).then_some(())).await;
    let seeder = Peer::start_in(seeder.stop().await, None, keep).await;
    seeder.until(|s| (state(s)? == stopped).then_some(())).await;
    // Once it is back it is shared by itself.
    fs::rename(&away, &source).unwrap();
    seeder.until(|s| (state(s)? == TransferState::Sharing).then_some(())).await;
    let mut third = Peer::start(None, |_| {}).await;
    third.fetch(only_peer(&seeder.transfer(&link).unwrap().link.clone())).await;
    assert!(tree(&third.completed(&link).await) == tree(&source));
}

/// Twelve files, 10 to 21, of which a downloader that has nobody to fetch from yet wants the last first and four not at all.
async fn choosy(configure: impl FnOnce(&mut sprat_peer::EngineConfig)) -> (Peer, Peer, Link) {
    let slow = |config: &mut sprat_peer::EngineConfig| config.limits.upload_rate = std::num::NonZeroU32::new(4 << 20);
    let mut seeder = Peer::start(None, slow).await;
    let source = seeder.dir.path().join("a");
    fs::create_dir(&source).unwrap();
    for n in 10..22u8 {
        fs::write(source.join(format!("{n}")), noise(512 * KIB, u64::from(n))).unwrap();
    }
    let link = only_peer(&seeder.share(&source).await);
    let file_id = link.file_id;
    seeder.engine.send(Command::Pause(file_id)).await;
    seeder.until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
    let downloader = Peer::start(None, configure).await;
    downloader.fetch(link.clone()).await;
    for (files, priority) in [(vec![0, 1, 2, 3], Priority::Off), (vec![11], Priority::High)] {
        downloader.engine.send(Command::SetPriorities { file_id, files, priority }).await;
    }
    // What was sent before this is carried out before it.
    let elsewhere = downloader.dir.path().join("elsewhere");
    downloader.engine.send(Command::SetDownloadDir(elsewhere.clone())).await;
    downloader.until(|s| (s.download_dir == elsewhere).then_some(())).await;
    seeder.engine.send(Command::Resume(file_id)).await;
    (seeder, downloader, link)
}

fn names(path: &Path) -> Vec<String> {
    tree(path).into_keys().map(|name| name.display().to_string()).collect()
}

#[tokio::test]
async fn what_is_wanted_first_comes_first_and_what_is_not_wanted_not_at_all() {
    let (_seeder, mut downloader, link) = choosy(|_| {}).await;
    let path = downloader.completed(&link).await;
    assert_eq!(names(&path), ["14", "15", "16", "17", "18", "19", "20", "21"]);
    let written = |n: u8| fs::metadata(path.join(n.to_string())).unwrap().modified().unwrap();
    assert!((14..21).any(|n| written(21) < written(n)), "it was to come first and came last");
    assert_eq!(downloader.transfer(&link).unwrap().size, Some(4 << 20));
}

#[tokio::test]
async fn what_is_not_wanted_is_not_after_a_restart_either() {
    let keep = |config: &mut sprat_peer::EngineConfig| config.restore = true;
    let (_seeder, downloader, link) = choosy(keep).await;
    downloader.until(|s| (s.transfers.first()?.size == Some(4 << 20)).then_some(())).await;
    let mut downloader = Peer::start_in(downloader.stop().await, None, keep).await;
    let path = downloader.completed(&link).await;
    assert_eq!(names(&path), ["14", "15", "16", "17", "18", "19", "20", "21"]);
}
