//! The selected rows, and the row that the keyboard is on.

use std::collections::HashSet;

use super::item::RowKey;
use super::list::List;

/// Way in which a row is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Select the row and nothing else.
    Only,
    /// Add the row to the selection, or take it out.
    Toggle,
    /// Select all rows from the one that was selected alone last up to this one.
    UpTo,
}

/// Move of the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Move to the row above.
    Up,
    /// Move to the row below.
    Down,
    /// Move to the first row.
    First,
    /// Move to the last row.
    Last,
}

/// Selected rows.
#[derive(Debug, Default)]
pub struct Selection {
    chosen: HashSet<RowKey>,
    /// Row at which a stretch begins.
    anchor: Option<RowKey>,
    /// Row that the keyboard is on.
    cursor: Option<RowKey>,
}

impl Selection {
    /// Tells whether this row is selected.
    pub fn contains(&self, key: &RowKey) -> bool {
        self.chosen.contains(key)
    }

    /// Number of selected rows.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Tells whether no row is selected.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Selected rows, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &RowKey> {
        self.chosen.iter()
    }

    /// Row that the keyboard is on.
    pub fn cursor(&self) -> Option<&RowKey> {
        self.cursor.as_ref()
    }

    /// Selected row, if it is the only one.
    pub fn single(&self) -> Option<&RowKey> {
        self.chosen.iter().next().filter(|_| self.chosen.len() == 1)
    }

    /// Selects nothing.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Drops rows that are no longer in the list.
    pub fn keep_listed(&mut self, list: &List) {
        for place in [&mut self.cursor, &mut self.anchor] {
            place.take_if(|key| list.position(key).is_none());
        }
        if !self.chosen.is_empty() {
            self.chosen = list.items().map(|item| item.key()).filter(|key| self.chosen.contains(key)).collect();
        }
    }

    /// Selects a row of the list.
    pub fn pick(&mut self, list: &List, key: RowKey, pick: Pick) {
        match pick {
            Pick::Only => {
                self.chosen.clear();
                self.chosen.insert(key.clone());
                self.anchor = Some(key.clone());
            }
            Pick::Toggle => {
                if !self.chosen.remove(&key) {
                    self.chosen.insert(key.clone());
                }
                self.anchor = Some(key.clone());
            }
            Pick::UpTo => self.stretch(list, &key),
        }
        self.cursor = Some(key);
    }

    fn stretch(&mut self, list: &List, key: &RowKey) {
        let end = list.position(key);
        let start = self.anchor.as_ref().and_then(|anchor| list.position(anchor)).or(end);
        let (Some(start), Some(end)) = (start, end) else { return };
        let (first, last) = (start.min(end), start.max(end));
        self.chosen = (first..=last).filter_map(|at| Some(list.item(at)?.key())).collect();
        if self.anchor.is_none() {
            self.anchor = Some(key.clone());
        }
    }

    /// Moves to another row. Without a selection, any move leads to an end of the list.
    pub fn step(&mut self, list: &List, step: Step, pick: Pick) {
        let Some(last) = list.len().checked_sub(1) else { return };
        let at = self.cursor.as_ref().and_then(|key| list.position(key));
        let to = match (step, at) {
            (Step::First, _) | (Step::Down, None) => 0,
            (Step::Last, _) | (Step::Up, None) => last,
            (Step::Up, Some(at)) => at.saturating_sub(1),
            (Step::Down, Some(at)) => (at + 1).min(last),
        };
        if let Some(item) = list.item(to) {
            self.pick(list, item.key(), pick);
        }
    }

    /// Selects every row.
    pub fn all(&mut self, list: &List) {
        self.chosen = list.items().map(|item| item.key()).collect();
        self.cursor = self.cursor.take().or_else(|| list.item(0).map(|item| item.key()));
        self.anchor.clone_from(&self.cursor);
    }

    /// Selects the row below the selected ones, else the one above, before these go, so that whoever removes many rows
    /// need not select each.
    pub fn leave(&mut self, list: &List) {
        let last = list.items().enumerate().filter(|(_, item)| self.contains(&item.key())).map(|(at, _)| at).max();
        let free = |at: usize| list.item(at).map(|item| item.key()).filter(|key| !self.contains(key));
        let below = last.and_then(|last| (last + 1..list.len()).find_map(free));
        let next = below.or_else(|| (0..last.unwrap_or(0)).rev().find_map(free));
        self.clear();
        if let Some(key) = next {
            self.pick(list, key, Pick::Only);
        }
    }
}
