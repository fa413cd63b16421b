//! State directory and part files of an old release, taken over. `tests/fixtures/old_state/README.md` says what is in them.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sprat_api::{Command, TransferState, Trouble};
use sprat_peer::{EngineConfig, TokenFile, Tokens};
use sprat_protocol::Link;
use sprat_tests::swarm::{Peer, only_peer};
use tempfile::TempDir;

use super::{KIB, tree};

/// Peer ID of the old engine, as it told it.
const PEER_ID: &str = "equztg7sebnrk4d3dwhe66uc4ydox4n2c7245nubuxjkeugfgepa";
/// Peer that had sent the old engine a bad chunk.
const BANNED: &str = "bl2nny6brhdzm76wyb65mc2uxv6uknvho3zobkkkd6nrvsgbap2a";
/// Bytes that the old engine had verified of each unfinished download.
const VERIFIED: [(&str, u64); 3] = [("half.bin", 3_284_992), ("album", 352_261), ("paused.bin", 454_656)];

/// Content by name: blocks of 64 KiB, each a word of 16 letters again and again.
fn content(name: &str, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in 0..len.div_ceil(64 * KIB) {
        let word = format!("{name:.<12.12}{block:04}");
        let end = len.min((block + 1) * 64 * KIB);
        bytes.extend(word.bytes().cycle().take(end - bytes.len()));
    }
    bytes
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn write_content(path: &Path, len: usize) {
    write(path, &content(path.file_name().unwrap().to_str().unwrap(), len));
}

/// Folder that the old engine was fetching.
fn album(root: &Path) {
    (0..4).for_each(|n| write_content(&root.join(format!("small {n}")), 10 * KIB + n));
    (0..5).for_each(|n| write_content(&root.join(format!("below/large {n}")), 300 * KIB + n));
}

/// Folder that the old engine shared.
fn book(root: &Path) {
    (0..4).for_each(|n| write_content(&root.join(format!("page {n}")), 10 * KIB + n));
    write_content(&root.join("below/picture"), 300 * KIB);
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/old_state")
}

/// Writes out all that the old engine left, as if it had known a seeder at this address.
fn old_state(seeder: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = serde_json::to_string(dir.path()).unwrap();
    let until = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_secs(1800);
    for (below, bytes) in tree(&fixture()) {
        let Some(bytes) = bytes else { continue };
        let text = String::from_utf8(bytes).unwrap();
        let text = text.replace("{ROOT}", root.trim_matches('"')).replace("{SEEDER}", seeder);
        let text = text.replace("\"{UNTIL}\"", &until.as_secs().to_string());
        match below.to_str().unwrap() {
            "README.md" => {}
            "other.txt" => write_others(dir.path(), &text),
            _ => write(&dir.path().join(below), text.as_bytes()),
        }
    }
    dir
}

fn write_others(root: &Path, text: &str) {
    let mut file: Option<(PathBuf, SystemTime, Vec<u8>)> = None;
    for line in text.lines().chain(["file 0 0 "]) {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        if words[0] != "file" {
            let (at, len) = (words[0].parse::<usize>().unwrap(), words[1].parse::<usize>().unwrap());
            let hex = |at: usize| u8::from_str_radix(&words[2][at..at + 2], 16).unwrap();
            let repeated: Vec<u8> = (0..words[2].len()).step_by(2).map(hex).collect();
            let bytes = &mut file.as_mut().unwrap().2[at..at + len];
            bytes.iter_mut().zip(repeated.into_iter().cycle()).for_each(|(byte, to)| *byte = to);
            continue;
        }
        if let Some((path, modified, bytes)) = file.take() {
            write(&path, &bytes);
            File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
        }
        let modified = SystemTime::UNIX_EPOCH + Duration::from_nanos(words[2].parse().unwrap());
        file = Some((root.join(words[3]), modified, vec![0; words[1].parse().unwrap()]));
    }
}

fn restore(config: &mut EngineConfig) {
    config.restore = true;
}

fn link_of(peer: &Peer, name: &str) -> Link {
    let snapshot = peer.engine.snapshot();
    snapshot.transfers.iter().find(|transfer| transfer.name == name).expect("it is in the list").link.clone()
}

/// Waits until nothing is looked at any more, and gives the state of a transfer.
async fn looked_at(peer: &Peer, name: &str) -> TransferState {
    peer.until(|snapshot| {
        let transfer = snapshot.transfers.iter().find(|transfer| transfer.name == name)?;
        (transfer.state != TransferState::Checking).then(|| transfer.state.clone())
    })
    .await
}

#[tokio::test]
async fn what_an_old_release_left_is_taken_over() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let from = seeder.dir.path().to_owned();
    album(&from.join("album"));
    write_content(&from.join("half.bin"), 5000 * KIB);
    write_content(&from.join("paused.bin"), 700 * KIB);
    let mut links = Vec::new();
    for (name, verified) in VERIFIED {
        links.push((only_peer(&seeder.share(&from.join(name)).await), verified));
    }
    let dir = old_state(&links[0].0.peers[0].to_string());
    let peer = Peer::start_in(dir, None, restore).await;
    assert_eq!(peer.engine.snapshot().peer_id.to_string(), PEER_ID);
    peer.until(|snapshot| (snapshot.transfers.len() == 5).then_some(())).await;

    // Shares are served.
    let mut other = Peer::start(None, |_| {}).await;
    book(&from.join("book"));
    write_content(&from.join("shared.bin"), 300 * KIB);
    for name in ["shared.bin", "book"] {
        assert_eq!(looked_at(&peer, name).await, TransferState::Sharing);
        let link = only_peer(&link_of(&peer, name));
        other.fetch(link.clone()).await;
        assert!(tree_or_file(&other.completed(&link).await) == tree_or_file(&from.join(name)));
    }

    // Downloads go on from what was verified, and the paused one when it is told to.
    let [half, album, paused] = &links[..] else { panic!("there are three") };
    for (link, verified) in [half, album] {
        complete(&peer, link, *verified, &from).await;
    }
    assert_eq!(peer.transfer(&paused.0).unwrap().state, TransferState::Paused);
    peer.engine.send(Command::Resume(paused.0.file_id)).await;
    complete(&peer, &paused.0, paused.1, &from).await;
    assert_eq!(fs::read_dir(peer.downloads()).unwrap().count(), 3, "nothing is left beside them");
    assert_eq!(peer.engine.snapshot().transfers.len(), 5);

    let dir = peer.stop().await;
    assert!(fs::read_to_string(dir.path().join("state/bans.json")).unwrap().contains(BANNED));
    let tokens = TokenFile::at(dir.path().join("config/tokens.toml")).load().unwrap();
    assert_ne!(tokens, Tokens::default());
}

