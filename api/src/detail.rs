//! The detail of one transfer, for who looks at it closely: which chunks are here, what is in a folder, its own limits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use sprat_chunking::FileId;

use crate::command::Priority;

/// What a snapshot tells only of the transfer that is watched; see `Command::Watch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Which transfer.
    pub file_id: FileId,
    /// Which chunks are here; of a folder, its parts one after another.
    pub chunks: ChunkMap,
    /// Files of a folder in the order of its list, which is sorted by path; empty for a file, or while its list is not here.
    pub files: Arc<[FileView]>,
    /// Priority of those that are not of normal priority, by their place in `files`.
    pub priorities: BTreeMap<u32, Priority>,
    /// Its own limit on what is sent, in bytes a second.
    pub up_limit: Option<NonZeroU32>,
    /// Its own limit on what is received, in bytes a second.
    pub down_limit: Option<NonZeroU32>,
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileView {
    /// Where it is below the folder, separated by `/`: cleaned, safe to show.
    pub path: String,
    /// Length in bytes.
    pub size: u64,
}

/// Which chunks are here, in at most [`ChunkMap::MAX_CELLS`] cells, each for as many chunks, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkMap {
    /// The cells; none while it is not known how many chunks there are.
    pub cells: Vec<Cell>,
    /// For how many chunks each stands; the last may stand for fewer.
    pub chunks_per_cell: u32,
}

/// A few chunks that lie beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// None is here.
    Missing,
    /// Some are.
    Partly,
    /// At least one is under way.
    Requested,
    /// All are.
    Here,
}

impl ChunkMap {
    /// The most cells of a map.
    pub const MAX_CELLS: usize = 4096;
}
