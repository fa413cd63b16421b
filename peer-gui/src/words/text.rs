//! Every word on the screen. They say what is, and what to do.
#![allow(missing_docs, reason = "each text is its own documentation")]

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use super::format;
use crate::model::columns::Column;
use crate::model::engine::{HashingView, Priority, TransferState, Trouble, Work};
use crate::model::filter::Filter;

/// The product's name, and the window's title.
pub const APP: &str = "Sprat";

/// Screens.
pub const TRANSFERS: &str = "Transfers";
pub const BROWSE: &str = "Browse";
pub const SHARE: &str = "Share";
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
/// The same for a link on the clipboard.
pub const DOWNLOAD_IT: &str = "Download it";
/// The other button beside it.
pub const SHARE_A_FILE: &str = "Share a file";
pub const SHARE_A_FOLDER: &str = "Share a folder";
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
pub const SIZE: &str = "Size";
pub const PROGRESS: &str = "Progress";
pub const STATUS: &str = "Status";
pub const DOWN: &str = "Down";
pub const UP: &str = "Up";
pub const PEERS: &str = "Peers";
pub const ETA: &str = "ETA";
pub const ADDED: &str = "Added";
pub const COLUMNS: &str = "Columns";
/// The list is empty because of its filter.
pub const NOTHING_HERE: &str = "Nothing here";

/// States of a transfer, short.
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

/// Buttons and menu entries.
pub const PAUSE: &str = "Pause";
pub const RESUME: &str = "Resume";
pub const REMOVE: &str = "Remove";
pub const DELETE: &str = "Delete file…";
pub const MORE: &str = "More…";
pub const OPEN_FILE: &str = "Open";
pub const SHARE_AS_IT_IS: &str = "Share it as it is now";
pub const SHOW_QR: &str = "QR code";
pub const CHECK: &str = "Check again";
pub const CANCEL_WORK: &str = "Stop checking or moving";
pub const MOVE: &str = "Move to…";
pub const LIMITS: &str = "Limit speed…";
pub const SEQUENTIAL: &str = "Fetch in order";
pub const NOT_SEQUENTIAL: &str = "Fetch rarest first";
pub const ADD_PEER: &str = "Add a peer…";
pub const PAUSE_OR_RESUME: &str = "Pause or resume";
pub const PAUSE_ALL: &str = "Pause all";
pub const RESUME_ALL: &str = "Resume all";
pub const SELECT_ALL: &str = "Select all";
pub const UNDO: &str = "Undo";
pub const UNDO_REMOVE: &str = "Undo the last removal";
pub const COPY: &str = "Copy";
pub const CLOSE: &str = "Close";
pub const COPY_LINK: &str = "Copy link";
pub const COPY_ID: &str = "Copy ID";
pub const OPEN_FOLDER: &str = "Open folder";
pub const CANCEL: &str = "Cancel";
pub const CHOOSE_FILE: &str = "Choose file…";
pub const CHOOSE_FOLDER: &str = "Choose…";
pub const CHOOSE_SHARED_FOLDER: &str = "Choose folder…";
pub const ADD: &str = "Add";
pub const APPLY: &str = "Use this folder";
pub const DISMISS: &str = "Dismiss";

/// Labels in the pane below the list.
pub const FILE_ID: &str = "File ID";
pub const PATH: &str = "Path";
pub const LINK: &str = "Link";
pub const TRAFFIC: &str = "Traffic";
/// Columns of the peers.
pub const PEER: &str = "Peer";
pub const ADDRESS: &str = "Address";
pub const RECEIVED: &str = "Received";
pub const SENT: &str = "Sent";
/// A peer's state.
pub const SEEDER: &str = "Has all of it";
pub const LEECHER: &str = "Has some of it";
pub const LEFT: &str = "Left";
/// The list of peers is empty.
pub const NO_PEERS: &str = "No peers yet.";
pub const TAB_OVERVIEW: &str = "Overview";
pub const TAB_FILES: &str = "Files";
pub const TAB_LOG: &str = "Log";
pub const SPEED: &str = "Speed, last 2 minutes";
pub const TWO_MINUTES_AGO: &str = "2 min ago";
pub const NOTHING_MOVED: &str = "Nothing moved";
pub const NOW: &str = "now";
pub const LIMITED_TO: &str = "Limits";
pub const NO_LOG: &str = "Nothing has happened since Sprat was started.";
pub const NO_FILES_YET: &str = "The list of files is not here yet.";
pub const LOG_ADDED: &str = "Added to the list.";
pub const LOG_SHARED: &str = "Read, and shared from now on.";

