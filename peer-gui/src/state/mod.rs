//! What the window knows beside the engine's snapshot: pure, without egui and without I/O.
//!
//! - [`list`], [`rows`], [`selection`]: the transfers as they are shown, what a row says, which rows are selected.
//! - [`removals`]: what was removed and can still come back. [`speeds`], [`journal`]: what was.
//! - [`people`]: the peers of all transfers together. [`browse`]: what trackers know. [`dialog`]: what is asked on top.
//! - [`preferences`]: what is kept from one run to the next. [`trackers`]: the addresses that people type.
//! - [`toasts`]: short news that go away by themselves.
//! - [`update`]: a person's [`Action`](crate::actions::Action) → what changes, and what is to be done.
//! - [`notices`]: the same for news from the engine's side.

pub mod browse;
pub mod dialog;
pub mod journal;
pub mod list;
pub mod notices;
pub mod people;
pub mod preferences;
pub mod removals;
pub mod rows;
pub mod selection;
pub mod speeds;
pub mod toasts;
pub mod trackers;
pub mod update;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use sprat_chunking::FileId;
use sprat_peer::{Command, Snapshot, Target, TransferView};
use sprat_protocol::Link;
use url::Url;

pub use browse::Browse;
pub use dialog::Dialog;
pub use journal::Journal;
pub use list::{Column, Filter, List, Sort};
pub use people::People;
pub use preferences::{Preferences, Reach, ThemeChoice};
pub use removals::Removals;
pub use rows::RowKey;
pub use selection::{Pick, Selection, Step};
pub use speeds::Speeds;
pub use toasts::Toasts;

use crate::actions::Focus;
use crate::bridge::{LocalTracker, Request};

/// The screens, in the order of the sidebar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// Everything that is fetched or served.
    #[default]
    Transfers,
    /// What trackers know.
    Browse,
    /// What to share, and what is shared.
    Share,
    /// Who is there.
    Peers,
    /// Folders, trackers, appearance.
    Settings,
}

/// The sides of the selected transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DetailTab {
    /// Its chunks, its speed, where it is.
    #[default]
    Overview,
    /// Who it comes from and goes to.
    Peers,
    /// What is in a folder.
    Files,
    /// What happened to it.
    Log,
}

/// Where the engine is.
#[derive(Clone, Debug)]
pub enum Phase {
    /// It is being started.
    Starting,
    /// It did not start, or ended; what to do next.
    Failed(String),
    /// It runs.
    Running(Seen),
}

/// A snapshot, and when it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How things stood.
    pub snapshot: Arc<Snapshot>,
    /// When, in seconds on the window's clock.
    pub at: f64,
}

impl Phase {
    /// The newest snapshot, if there is one.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Running(seen) => Some(&seen.snapshot),
            Self::Starting | Self::Failed(_) => None,
        }
    }
}

/// What the window shows, beside the snapshot.
#[derive(Debug, Default)]
pub struct ViewState {
    /// Which screen.
    pub screen: Screen,
    /// Which transfers are shown.
    pub filter: Filter,
    /// Those transfers, sorted.
    pub list: List,
    /// The selected rows.
    pub selection: Selection,
    /// Whether the selection moved by keyboard, so that it is to be scrolled into view and focused.
    pub follow_selection: bool,
    /// Which side of the selected transfer.
    pub tab: DetailTab,
    /// The transfer whose detail the engine was asked for.
    pub watched: Option<FileId>,
    /// What was removed and can still come back.
    pub removals: Removals,
    /// What is asked on top of everything.
    pub dialog: Option<Dialog>,
    /// Whether it was not on the screen yet: its first field gets the focus then.
    pub dialog_is_new: bool,
    /// Links that came from elsewhere and are offered, the first of them now.
    pub offers: VecDeque<Link>,
    /// What was offered or copied last: it is not offered again.
    pub known_link: Option<FileId>,
    /// The frame in which the window itself asked what the clipboard has: what is pasted in the next few is the answer.
    pub peeking: Option<u64>,
    /// What is typed into the fields of the screens.
    pub fields: Fields,
    /// The search.
    pub browse: Browse,
    /// Whether the field for words is to have the focus.
    pub focus_words: bool,
    /// The peers of all transfers.
    pub people: People,
    /// How fast transfers were.
    pub speeds: Speeds,
    /// What happened to them.
    pub journal: Journal,
    /// Files that were shared since the start, newest first.
    pub shared: Vec<SharedCard>,
    /// Short news.
    pub toasts: Toasts,
    /// Whether the window is in front.
    pub focused: bool,
    /// What had the keyboard's focus in the last frame.
    pub keyboard: Focus,
    /// Files that were dropped before the engine was there.
    pub dropped: Vec<PathBuf>,
    /// Until when nothing is notified, in seconds on the window's clock.
    pub quiet_until: f64,
    /// When the window's clock began, in seconds since 1970 (UTC).
    pub began: f64,
    /// What is kept for the next run.
    pub preferences: Preferences,
    /// The trackers in use, without the one on this computer.
    pub trackers: Vec<Url>,
    /// What came of asking whether a tracker answers.
    pub tracker_tests: HashMap<Url, TrackerTest>,
    /// The tracker on this computer.
    pub local_tracker: LocalTracker,
    /// Whether `sprat:` links are opened with this program.
    pub links_registered: bool,
}

