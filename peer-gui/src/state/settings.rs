//! The fields of the Settings screen, which the card of the first start shares.

use crate::model::engine::Snapshot;
use crate::model::preferences::Preferences;
use crate::model::typed;

/// State of the Settings screen, but for its trackers.
#[derive(Debug, Default)]
pub struct Settings {
    /// Text of the field for the download folder.
    pub dir: String,
    /// Text of the field for this peer's name.
    pub name: String,
    /// Text of the field for the port to listen on.
    pub port: String,
    /// Text of the field for the limit on what is sent.
    pub up: String,
    /// Text of the field for the limit on what arrives.
    pub down: String,
    /// Text of the field for the number of downloads that run at once.
    pub active: String,
    /// Error of the port, the limits or that number.
    pub error: Option<&'static str>,
    /// True if `sprat:` links are opened with this program.
    pub links_registered: bool,
}

impl Settings {
    /// Sets the fields to what is in use.
    pub fn load(&mut self, preferences: &Preferences, snapshot: &Snapshot) {
        self.dir = snapshot.download_dir.display().to_string();
        self.load_preferences(preferences);
    }

    /// Sets the fields to the preferences, as far as they are in there.
    pub fn load_preferences(&mut self, preferences: &Preferences) {
        self.name.clone_from(&preferences.display_name);
        self.port = preferences.port.map_or_else(String::new, |port| port.to_string());
        self.up = typed::limit_text(preferences.up_limit);
        self.down = typed::limit_text(preferences.down_limit);
        self.active = preferences.active_downloads.to_string();
        self.error = None;
    }
}