/// Waits until a download is complete and right, and was not fetched from its beginning.
async fn complete(peer: &Peer, link: &Link, verified: u64, from: &Path) {
    let transfer = peer
        .until(|snapshot| {
            let transfer = snapshot.transfers.iter().find(|transfer| transfer.file_id == link.file_id)?;
            (transfer.state == TransferState::Sharing).then(|| transfer.clone())
        })
        .await;
    assert!(tree_or_file(&transfer.path) == tree_or_file(&from.join(&transfer.name)), "{}", transfer.name);
    let left = transfer.size.unwrap() - verified;
    assert!(transfer.downloaded <= left, "{}: {} bytes of {left}", transfer.name, transfer.downloaded);
}

fn tree_or_file(path: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    if path.is_dir() { tree(path).into_iter().collect() } else { vec![(PathBuf::new(), Some(fs::read(path).unwrap()))] }
}

/// Files that only look as they did are believed, so nothing was hashed. Without the hashes that were kept, they are found out.
#[tokio::test]
async fn what_an_old_release_shared_is_not_hashed_again() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let seeder = nobody.local_addr().unwrap().to_string();
    for has_hashes in [true, false] {
        let dir = old_state(&seeder);
        for name in ["shared.bin", "book/below/picture"] {
            let path = dir.path().join("mine").join(name);
            let metadata = fs::metadata(&path).unwrap();
            fs::write(&path, vec![1; metadata.len() as usize]).unwrap();
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(metadata.modified().unwrap()).unwrap();
        }
        if !has_hashes {
            fs::remove_dir_all(dir.path().join("state/hashes")).unwrap();
        }
        let peer = Peer::start_in(dir, None, restore).await;
        for name in ["shared.bin", "book"] {
            let state = looked_at(&peer, name).await;
            let is_changed = matches!(state, TransferState::Stopped(Trouble::SourceChanged { .. }));
            assert!(if has_hashes { state == TransferState::Sharing } else { is_changed }, "{name}: {state:?}");
        }
    }
}
