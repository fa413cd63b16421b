//! The list of transfers: which are shown, and in which order.
//!
//! The order is worked out once a snapshot, not once a frame, and holds places only: what a row says is worked out when the row is
//! on the screen.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;
use sprat_peer::{HashingView, Snapshot, TransferState, TransferView};

use super::rows::{self, RowKey};

/// Which transfers are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// All of them.
    #[default]
    All,
    /// Those of which something is missing.
    Downloading,
    /// Those that others can fetch from here.
    Sharing,
    /// Downloads that are complete.
    Finished,
    /// Those that need a look.
    Problems,
}

impl Filter {
    /// All filters, in the order of the screen.
    pub const ALL: [Self; 5] = [Self::All, Self::Downloading, Self::Sharing, Self::Finished, Self::Problems];

    fn shows(self, transfer: &TransferView) -> bool {
        let complete = rows::is_complete(transfer);
        match self {
            Self::All => true,
            Self::Downloading => !complete,
            Self::Sharing => transfer.state == TransferState::Sharing,
            Self::Finished => complete && transfer.is_download,
            Self::Problems => matches!(transfer.state, TransferState::Stopped(_)),
        }
    }

    fn shows_hashing(self) -> bool {
        matches!(self, Self::All | Self::Sharing)
    }
}

/// A column of the list, in the order of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// The file's name.
    Name,
    /// Its length.
    Size,
    /// How much of it is here.
    Progress,
    /// What is going on.
    Status,
    /// Rate of what arrives.
    Down,
    /// Rate of what is sent.
    Up,
    /// Connected peers.
    Peers,
    /// Time left.
    Eta,
    /// When it was added.
    Added,
}

impl Column {
    /// All columns, in the order of the screen.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Size,
        Self::Progress,
        Self::Status,
        Self::Down,
        Self::Up,
        Self::Peers,
        Self::Eta,
        Self::Added,
    ];

    /// Whether it can be hidden.
    pub fn can_hide(self) -> bool {
        self != Self::Name
    }

    fn compare(self, a: &TransferView, b: &TransferView) -> Ordering {
        match self {
            // Names are compared by their keys, which are made once.
            Self::Name => Ordering::Equal,
            Self::Size => a.size.cmp(&b.size),
            Self::Progress => rows::progress(a).total_cmp(&rows::progress(b)),
            Self::Status => rows::status(&a.state).cmp(rows::status(&b.state)),
            Self::Down => a.down_rate.cmp(&b.down_rate),
            Self::Up => a.up_rate.cmp(&b.up_rate),
            Self::Peers => rows::connected(a).cmp(&rows::connected(b)),
            // Nobody knows how long: longer than anything that is known.
            Self::Eta => {
                a.eta.map_or((1, None), |eta| (0, Some(eta))).cmp(&b.eta.map_or((1, None), |eta| (0, Some(eta))))
            }
            Self::Added => a.added.cmp(&b.added),
        }
    }
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// By this column; where that says nothing, in the order in which transfers were added.
    pub by: Column,
    /// The greatest first.
    pub descending: bool,
}

impl Default for Sort {
    /// The newest first.
    fn default() -> Self {
        Self { by: Column::Added, descending: true }
    }
}

impl Sort {
    /// By this column from now on; by the same again, in the other direction. Names and times left begin with the least, all else
    /// with the greatest.
    pub fn toggled(self, by: Column) -> Self {
        match self.by == by {
            true => Self { by, descending: !self.descending },
            false => Self { by, descending: !matches!(by, Column::Name | Column::Status | Column::Eta) },
        }
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// A file that is being read in order to be shared.
    Hashing(&'a HashingView),
    /// A transfer.
    Transfer(&'a Arc<TransferView>),
}

impl Entry<'_> {
    /// Which row it is.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Hashing(hashing) => RowKey::Hashing(hashing.path.clone()),
            Self::Transfer(transfer) => RowKey::Transfer(transfer.file_id),
        }
    }

    fn is(&self, key: &RowKey) -> bool {
        match (self, key) {
            (Self::Hashing(hashing), RowKey::Hashing(path)) => hashing.path == *path,
            (Self::Transfer(transfer), RowKey::Transfer(file_id)) => transfer.file_id == *file_id,
            _ => false,
        }
    }
}

