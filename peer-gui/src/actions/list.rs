//! Actions on the list of transfers and the pane below it.

use crate::model::columns::Column;
use crate::model::filter::Filter;
use crate::model::screen::DetailTab;
use crate::state::{Pick, RowKey, Step};

/// Action on the list of transfers or the pane below it.
#[derive(Clone, Debug, PartialEq)]
pub enum ListAction {
    /// Select a row, add it to the selection, or all up to it.
    Select(RowKey, Pick),
    /// Move the selection, or stretch it.
    Move(Step, Pick),
    /// Select every row.
    SelectAll,
    /// Select nothing, which closes the pane.
    Deselect,
    /// Show the transfers of this filter only.
    SetFilter(Filter),
    /// Sort by this column, or in the other direction if it is sorted by already.
    SortBy(Column),
    /// Show this column, or hide it.
    ToggleColumn(Column),
    /// Change the width of a column.
    SetWidth {
        /// Column that gets the width.
        column: Column,
        /// Width in points.
        width: u16,
        /// Keeps the width for the next run; false while the mouse still drags it.
        keep: bool,
    },
    /// Show this page about the selected transfer.
    ShowTab(DetailTab),
}
