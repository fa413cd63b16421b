//! Pure computation on the bytes of a file: how it is cut into chunks, how the chunks hash up to the file's ID, and
//! how verified chunks become the file again. No async, no sockets, no clock.
//!
//! In reading order:
//!
//! - [`hash`]: a SHA-256 value, and the [`FileId`] that it is for a whole file.
//! - [`tree`]: the Merkle tree hash of RFC 9162 §2.1.1.
//! - `leaves`: the hashes of a chunk's blocks, several at a time.
//! - [`layout`]: [`ChunkSize`], [`Layout`] and [`ChunkIndex`]: which bytes are in which chunk.
//! - [`chunk_hashes`]: [`ChunkHashes`], a list of chunk hashes that was proven to belong to a file ID.
//! - [`split`](mod@split): file → chunks and their hashes, on all cores.
//! - [`merge`](mod@merge): verified chunks → file. The one place where a chunk is checked and written.
//! - [`bitfield`]: which chunks somebody has.
//! - [`position`]: reading and writing at an offset, on every platform.

pub mod bitfield;
pub mod chunk_hashes;
pub mod hash;
pub mod layout;
mod leaves;
pub mod merge;
pub mod position;
pub mod split;
pub mod tree;

pub use bitfield::{Bitfield, BitfieldError};
pub use chunk_hashes::{ChunkHashes, HashListError};
pub use hash::{FileId, Hash, ParseHashError};
pub use layout::{BLOCK_LEN, ChunkIndex, ChunkSize, Layout, LayoutError, MAX_CHUNKS};
pub use leaves::leaf_hash;
pub use merge::{MergeError, PutError, merge, put_chunk};
pub use position::{ReadAt, WriteAt};
pub use split::{FileDigest, SplitError, split, verify};
