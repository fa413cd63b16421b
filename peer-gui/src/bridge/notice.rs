//! What the two sides of the glass tell each other.

use std::path::PathBuf;

use sprat_peer::{EngineHandle, Event};
use sprat_protocol::tracker::AccessToken;
use url::Url;

use crate::state::{Preferences, Reach};

/// What the window asks for that is not the engine's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Keep these for the next run.
    SavePreferences(Preferences),
    /// Keep this token of a private tracker, or forget it.
    SaveToken {
        /// Which tracker.
        tracker: Url,
        /// What opens it; none to forget it.
        token: Option<AccessToken>,
    },
    /// Run a tracker on this computer for these, or none.
    LocalTracker(Reach),
    /// Let the user choose a file to share.
    PickFile,
    /// Let the user choose the download folder.
    PickDownloadDir,
    /// Show this folder in the system's file manager.
    OpenFolder(PathBuf),
}

/// What the window is told.
#[derive(Debug)]
pub enum Notice {
    /// What was kept from the last run, and what holds in this one.
    Loaded {
        /// As they were kept.
        preferences: Box<Preferences>,
        /// The trackers to use: those of the command line, of the preferences or of the environment.
        trackers: Vec<Url>,
    },
    /// How the tracker on this computer is.
    LocalTracker(LocalTracker),
    /// The engine runs.
    Started(EngineHandle),
    /// It did not start, or ended; what to do, for a person.
    Failed(String),
    /// Something happened in the engine.
    Event(Event),
    /// The answer to [`Request::PickFile`].
    PickedFile(Picked),
    /// The answer to [`Request::PickDownloadDir`].
    PickedDownloadDir(Picked),
    /// Something did not work; for a person.
    Trouble(String),
}

/// What came of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// This was chosen.
    Path(PathBuf),
    /// The dialog was closed.
    Nothing,
    /// There is no dialog on this system.
    Unavailable,
}

/// The tracker on this computer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LocalTracker {
    /// It does not run.
    #[default]
    Off,
    /// It is about to.
    Starting,
    /// It runs.
    Running {
        /// The address that this computer's engine uses.
        url: Url,
        /// The addresses at which others reach it, best first. Empty if it is for this computer only.
        for_others: Vec<Url>,
    },
    /// It does not, for this reason.
    Failed(String),
}

impl LocalTracker {
    /// The address that this computer's engine uses while the tracker runs.
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Running { url, .. } => Some(url),
            Self::Off | Self::Starting | Self::Failed(_) => None,
        }
    }
}
