//! The transfers that are shown, in their order.
//!
//! The order is worked out once a snapshot, not once a frame, and holds places only: what a row says is worked out when the row is
//! on the screen.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use sprat_chunking::FileId;

use super::item::{ListItem, RowKey};
use super::rows;
use crate::model::columns::{Column, Sort};
use crate::model::engine::{Snapshot, TransferState, TransferView};
use crate::model::filter::Filter;

/// Rows that are shown, as indices into a snapshot.
#[derive(Debug, Default)]
pub struct List {
    made_of: Option<Inputs>,
    hashing: usize,
    order: Vec<u32>,
    counts: [usize; Filter::ALL.len()],
}

/// Inputs of which a list was made.
#[derive(Debug)]
struct Inputs {
    snapshot: Arc<Snapshot>,
    filter: Filter,
    sort: Sort,
    hidden: HashSet<FileId>,
}

impl List {
    /// Works the list out anew, if any of its inputs changed, and returns true if so. Transfers that are `hidden` are
    /// left out.
    pub fn refresh(&mut self, snapshot: &Arc<Snapshot>, filter: Filter, sort: Sort, hidden: &HashSet<FileId>) -> bool {
        let same = |of: &Inputs| {
            Arc::ptr_eq(&of.snapshot, snapshot) && (of.filter, of.sort) == (filter, sort) && of.hidden == *hidden
        };
        if self.made_of.as_ref().is_some_and(same) {
            return false;
        }
        let visible = |at: &u32| !hidden.contains(&snapshot.transfers[*at as usize].file_id);
        let all = (0..u32::try_from(snapshot.transfers.len()).unwrap_or(u32::MAX)).filter(visible);
        self.order.clear();
        self.counts = [0; Filter::ALL.len()];
        for at in all {
            let transfer = &snapshot.transfers[at as usize];
            for (count, counted) in self.counts.iter_mut().zip(Filter::ALL) {
                *count += usize::from(shows(counted, transfer));
            }
            if shows(filter, transfer) {
                self.order.push(at);
            }
        }
        for (count, _) in self.counts.iter_mut().zip(Filter::ALL).filter(|(_, filter)| shows_hashing(*filter)) {
            *count += snapshot.hashing.len();
        }
        self.hashing = if shows_hashing(filter) { snapshot.hashing.len() } else { 0 };
        self.sort(snapshot, sort);
        self.made_of = Some(Inputs { snapshot: snapshot.clone(), filter, sort, hidden: hidden.clone() });
        true
    }

    fn sort(&mut self, snapshot: &Snapshot, sort: Sort) {
        let transfer = |at: u32| &*snapshot.transfers[at as usize];
        match sort.by {
            Column::Name => self.order.sort_by_cached_key(|at| transfer(*at).name.to_lowercase()),
            by => self.order.sort_by(|a, b| compare(by, transfer(*a), transfer(*b))),
        }
        if sort.descending {
            self.order.reverse();
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.hashing + self.order.len()
    }

    /// Tells whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of rows that this filter shows.
    pub fn count(&self, filter: Filter) -> usize {
        Filter::ALL.iter().position(|other| *other == filter).map_or(0, |n| self.counts[n])
    }

    /// Subject of the row at this index.
    pub fn item(&self, at: usize) -> Option<ListItem<'_>> {
        let snapshot = &self.made_of.as_ref()?.snapshot;
        match at.checked_sub(self.hashing) {
            None => snapshot.hashing.get(at).map(ListItem::Hashing),
            Some(at) => self.order.get(at).map(|at| ListItem::Transfer(&snapshot.transfers[*at as usize])),
        }
    }

    /// Subjects of all rows.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = ListItem<'_>> {
        (0..self.len()).filter_map(|at| self.item(at))
    }

    /// Index of a row.
    pub fn position(&self, key: &RowKey) -> Option<usize> {
        self.items_at().find(|(_, item)| item.is(key)).map(|(at, _)| at)
    }

    fn items_at(&self) -> impl Iterator<Item = (usize, ListItem<'_>)> {
        (0..self.len()).filter_map(|at| Some((at, self.item(at)?)))
    }
}

/// Tells whether a filter shows a transfer.
fn shows(filter: Filter, transfer: &TransferView) -> bool {
    let complete = rows::is_complete(transfer);
    match filter {
        Filter::All => true,
        Filter::Downloading => !complete,
        Filter::Sharing => transfer.state == TransferState::Sharing,
        Filter::Finished => complete && transfer.is_download,
        Filter::Problems => matches!(transfer.state, TransferState::Stopped(_)),
    }
}

/// Tells whether a filter shows files that are being read in order to be shared.
fn shows_hashing(filter: Filter) -> bool {
    matches!(filter, Filter::All | Filter::Sharing)
}

/// Compares two transfers by a column.
fn compare(column: Column, a: &TransferView, b: &TransferView) -> Ordering {
    match column {
        // Names are compared by their keys, which are made once.
        Column::Name => Ordering::Equal,
        Column::Size => a.size.cmp(&b.size),
        Column::Progress => rows::progress(a).total_cmp(&rows::progress(b)),
        Column::Status => rows::status(&a.state).cmp(rows::status(&b.state)),
        Column::Down => a.down_rate.cmp(&b.down_rate),
        Column::Up => a.up_rate.cmp(&b.up_rate),
        Column::Peers => rows::connected(a).cmp(&rows::connected(b)),
        // Nobody knows how long: longer than anything that is known.
        Column::Eta => {
            a.eta.map_or((1, None), |eta| (0, Some(eta))).cmp(&b.eta.map_or((1, None), |eta| (0, Some(eta))))
        }
        Column::Added => a.added.cmp(&b.added),
    }
}
