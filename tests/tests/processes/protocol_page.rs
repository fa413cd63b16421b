//! docs/protocol.md is true: its test vectors are those of the crates, and `tests/python/fetch.py`, which does as
//! the page says and shares no code with the program, fetches from that and takes nothing wrong from peers that lie.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sprat_chunking::{Bitfield, ChunkHashes, ChunkSize, FileDigest, FileId, Layout, split};
use sprat_protocol::collection::Part;
use sprat_protocol::tracker::Signature;
use sprat_protocol::wire::{self, Message};
use sprat_protocol::{Collection, Identity, Link, PeerAddr, PeerId, tls};
use sprat_tests::files::{noise, same};
use sprat_tests::liar::{Liar, Lie};
use sprat_tests::process::{Tracker, share};
use tokio_rustls::rustls::pki_types::CertificateDer;
use url::Url;

/// Variable with which the tests of fetch.py fail where it cannot run; otherwise they are skipped.
const REQUIRED: &str = "SPRAT_REQUIRE_PYTHON";
/// Program that says by its exit status whether fetch.py can run.
const CAN_RUN: &str = "import ctypes; ctypes.CDLL('libgnutls.so.30').gnutls_certificate_set_rawpk_key_mem";
const CHUNK: usize = 256 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn page() -> PathBuf {
    root().join("docs/protocol.md")
}

/// Test vectors of one kind, as the page has them.
fn vectors(kind: &str) -> Vec<Value> {
    let page = fs::read_to_string(page()).unwrap();
    let block = page.split_once("```json vectors\n").expect("the page has vectors").1;
    let block = block.split_once("\n```").expect("the block ends").0;
    let all: Value = serde_json::from_str(block).unwrap();
    let vectors = all[kind].as_array().expect("there is such a kind").clone();
    assert!(!vectors.is_empty(), "{kind}");
    vectors
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("no {field} in {vector}"))
}

fn number(vector: &Value, field: &str) -> u32 {
    vector[field].as_u64().and_then(|number| number.try_into().ok()).unwrap_or_else(|| panic!("no {field} in {vector}"))
}

