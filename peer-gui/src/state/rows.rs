//! What a row of the list says. Worked out for the rows that are on the screen only.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_chunking::FileId;
use sprat_peer::{HashingView, Snapshot, TransferState, TransferView};

use super::list::Entry;
use crate::{format, text};

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A file that is being read in order to be shared.
    Hashing(PathBuf),
    /// A transfer.
    Transfer(FileId),
}

/// How a state is shown: never by its colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing moves, and that is as it should be.
    Quiet,
    /// There is none.
    Absent,
    /// Something moves.
    Active,
    /// All is well and done.
    Good,
    /// It takes a while.
    Waiting,
    /// It needs a look.
    Trouble,
}

/// One row, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub key: RowKey,
    /// The file's name, whole.
    pub name: String,
    /// Its size.
    pub size: String,
    /// How much is done, from 0 to 1.
    pub progress: f32,
    /// What is going on, in a word.
    pub status: &'static str,
    /// The colour and the sign beside that word.
    pub tone: Tone,
    /// Rate of what arrives.
    pub down: String,
    /// Rate of what is sent.
    pub up: String,
    /// Connected peers.
    pub peers: String,
    /// Time left.
    pub eta: String,
    /// When it was added, in seconds since 1970 (UTC).
    pub added: Option<u64>,
}

impl Row {
    /// The row of an entry.
    pub fn of(entry: Entry<'_>) -> Self {
        match entry {
            Entry::Hashing(hashing) => hashing_row(hashing),
            Entry::Transfer(transfer) => transfer_row(transfer),
        }
    }

    /// The row in one sentence, for those who hear it.
    pub fn spoken(&self) -> String {
        format!("{}, {}, {}, {}", self.name, self.size, self.status, format::percent(self.progress))
    }
}

/// The name of a file that lies at a path, without what would change how the rest is shown.
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
        status: if waits { text::QUEUED } else { text::HASHING },
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

/// How much of a transfer is here, from 0 to 1.
pub fn progress(transfer: &TransferView) -> f32 {
    format::fraction(transfer.verified, transfer.size, transfer.state == TransferState::Sharing)
}

/// Whether all of it is here.
pub fn is_complete(transfer: &TransferView) -> bool {
    transfer.state == TransferState::Sharing
        || !transfer.is_download
        || transfer.num_chunks > 0 && transfer.chunks_done == transfer.num_chunks
}

/// How many peers are connected.
pub fn connected(transfer: &TransferView) -> usize {
    transfer.peers.iter().filter(|peer| peer.connected).count()
}

/// The word for a state.
pub fn status(state: &TransferState) -> &'static str {
    match state {
        TransferState::Queued => text::QUEUED,
        TransferState::Moving => text::MOVING,
        TransferState::Searching => text::SEARCHING,
        TransferState::Waiting => text::WAITING,
        TransferState::Checking => text::CHECKING,
        TransferState::Downloading => text::DOWNLOADING,
        TransferState::Sharing => text::SHARING,
        TransferState::Paused => text::PAUSED,
        TransferState::Stopped(_) => text::STOPPED,
    }
}

/// The tone of a state.
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

/// Whether the transfer is one that can be gone on with, and not one that can be paused.
pub fn can_resume(state: &TransferState) -> bool {
    matches!(state, TransferState::Paused | TransferState::Stopped(_))
}

/// Whether it is being checked or moved.
pub fn is_at_work(state: &TransferState) -> bool {
    matches!(state, TransferState::Checking | TransferState::Moving)
}

/// The transfer with this ID.
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
