//! Sidecar of a part file, `<name>.part.sprat`: whose chunks the part file holds, and room for the record of which
//! ([`super::chunk_store`]).
//!
//! `"SPRATPRT" ‖ u32 version ‖ u32 chunk size ‖ u64 size ‖ file ID ‖ u32 number of chunks ‖ chunk hashes ‖ record`, integers
//! big-endian. What comes before the record is written once and needs no checksum: it is the file's only if the hashes hash up
//! to the ID. Without a record it is how the chunk hashes of a whole file are kept.

use std::fs::File;
use std::io::{self, Read, Write};

use sprat_chunking::{ChunkHashes, ChunkSize, FileId, Hash, MAX_CHUNKS};

use crate::disk::open_dir::OpenDir;

const MAGIC: &[u8; 8] = b"SPRATPRT";
const VERSION: u32 = 2;
const HEAD_LEN: usize = 8 + 4 + 4 + 8 + Hash::LEN + 4;

/// Contents of a sidecar.
#[derive(Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// Length of the file in bytes: a claim.
    pub size: u64,
    /// Chunk hashes of the file, proven.
    pub hashes: ChunkHashes,
}

impl Sidecar {
    /// Encodes the sidecar as it is written.
    pub fn encode(size: u64, hashes: &ChunkHashes) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::len(hashes.num_chunks()));
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_be_bytes());
        bytes.extend(hashes.chunk_size().bytes().to_be_bytes());
        bytes.extend(size.to_be_bytes());
        bytes.extend(hashes.file_id().as_bytes());
        bytes.extend(hashes.num_chunks().to_be_bytes());
        bytes.extend(hashes.to_bytes());
        bytes
    }

    /// Length of a sidecar in bytes without the record, which begins there.
    pub fn len(num_chunks: u32) -> usize {
        HEAD_LEN + num_chunks as usize * Hash::LEN
    }

    /// Writes the sidecar of this part file, which must not have one, with an empty record of `record_len` bytes; durable when
    /// it returns.
    pub fn write(dir: &OpenDir, part: &str, size: u64, hashes: &ChunkHashes, record_len: u64) -> io::Result<()> {
        let name = name_of(part);
        let mut bytes = Self::encode(size, hashes);
        bytes.resize(bytes.len() + record_len as usize, 0);
        let mut file = dir.create(&name)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).inspect_err(|_| {
            let _ = dir.remove_file(&name);
        })
    }

    /// Opens the sidecar of this part file, for the record.
    pub fn open(dir: &OpenDir, part: &str) -> io::Result<File> {
        dir.open_to_write(name_of(part))
    }

    /// Returns true if nothing has the name of this part file's sidecar.
    pub fn is_free(dir: &OpenDir, part: &str) -> bool {
        !dir.is_taken(name_of(part))
    }

    /// Reads the sidecar of this part file, if there is one that holds together.
    pub fn read(dir: &OpenDir, part: &str) -> Option<Self> {
        let mut bytes = Vec::new();
        dir.open(name_of(part)).ok()?.take(Self::len(MAX_CHUNKS) as u64).read_to_end(&mut bytes).ok()?;
        Self::decode(&bytes)
    }

    /// Decodes a sidecar from these bytes, which may go on with a record.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (chunk_size, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (file_id, rest) = rest.split_first_chunk()?;
        let (num_chunks, rest) = rest.split_first_chunk()?;
        let hashes = rest.get(..(u32::from_be_bytes(*num_chunks) as usize).checked_mul(Hash::LEN)?)?;
        if (magic, u32::from_be_bytes(*version)) != (MAGIC, VERSION) {
            return None;
        }
        let chunk_size = ChunkSize::new(u32::from_be_bytes(*chunk_size)).ok()?;
        let hashes = ChunkHashes::verify(FileId::new(*file_id), chunk_size, hashes).ok()?;
        Some(Self { size: u64::from_be_bytes(*size), hashes })
    }

    /// Deletes the sidecar of this part file.
    pub fn remove(dir: &OpenDir, part: &str) {
        let name = name_of(part);
        if let Err(error) = dir.remove_file(&name) {
            tracing::warn!(dir = %dir.path().display(), name, %error, "can't delete a file that is no longer needed");
        }
    }
}

/// Name of a part file's sidecar.
pub(super) fn name_of(part: &str) -> String {
    format!("{part}.sprat")
}
