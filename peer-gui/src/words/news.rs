//! News: toasts, notifications, lines of a transfer's log.

use std::path::Path;

use super::common::transfers;
use super::details::trouble_sentence;
use crate::model::engine::Trouble;

pub const LOG_ADDED: &str = "Added to the list.";
pub const LOG_SHARED: &str = "Read, and shared from now on.";
/// Toast for a removal.
pub const REMOVED: &str = "Removed from the list. The file is kept.";
/// Toast for a copied link.
pub const LINK_COPIED: &str = "Link copied.";
/// Toast for a copied ID.
pub const ID_COPIED: &str = "File ID copied.";
pub const COMPLETED_TITLE: &str = "Download complete";
pub const STOPPED_TITLE: &str = "A transfer stopped";

/// Reason for which something cannot be opened, in the words of the system.
pub fn cannot_open(path: &Path, reason: &str) -> String {
    format!("Can't open {}: {reason}", path.display())
}

/// Toast for a removal.
pub fn removed(count: usize) -> String {
    match count {
        1 => REMOVED.to_owned(),
        _ => format!("{} removed from the list. The files are kept.", transfers(count)),
    }
}

/// Toast for a deletion.
pub fn deleted(count: usize) -> String {
    match count {
        1 => "Removed from the list. The downloaded file is being deleted.".to_owned(),
        _ => format!("{} removed from the list. The downloaded files are being deleted.", transfers(count)),
    }
}

/// Line of the log for a complete download.
pub fn log_completed(path: &Path) -> String {
    format!("Complete and verified: {}", path.display())
}

/// Line of the log for a chunk that was wrong.
pub fn bad_chunk(index: u32, peer: &str) -> String {
    format!("Chunk {index} from {peer} didn't match its fingerprint. Fetched again from another peer.")
}

/// Trouble with changing the program that opens links.
pub fn links_not_changed(reason: &str) -> String {
    format!("What opens sprat: links can't be changed: {reason}")
}

/// Toast for a log that is saved.
pub fn log_saved(path: &Path) -> String {
    format!("The log is saved in {}.", path.display())
}

/// Toast for a log that could not be saved.
pub fn log_not_saved(path: &Path, reason: &str) -> String {
    format!("The log can't be saved in {}: {reason}", path.display())
}

/// News of a transfer that was moved.
pub fn moved(path: &Path) -> String {
    format!("Moved to {}.", path.display())
}

/// News of a transfer that stopped.
pub fn stopped(name: Option<&str>, trouble: &Trouble) -> String {
    let sentence = trouble_sentence(trouble);
    name.map_or(sentence.clone(), |name| format!("“{name}”: {sentence}"))
}

/// Toast for a download that began.
pub fn download_added(name: Option<&str>) -> String {
    name.map_or("Added to the list.".to_owned(), |name| format!("“{name}” is added to the list."))
}

/// News of a complete download.
pub fn completed(name: &str) -> String {
    format!("“{name}” is complete and verified.")
}

/// Toast for a file that is shared.
pub fn shared(name: &str) -> String {
    format!("“{name}” is shared.")
}

/// Toast for several complete downloads.
pub fn completed_many(count: usize) -> String {
    format!("{count} downloads are complete and verified.")
}

/// Toast for several files that are shared.
pub fn shared_many(count: usize) -> String {
    format!("{count} files are shared.")
}

/// Toast for a file that cannot be shared.
pub fn share_failed(path: &Path, reason: &str) -> String {
    format!("Can't share {}: {reason}", path.display())
}

/// Toast for an argument that is neither link nor file.
pub fn not_a_link_or_file(text: &str) -> String {
    format!("“{text}” is neither a file ID, nor a link, nor a file.")
}

/// Toast for preferences that were not understood.
pub fn preferences_damaged(reason: &str) -> String {
    format!("The settings could not be read ({reason}), so the defaults are used.")
}

/// Toast for preferences that were not saved.
pub fn preferences_not_saved(reason: &str) -> String {
    format!("The settings could not be saved: {reason}")
}
