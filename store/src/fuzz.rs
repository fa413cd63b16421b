//! Doors for the fuzz targets to the readers of this crate's own files, which a crash or a thief of the disk may have changed.

use sprat_chunking::{ChunkHashes, ChunkSize, Hash};

use crate::part::chunk_store;
use crate::part::sidecar::Sidecar;
use crate::site::progress;

/// Reads what lies beside a part file: whose chunks it has, and which of them are durable. Names
/// which of the two it was understood as.
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
    let kinds = [("sidecar", sidecar.is_some()), ("record", chunk_store::read_record(bytes, &hashes))];
    kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind.to_owned()).collect()
}

/// Reads a line of the record of an unfinished folder. Returns true if it was understood.
pub fn progress_line(json: &str) -> bool {
    progress::read_line(json)
}
