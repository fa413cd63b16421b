//! Every word on the screen. They say what is, and what to do.

use std::path::Path;
use std::time::Duration;

use sprat_peer::{TransferState, Trouble};

use crate::format;

/// The product's name, and the window's title.
pub const APP: &str = "Sprat";

/// Screens.
pub const TRANSFERS: &str = "Transfers";
/// See [`TRANSFERS`].
pub const SHARE: &str = "Share";
/// See [`TRANSFERS`].
pub const SETTINGS: &str = "Settings";

/// While the engine starts.
pub const STARTING: &str = "Starting…";
/// Heading of the page that stands for everything if the engine did not start.
pub const START_FAILED: &str = "Sprat could not start";
/// If the engine ended without being asked to.
pub const ENGINE_ENDED: &str =
    "The engine stopped unexpectedly. Nothing that was verified is lost: close this window and start Sprat again.";
/// Button of that page.
pub const QUIT: &str = "Close Sprat";

/// Hint in the field for IDs.
pub const PASTE_ID: &str = "Paste a file ID or link";
/// Button beside it.
pub const DOWNLOAD: &str = "Download";
/// The other button beside it.
pub const SHARE_A_FILE: &str = "Share a file";
/// What is no ID.
pub const BAD_ID: &str = "That isn't a file ID. A file ID has 64 letters and digits, 0–9 and a–f.";
/// What is a link, but a damaged one.
pub const DAMAGED_LINK: &str = "That link is damaged. Copy it again, or paste only the file ID in it.";
/// Heading of the empty list.
pub const NO_TRANSFERS: &str = "No transfers yet";
/// What to do about it.
pub const NO_TRANSFERS_HINT: &str = "Paste a file ID, or drop a file here to share it.";
/// Shown over everything while a file is held above the window.
pub const DROP_TO_SHARE: &str = "Drop to share";

/// Column headings of the transfers.
pub const NAME: &str = "Name";
/// See [`NAME`].
pub const SIZE: &str = "Size";
/// See [`NAME`].
pub const PROGRESS: &str = "Progress";
/// See [`NAME`].
pub const STATUS: &str = "Status";
/// See [`NAME`].
pub const DOWN: &str = "Down";
/// See [`NAME`].
pub const UP: &str = "Up";
/// See [`NAME`].
pub const PEERS: &str = "Peers";
/// See [`NAME`].
pub const ETA: &str = "ETA";

/// States of a transfer, short.
pub const SEARCHING: &str = "Searching";
/// See [`SEARCHING`].
pub const WAITING: &str = "Waiting";
/// See [`SEARCHING`].
pub const QUEUED: &str = "Queued";
/// See [`SEARCHING`].
pub const MOVING: &str = "Moving";
/// See [`SEARCHING`].
pub const CHECKING: &str = "Checking";
/// See [`SEARCHING`].
pub const DOWNLOADING: &str = "Downloading";
/// See [`SEARCHING`].
pub const SHARING: &str = "Sharing";
/// See [`SEARCHING`].
pub const PAUSED: &str = "Paused";
/// See [`SEARCHING`].
pub const STOPPED: &str = "Stopped";
/// State of a file on its way to being shared.
pub const HASHING: &str = "Reading";

/// Buttons and menu entries.
pub const PAUSE: &str = "Pause";
/// See [`PAUSE`].
pub const RESUME: &str = "Resume";
/// See [`PAUSE`].
pub const REMOVE: &str = "Remove";
/// See [`PAUSE`].
pub const DELETE: &str = "Delete file…";
/// See [`PAUSE`].
pub const COPY_LINK: &str = "Copy link";
/// See [`PAUSE`].
pub const COPY_ID: &str = "Copy ID";
/// See [`PAUSE`].
pub const OPEN_FOLDER: &str = "Open folder";
/// See [`PAUSE`].
pub const CANCEL: &str = "Cancel";
/// See [`PAUSE`].
pub const CHOOSE_FILE: &str = "Choose file…";
/// See [`PAUSE`].
pub const CHOOSE_FOLDER: &str = "Choose…";
/// See [`PAUSE`].
pub const ADD: &str = "Add";
/// See [`PAUSE`].
pub const APPLY: &str = "Use this folder";
/// See [`PAUSE`].
pub const DISMISS: &str = "Dismiss";

