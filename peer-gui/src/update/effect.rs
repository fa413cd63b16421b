//! Effects of an action outside of the window's own state.

use std::path::PathBuf;

use sprat_protocol::Link;

use crate::model::engine::{Command, Target};
use crate::model::messages::Request;
use crate::model::preferences::Preferences;

/// Effect of an action outside of the window's own state.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send the engine a command.
    Engine(Command),
    /// Send the engine's side a request.
    Ask(Request),
    /// Put a text on the clipboard.
    Copy(String),
    /// Close the window.
    Quit,
}

impl Effect {
    /// Effect that saves the preferences as they are now.
    pub(super) fn save(preferences: &Preferences) -> Self {
        Self::Ask(Request::SavePreferences(preferences.clone()))
    }

    /// Effect that downloads into the download folder.
    pub(super) fn download(link: Link) -> Self {
        Self::Engine(Command::Download { link, target: Target::DownloadDir })
    }

    /// Effect that shares a file or a folder.
    pub(super) fn share(path: PathBuf) -> Self {
        Self::Engine(Command::Share(path))
    }
}
