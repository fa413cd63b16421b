//! Doors for the fuzz targets to what reads this crate's own files, which a crash or a thief of the disk may have changed.

use sprat_chunking::{ChunkHashes, ChunkSize, Hash};

use crate::bans::BanList;
use crate::folder::progress;
use crate::library::{KeptFile, Library};
use crate::store::chunk_store;
use crate::store::sidecar::Sidecar;
use crate::token_file;

/// What lies beside a part file: whose chunks it has, and which of them are durable. Gives which of the two it was understood as.
///
/// # Panics
/// If what was understood is something else when it is written and read again.
pub fn part_record(bytes: &[u8]) -> Vec<String> {
    let sidecar = Sidecar::decode(bytes);
    if let Some(read) = &sidecar {
        let again = Sidecar::encode(read.size, &read.hashes);
        assert!(bytes.starts_with(&again), "there is one way to write it");
    }
    // Chance never finds a checksum, so a record gets one.
    let hashes = ChunkHashes::from_hashes(ChunkSize::MIN, vec![Hash::new([7; Hash::LEN]); 9]);
    understood([("sidecar", sidecar.is_some()), ("record", chunk_store::read_record(bytes, &hashes))])
}

/// The lists of transfers, of bans, of a folder's files and parts, and of tokens. Gives which of them it was understood as.
pub fn state_files(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).ok();
    understood([
        ("library", serde_json::from_slice::<Library>(bytes).is_ok()),
        ("bans", serde_json::from_slice::<BanList>(bytes).is_ok()),
        ("kept", serde_json::from_slice::<Vec<Option<KeptFile>>>(bytes).is_ok()),
        ("line", text.is_some_and(progress::read_line)),
        ("tokens", text.is_some_and(|text| token_file::parse(text).is_ok())),
    ])
}

fn understood(kinds: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<String> {
    kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind.to_owned()).collect()
}