/// Labels in the pane below the list.
pub const FILE_ID: &str = "File ID";
/// See [`FILE_ID`].
pub const PATH: &str = "Path";
/// See [`FILE_ID`].
pub const LINK: &str = "Link";
/// See [`FILE_ID`].
pub const CHUNKS: &str = "Chunks";
/// See [`FILE_ID`].
pub const TRAFFIC: &str = "Traffic";
/// Columns of the peers.
pub const PEER: &str = "Peer";
/// See [`PEER`].
pub const ADDRESS: &str = "Address";
/// See [`PEER`].
pub const RECEIVED: &str = "Received";
/// See [`PEER`].
pub const SENT: &str = "Sent";
/// A peer's state.
pub const SEEDER: &str = "Has all of it";
/// See [`SEEDER`].
pub const LEECHER: &str = "Has some of it";
/// See [`SEEDER`].
pub const LEFT: &str = "Left";
/// The list of peers is empty.
pub const NO_PEERS: &str = "No peers yet.";

/// After a removal.
pub const REMOVED: &str = "Removed from the list. The file is kept.";
/// After a deletion.
pub const DELETED: &str = "Removed from the list. The downloaded file is deleted.";
/// After copying.
pub const LINK_COPIED: &str = "Link copied.";
/// After copying.
pub const ID_COPIED: &str = "File ID copied.";
/// After copying.
pub const ADDRESS_COPIED: &str = "Address copied.";
/// The engine's queue is full.
pub const BUSY: &str = "Sprat is busy right now. Try again in a moment.";

/// The question before deleting.
pub const DELETE_TITLE: &str = "Delete the file?";
/// Its second button.
pub const DELETE_CONFIRM: &str = "Delete";

/// The Share screen.
pub const SHARE_INTRO: &str = "Drop a file anywhere in this window, choose one, or type its path. It stays where it is: nothing is copied or uploaded to anybody's server.";
/// See [`SHARE_INTRO`].
pub const SHARE_PATH: &str = "Path of the file to share";
/// See [`SHARE_INTRO`].
pub const NEWLY_SHARED: &str = "Just shared";
/// See [`SHARE_INTRO`].
pub const SHARED_FILES: &str = "Shared files";
/// See [`SHARE_INTRO`].
pub const NOTHING_SHARED: &str = "Nothing is shared yet.";
/// See [`SHARE_INTRO`].
pub const GIVE_LINK: &str = "Give the link to whoever should have the file. Keep Sprat open while they fetch it.";
/// The file dialog is not to be had here.
pub const NO_DIALOG: &str = "No file dialog is available here. Type the path instead.";

/// Sections and fields of the settings.
pub const DOWNLOAD_FOLDER: &str = "Download folder";
/// See [`DOWNLOAD_FOLDER`].
pub const DOWNLOAD_FOLDER_HINT: &str = "New downloads are saved here. Those under way stay where they are.";
/// See [`DOWNLOAD_FOLDER`].
pub const TRACKERS: &str = "Trackers";
/// See [`DOWNLOAD_FOLDER`].
pub const TRACKERS_HINT: &str = "A tracker knows who has which file. Everyone who exchanges files uses the same one.";
/// See [`DOWNLOAD_FOLDER`].
pub const NO_TRACKERS: &str = "None yet.";
/// See [`DOWNLOAD_FOLDER`].
pub const TRACKER_FIELD: &str = "Tracker address, such as tracker.example:5000";
/// See [`DOWNLOAD_FOLDER`].
pub const BAD_TRACKER: &str =
    "That isn't a tracker's address. One looks like tracker.example:5000 or https://tracker.example.";
/// See [`DOWNLOAD_FOLDER`].
pub const TRACKER_KNOWN: &str = "That tracker is in the list already.";
/// A tracker's state: it is there, and does not let this computer use it.
pub const NOT_ALLOWED: &str = "Not allowed";
/// Button beside a tracker: its token.
pub const TOKEN: &str = "Token…";
/// What a token is.
pub const TOKEN_HINT: &str = "A private tracker is opened with a token. Whoever runs it gives you one.";
/// The field for it.
pub const TOKEN_FIELD: &str = "Token";
/// Button that uses what is in the field.
pub const USE_TOKEN: &str = "Use";
/// Button that uses none from now on.
pub const FORGET_TOKEN: &str = "Forget";
/// What was typed is no token.
pub const BAD_TOKEN: &str = "That isn't a token. Copy all of it, from the first character to the last.";
/// The token is used.
pub const TOKEN_KEPT: &str = "Token kept";
/// It is not used any more.
pub const TOKEN_FORGOTTEN: &str = "Token forgotten on this computer";
/// There is nowhere to keep it.
pub const NO_TOKEN_FILE: &str =
    "The token is used until this window is closed: there is no home folder to keep it in. Set HOME and start again.";
