//! Words of the Transfers screen: its field, its list, the menu of the selected transfers.

use super::common::{ADDED, DOWN, NAME, SIZE, STATUS, UP};
use super::window::PEERS;
use crate::model::columns::Column;
use crate::model::filter::Filter;

/// Hint in the field for IDs.
pub const PASTE_ID: &str = "Paste a file ID or link";
/// Button beside that field.
pub const DOWNLOAD: &str = "Download";
/// Second button beside that field.
pub const SHARE_A_FILE: &str = "Share a file";
/// Error of a text that is no ID.
pub const BAD_ID: &str = "That isn't a file ID. A file ID has 64 letters and digits, 0–9 and a–f.";
/// Error of a link that is damaged.
pub const DAMAGED_LINK: &str = "That link is damaged. Copy it again, or paste only the file ID in it.";
/// Heading of the empty list.
pub const NO_TRANSFERS: &str = "No transfers yet";
/// Remedy for the empty list.
pub const NO_TRANSFERS_HINT: &str = "Paste a file ID, or drop a file here to share it.";
pub const PROGRESS: &str = "Progress";
pub const ETA: &str = "ETA";
pub const COLUMNS: &str = "Columns";
/// Heading of a list that is empty because of its filter.
pub const NOTHING_HERE: &str = "Nothing here";
pub const SEARCHING: &str = "Searching";
pub const WAITING: &str = "Waiting";
pub const QUEUED: &str = "Queued";
pub const MOVING: &str = "Moving";
pub const CHECKING: &str = "Checking";
pub const DOWNLOADING: &str = "Downloading";
pub const SHARING: &str = "Sharing";
pub const PAUSED: &str = "Paused";
pub const STOPPED: &str = "Stopped";
/// State of a file on its way to being shared.
pub const HASHING: &str = "Reading";
pub const PAUSE: &str = "Pause";
pub const RESUME: &str = "Resume";
pub const REMOVE: &str = "Remove";
pub const DELETE: &str = "Delete file…";
pub const MORE: &str = "More…";
pub const OPEN_FILE: &str = "Open";
pub const CHECK: &str = "Check again";
pub const CANCEL_WORK: &str = "Stop checking or moving";
pub const MOVE: &str = "Move to…";
pub const LIMITS: &str = "Limit speed…";
pub const SEQUENTIAL: &str = "Fetch in order";
pub const NOT_SEQUENTIAL: &str = "Fetch rarest first";
pub const ADD_PEER: &str = "Add a peer…";
pub const OPEN_FOLDER: &str = "Open folder";

/// Heading of a column.
pub fn column(column: Column) -> &'static str {
    match column {
        Column::Name => NAME,
        Column::Size => SIZE,
        Column::Progress => PROGRESS,
        Column::Status => STATUS,
        Column::Down => DOWN,
        Column::Up => UP,
        Column::Peers => PEERS,
        Column::Eta => ETA,
        Column::Added => ADDED,
    }
}

/// Name of the button in a column's heading.
pub fn sort_by(of: Column) -> String {
    format!("Sort by {}", column(of))
}

/// Name of the button that makes a column wider.
pub fn wider(of: Column) -> String {
    format!("{} wider", column(of))
}

/// Name of the button that makes a column narrower.
pub fn narrower(of: Column) -> String {
    format!("{} narrower", column(of))
}

/// Chip of a filter, with the number of its rows.
pub fn filter(filter: Filter, count: usize) -> String {
    let name = match filter {
        Filter::All => "All",
        Filter::Downloading => "Downloading",
        Filter::Sharing => "Sharing",
        Filter::Finished => "Finished",
        Filter::Problems => "Problems",
    };
    format!("{name} ({count})")
}

/// Hint of a list that is empty because of its filter.
pub fn filter_hint(filter: Filter) -> &'static str {
    match filter {
        Filter::All => NO_TRANSFERS_HINT,
        Filter::Downloading => "Nothing is missing: every download is complete.",
        Filter::Sharing => "Nothing is shared right now. What you share or download is, once it is complete.",
        Filter::Finished => "No download is complete yet.",
        Filter::Problems => "No transfer needs a look.",
    }
}

/// Name of the button that stops reading a file.
pub fn cancel_share(name: &str) -> String {
    format!("Cancel sharing {name}")
}