/// What is typed into the fields of the screens, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Fields {
    /// IDs and links.
    pub id: String,
    /// What is wrong with that.
    pub id_error: Option<&'static str>,
    /// The path of a file to share.
    pub share: String,
    /// What the Share screen says below that field.
    pub share_note: Option<&'static str>,
    /// Whether that field is to have the focus.
    pub focus_share: bool,
    /// The download folder.
    pub dir: String,
    /// This peer's name.
    pub name: String,
    /// The port to listen on.
    pub port: String,
    /// What is sent at most.
    pub up: String,
    /// What arrives at most.
    pub down: String,
    /// How many downloads run at once.
    pub active: String,
    /// What is wrong with those.
    pub network_error: Option<&'static str>,
    /// A tracker.
    pub tracker: String,
    /// What is wrong with that.
    pub tracker_error: Option<&'static str>,
    /// The tracker whose token is asked for.
    pub token_for: Option<Url>,
    /// Its token.
    pub token: String,
    /// What is wrong with that.
    pub token_error: Option<&'static str>,
}

impl Fields {
    /// The settings' fields say what is in use.
    pub fn load(&mut self, preferences: &Preferences, snapshot: &Snapshot) {
        self.dir = snapshot.download_dir.display().to_string();
        self.load_preferences(preferences);
    }

    /// The same, as far as it is in the preferences.
    pub fn load_preferences(&mut self, preferences: &Preferences) {
        self.name.clone_from(&preferences.display_name);
        self.port = preferences.port.map_or_else(String::new, |port| port.to_string());
        self.up = dialog::limit_text(preferences.up_limit);
        self.down = dialog::limit_text(preferences.down_limit);
        self.active = preferences.active_downloads.to_string();
        self.network_error = None;
    }
}

/// What came of asking whether a tracker answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackerTest {
    /// The answer is awaited.
    Asking,
    /// It answered.
    Answers,
    /// It did not, for this reason.
    Silent(String),
}

/// The most links that are offered one after another.
const MAX_OFFERS: usize = 16;
/// The most cards of newly shared files.
const MAX_CARDS: usize = 20;

/// A file that was just shared.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedCard {
    /// Its name.
    pub name: String,
    /// Its link.
    pub link: Link,
}

impl ViewState {
    /// The trackers that the engine is to use: those of the user, and the one on this computer.
    pub fn effective_trackers(&self) -> Vec<Url> {
        let local = self.local_tracker.url().filter(|url| !self.trackers.contains(url));
        self.trackers.iter().chain(local).cloned().collect()
    }

    /// Whether the card of the first start is shown.
    pub fn wants_setup(&self) -> bool {
        !self.preferences.setup_done && self.trackers.is_empty() && self.preferences.local_tracker == Reach::Off
    }

    /// Offers a link that came from elsewhere.
    pub fn offer(&mut self, link: Link) {
        let is_offered = self.offers.iter().any(|other| other.file_id == link.file_id);
        if !is_offered && self.offers.len() < MAX_OFFERS {
            self.known_link = Some(link.file_id);
            self.offers.push_back(link);
        }
    }

    /// What the window's clock says, in seconds since 1970 (UTC).
    pub fn unix_time(&self, now: f64) -> u64 {
        (self.began + now) as u64
    }

    /// Has the engine forget what was removed and can no longer come back.
    pub fn forget_removed(&mut self, now: f64) -> Vec<Effect> {
        let remove = |file_id| Effect::Engine(Command::Remove { file_id, delete_data: false });
        self.removals.due(now).into_iter().map(remove).collect()
    }

    /// Opens a dialog in place of the one that may be open.
    pub fn open(&mut self, dialog: Dialog) {
        (self.dialog, self.dialog_is_new) = (Some(dialog), true);
    }

    /// The selected transfers, in the order of the snapshot.
    pub fn selected<'a>(&self, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a TransferView> {
        let is_selected = |transfer: &&TransferView| self.selection.contains(&RowKey::Transfer(transfer.file_id));
        snapshot.transfers.iter().map(AsRef::as_ref).filter(is_selected)
    }

    /// The transfer whose detail is on the screen.
    pub fn shown_transfer(&self) -> Option<FileId> {
        match self.selection.single() {
            Some(RowKey::Transfer(file_id)) if self.screen == Screen::Transfers => Some(*file_id),
            _ => None,
        }
    }

    /// Remembers a file that was just shared.
    pub fn add_card(&mut self, card: SharedCard) {
        self.shared.retain(|other| other.link.file_id != card.link.file_id);
        self.shared.insert(0, card);
        self.shared.truncate(MAX_CARDS);
    }
}

/// What is to be done outside of the window's own state.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Tell the engine.
    Engine(Command),
    /// Have this done by the engine's side of the glass.
    Ask(Request),
    /// Put this on the clipboard.
    Copy(String),
    /// Close the window.
    Quit,
}

impl Effect {
    /// The effect that saves the preferences as they are now.
    fn save(preferences: &Preferences) -> Self {
        Self::Ask(Request::SavePreferences(preferences.clone()))
    }

    /// The effect that downloads to where downloads go.
    fn download(link: Link) -> Self {
        Self::Engine(Command::Download { link, target: Target::DownloadDir })
    }

    /// The effect that shares a file.
    fn share(path: PathBuf) -> Self {
        Self::Engine(Command::Share(path))
    }
}
