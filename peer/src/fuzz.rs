//! Doors for the fuzz targets to what reads this crate's own files, which a crash or a thief of the disk may have changed.

use sprat_chunking::{ChunkHashes, ChunkSize, Hash};

use crate::bans::BanList;
use crate::folder::progress;
use crate::library::{KeptFile, Library};
use crate::store::chunk_store;
use crate::store::sidecar::Sidecar;
use crate::token_file;

/// What lies beside a part file: whose chunks it has, and which of them are durable.
///
/// # Panics
/// If what was understood is something else when it is written and read again.
pub fn part_record(bytes: &[u8]) {
    if let Some(read) = Sidecar::decode(bytes) {
        let again = Sidecar::encode(read.size, &read.hashes);
        assert!(bytes.starts_with(&again), "there is one way to write it");
    }
    // Chance never finds a checksum, so a record gets one.
    let hashes = ChunkHashes::from_hashes(ChunkSize::MIN, vec![Hash::new([7; Hash::LEN]); 9]);
    chunk_store::read_record(bytes, &hashes);
}

/// The lists of transfers, of bans, of a folder's files and parts, and of tokens.
pub fn state_files(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Library>(bytes);
    let _ = serde_json::from_slice::<BanList>(bytes);
    let _ = serde_json::from_slice::<Vec<Option<KeptFile>>>(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        progress::read_line(text);
        let _ = token_file::parse(text);
    }
}
