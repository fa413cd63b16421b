//! Words of the Share screen.

use super::common::COPY_LINK;
use super::format;
use crate::model::engine::HashingView;

pub const SHARE_A_FOLDER: &str = "Share a folder";
pub const CHOOSE_FILE: &str = "Choose file…";
pub const CHOOSE_SHARED_FOLDER: &str = "Choose folder…";
pub const SHARE_INTRO: &str = "Drop a file or a folder anywhere in this window, choose one, or type its path. It stays where it is: nothing is copied or uploaded to anybody's server.";
pub const SHARE_PATH: &str = "Path of the file or folder to share";
pub const NEWLY_SHARED: &str = "Just shared";
pub const SHARED_FILES: &str = "Shared files";
pub const NOTHING_SHARED: &str = "Nothing is shared yet.";
pub const GIVE_LINK: &str = "Give the link to whoever should have the file. Keep Sprat open while they fetch it.";

/// Progress of reading a file.
pub fn hashing(hashing: &HashingView) -> String {
    match (hashing.total, hashing.eta) {
        (0, _) if hashing.done == 0 => "Waits for its turn.".to_owned(),
        (total, None) => format!("{} of {}", format::size(hashing.done), format::size(total)),
        (total, eta) => {
            format!("{} of {}, {} left", format::size(hashing.done), format::size(total), format::eta(eta))
        }
    }
}

/// Name of the button that copies a file's link.
pub fn copy_link_of(name: &str) -> String {
    format!("{COPY_LINK} of {name}")
}

/// Size of a shared file, and bytes that were sent of it.
pub fn shared_amounts(size: Option<u64>, uploaded: u64) -> String {
    format!("{}, {} sent", format::maybe_size(size), format::size(uploaded))
}
