//! Bytes that strangers send or that lie on the disk, thrown at whatever reads them: nothing may panic, and what is
//! understood must
//! mean the same when it is written and read again.
//!
//! Each [`Reader`] has a folder of inputs in `corpus/`. On any toolchain `cargo test -p sprat-fuzz` gives each reader all inputs of
//! its folder, and some that are made from them by [`chance`]. With a nightly toolchain and `cargo install cargo-fuzz`, `fuzz/run`
//! looks for more.
//!
//! An input's name says what it is: `bad_…` is refused, `found_…` is one that libFuzzer found to lead somewhere, and any other is
//! understood, as what its name begins with where its reader knows several things.

pub mod chance;

use std::str::FromStr;

use serde::Serialize;
use sprat_chunking::{Bitfield, ChunkHashes, ChunkSize, FileId};
use sprat_protocol::tracker::{AccessToken, Answer, Request};
use sprat_protocol::wire::{Message, frame};
use sprat_protocol::{Collection, FileName, Link, PeerAddr, PeerId};

/// Something that reads bytes which somebody else made.
pub struct Reader {
    /// Name of the reader: its folder of inputs, and its fuzz target.
    pub name: &'static str,
    /// Reads them, and panics if what comes of it contradicts itself. Gives what they were understood as: nothing, if they were
    /// refused; the reader's own name, where that knows one thing only.
    pub read: fn(&[u8]) -> Vec<String>,
}

/// All of them.
pub const READERS: [Reader; 12] = [
    Reader { name: "frame", read: frame_header },
    Reader { name: "tracker_request", read: tracker_request },
    Reader { name: "tracker_answer", read: tracker_answer },
    Reader { name: "hash_list", read: hash_list },
    Reader { name: "bitfield", read: bitfield },
    Reader { name: "link", read: link },
    Reader { name: "collection", read: collection },
    Reader { name: "file_name", read: file_name },
    Reader { name: "words", read: words },
    Reader { name: "part_record", read: sprat_store::fuzz::part_record },
    Reader { name: "state_files", read: sprat_peer::fuzz::state_files },
    Reader { name: "tracker_files", read: sprat_tracker::fuzz::files },
];

/// The header of a frame: what is understood is the same when it is written and read again.
fn frame_header(bytes: &[u8]) -> Vec<String> {
    let Ok(Some(decoded)) = frame::decode(bytes) else { return Vec::new() };
    assert!(decoded.consumed <= bytes.len());
    let mut again = Vec::new();
    frame::encode(&decoded.message, decoded.payload_len, &mut again);
    let twice = frame::decode(&again).expect("what was written can be read").expect("all of it is there");
    assert_eq!(twice.message, decoded.message);
    assert!(matches!(decoded.message, Message::Unknown) || twice.payload_len == decoded.payload_len);
    vec![type_of(&decoded.message)]
}

fn tracker_request(bytes: &[u8]) -> Vec<String> {
    let Ok(request) = serde_json::from_slice::<Request>(bytes) else { return Vec::new() };
    let again = serde_json::to_vec(&request).expect("a message is JSON");
    assert_eq!(serde_json::from_slice::<Request>(&again).expect("what was written can be read"), request);
    vec![type_of(&request)]
}

fn tracker_answer(bytes: &[u8]) -> Vec<String> {
    let Ok(answer) = serde_json::from_slice::<Answer>(bytes) else { return Vec::new() };
    let again = serde_json::to_vec(&answer).expect("a message is JSON");
    assert_eq!(serde_json::from_slice::<Answer>(&again).expect("what was written can be read"), answer);
    vec![type_of(&answer)]
}

/// Type of a message, in the letters of a file's name.
fn type_of(message: &impl Serialize) -> String {
    let value = serde_json::to_value(message).expect("a message is JSON");
    value["type"].as_str().expect("a message has a type").to_lowercase()
}

/// The first 36 bytes say the size of the chunks and the ID that the list should have.
fn hash_list(bytes: &[u8]) -> Vec<String> {
    let read = || {
        let (size, rest) = bytes.split_first_chunk()?;
        let (file_id, list) = rest.split_first_chunk()?;
        let size = ChunkSize::new(u32::from_be_bytes(*size)).ok()?;
        let hashes = ChunkHashes::verify(FileId::new(*file_id), size, list).ok()?;
        assert_eq!((hashes.file_id(), hashes.to_bytes()), (FileId::new(*file_id), list.to_vec()));
        Some("hash_list".to_owned())
    };
    read().into_iter().collect()
}

/// The first four bytes say how many bits there are.
fn bitfield(bytes: &[u8]) -> Vec<String> {
    let read = || {
        let (len, rest) = bytes.split_first_chunk()?;
        let len = u32::from_be_bytes(*len);
        let bits = Bitfield::from_bytes(rest, len).ok()?;
        assert_eq!((bits.as_bytes(), bits.len()), (rest, len));
        assert_eq!(bits.ones().count(), bits.count() as usize);
        Some("bitfield".to_owned())
    };
    read().into_iter().collect()
}

fn link(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(link) = text.parse::<Link>() else { return Vec::new() };
    let again = link.to_string();
    // A link that became longer than links may be when it was encoded is refused, not misread.
    if let Ok(twice) = again.parse::<Link>() {
        assert_eq!(twice, link, "{again}");
    }
    vec!["link".to_owned()]
}

fn collection(bytes: &[u8]) -> Vec<String> {
    let Ok(collection) = Collection::parse(bytes) else { return Vec::new() };
    for part in collection.parts() {
        assert!(collection.len_of(&part) <= collection.size());
    }
    // What a later version adds is not kept, and all is sorted.
    let again = collection.to_bytes().expect("what was read can be written");
    let twice = Collection::parse(&again).expect("what was written can be read");
    assert_eq!(twice.to_bytes().expect("what was read can be written"), again);
    vec!["collection".to_owned()]
}

/// Whatever a file is called in the network, it is one harmless component of a path. What has to be changed for that counts as
/// refused.
fn file_name(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let name = FileName::clean(&text);
    let shown = name.as_str();
    assert!(!shown.is_empty() && shown.len() <= 255 && !shown.starts_with('.'), "{shown:?}");
    assert!(shown != "." && shown != ".." && !shown.contains(['/', '\\', '\0', ':']), "{shown:?}");
    assert!(!shown.chars().any(|c| c.is_control() || sprat_protocol::name::is_invisible(c)), "{shown:?}");
    assert_eq!(FileName::clean(shown).as_str(), shown, "what is clean stays as it is");
    if shown.as_bytes() == bytes { vec!["file_name".to_owned()] } else { Vec::new() }
}

/// Short texts: IDs, addresses, tokens.
fn words(bytes: &[u8]) -> Vec<String> {
    fn is<T: FromStr + ToString>(text: &str) -> bool {
        let read = text.parse::<T>();
        read.is_ok_and(|read| {
            assert!(read.to_string().parse::<T>().is_ok(), "{text:?}");
            true
        })
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let kinds = [
        ("id", is::<FileId>(text)),
        ("peer", is::<PeerId>(text)),
        ("address", is::<PeerAddr>(text)),
        ("token", text.parse::<AccessToken>().is_ok()),
        ("url", sprat_peer::tracker_url(text).is_some()),
    ];
    kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind.to_owned()).collect()
}

/// Gives bytes to one of the [`READERS`].
///
/// # Panics
/// If there is none of this name, or if it contradicts itself.
pub fn run(name: &str, bytes: &[u8]) {
    let reader = READERS.iter().find(|reader| reader.name == name).expect("a reader of this name");
    // As what it was understood is no matter here.
    drop((reader.read)(bytes));
}