/// The Browse screen.
pub const SEARCH: &str = "Search";
pub const SEARCH_FILES: &str = "Search for files";
pub const SEARCH_FIELD: &str = "Words in the file's name";
pub const SEARCH_NEEDS_TRACKER: &str = "Files are found by a tracker. Add one in the settings.";
pub const BROWSE_EMPTY: &str = "What are you looking for?";
pub const BROWSE_HINT: &str = "Search the files that others share on your trackers.";
pub const BROWSE_SEARCHING: &str = "Searching…";
pub const BROWSE_OTHER_WORDS: &str = "Try fewer words, or a part of a word from its beginning.";
pub const SHOW_MORE: &str = "Show more";
pub const SEEDERS: &str = "Seeders";
pub const GET: &str = "Get";
pub const HAVE_IT: &str = "You have it";

/// The Peers screen.
pub const PEER_ID: &str = "Peer ID";
pub const PROGRAM: &str = "Program";
pub const LAST_SEEN: &str = "Last seen";
pub const CONNECTED: &str = "Connected";
pub const NO_NAME: &str = "no name";
pub const NO_PEERS_YET: &str = "Nobody yet";
pub const NO_PEERS_HINT: &str = "Those who fetch from you, and those you fetch from, are listed here.";
pub const PEER_ID_COPIED: &str = "Peer ID copied.";

/// After a removal.
pub const REMOVED: &str = "Removed from the list. The file is kept.";
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

/// Dialogs.
pub const MOVE_TITLE: &str = "Move to another folder";
pub const MOVE_HINT: &str = "What is downloaded so far goes along, and it goes on there.";
pub const MOVE_FIELD: &str = "Folder to move to";
pub const MOVE_CONFIRM: &str = "Move";
pub const LIMITS_TITLE: &str = "Limit the speed";
pub const BAD_LIMIT: &str = "A limit is a whole number of KiB a second, up to 4194303; leave it empty for none.";
pub const ADD_PEER_TITLE: &str = "Add a peer";
pub const ADD_PEER_HINT: &str = "Somebody who has this file and is not found by a tracker.";
pub const PEER_FIELD: &str = "Address of the peer, such as 192.168.1.20:38649";
pub const BAD_PEER: &str = "That isn't a peer's address. One looks like 192.168.1.20:38649.";
pub const PALETTE_TITLE: &str = "What would you like to do?";
pub const PALETTE_FIELD: &str = "Search for a command";
pub const PALETTE_NOTHING: &str = "No command is called like that.";
pub const SHORTCUTS: &str = "Keyboard shortcuts";
pub const ANYWHERE: &str = "Everywhere";
pub const IN_THE_LIST: &str = "In the list of transfers";
pub const OTHER_KEYS: [(&str, &str); 3] =
    [("Find a command", "Ctrl+K"), ("Add the ID on the clipboard", "Ctrl+V"), ("Close a dialog", "Escape")];
pub const LIST_KEYS: [(&str, &str); 3] =
    [("Move", "Up, Down, Home, End"), ("Select several", "Shift with these"), ("Select nothing", "Escape")];
pub const QR_TITLE: &str = "Scan this link";
pub const QR_SPOKEN: &str = "QR code of the link";
pub const QR_TOO_LONG: &str = "The link is too long for a QR code. Copy it instead.";
pub const SHOW_LICENCES: &str = "Licences";
pub const LICENCE_OF_SPRAT: &str = "Sprat is licensed under MIT or Apache-2.0, at your option. It contains:";
pub const SHOW_LOG: &str = "Log";
pub const SAVE_LOG: &str = "Save log…";
pub const LOG_FILE: &str = "sprat.log";
pub const LOG_EMPTY: &str = "Nothing worth a line has happened yet.";

