//! The detail of the transfer that somebody watches.

use std::sync::Arc;

use sprat_api::{ChunkMap, Detail, FileView};
use sprat_chunking::{Bitfield, FileId};
use sprat_protocol::collection::Part;
use sprat_protocol::{Collection, FileName};
use sprat_store::folder::num_chunks;
use sprat_store::whole::Whole;

use super::drawing::Drawing;
use super::run::Running;
use crate::download::watching::{Progress, Watching};
use crate::engine::node::Node;
use crate::engine::transfer::Transfer;
use crate::shares::holding::Holding;
use crate::state::library;

/// The transfer that somebody watches.
#[derive(Debug)]
pub(super) struct Watched {
    file_id: FileId,
    /// What is in it, if it is a folder: worked out once.
    folder: Option<WatchedFolder>,
    /// What was told last, so that what is the same is not told anew.
    told: Option<Arc<Detail>>,
}

#[derive(Debug)]
struct WatchedFolder {
    list: Arc<Collection>,
    files: Arc<[FileView]>,
    parts: Vec<Part>,
}

/// How much of a file or of a part is here.
enum Piece {
    /// All, or nothing, of so many chunks.
    Plain(u32, bool),
    /// Some chunks.
    Some(Bitfield),
}

impl Running {
    /// Snapshots carry the detail of this transfer from now on, or of none.
    pub(super) fn watch(&mut self, file_id: Option<FileId>) {
        if self.watched.as_ref().map(|watched| watched.file_id) == file_id {
            return;
        }
        let before = self.watched.take();
        if let Some(transfer) = before.and_then(|before| self.transfers.get(before.file_id)) {
            transfer.status.watching().set(false);
        }
        self.watched = file_id.map(|file_id| Watched { file_id, folder: None, told: None });
        self.keep_watching();
        self.answer();
    }

    /// Lets the watched transfer know that it is watched: it may have come after the command.
    pub(super) fn keep_watching(&mut self) {
        let Some(file_id) = self.watched.as_ref().map(|watched| watched.file_id) else { return };
        let (node, state) = (self.node.clone(), self.state.clone());
        let Some(transfer) = self.transfers.get(file_id).filter(|transfer| !transfer.status.watching().is_on()) else {
            return;
        };
        let status = transfer.status.clone();
        status.watching().set(true);
        if transfer.whole.is_some() || status.watching().list().is_some() {
            return;
        }
        // A folder that has not run since the start; its list is on the disk.
        self.node.world.disk.spawn_in(&mut self.chores, move || {
            if let Some((list, _)) = library::kept_list(&state, file_id) {
                status.watching().is_folder(Arc::new(list));
                node.changed.notify_one();
            }
        });
    }

    /// The detail of the transfer that is watched, if there is one.
    pub(super) fn detail(&mut self) -> Option<Arc<Detail>> {
        self.keep_watching();
        let watched = self.watched.as_mut()?;
        let transfer = self.transfers.get(watched.file_id)?;
        let list = match &transfer.whole {
            Some(Whole::Folder(folder)) => Some(folder.collection.clone()),
            Some(Whole::File(..)) => None,
            None => transfer.status.watching().list(),
        };
        watched.takes_in(list);
        let chunks = match &watched.folder {
            Some(folder) => folder_map(&self.node, transfer, folder),
            None => file_map(&self.node, transfer),
        };
        let settings = self.node.settings.get(&watched.file_id);
        let detail = Detail {
            file_id: watched.file_id,
            chunks,
            files: watched.folder.as_ref().map_or_else(Arc::default, |folder| folder.files.clone()),
            priorities: settings.as_ref().map(|settings| settings.priorities.read().clone()).unwrap_or_default(),
            up_limit: settings.as_ref().and_then(|settings| settings.upload_rate.rate()),
            down_limit: settings.as_ref().and_then(|settings| settings.download_rate.rate()),
        };
        let same = watched.told.take().filter(|told| is_same(told, &detail));
        watched.told = Some(same.unwrap_or_else(|| Arc::new(detail)));
        watched.told.clone()
    }
}

impl Watched {
    /// This is in the folder, if it is one.
    fn takes_in(&mut self, list: Option<Arc<Collection>>) {
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

/// Whether nothing changed. The files of a folder are the same where they are not even compared.
fn is_same(one: &Detail, other: &Detail) -> bool {
    let rest = |detail: &Detail| (detail.file_id, detail.up_limit, detail.down_limit);
    let files = Arc::ptr_eq(&one.files, &other.files) || (one.files.is_empty() && other.files.is_empty());
    files && rest(one) == rest(other) && one.priorities == other.priorities && one.chunks == other.chunks
}

/// The map of a file.
fn file_map(node: &Node, transfer: &Transfer) -> ChunkMap {
    let watching = transfer.status.watching();
    let unknown = transfer.status.figures().num_chunks;
    let holding = node.holdings.get(&transfer.file_id);
    let piece = piece(watching, transfer.file_id, holding.as_deref(), unknown);
    draw(watching, &[(transfer.file_id, piece)])
}

/// The map of a folder: its parts one after another.
fn folder_map(node: &Node, transfer: &Transfer, folder: &WatchedFolder) -> ChunkMap {
    let watching = transfer.status.watching();
    let held = node.holdings.get(&transfer.file_id);
    let pieces = folder.parts.iter().map(|part| {
        let (id, len) = (folder.list.id_of(part), folder.list.len_of(part));
        let unknown = num_chunks(len);
        let piece = match &transfer.whole {
            Some(Whole::Folder(whole)) => Piece::Plain(unknown, whole.has(part)),
            _ if watching.progress_of(&id).is_none() => Piece::Plain(unknown, false),
            _ => {
                let holding = held.as_ref().and_then(|held| node.holdings.part(&id, held));
                piece(watching, id, holding.as_deref(), unknown)
            }
        };
        (id, piece)
    });
    draw(watching, &pieces.collect::<Vec<_>>())
}

/// How much is here of a file, which has so many chunks unless somebody knows better.
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
                // What was told before the file turned out to be cut otherwise is of no use.
                let requested = watching.requested_of(id).filter(|requested| requested.len() == has.len());
                requested.into_iter().for_each(|requested| drawing.requested(from, &requested));
            }
        }
        from += u64::from(len(piece));
    }
    drawing.finish()
}