/// See [`DOWNLOAD_FOLDER`].
pub const RUN_TRACKER_TITLE: &str = "A tracker of your own";
/// See [`DOWNLOAD_FOLDER`].
pub const RUN_TRACKER_HINT: &str = "Runs as long as this window is open, and is used by it too.";
/// See [`DOWNLOAD_FOLDER`].
pub const RUN_TRACKER: &str = "Run a tracker on this computer";
/// See [`DOWNLOAD_FOLDER`].
pub const SERVE_LAN: &str = "Let others on this network use it";
/// See [`DOWNLOAD_FOLDER`].
pub const GIVE_ADDRESS: &str = "Others enter this address as their tracker:";
/// See [`DOWNLOAD_FOLDER`].
pub const ONLY_HERE: &str = "Only programs on this computer can reach it:";
/// See [`DOWNLOAD_FOLDER`].
pub const NO_NETWORK: &str = "This computer has no network address that others could use right now.";
/// See [`DOWNLOAD_FOLDER`].
pub const TRACKER_STARTING: &str = "The tracker is starting…";
/// See [`DOWNLOAD_FOLDER`].
pub const COPY_ADDRESS: &str = "Copy address";
/// See [`DOWNLOAD_FOLDER`].
pub const APPEARANCE: &str = "Appearance";
/// See [`DOWNLOAD_FOLDER`].
pub const THEME_SYSTEM: &str = "System";
/// See [`DOWNLOAD_FOLDER`].
pub const THEME_LIGHT: &str = "Light";
/// See [`DOWNLOAD_FOLDER`].
pub const THEME_DARK: &str = "Dark";
/// See [`DOWNLOAD_FOLDER`].
pub const ABOUT: &str = "About";

/// The card for those who have no tracker.
pub const SETUP_TITLE: &str = "No tracker is set up";
/// See [`SETUP_TITLE`].
pub const SETUP_TEXT: &str = "A tracker knows who has which file. Enter the address that you were given, or run one on this computer; the settings then let others on your network use it.";
/// See [`SETUP_TITLE`].
pub const SETUP_RUN: &str = "Run one on this computer";
/// See [`SETUP_TITLE`].
pub const SETUP_USE: &str = "Use this tracker";
/// See [`SETUP_TITLE`].
pub const SETUP_LATER: &str = "Not now";

/// The trackers' state, short.
pub const TRACKER_NONE: &str = "No tracker";
/// See [`TRACKER_NONE`].
pub const TRACKER_CONNECTING: &str = "Connecting…";
/// See [`TRACKER_NONE`].
pub const TRACKER_ONLINE: &str = "Tracker online";
/// See [`TRACKER_NONE`].
pub const TRACKER_AWAY: &str = "Tracker away";
/// See [`TRACKER_NONE`].
pub const TRACKER_SOME_AWAY: &str = "A tracker is away";
/// A tracker's state in the settings.
pub const ONLINE: &str = "Online";
/// See [`ONLINE`].
pub const AWAY: &str = "Away";
/// Button beside a tracker that is away.
pub const RETRY_NOW: &str = "Retry now";
/// Buttons at the sidebar's foot.
pub const TO_LIGHT: &str = "Light theme";
/// See [`TO_LIGHT`].
pub const TO_DARK: &str = "Dark theme";

/// Why an address cannot be opened, in the words of the system.
pub fn cannot_open_folder(dir: &Path, reason: &str) -> String {
    format!("Can't open the folder {}: {reason}", dir.display())
}

/// A tracker that does not answer.
pub fn tracker_away(host: &str, retry_in: Duration) -> String {
    let seconds = retry_in.as_secs();
    let retry = if seconds == 0 { "Retrying now.".to_owned() } else { format!("Retrying in {seconds} s.") };
    format!("Can't reach the tracker at {host}. Running transfers continue with known peers. {retry}")
}

/// What is going on with a transfer, in a sentence.
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

/// A transfer lies somewhere else now.
pub fn moved(path: &Path) -> String {
    format!("Moved to {}.", path.display())
}

/// A transfer stopped.
pub fn stopped(name: Option<&str>, trouble: &Trouble) -> String {
    let sentence = trouble_sentence(trouble);
    name.map_or(sentence.clone(), |name| format!("“{name}”: {sentence}"))
}

/// How many chunks are there.
pub fn chunks_verified(done: u32, all: u32) -> String {
    match all {
        0 => "Not known yet".to_owned(),
        all => format!("{done} of {all} chunks verified"),
    }
}

