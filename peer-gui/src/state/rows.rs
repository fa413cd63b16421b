//! The list of transfers as it is shown, and its selection.

use std::path::PathBuf;
use std::sync::Arc;

use sprat_chunking::FileId;
use sprat_peer::{HashingView, Snapshot, TransferState, TransferView};

use crate::{format, text};

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A file that is being read in order to be shared.
    Hashing(PathBuf),
    /// A transfer.
    Transfer(FileId),
}

/// A move of the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the row above.
    Up,
    /// To the row below.
    Down,
    /// To the first row.
    First,
    /// To the last row.
    Last,
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
}

impl Row {
    /// The row in one sentence, for those who hear it.
    pub fn spoken(&self) -> String {
        format!("{}, {}, {}, {}", self.name, self.size, self.status, format::percent(self.progress))
    }
}

/// The rows of a snapshot: what is being read first, then the transfers in the order in which they were added.
pub fn rows(snapshot: &Snapshot) -> Vec<Row> {
    let hashing = snapshot.hashing.iter().map(hashing_row);
    let transfers = snapshot.transfers.iter().map(|transfer| transfer_row(transfer));
    hashing.chain(transfers).collect()
}

/// The name of a file that lies at a path, without what would change how the rest is shown.
pub fn file_name(path: &std::path::Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), std::ffi::OsStr::to_string_lossy);
    sprat_protocol::FileName::clean(&name).as_str().to_owned()
}

fn hashing_row(hashing: &HashingView) -> Row {
    Row {
        key: RowKey::Hashing(hashing.path.clone()),
        name: file_name(&hashing.path),
        size: format::size(hashing.total),
        progress: format::fraction(hashing.done, Some(hashing.total), false),
        status: text::HASHING,
        tone: Tone::Waiting,
        down: format::NOTHING.to_owned(),
        up: format::NOTHING.to_owned(),
        peers: format::NOTHING.to_owned(),
        eta: format::NOTHING.to_owned(),
    }
}

fn transfer_row(transfer: &TransferView) -> Row {
    let complete = transfer.state == TransferState::Sharing;
    Row {
        key: RowKey::Transfer(transfer.file_id),
        name: transfer.name.clone(),
        size: format::maybe_size(transfer.size),
        progress: format::fraction(transfer.verified, transfer.size, complete),
        status: status(&transfer.state),
        tone: tone(&transfer.state),
        down: format::rate(transfer.down_rate),
        up: format::rate(transfer.up_rate),
        peers: transfer.peers.iter().filter(|peer| peer.connected).count().to_string(),
        eta: format::eta(transfer.eta.filter(|_| !complete)),
    }
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

/// The transfer with this ID.
pub fn transfer(snapshot: &Snapshot, file_id: FileId) -> Option<&Arc<TransferView>> {
    snapshot.transfers.iter().find(|transfer| transfer.file_id == file_id)
}

/// Where a move leads among `keys`. Without a selection, any move leads to an end of the list.
pub fn stepped(keys: &[RowKey], selected: Option<&RowKey>, step: Step) -> Option<RowKey> {
    let last = keys.len().checked_sub(1)?;
    let at = selected.and_then(|selected| keys.iter().position(|key| key == selected));
    let to = match (step, at) {
        (Step::First, _) | (Step::Down, None) => 0,
        (Step::Last, _) | (Step::Up, None) => last,
        (Step::Up, Some(at)) => at.saturating_sub(1),
        (Step::Down, Some(at)) => (at + 1).min(last),
    };
    Some(keys[to].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_moves_within_the_list() {
        let keys: Vec<_> = (0..3).map(|n| RowKey::Transfer(FileId::new([n; 32]))).collect();
        let at = |selected: Option<usize>, step| {
            let to = stepped(&keys, selected.map(|at| &keys[at]), step).unwrap();
            keys.iter().position(|key| *key == to).unwrap()
        };
        assert_eq!((at(None, Step::Down), at(None, Step::Up)), (0, 2));
        assert_eq!((at(Some(0), Step::Up), at(Some(0), Step::Down)), (0, 1));
        assert_eq!((at(Some(2), Step::Down), at(Some(2), Step::First)), (2, 0));
        assert_eq!(stepped(&[], None, Step::Down), None);
    }

    #[test]
    fn a_row_that_is_being_read_shows_how_far() {
        let row = hashing_row(&HashingView { path: "/a/b.iso".into(), done: 1 << 19, total: 1 << 20, eta: None });
        assert_eq!((row.name.as_str(), row.progress, row.status), ("b.iso", 0.5, "Reading"));
        assert_eq!(row.spoken(), "b.iso, 1.0 MiB, Reading, 50%");
    }
}