fn strings(vector: &Value, field: &str) -> Vec<String> {
    serde_json::from_value(vector[field].clone()).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn identity(vector: &Value) -> Identity {
    Identity::from_seed(bytes(text(vector, "seed")).try_into().unwrap())
}

/// Content of the files that the vectors give by their length.
fn content(vector: &Value) -> Vec<u8> {
    (0..number(vector, "length") as usize).map(|i| (31 * i + i / 251) as u8).collect()
}

fn digest(data: &[u8], chunk_size: ChunkSize) -> FileDigest {
    split(data, Layout::new(data.len() as u64, chunk_size).unwrap(), |_, _| ControlFlow::Continue(())).unwrap()
}

#[test]
fn the_pages_hashes_are_those_of_the_program() {
    for vector in vectors("trees") {
        for chunk_size in [ChunkSize::MIN, ChunkSize::DEFAULT, ChunkSize::MAX] {
            let file_id = digest(&content(&vector), chunk_size).file_id();
            assert_eq!(file_id.to_string(), text(&vector, "file_id"), "{vector}");
        }
    }
    for vector in vectors("hash_lists") {
        let chunk_size = ChunkSize::new(number(&vector, "chunk_size")).unwrap();
        let digest = digest(&content(&vector), chunk_size);
        let payload = bytes(text(&vector, "payload"));
        assert_eq!(digest.hashes.to_bytes(), payload, "{vector}");
        assert_eq!(ChunkHashes::verify(digest.file_id(), chunk_size, &payload), Ok(digest.hashes));
    }
    for vector in vectors("bitfields") {
        let num_chunks = number(&vector, "num_chunks");
        let len = u64::from(num_chunks) * u64::from(ChunkSize::MIN.bytes());
        let (layout, mut bits) = (Layout::new(len, ChunkSize::MIN).unwrap(), Bitfield::empty(num_chunks));
        for chunk in vector["chunks"].as_array().unwrap() {
            bits.insert(layout.index(chunk.as_u64().unwrap() as u32).unwrap());
        }
        assert_eq!(hex(bits.as_bytes()), text(&vector, "payload"), "{vector}");
    }
}

#[test]
fn the_pages_messages_are_those_of_the_program() {
    for vector in vectors("messages") {
        let header = vector.as_str().unwrap();
        let message: Message = serde_json::from_str(header).unwrap();
        assert_ne!(message, Message::Unknown, "{header}");
        assert_eq!(serde_json::to_string(&message).unwrap(), header);
    }
    for vector in vectors("frames") {
        let (header, payload) = (text(&vector, "header"), bytes(text(&vector, "payload")));
        let message: Message = serde_json::from_str(header).unwrap();
        let mut frame = Vec::new();
        wire::encode(&message, payload.len(), &mut frame);
        frame.extend(&payload);
        assert_eq!(hex(&frame), text(&vector, "frame"), "{vector}");
        let decoded = wire::decode(&frame).unwrap().expect("all of it is there");
        assert_eq!((decoded.message, decoded.payload_len), (message, payload.len()));
    }
    for vector in vectors("signatures") {
        let signature = Signature::new(&identity(&vector), text(&vector, "body").as_bytes());
        assert_eq!(signature.to_string(), text(&vector, "signature"));
    }
}

#[test]
fn the_pages_peers_and_links_are_those_of_the_program() {
    for vector in vectors("peers") {
        let peer_id = identity(&vector).peer_id();
        assert_eq!(hex(peer_id.as_bytes()), text(&vector, "public_key"));
        assert_eq!(text(&vector, "text").parse::<PeerId>(), Ok(peer_id));
        assert_eq!(peer_id.to_string(), text(&vector, "text"));
        let spki = CertificateDer::from(bytes(text(&vector, "spki")));
        assert_eq!(tls::peer_of(Some(&[spki])), Some(peer_id));
    }
    for vector in vectors("links") {
        let link: Link = text(&vector, "link").parse().unwrap();
        let trackers: Vec<Url> = strings(&vector, "trackers").iter().map(|url| url.parse().unwrap()).collect();
        let peers: Vec<PeerAddr> = strings(&vector, "peers").iter().map(|peer| peer.parse().unwrap()).collect();
        assert_eq!(link.file_id.to_string(), text(&vector, "file_id"));
        assert_eq!((link.name.as_deref(), link.size), (vector["name"].as_str(), vector["size"].as_u64()));
        assert_eq!((&link.trackers, &link.peers), (&trackers, &peers));
        assert_eq!(link.to_string(), text(&vector, "link"));
    }
}

#[test]
fn the_pages_lists_are_those_of_the_program() {
    for vector in vectors("lists") {
        let list = text(&vector, "list");
        let folder_id = digest(list.as_bytes(), ChunkSize::DEFAULT).file_id();
        assert_eq!(folder_id.to_string(), text(&vector, "folder_id"));
        let collection = Collection::parse(list.as_bytes()).unwrap();
        let parts = collection.parts();
        let found: Vec<(FileId, u64, &[usize])> =
            parts.iter().map(|part| (collection.id_of(part), collection.len_of(part), Part::files(part))).collect();
        let listed: Vec<(FileId, u64, Vec<usize>)> = vector["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| {
                let files = serde_json::from_value(part["files"].clone()).unwrap();
                (text(part, "file_id").parse().unwrap(), part["size"].as_u64().unwrap(), files)
            })
            .collect();
        let listed: Vec<(FileId, u64, &[usize])> =
            listed.iter().map(|(id, size, files)| (*id, *size, files.as_slice())).collect();
        assert_eq!(found, listed);
        assert_eq!(collection.to_bytes().unwrap(), list.as_bytes(), "sharers write it so");
    }
}

/// Returns whether fetch.py can run here.
///
/// # Panics
/// If it cannot, and has to.
fn can_fetch() -> bool {
    let tried = Command::new("python3").args(["-c", CAN_RUN]).output();
    let can = tried.is_ok_and(|ended| ended.status.success());
    if !can {
        let missing = "python3 or GnuTLS 3.6.6 is not installed: install python3 and libgnutls30";
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and {missing}");
        eprintln!("skipped: {missing}");
    }
    can
}

fn python<S: AsRef<OsStr>>(script: &str, arguments: impl IntoIterator<Item = S>) -> Output {
    let script = root().join("tests/python").join(script);
    // Nothing is written beside the scripts.
    let mut command = Command::new("python3");
    command.arg("-B").arg(script).args(arguments).output().expect("python3 can be started")
}

fn fetch(link: &str, output: &Path, more: &[&str]) -> Output {
    let arguments = [OsStr::new(link), OsStr::new("--output"), output.as_os_str()];
    python("fetch.py", arguments.into_iter().chain(more.iter().map(OsStr::new)))
}

