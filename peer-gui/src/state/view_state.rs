//! The state of the window, by screen.

use sprat_chunking::FileId;

use super::adding::Adding;
use super::browse::Browse;
use super::dialog::Dialogs;
use super::item::RowKey;
use super::people::People;
use super::settings::Settings;
use super::share::Share;
use super::toasts::Toasts;
use super::trackers::Trackers;
use super::transfers::Transfers;
use super::window::Window;
use crate::model::preferences::{Preferences, Reach};
use crate::model::screen::Screen;

/// State of the window, beside the engine's snapshot.
#[derive(Debug, Default)]
pub struct ViewState {
    /// Screen that is shown.
    pub screen: Screen,
    /// State of the Transfers screen.
    pub transfers: Transfers,
    /// Downloads that are about to be added.
    pub adding: Adding,
    /// State of the Browse screen.
    pub browse: Browse,
    /// State of the Share screen.
    pub share: Share,
    /// Peers of all transfers, for the Peers screen.
    pub people: People,
    /// State of the Settings screen.
    pub settings: Settings,
    /// Trackers in use.
    pub trackers: Trackers,
    /// Dialog on top of everything.
    pub dialogs: Dialogs,
    /// Short news.
    pub toasts: Toasts,
    /// State of the window itself.
    pub window: Window,
    /// Settings that are kept for the next run.
    pub preferences: Preferences,
}

impl ViewState {
    /// Tells whether the card of the first start is shown.
    pub fn wants_setup(&self) -> bool {
        let has_tracker = !self.trackers.in_use.is_empty() || self.preferences.local_tracker != Reach::Off;
        !self.preferences.setup_done && !has_tracker
    }

    /// Transfer whose detail is on the screen.
    pub fn shown_transfer(&self) -> Option<FileId> {
        match self.transfers.selection.single() {
            Some(RowKey::Transfer(file_id)) if self.screen == Screen::Transfers => Some(*file_id),
            _ => None,
        }
    }
}