/// The Share screen.
pub const SHARE_INTRO: &str = "Drop a file or a folder anywhere in this window, choose one, or type its path. It stays where it is: nothing is copied or uploaded to anybody's server.";
pub const SHARE_PATH: &str = "Path of the file or folder to share";
pub const NEWLY_SHARED: &str = "Just shared";
pub const SHARED_FILES: &str = "Shared files";
pub const NOTHING_SHARED: &str = "Nothing is shared yet.";
pub const GIVE_LINK: &str = "Give the link to whoever should have the file. Keep Sprat open while they fetch it.";
/// The file dialog is not to be had here.
pub const NO_DIALOG: &str = "No file dialog is available here. Type the path instead.";

/// Sections and fields of the settings.
pub const YOUR_NAME: &str = "Your name";
pub const NAME_HINT: &str = "Those who exchange files with you see it. It may stay empty.";
pub const NAME_FIELD: &str = "Name that others see";
pub const USE_NAME: &str = "Use this name";
pub const NAME_SET: &str = "Whoever connects from now on sees this name.";
pub const NAME_CLEARED: &str = "Whoever connects from now on sees no name.";
pub const NETWORK: &str = "Network";
pub const ADVANCED: &str = "Limits and port";
pub const UP_LIMIT_FIELD: &str = "Upload, KiB/s";
pub const DOWN_LIMIT_FIELD: &str = "Download, KiB/s";
pub const ACTIVE_FIELD: &str = "Downloads at once";
pub const BAD_ACTIVE: &str = "Between 1 and 1000 downloads can run at once.";
pub const USE_LIMITS: &str = "Use these limits";
pub const LIMITS_SET: &str = "These limits count from now on.";
pub const PORT_FIELD: &str = "Port for peers";
pub const BAD_PORT: &str = "A port is a number up to 65535; leave it empty for any free one.";
pub const USE_PORT: &str = "Use this port";
pub const PORT_SET: &str = "The port is used when Sprat starts the next time.";
pub const SYSTEM: &str = "System";
pub const NOTIFICATIONS: &str = "Tell me when a transfer ends and I am not looking";
pub const OFFER_LINKS: &str = "Offer to download a link that I copied elsewhere";
pub const REGISTER_LINKS: &str = "Open sprat: links with this program";
pub const REGISTER_LINKS_HINT: &str =
    "A click on such a link on a page or in a mail then offers the download here, and Sprat is in the menu.";
pub const TEST: &str = "Test";
pub const TESTING: &str = "Asking…";
pub const ANSWERS: &str = "It answers.";
pub const ZOOM_IN: &str = "Larger";
pub const ZOOM_OUT: &str = "Smaller";
pub const ZOOM_RESET: &str = "Normal size";
pub const USE_SYSTEM_THEME: &str = "Theme of the system";
pub const STOP_TRACKER: &str = "Stop the tracker on this computer";
pub const COMPLETED_TITLE: &str = "Download complete";
pub const STOPPED_TITLE: &str = "A transfer stopped";

pub const DOWNLOAD_FOLDER: &str = "Download folder";
pub const DOWNLOAD_FOLDER_HINT: &str = "New downloads are saved here. Those under way stay where they are.";
pub const TRACKERS: &str = "Trackers";
pub const TRACKERS_HINT: &str = "A tracker knows who has which file. Everyone who exchanges files uses the same one.";
pub const NO_TRACKERS: &str = "None yet.";
pub const TRACKER_FIELD: &str = "Tracker address, such as tracker.example:5000";
pub const BAD_TRACKER: &str =
    "That isn't a tracker's address. One looks like tracker.example:5000 or https://tracker.example.";
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
pub const RUN_TRACKER_TITLE: &str = "A tracker of your own";
pub const RUN_TRACKER_HINT: &str = "Runs as long as this window is open, and is used by it too.";
pub const RUN_TRACKER: &str = "Run a tracker on this computer";
pub const SERVE_LAN: &str = "Let others on this network use it";
pub const GIVE_ADDRESS: &str = "Others enter this address as their tracker:";
pub const ONLY_HERE: &str = "Only programs on this computer can reach it:";
pub const NO_NETWORK: &str = "This computer has no network address that others could use right now.";
pub const TRACKER_STARTING: &str = "The tracker is starting…";
pub const COPY_ADDRESS: &str = "Copy address";
pub const APPEARANCE: &str = "Appearance";
pub const THEME_SYSTEM: &str = "System";
pub const THEME_LIGHT: &str = "Light";
pub const THEME_DARK: &str = "Dark";
pub const ABOUT: &str = "About";