/// What moved since the start.
pub fn traffic(downloaded: u64, uploaded: u64) -> String {
    format!("{} received, {} sent since Sprat started", format::size(downloaded), format::size(uploaded))
}

/// The heading over the peers.
pub fn peers_heading(connected: usize, all: usize) -> String {
    match all {
        0 => PEERS.to_owned(),
        _ => format!("{PEERS} ({connected} connected, {} left)", all - connected),
    }
}

/// Chunks that came from a peer.
pub fn chunks(number: u32) -> String {
    format::count(number as usize, "chunk", "chunks")
}

/// The question before deleting.
pub fn delete_question(name: &str) -> String {
    format!(
        "“{name}” is removed from the list, and what was downloaded is deleted from the disk. This can't be undone."
    )
}

/// A download began.
pub fn download_added(name: Option<&str>) -> String {
    name.map_or("Added to the list.".to_owned(), |name| format!("“{name}” is added to the list."))
}

/// A download ended.
pub fn completed(name: &str) -> String {
    format!("“{name}” is complete and verified.")
}

/// A file is shared.
pub fn shared(name: &str) -> String {
    format!("“{name}” is shared.")
}

/// A file is not shared.
pub fn share_failed(path: &Path, reason: &str) -> String {
    format!("Can't share {}: {reason}", path.display())
}

/// An argument of the command line is neither.
pub fn not_a_link_or_file(text: &str) -> String {
    format!("“{text}” is neither a file ID, nor a link, nor a file.")
}

/// The embedded tracker did not start, or ended.
pub fn local_tracker_failed(reason: &str) -> String {
    format!("The tracker on this computer can't run: {reason}")
}

/// The preferences were not understood.
pub fn preferences_damaged(reason: &str) -> String {
    format!("The settings could not be read ({reason}), so the defaults are used.")
}

/// The preferences were not saved.
pub fn preferences_not_saved(reason: &str) -> String {
    format!("The settings could not be saved: {reason}")
}

/// The totals in the status bar.
pub fn totals(transfers: usize, downloading: usize, sharing: usize) -> String {
    let transfers = format::count(transfers, "transfer", "transfers");
    format!("{transfers} · {downloading} downloading · {sharing} sharing")
}

/// The rates in the status bar.
pub fn rates(down: u64, up: u64) -> String {
    format!("{DOWN} {}/s    {UP} {}/s", format::size(down), format::size(up))
}

/// Where this peer listens.
pub fn listening(port: u16) -> String {
    format!("Listening on port {port}")
}

/// Version and identity.
pub fn about(peer_id: &str) -> String {
    format!("{APP} {}. Your peer ID is {peer_id}.", env!("CARGO_PKG_VERSION"))
}

/// The name of the button that asks for a tracker's token.
pub fn token_of(url: &str) -> String {
    format!("Token for {url}")
}

/// The file of the tokens is of no use.
pub fn tokens_trouble(error: &str) -> String {
    format!("Tokens of private trackers: {error}.")
}

/// The name of the button that removes a tracker.
pub fn remove_tracker(url: &str) -> String {
    format!("Remove {url}")
}

/// The name of the button that copies a file's link.
pub fn copy_link_of(name: &str) -> String {
    format!("{COPY_LINK} of {name}")
}

/// A shared file's size, and what was sent of it.
pub fn shared_amounts(size: Option<u64>, uploaded: u64) -> String {
    format!("{}, {} sent", format::maybe_size(size), format::size(uploaded))
}

/// The name of the button that stops sharing a file before it began.
pub fn cancel_share(name: &str) -> String {
    format!("Cancel sharing {name}")
}

// What the system is told.

/// What came of `sprat-gui --register-links`.
pub const LINKS_REGISTERED: &str = "Links that begin with sprat: are opened by this program, and it is in the menu.";
/// What a link is called in Windows' registry.
pub const LINK_KIND: &str = "URL:Sprat link";
/// Links on macOS.
pub const NEEDS_BUNDLE: &str = "on macOS it takes an app bundle to open links";

/// The program's path is none that the menu can hold.
pub fn cannot_be_in_menu(path: &str) -> String {
    format!("the menu can't hold a program at {path}")
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

    #[test]
    fn a_tracker_that_is_away_is_named() {
        assert_eq!(
            tracker_away("hub:5000", Duration::from_secs(12)),
            "Can't reach the tracker at hub:5000. Running transfers continue with known peers. Retrying in 12 s."
        );
        assert!(tracker_away("hub", Duration::ZERO).ends_with("Retrying now."));
    }
}
