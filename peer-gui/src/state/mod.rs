//! What the window knows beside the engine's snapshot: pure, without egui and without I/O.
//!
//! - [`rows`]: the list of transfers as it is shown, and its selection.
//! - [`preferences`]: what is kept from one run to the next. [`trackers`]: the addresses that people type.
//! - [`toasts`]: short news that go away by themselves.
//! - [`update`]: a person's [`Action`](crate::actions::Action) → what changes, and what is to be done.
//! - [`notices`]: the same for news from the engine's side.

pub mod notices;
pub mod preferences;
pub mod rows;
pub mod toasts;
pub mod trackers;
pub mod update;

use std::path::PathBuf;
use std::sync::Arc;

use sprat_chunking::FileId;
use sprat_peer::{Command, Snapshot};
use sprat_protocol::Link;
use url::Url;

pub use preferences::{Preferences, Reach, ThemeChoice};
pub use rows::{RowKey, Step};
pub use toasts::Toasts;

use crate::bridge::{LocalTracker, Request};

/// The screens, in the order of the sidebar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// Everything that is fetched or served.
    #[default]
    Transfers,
    /// What to share, and what is shared.
    Share,
    /// Folders, trackers, appearance.
    Settings,
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
    /// The selected row of the transfers.
    pub selected: Option<RowKey>,
    /// Whether the selection moved by keyboard, so that it is to be scrolled into view and focused.
    pub follow_selection: bool,
    /// The question that is open: whether to delete this transfer's data.
    pub deleting: Option<Deleting>,
    /// The field for IDs.
    pub id_field: String,
    /// What is wrong with what was in it.
    pub id_error: Option<&'static str>,
    /// The field for a file to share.
    pub share_field: String,
    /// What the Share screen says below that field.
    pub share_note: Option<&'static str>,
    /// Whether the field for a file to share is to have the focus.
    pub focus_share_field: bool,
    /// The field for the download folder.
    pub dir_field: String,
    /// The field for a tracker.
    pub tracker_field: String,
    /// What is wrong with what was in it.
    pub tracker_error: Option<&'static str>,
    /// The tracker whose token is asked for.
    pub token_for: Option<Url>,
    /// The field for it.
    pub token_field: String,
    /// What is wrong with what was in it.
    pub token_error: Option<&'static str>,
    /// Files that were shared since the start, newest first.
    pub shared: Vec<SharedCard>,
    /// Short news.
    pub toasts: Toasts,
    /// What is kept for the next run.
    pub preferences: Preferences,
    /// The trackers in use, without the one on this computer.
    pub trackers: Vec<Url>,
    /// The tracker on this computer.
    pub local_tracker: LocalTracker,
}

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

/// The question whether to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleting {
    /// Which transfer.
    pub file_id: FileId,
    /// What it is called.
    pub name: String,
    /// Whether the question was not on the screen yet: its Cancel button gets the focus then.
    pub fresh: bool,
}

impl ViewState {
    /// The trackers that the engine is to use: those of the user, and the one on this computer.
    pub fn effective_trackers(&self) -> Vec<Url> {
        let local = self.local_tracker.url().filter(|url| !self.trackers.contains(url));
        self.trackers.iter().chain(local).cloned().collect()
    }

    /// Whether the card about trackers is shown.
    pub fn wants_setup(&self) -> bool {
        !self.preferences.setup_dismissed && self.trackers.is_empty() && self.preferences.local_tracker == Reach::Off
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
        Self::Engine(Command::Download { link, target: sprat_peer::Target::DownloadDir })
    }

    /// The effect that shares a file.
    fn share(path: PathBuf) -> Self {
        Self::Engine(Command::Share(path))
    }
}