/// The card for those who have no tracker.
pub const SETUP_TITLE: &str = "Welcome to Sprat";
pub const SETUP_TEXT: &str = "A tracker knows who has which file. Enter the address that you were given, or run one on this computer. The rest may stay as it is; the settings have it all.";
pub const SETUP_RUN: &str = "Run one on this computer";
pub const SETUP_USE: &str = "Use this tracker";
pub const SETUP_LATER: &str = "Not now";

/// The trackers' state, short.
pub const TRACKER_NONE: &str = "No tracker";
pub const TRACKER_CONNECTING: &str = "Connecting…";
pub const TRACKER_ONLINE: &str = "Tracker online";
pub const TRACKER_AWAY: &str = "Tracker away";
pub const TRACKER_REFUSES: &str = "Tracker refuses";
pub const TRACKER_SOME_AWAY: &str = "A tracker is away";
/// A tracker's state in the settings.
pub const ONLINE: &str = "Online";
pub const AWAY: &str = "Away";
/// Button beside a tracker that is away.
pub const RETRY_NOW: &str = "Retry now";
pub const RETRY_TRACKERS: &str = "Ask trackers that are away again";
/// Buttons at the sidebar's foot.
pub const TO_LIGHT: &str = "Light theme";
pub const TO_DARK: &str = "Dark theme";

/// A message as a sentence: with a capital and a full stop.
pub fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// Why something cannot be opened, in the words of the system.
pub fn cannot_open(path: &Path, reason: &str) -> String {
    format!("Can't open {}: {reason}", path.display())
}

/// The name of a column.
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

/// What a column's heading does.
pub fn sort_by(of: Column) -> String {
    format!("Sort by {}", column(of))
}

/// The name of the button that gives a column more room.
pub fn wider(of: Column) -> String {
    format!("{} wider", column(of))
}

/// The name of the button that takes some of it.
pub fn narrower(of: Column) -> String {
    format!("{} narrower", column(of))
}

/// A chip, with how many rows it shows.
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

/// What an empty list says of its filter.
pub fn filter_hint(filter: Filter) -> &'static str {
    match filter {
        Filter::All => NO_TRANSFERS_HINT,
        Filter::Downloading => "Nothing is missing: every download is complete.",
        Filter::Sharing => "Nothing is shared right now. What you share or download is, once it is complete.",
        Filter::Finished => "No download is complete yet.",
        Filter::Problems => "No transfer needs a look.",
    }
}

/// The link that is on the clipboard.
pub fn offer(name: Option<&str>, file_id: &str) -> String {
    let what = name.map_or_else(|| file_id.to_owned(), quoted);
    format!("Here is a link to {what}. Download it?")
}

/// A name among other words.
pub fn quoted(name: &str) -> String {
    format!("“{name}”")
}

/// So many transfers.
pub fn transfers(count: usize) -> String {
    format::count(count, "transfer", "transfers")
}

/// So many rows are selected.
pub fn several(rows: usize) -> String {
    format!("{rows} selected")
}

/// How much the selected transfers are.
pub fn in_all(size: u64) -> String {
    format!("{} in all", format::size(size))
}

/// After a removal.
pub fn removed(count: usize) -> String {
    match count {
        1 => REMOVED.to_owned(),
        _ => format!("{} removed from the list. The files are kept.", transfers(count)),
    }
}

/// After a deletion.
pub fn deleted(count: usize) -> String {
    match count {
        1 => "Removed from the list. The downloaded file is being deleted.".to_owned(),
        _ => format!("{} removed from the list. The downloaded files are being deleted.", transfers(count)),
    }
}

/// How far checking or moving is.
pub fn work(work: &Work) -> String {
    let left = work.eta.map(|eta| format!(", {} left", format::eta(Some(eta)))).unwrap_or_default();
    format!(" {} of {}{left}.", format::size(work.done), format::size(work.total))
}

/// How far the reading of a file is.
pub fn hashing(hashing: &HashingView) -> String {
    match (hashing.total, hashing.eta) {
        (0, _) if hashing.done == 0 => "Waits for its turn.".to_owned(),
        (total, None) => format!("{} of {}", format::size(hashing.done), format::size(total)),
        (total, eta) => {
            format!("{} of {}, {} left", format::size(hashing.done), format::size(total), format::eta(eta))
        }
    }
}