/// Fails unless fetch.py ended with one of these codes, said why in one line, and left nothing.
fn assert_refused(ended: &Output, codes: &[i32], output: &Path) {
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code().is_some_and(|code| codes.contains(&code)), "{ended:?}");
    assert!(said.starts_with("fetch.py: ") && said.lines().count() == 1, "{said}");
    let left: Vec<_> = fs::read_dir(output.parent().unwrap()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_second_program_agrees_with_the_pages_vectors() {
    if !can_fetch() {
        return;
    }
    let ended = python("vectors.py", [page()]);
    assert!(ended.status.success(), "{ended:?}");
}

#[test]
fn a_second_program_fetches_files_and_folders() {
    if !can_fetch() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let [files, out] = ["files", "out"].map(|name| dir.path().join(name));
    fs::create_dir_all(files.join("folder/below/nothing")).unwrap();
    fs::create_dir(&out).unwrap();
    let lens = [("empty", 0), ("one", 1), ("chunk", CHUNK), ("more", CHUNK + 1), ("several", 12 * CHUNK + 345)];
    let in_folder = [("folder/a", 5), ("folder/below/large", CHUNK + 7), ("folder/empty", 0), ("folder/ü", 9)];
    for (n, (name, len)) in lens.into_iter().chain(in_folder).enumerate() {
        fs::write(files.join(name), noise(len, n as u64)).unwrap();
    }
    let tracker = Tracker::start(&[]);
    for (name, _) in lens.into_iter().chain([("folder", 0)]) {
        let (_sharer, shared) = share(&files.join(name), &tracker, &[]);
        let ended = fetch(shared["link"].as_str().unwrap(), &out.join(name), &[]);
        assert!(ended.status.success(), "{name}: {ended:?}");
    }
    for (name, _) in lens.into_iter().chain(in_folder) {
        assert!(same(&files.join(name), &out.join(name)), "{name}");
    }
    assert!(out.join("folder/below/nothing").is_dir());
    assert_eq!(fs::read_dir(&out).unwrap().count(), lens.len() + 1, "nothing else is left");
}

#[test]
fn a_second_program_asks_trackers_and_tells_peers_apart() {
    if !can_fetch() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("file"), dir.path().join("out"));
    fs::write(&file, noise(3 * CHUNK, 1)).unwrap();
    fs::create_dir(&out).unwrap();
    let tracker = Tracker::start(&[]);
    let (_sharer, shared) = share(&file, &tracker, &[]);
    let (id, peer) = (shared["file_id"].as_str().unwrap(), shared["peers"][0].as_str().unwrap());
    let output = out.join("fetched");
    let other = Identity::from_seed([1; 32]).peer_id().to_string();
    assert_refused(&fetch(id, &output, &["--peer", peer, "--peer-id", &other]), &[3], &output);
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    assert_refused(&fetch(id, &output, &["--peer", &dead]), &[3], &output);
    assert_refused(&fetch(&"0".repeat(64), &output, &["--peer", peer]), &[3], &output);
    for link in [&id[1..], "", "sprat:", &format!("{id}?peer=x"), &format!("{id}?tracker=file:///etc")] {
        assert_refused(&fetch(link, &output, &[]), &[2], &output);
    }
    let ended = fetch(&format!("sprat:{id}?tracker={}", tracker.url), &output, &[]);
    assert!(ended.status.success() && same(&file, &output), "{ended:?}");
}

#[tokio::test]
async fn a_second_program_takes_nothing_wrong() {
    if !can_fetch() {
        return;
    }
    let lies = [
        Lie::CorruptChunks,
        Lie::CorruptHashes,
        Lie::ShiftedHashes,
        Lie::HalfAChunk,
        Lie::Unasked,
        Lie::TooLong,
        Lie::AnotherName,
        Lie::Zeros,
    ];
    let data = noise(8 * CHUNK + 1, 3);
    for lie in lies.into_iter().chain([Lie::WrongSize, Lie::None]) {
        let dir = tempfile::tempdir().unwrap();
        let liar = Liar::start(data.clone(), lie).await;
        let (link, output) = (liar.link().to_string(), dir.path().join("fetched"));
        let to = output.clone();
        let ended = tokio::task::spawn_blocking(move || fetch(&link, &to, &[])).await.unwrap();
        if lies.contains(&lie) {
            assert_refused(&ended, &[1, 3], &output);
        } else {
            assert!(ended.status.success() && fs::read(&output).unwrap() == data, "{lie:?}: {ended:?}");
        }
    }
}
