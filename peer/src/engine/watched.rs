//! Transfer that a front end watches, and its chunk map.

use std::sync::Arc;

use sprat_api::{ChunkMap, Detail, FileView};
use sprat_chunking::{Bitfield, FileId};
use sprat_protocol::collection::Part;
use sprat_protocol::{Collection, FileName};
use sprat_store::folder::num_chunks;
use sprat_store::whole::Whole;

use crate::download::watching::{Progress, Watching};
use crate::engine::drawing::Drawing;
use crate::engine::transfer::Transfer;
use crate::shares::holding::{Holding, Holdings};

/// Transfer that a front end watches.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) file_id: FileId,
    /// Contents of the folder, if the transfer is one; computed once.
    pub(super) folder: Option<WatchedFolder>,
    /// Detail in the last snapshot, reused while nothing changes.
    pub(super) told: Option<Arc<Detail>>,
}

#[derive(Debug)]
pub(super) struct WatchedFolder {
    pub(super) list: Arc<Collection>,
    pub(super) files: Arc<[FileView]>,
    pub(super) parts: Vec<Part>,
}

/// Chunks of a file, or of a part of a folder, that are here.
enum Piece {
    /// Number of chunks, and whether all of them are here or none.
    Plain(u32, bool),
    /// Bitfield of the chunks that are here.
    Some(Bitfield),
}

impl Watched {
    /// Sets the contents of the folder from its list, or clears them if there is no list.
    pub(super) fn takes_in(&mut self, list: Option<Arc<Collection>>) {
        let Some(list) = list else {
            self.folder = None;
            return;
        };
        if self.folder.as_ref().is_some_and(|folder| Arc::ptr_eq(&folder.list, &list)) {
            return;
        }
        let shown = |path: &Vec<String>| {
            let names: Vec<String> = path.iter().map(|name| FileName::clean_keeping_dot(name).to_string()).collect();
            names.join("/")
        };
        let files = list.files.iter().map(|file| FileView { path: shown(&file.path), size: file.size }).collect();
        self.folder = Some(WatchedFolder { files, parts: list.parts(), list });
    }
}

/// Compares two details. Returns whether they are equal. Lists of files are equal only if they are the same allocation,
/// or both empty.
pub(super) fn is_same(one: &Detail, other: &Detail) -> bool {
    let rest = |detail: &Detail| (detail.file_id, detail.up_limit, detail.down_limit);
    let files = Arc::ptr_eq(&one.files, &other.files) || (one.files.is_empty() && other.files.is_empty());
    files && rest(one) == rest(other) && one.priorities == other.priorities && one.chunks == other.chunks
}

/// Draws the chunk map of a file.
pub(super) fn file_map(holdings: &Holdings, transfer: &Transfer) -> ChunkMap {
    let watching = transfer.status.watching();
    let unknown = transfer.status.figures().num_chunks;
    let holding = holdings.get(&transfer.file_id);
    let piece = piece(watching, transfer.file_id, holding.as_deref(), unknown);
    draw(watching, &[(transfer.file_id, piece)])
}

/// Draws the chunk map of a folder: its parts one after another.
pub(super) fn folder_map(holdings: &Holdings, transfer: &Transfer, folder: &WatchedFolder) -> ChunkMap {
    let watching = transfer.status.watching();
    let held = holdings.get(&transfer.file_id);
    let pieces = folder.parts.iter().map(|part| {
        let (id, len) = (folder.list.id_of(part), folder.list.len_of(part));
        let unknown = num_chunks(len);
        let piece = match &transfer.whole {
            Some(Whole::Folder(whole)) => Piece::Plain(unknown, whole.has(part)),
            _ if watching.progress_of(&id).is_none() => Piece::Plain(unknown, false),
            _ => {
                let holding = held.as_ref().and_then(|held| holdings.part(&id, held));
                piece(watching, id, holding.as_deref(), unknown)
            }
        };
        (id, piece)
    });
    draw(watching, &pieces.collect::<Vec<_>>())
}

/// Returns the chunks of a file that are here. `unknown` is the number of its chunks where nothing better is known.
fn piece(watching: &Watching, id: FileId, holding: Option<&Holding>, unknown: u32) -> Piece {
    match (holding, watching.progress_of(&id)) {
        (Some(holding), _) => Piece::Some(holding.has()),
        (None, Some(Progress::All)) => Piece::Plain(unknown, true),
        (None, Some(Progress::Some(has))) if !has.is_empty() => Piece::Some(has),
        (None, _) => Piece::Plain(unknown, false),
    }
}

fn draw(watching: &Watching, pieces: &[(FileId, Piece)]) -> ChunkMap {
    let len = |piece: &Piece| match piece {
        Piece::Plain(len, _) => *len,
        Piece::Some(has) => has.len(),
    };
    let mut drawing = Drawing::new(pieces.iter().map(|(_, piece)| u64::from(len(piece))).sum());
    let mut from = 0;
    for (id, piece) in pieces {
        match piece {
            Piece::Plain(len, true) => drawing.all(from, u64::from(*len)),
            Piece::Plain(_, false) => {}
            Piece::Some(has) => {
                drawing.here(from, has);
                // Requests that were noted before the file's chunk size turned out to be another are of no use.
                let requested = watching.requested_of(id).filter(|requested| requested.len() == has.len());
                requested.into_iter().for_each(|requested| drawing.requested(from, &requested));
            }
        }
        from += u64::from(len(piece));
    }
    drawing.finish()
}
