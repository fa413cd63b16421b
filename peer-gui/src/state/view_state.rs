//! The state of the window, beside the snapshot.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;

use sprat_chunking::FileId;
use sprat_protocol::Link;
use url::Url;

use super::browse::Browse;
use super::dialog::Dialog;
use super::focus::Focus;
use super::item::RowKey;
use super::journal::Journal;
use super::list::List;
use super::people::People;
use super::removals::Removals;
use super::selection::Selection;
use super::speeds::Speeds;
use super::toasts::Toasts;
use crate::model::engine::{Snapshot, TransferView};
use crate::model::filter::Filter;
use crate::model::messages::LocalTracker;
use crate::model::preferences::{Preferences, Reach};
use crate::model::screen::{DetailTab, Screen};
use crate::model::typed;

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
        self.up = typed::limit_text(preferences.up_limit);
        self.down = typed::limit_text(preferences.down_limit);
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