/// The rows that are shown, as places in a snapshot.
#[derive(Debug, Default)]
pub struct List {
    of: Option<Made>,
    hashing: usize,
    order: Vec<u32>,
    counts: [usize; Filter::ALL.len()],
}

/// What a list was made of.
#[derive(Debug)]
struct Made {
    snapshot: Arc<Snapshot>,
    filter: Filter,
    sort: Sort,
    hidden: HashSet<FileId>,
}

impl List {
    /// Works the list out anew, if anything that it is made of changed, and returns whether it did. Transfers that are `hidden`
    /// are not in it.
    pub fn refresh(&mut self, snapshot: &Arc<Snapshot>, filter: Filter, sort: Sort, hidden: &HashSet<FileId>) -> bool {
        let same = |of: &Made| {
            Arc::ptr_eq(&of.snapshot, snapshot) && (of.filter, of.sort) == (filter, sort) && of.hidden == *hidden
        };
        if self.of.as_ref().is_some_and(same) {
            return false;
        }
        let visible = |at: &u32| !hidden.contains(&snapshot.transfers[*at as usize].file_id);
        let all = (0..u32::try_from(snapshot.transfers.len()).unwrap_or(u32::MAX)).filter(visible);
        self.order.clear();
        self.counts = [0; Filter::ALL.len()];
        for at in all {
            let transfer = &snapshot.transfers[at as usize];
            for (count, counted) in self.counts.iter_mut().zip(Filter::ALL) {
                *count += usize::from(counted.shows(transfer));
            }
            if filter.shows(transfer) {
                self.order.push(at);
            }
        }
        for (count, _) in self.counts.iter_mut().zip(Filter::ALL).filter(|(_, filter)| filter.shows_hashing()) {
            *count += snapshot.hashing.len();
        }
        self.hashing = if filter.shows_hashing() { snapshot.hashing.len() } else { 0 };
        self.sort(snapshot, sort);
        self.of = Some(Made { snapshot: snapshot.clone(), filter, sort, hidden: hidden.clone() });
        true
    }

    fn sort(&mut self, snapshot: &Snapshot, sort: Sort) {
        let transfer = |at: u32| &*snapshot.transfers[at as usize];
        match sort.by {
            Column::Name => self.order.sort_by_cached_key(|at| transfer(*at).name.to_lowercase()),
            by => self.order.sort_by(|a, b| by.compare(transfer(*a), transfer(*b))),
        }
        if sort.descending {
            self.order.reverse();
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.hashing + self.order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows this filter shows.
    pub fn count(&self, filter: Filter) -> usize {
        Filter::ALL.iter().position(|other| *other == filter).map_or(0, |n| self.counts[n])
    }

    /// The row at this place.
    pub fn entry(&self, at: usize) -> Option<Entry<'_>> {
        let snapshot = &self.of.as_ref()?.snapshot;
        match at.checked_sub(self.hashing) {
            None => snapshot.hashing.get(at).map(Entry::Hashing),
            Some(at) => self.order.get(at).map(|at| Entry::Transfer(&snapshot.transfers[*at as usize])),
        }
    }

    /// All rows.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = Entry<'_>> {
        (0..self.len()).filter_map(|at| self.entry(at))
    }

    /// The place of a row.
    pub fn position(&self, key: &RowKey) -> Option<usize> {
        self.entries_at().find(|(_, entry)| entry.is(key)).map(|(at, _)| at)
    }

    fn entries_at(&self) -> impl Iterator<Item = (usize, Entry<'_>)> {
        (0..self.len()).filter_map(|at| Some((at, self.entry(at)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_click_turns_the_order_round() {
        let by_size = Sort::default().toggled(Column::Size);
        assert_eq!(by_size, Sort { by: Column::Size, descending: true });
        assert_eq!(by_size.toggled(Column::Size), Sort { by: Column::Size, descending: false });
        assert_eq!(by_size.toggled(Column::Name), Sort { by: Column::Name, descending: false });
    }
}
