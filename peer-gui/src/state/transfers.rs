//! The Transfers screen.

use sprat_chunking::FileId;

use super::focus::FocusRequests;
use super::item::RowKey;
use super::journal::Journal;
use super::list::List;
use super::removals::Removals;
use super::selection::Selection;
use super::speeds::Speeds;
use crate::model::engine::{Snapshot, TransferView};
use crate::model::filter::Filter;
use crate::model::screen::DetailTab;

/// State of the Transfers screen.
#[derive(Debug, Default)]
pub struct Transfers {
    /// Filter of the list.
    pub filter: Filter,
    /// Rows that the filter shows, in their order.
    pub list: List,
    /// Selected rows.
    pub selection: Selection,
    /// Requests to scroll the selection's row into view and to give it the focus.
    pub follow: FocusRequests,
    /// Page about the selected transfer.
    pub tab: DetailTab,
    /// Transfer whose detail the engine was asked for last.
    pub watched: Option<FileId>,
    /// Removed transfers that can still come back.
    pub removals: Removals,
    /// Past rates of each transfer.
    pub speeds: Speeds,
    /// Log of each transfer.
    pub journal: Journal,
}

impl Transfers {
    /// Selected transfers, in the order of the snapshot.
    pub fn selected<'a>(&self, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a TransferView> {
        let is_selected = |transfer: &&TransferView| self.selection.contains(&RowKey::Transfer(transfer.file_id));
        snapshot.transfers.iter().map(AsRef::as_ref).filter(is_selected)
    }
}
