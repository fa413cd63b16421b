//! What the two sides of the glass tell each other.

use std::path::PathBuf;

use sprat_peer::{EngineHandle, Event};
use sprat_protocol::Link;
use sprat_protocol::tracker::AccessToken;
use url::Url;

use crate::state::browse::Answer;
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
    /// Let the user choose a folder to share.
    PickShareFolder,
    /// Let the user choose the download folder.
    PickDownloadDir,
    /// Let the user choose a folder to move to.
    PickMoveDir,
    /// Show this in the system's file manager.
    Reveal(PathBuf),
    /// Open this with the program that is for such files; a folder with the file manager.
    Open(PathBuf),
    /// Ask these trackers for files by name.
    Search {
        /// Which.
        trackers: Vec<Url>,
        /// The words.
        words: String,
        /// Which page, counted from 0.
        page: u32,
    },
    /// Ask whether a tracker answers there.
    TestTracker(Url),
    /// Tell of something while the window is not looked at.
    Notify {
        /// In a word or two.
        title: &'static str,
        /// In a sentence.
        body: String,
    },
    /// Open `sprat:` links with this program from now on, or no longer.
    RegisterLinks(bool),
    /// What is in the log?
    ReadLog,
    /// Let the user choose a file, and write the log there.
    SaveLog,
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
    /// A link came from elsewhere: it is downloaded if the person wants it.
    Opened(Box<Link>),
    /// Something happened in the engine.
    Event(Event),
    /// The answer to [`Request::PickFile`] and [`Request::PickShareFolder`].
    PickedFile(Picked),
    /// The answer to [`Request::PickDownloadDir`].
    PickedDownloadDir(Picked),
    /// The answer to [`Request::PickMoveDir`].
    PickedMoveDir(Picked),
    /// The answer to [`Request::Search`].
    Found {
        /// The words.
        words: String,
        /// Which page.
        page: u32,
        /// What was found.
        answer: Answer,
    },
    /// The answer to [`Request::TestTracker`].
    TrackerTested {
        /// Which.
        tracker: Url,
        /// Why it does not answer, if it does not.
        silent: Option<String>,
    },
    /// The answer to [`Request::ReadLog`], oldest line first.
    Log(Vec<String>),
    /// Whether `sprat:` links are opened with this program.
    Links(bool),
    /// Something worked; for a person.
    Done(String),
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
