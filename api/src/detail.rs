//! Detail of one transfer, for a front end that shows it closely: which chunks are here, what is in a folder, its own limits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use sprat_chunking::FileId;

use crate::command::Priority;

/// Detail that a snapshot has only of the watched transfer; see `Command::Watch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// ID of the watched transfer.
    pub file_id: FileId,
    /// Map of the chunks that are here; of a folder, its parts one after another.
    pub chunks: ChunkMap,
    /// Files of a folder in the order of its list, which is sorted by path; empty for a file, or while its list is not here.
    pub files: Arc<[FileView]>,
    /// Priorities of the files that are not of normal priority, by their place in `files`.
    pub priorities: BTreeMap<u32, Priority>,
    /// Limit of this transfer on what is sent, in bytes a second.
    pub up_limit: Option<NonZeroU32>,
    /// Limit of this transfer on what is received, in bytes a second.
    pub down_limit: Option<NonZeroU32>,
}

/// File of a folder, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileView {
    /// Path of the file below the folder, separated by `/`: cleaned, safe to show.
    pub path: String,
    /// Length of the file in bytes.
    pub size: u64,
}

/// Map of the chunks that are here: at most [`ChunkMap::MAX_CELLS`] cells of equally many chunks each, in the order of the
/// file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkMap {
    /// Cells in the order of the file; none while the number of chunks is not known.
    pub cells: Vec<Cell>,
    /// Number of chunks that each cell stands for; the last may stand for fewer.
    pub chunks_per_cell: u32,
}

/// State of a few chunks that lie beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// No chunk is here.
    Missing,
    /// Some chunks are here.
    Partly,
    /// At least one chunk is under way.
    Requested,
    /// All chunks are here.
    Here,
}

impl ChunkMap {
    /// Upper bound of the number of cells of a map.
    pub const MAX_CELLS: usize = 4096;
}