/// A size, and how many files it is.
pub fn size_of(size: Option<u64>, files: Option<u32>) -> String {
    match files {
        None => format::maybe_size(size),
        Some(files) => format!("{} in {}", format::maybe_size(size), format::count(files as usize, "file", "files")),
    }
}

/// The limits of a transfer, if it has any.
pub fn limits(up: Option<NonZeroU32>, down: Option<NonZeroU32>) -> Option<String> {
    let of = |limit: NonZeroU32| format::speed(limit.get().into());
    match (up, down) {
        (None, None) => None,
        (Some(up), None) => Some(format!("upload {}", of(up))),
        (None, Some(down)) => Some(format!("download {}", of(down))),
        (Some(up), Some(down)) => Some(format!("upload {}, download {}", of(up), of(down))),
    }
}

/// What the network may cost now.
pub fn limits_now(up: Option<NonZeroU32>, down: Option<NonZeroU32>, active: usize) -> String {
    let speed = limits(up, down).map_or("No speed limit".to_owned(), |limits| format!("Limited to {limits}"));
    format!("{speed}; up to {} at once.", format::count(active, "download", "downloads"))
}

/// How fast it is, in words.
pub fn speeds(down: u64, up: u64) -> String {
    format!("Speed: {} down, {} up", format::speed(down), format::speed(up))
}

/// What a file of a folder is worth.
pub fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Off => "Not fetched",
        Priority::Normal => "Normal",
        Priority::High => "First",
    }
}

/// The name of the button that changes that.
pub fn priority_of(path: &str, is: Priority) -> String {
    format!("Priority of {path}: {}", priority(is))
}

/// Nothing was found.
pub fn nothing_called(words: &str) -> String {
    format!("Nothing is called “{words}”")
}

/// The name of the button that downloads what was found.
pub fn get(name: &str) -> String {
    format!("{GET} {name}")
}

/// The name of the button that copies a peer's ID.
pub fn copy_peer_id(short: &str) -> String {
    format!("Copy the ID of peer {short}")
}

/// How many peers are listed.
pub fn people(connected: usize, all: usize) -> String {
    format!("{connected} connected, {} left", all - connected)
}

/// A download is complete, for its log.
pub fn log_completed(path: &Path) -> String {
    format!("Complete and verified: {}", path.display())
}

/// A chunk was wrong, for the log.
pub fn bad_chunk(index: u32, peer: &str) -> String {
    format!("Chunk {index} from {peer} didn't match its fingerprint. Fetched again from another peer.")
}

/// What opens links is as it was.
pub fn links_not_changed(reason: &str) -> String {
    format!("What opens sprat: links can't be changed: {reason}")
}

/// The log is in a file.
pub fn log_saved(path: &Path) -> String {
    format!("The log is saved in {}.", path.display())
}

/// It is not.
pub fn log_not_saved(path: &Path, reason: &str) -> String {
    format!("The log can't be saved in {}: {reason}", path.display())
}

/// The name of the button that asks whether a tracker answers.
pub fn test_of(url: &str) -> String {
    format!("Test {url}")
}

/// The name of a page about the selected transfer.
pub fn tab(label: &str) -> String {
    format!("{label} of this transfer")
}

/// How large everything is.
pub fn zoom(percent: u16) -> String {
    format!("{percent}% of the normal size")
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
        _ => format!("{PEERS} ({})", people(connected, all)),
    }
}

/// Chunks that came from a peer.
pub fn chunks(number: u32) -> String {
    format::count(number as usize, "chunk", "chunks")
}

/// The question before deleting.
pub fn delete_question(what: &str, count: usize) -> String {
    let is = if count == 1 { "is" } else { "are" };
    format!(
        "{what} {is} removed from the list, and what was downloaded is deleted from the disk. This can't be undone."
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

/// Several downloads ended.
pub fn completed_many(count: usize) -> String {
    format!("{count} downloads are complete and verified.")
}

/// Several files are shared.
pub fn shared_many(count: usize) -> String {
    format!("{count} files are shared.")
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

/// The version.
pub fn version() -> String {
    format!("{APP} {}", env!("CARGO_PKG_VERSION"))
}

/// The identity.
pub fn peer_id(peer_id: &str) -> String {
    format!("Your peer ID is {peer_id}.")
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
    fn messages_become_sentences() {
        assert_eq!(sentence("can't listen"), "Can't listen.");
        assert_eq!(sentence(""), ".");
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
