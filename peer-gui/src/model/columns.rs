//! The columns of the list of transfers, and its order.

use serde::{Deserialize, Serialize};

/// A column of the list of transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Name of the file.
    Name,
    /// Length of the file.
    Size,
    /// Part of the file that is here.
    Progress,
    /// State of the transfer, in a word.
    Status,
    /// Rate at which bytes arrive.
    Down,
    /// Rate at which bytes are sent.
    Up,
    /// Number of connected peers.
    Peers,
    /// Time left.
    Eta,
    /// Moment at which the transfer was added.
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

    /// Tells whether the user may hide the column.
    pub fn can_hide(self) -> bool {
        self != Self::Name
    }
}

/// The order of the list of transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Column that is compared. Transfers that are alike in it stay in the order in which they were added.
    pub by: Column,
    /// Puts the greatest first.
    pub descending: bool,
}

impl Default for Sort {
    /// Newest transfers first.
    fn default() -> Self {
        Self { by: Column::Added, descending: true }
    }
}

impl Sort {
    /// Sorts by another column, or by the same one in the other direction. Names, states and times left begin with the least,
    /// all other columns with the greatest.
    pub fn toggled(self, by: Column) -> Self {
        match self.by == by {
            true => Self { by, descending: !self.descending },
            false => Self { by, descending: !matches!(by, Column::Name | Column::Status | Column::Eta) },
        }
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
