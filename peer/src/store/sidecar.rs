//! `<name>.part.sprat`: whose chunks a part file holds.
//!
//! `"SPRATPRT" ‖ u32 version ‖ u32 chunk size ‖ u64 size ‖ file ID ‖ chunk hashes`, integers big-endian. It needs no
//! checksum: it is the file's only if the hashes hash up to the ID.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sprat_chunking::{ChunkHashes, ChunkSize, FileId, Hash, MAX_CHUNKS};

const MAGIC: &[u8; 8] = b"SPRATPRT";
const VERSION: u32 = 1;
const HEAD_LEN: usize = 8 + 4 + 4 + 8 + Hash::LEN;

/// What a sidecar says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sidecar {
    /// Length of the file in bytes: a claim.
    pub(crate) size: u64,
    /// Its chunk hashes, proven.
    pub(crate) hashes: ChunkHashes,
}

impl Sidecar {
    /// Writes the sidecar of this part file, which must not have one.
    pub(crate) fn write(part: &Path, size: u64, hashes: &ChunkHashes) -> io::Result<()> {
        let path = path_of(part);
        let mut bytes = Vec::with_capacity(HEAD_LEN + hashes.num_chunks() as usize * Hash::LEN);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_be_bytes());
        bytes.extend(hashes.chunk_size().bytes().to_be_bytes());
        bytes.extend(size.to_be_bytes());
        bytes.extend(hashes.file_id().as_bytes());
        bytes.extend(hashes.to_bytes());
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).inspect_err(|_| {
            let _ = fs::remove_file(&path);
        })
    }

    /// Whether nothing is where this part file's sidecar would be.
    pub(crate) fn is_free(part: &Path) -> bool {
        fs::symlink_metadata(path_of(part)).is_err()
    }

    /// The sidecar of this part file, if there is one that holds together.
    pub(crate) fn read(part: &Path) -> Option<Self> {
        let path = path_of(part);
        let longest = (HEAD_LEN + MAX_CHUNKS as usize * Hash::LEN) as u64;
        fs::symlink_metadata(&path).ok().filter(|metadata| metadata.is_file() && metadata.len() <= longest)?;
        Self::decode(&fs::read(&path).ok()?)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (chunk_size, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (file_id, hashes) = rest.split_first_chunk()?;
        if (magic, u32::from_be_bytes(*version)) != (MAGIC, VERSION) {
            return None;
        }
        let chunk_size = ChunkSize::new(u32::from_be_bytes(*chunk_size)).ok()?;
        let hashes = ChunkHashes::verify(FileId::new(*file_id), chunk_size, hashes).ok()?;
        Some(Self { size: u64::from_be_bytes(*size), hashes })
    }

    /// Deletes the sidecar of this part file.
    pub(crate) fn remove(part: &Path) {
        let path = path_of(part);
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "can't delete a file that is no longer needed");
        }
    }
}

fn path_of(part: &Path) -> PathBuf {
    let mut path = part.as_os_str().to_owned();
    path.push(".sprat");
    path.into()
}
