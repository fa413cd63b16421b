//! The texts of a row of the list, worked out only for rows that are on the screen.

use std::path::Path;
use std::sync::Arc;

use sprat_chunking::FileId;

use super::item::{ListItem, RowKey};
use crate::model::engine::{HashingView, Snapshot, TransferState, TransferView};
use crate::model::tone::Tone;
use crate::words::{self, format};

/// Row of the list, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Identity of the row.
    pub key: RowKey,
    /// Name of the file, whole.
    pub name: String,
    /// Size of the file.
    pub size: String,
    /// Part that is done, from 0 to 1.
    pub progress: f32,
    /// State, in a word.
    pub status: &'static str,
    /// Mood of that word.
    pub tone: Tone,
    /// Rate at which bytes arrive.
    pub down: String,
    /// Rate at which bytes are sent.
    pub up: String,
    /// Number of connected peers.
    pub peers: String,
    /// Time left.
    pub eta: String,
    /// Moment at which the transfer was added, in seconds since 1970 (UTC).
    pub added: Option<u64>,
}

impl Row {
    /// Works out the row of an item.
    pub fn of(item: ListItem<'_>) -> Self {
        match item {
            ListItem::Hashing(hashing) => hashing_row(hashing),
            ListItem::Transfer(transfer) => transfer_row(transfer),
        }
    }

    /// Row in one sentence, for those who hear it.
    pub fn spoken(&self) -> String {
        format!("{}, {}, {}, {}", self.name, self.size, self.status, format::percent(self.progress))
    }
}

/// Name of the file at a path, without characters that would change how the rest is shown.
pub fn file_name(path: &Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), std::ffi::OsStr::to_string_lossy);
    sprat_protocol::FileName::clean_keeping_dot(&name).as_str().to_owned()
}

fn hashing_row(hashing: &HashingView) -> Row {
    let waits = hashing.total == 0 && hashing.done == 0;
    Row {
        key: RowKey::Hashing(hashing.path.clone()),
        name: file_name(&hashing.path),
        size: if waits { format::NOTHING.to_owned() } else { format::size(hashing.total) },
        progress: format::fraction(hashing.done, Some(hashing.total), false),
        status: if waits { words::QUEUED } else { words::HASHING },
        tone: Tone::Waiting,
        down: format::NOTHING.to_owned(),
        up: format::NOTHING.to_owned(),
        peers: format::NOTHING.to_owned(),
        eta: format::eta(hashing.eta),
        added: None,
    }
}

fn transfer_row(transfer: &TransferView) -> Row {
    let complete = is_complete(transfer);
    let work = transfer.work.as_ref();
    Row {
        key: RowKey::Transfer(transfer.file_id),
        name: transfer.name.clone(),
        size: format::maybe_size(transfer.size),
        progress: work.map_or_else(|| progress(transfer), |work| format::fraction(work.done, Some(work.total), false)),
        status: status(&transfer.state),
        tone: tone(&transfer.state),
        down: format::rate(transfer.down_rate),
        up: format::rate(transfer.up_rate),
        peers: connected(transfer).to_string(),
        eta: format::eta(work.map_or(transfer.eta.filter(|_| !complete), |work| work.eta)),
        added: Some(transfer.added),
    }
}

/// Part of a transfer that is here, from 0 to 1.
pub fn progress(transfer: &TransferView) -> f32 {
    format::fraction(transfer.verified, transfer.size, transfer.state == TransferState::Sharing)
}

/// Tells whether all of a transfer is here.
pub fn is_complete(transfer: &TransferView) -> bool {
    transfer.state == TransferState::Sharing
        || !transfer.is_download
        || transfer.num_chunks > 0 && transfer.chunks_done == transfer.num_chunks
}

/// Number of connected peers.
pub fn connected(transfer: &TransferView) -> usize {
    transfer.peers.iter().filter(|peer| peer.connected).count()
}

/// Word for a state.
pub fn status(state: &TransferState) -> &'static str {
    match state {
        TransferState::Queued => words::QUEUED,
        TransferState::Moving => words::MOVING,
        TransferState::Searching => words::SEARCHING,
        TransferState::Waiting => words::WAITING,
        TransferState::Checking => words::CHECKING,
        TransferState::Downloading => words::DOWNLOADING,
        TransferState::Sharing => words::SHARING,
        TransferState::Paused => words::PAUSED,
        TransferState::Stopped(_) => words::STOPPED,
    }
}

/// Mood of a state.
pub fn tone(state: &TransferState) -> Tone {
    match state {
        TransferState::Queued
        | TransferState::Searching
        | TransferState::Waiting
        | TransferState::Checking
        | TransferState::Moving => Tone::Waiting,
        TransferState::Downloading => Tone::Active,
        TransferState::Sharing => Tone::Good,
        TransferState::Paused => Tone::Quiet,
        TransferState::Stopped(_) => Tone::Trouble,
    }
}

/// Tells whether a transfer in this state can be resumed, and not paused.
pub fn can_resume(state: &TransferState) -> bool {
    matches!(state, TransferState::Paused | TransferState::Stopped(_))
}

/// Tells whether a transfer in this state is being checked or moved.
pub fn is_at_work(state: &TransferState) -> bool {
    matches!(state, TransferState::Checking | TransferState::Moving)
}

/// Finds the transfer with this ID.
pub fn transfer(snapshot: &Snapshot, file_id: FileId) -> Option<&Arc<TransferView>> {
    snapshot.transfers.iter().find(|transfer| transfer.file_id == file_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_being_read_shows_how_far() {
        let hashing = HashingView { path: "/a/b.iso".into(), done: 1 << 19, total: 1 << 20, eta: None };
        let row = hashing_row(&hashing);
        assert_eq!((row.name.as_str(), row.progress, row.status), ("b.iso", 0.5, "Reading"));
        assert_eq!(row.spoken(), "b.iso, 1.0 MiB, Reading, 50%");
        assert_eq!(hashing_row(&HashingView { done: 0, total: 0, ..hashing }).status, "Queued");
    }
}
