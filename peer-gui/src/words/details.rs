//! Words of the pane below the list.

use std::num::NonZeroU32;

use super::common::people;
use super::format;
use super::window::PEERS;
use crate::model::engine::{Priority, TransferState, Trouble, Work};

pub const SHARE_AS_IT_IS: &str = "Share it as it is now";
pub const FILE_ID: &str = "File ID";
pub const PATH: &str = "Path";
pub const LINK: &str = "Link";
pub const TRAFFIC: &str = "Traffic";
pub const PEER: &str = "Peer";
pub const SEEDER: &str = "Has all of it";
pub const LEECHER: &str = "Has some of it";
/// Text for an empty list of peers.
pub const NO_PEERS: &str = "No peers yet.";
pub const TAB_OVERVIEW: &str = "Overview";
pub const TAB_FILES: &str = "Files";
pub const TAB_LOG: &str = "Log";
pub const SPEED: &str = "Speed, last 2 minutes";
pub const TWO_MINUTES_AGO: &str = "2 min ago";
pub const NOTHING_MOVED: &str = "Nothing moved";
pub const LIMITED_TO: &str = "Limits";
pub const NO_LOG: &str = "Nothing has happened since Sprat was started.";
pub const NO_FILES_YET: &str = "The list of files is not here yet.";

/// Heading of the pane for several selected rows.
pub fn several(rows: usize) -> String {
    format!("{rows} selected")
}

/// Size of all selected transfers together.
pub fn in_all(size: u64) -> String {
    format!("{} in all", format::size(size))
}

/// Progress of checking or moving.
pub fn work(work: &Work) -> String {
    let left = work.eta.map(|eta| format!(", {} left", format::eta(Some(eta)))).unwrap_or_default();
    format!(" {} of {}{left}.", format::size(work.done), format::size(work.total))
}

/// Size of a file, or of a folder with the number of its files.
pub fn size_of(size: Option<u64>, files: Option<u32>) -> String {
    match files {
        None => format::maybe_size(size),
        Some(files) => format!("{} in {}", format::maybe_size(size), format::count(files as usize, "file", "files")),
    }
}

/// Limits of a transfer, if it has any.
pub fn limits(up: Option<NonZeroU32>, down: Option<NonZeroU32>) -> Option<String> {
    let of = |limit: NonZeroU32| format::speed(limit.get().into());
    match (up, down) {
        (None, None) => None,
        (Some(up), None) => Some(format!("upload {}", of(up))),
        (None, Some(down)) => Some(format!("download {}", of(down))),
        (Some(up), Some(down)) => Some(format!("upload {}, download {}", of(up), of(down))),
    }
}

/// Rates of a transfer, for those who cannot see the plot.
pub fn speeds(down: u64, up: u64) -> String {
    format!("Speed: {} down, {} up", format::speed(down), format::speed(up))
}

/// Priority of a file in a folder.
pub fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Off => "Not fetched",
        Priority::Normal => "Normal",
        Priority::High => "First",
    }
}

/// Name of the button that changes a priority.
pub fn priority_of(path: &str, is: Priority) -> String {
    format!("Priority of {path}: {}", priority(is))
}

/// Name of a page about the selected transfer.
pub fn tab(label: &str) -> String {
    format!("{label} of this transfer")
}

/// State of a transfer, in a sentence.
pub fn state_sentence(state: &TransferState) -> String {
    match state {
        TransferState::Queued => "Other downloads come first. It starts by itself.".to_owned(),
        TransferState::Moving => "Moving to another folder.".to_owned(),
        TransferState::Searching => "Looking for peers that have this file.".to_owned(),
        TransferState::Waiting => {
            "Nobody is online with this file. We'll keep looking and resume by ourselves.".to_owned()
        }
        TransferState::Checking => "Checking what is on the disk already.".to_owned(),
        TransferState::Downloading => "Chunks are arriving. Each is verified before it is kept.".to_owned(),
        TransferState::Sharing => "The whole file is here, verified, and shared with others.".to_owned(),
        TransferState::Paused => "Paused by you. Everything verified so far is kept.".to_owned(),
        TransferState::Stopped(trouble) => trouble_sentence(trouble),
    }
}

/// Trouble on this machine, in a sentence.
pub fn trouble_sentence(trouble: &Trouble) -> String {
    match trouble {
        Trouble::DiskFull { needed, dir } => format!(
            "Paused: {} more space needed in {}. It goes on by itself as soon as there is room.",
            format::size(*needed),
            dir.display()
        ),
        other => {
            let text = other.to_string();
            let mut chars = text.chars();
            let first = chars.next().filter(|_| !text.starts_with('/'));
            first.map_or(format!("{text}."), |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
        }
    }
}

/// Number of chunks that are here.
pub fn chunks_verified(done: u32, all: u32) -> String {
    match all {
        0 => "Not known yet".to_owned(),
        all => format!("{done} of {all} chunks verified"),
    }
}

/// Bytes that a transfer moved since the start.
pub fn traffic(downloaded: u64, uploaded: u64) -> String {
    format!("{} received, {} sent since Sprat started", format::size(downloaded), format::size(uploaded))
}

/// Heading over the peers.
pub fn peers_heading(connected: usize, all: usize) -> String {
    match all {
        0 => PEERS.to_owned(),
        _ => format!("{PEERS} ({})", people(connected, all)),
    }
}

/// Number of chunks that came from a peer.
pub fn chunks(number: u32) -> String {
    format::count(number as usize, "chunk", "chunks")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_reads_as_a_sentence() {
        let full = Trouble::DiskFull { needed: 3 << 29, dir: "/data".into() };
        assert_eq!(
            trouble_sentence(&full),
            "Paused: 1.5 GiB more space needed in /data. It goes on by itself as soon as there is room."
        );
        let io = Trouble::Io { path: "/data/a".into(), reason: "permission denied".into() };
        assert_eq!(
            trouble_sentence(&io),
            "/data/a: permission denied; it goes on by itself as soon as that is mended."
        );
    }
}
