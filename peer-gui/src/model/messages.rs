//! Messages between the window and the engine's side: requests there, notices back.

use std::path::PathBuf;

use sprat_protocol::Link;
use sprat_protocol::tracker::{AccessToken, SearchHit};
use url::Url;

use super::engine::{EngineHandle, Event};
use super::preferences::{Preferences, Reach};

/// A request of the window that is no work of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Keep these preferences for the next run.
    SavePreferences(Preferences),
    /// Use this token of a private tracker and keep it, or forget the one that is kept.
    SaveToken {
        /// Tracker that the token opens.
        tracker: Url,
        /// Token to keep; `None` to forget it.
        token: Option<AccessToken>,
    },
    /// Run a tracker on this computer for those who can reach it so, or stop it.
    LocalTracker(Reach),
    /// Let the user choose a file to share.
    PickFile,
    /// Let the user choose a folder to share.
    PickShareFolder,
    /// Let the user choose the download folder.
    PickDownloadDir,
    /// Let the user choose a folder to move a transfer to.
    PickMoveDir,
    /// Show this file in the system's file manager.
    Reveal(PathBuf),
    /// Open this file with the program for such files, or this folder with the file manager.
    Open(PathBuf),
    /// Search these trackers for files by name.
    Search {
        /// Trackers to ask.
        trackers: Vec<Url>,
        /// Words of the name.
        words: String,
        /// Page of the result, counted from 0.
        page: u32,
    },
    /// Ask this tracker whether it answers.
    TestTracker(Url),
    /// Show a notification of the system.
    Notify {
        /// Title, in a word or two.
        title: &'static str,
        /// Body, in a sentence.
        body: String,
    },
    /// Open `sprat:` links with this program from now on, or no longer.
    RegisterLinks(bool),
    /// Read the lines of the log.
    ReadLog,
    /// Let the user choose a file, and write the log there.
    SaveLog,
}

/// News from the engine's side.
#[derive(Debug)]
pub enum Notice {
    /// Preferences of the last run, and the trackers of this one.
    Loaded {
        /// Preferences as they were kept.
        preferences: Box<Preferences>,
        /// Trackers to use: those of the command line, of the preferences or of the environment.
        trackers: Vec<Url>,
    },
    /// State of the tracker on this computer.
    LocalTracker(LocalTracker),
    /// Handle of the engine, which runs now.
    Started(EngineHandle),
    /// Reason for which the engine did not start or ended, and a remedy, for a person.
    Failed(String),
    /// Link from elsewhere, which is downloaded if the user wants it.
    Opened(Box<Link>),
    /// Event of the engine.
    Event(Event),
    /// Answer to [`Request::PickFile`] and [`Request::PickShareFolder`].
    PickedFile(Picked),
    /// Answer to [`Request::PickDownloadDir`].
    PickedDownloadDir(Picked),
    /// Answer to [`Request::PickMoveDir`].
    PickedMoveDir(Picked),
    /// Answer to [`Request::Search`].
    SearchAnswered {
        /// Words of the search.
        words: String,
        /// Page of the result, counted from 0.
        page: u32,
        /// Result of the search.
        answer: SearchAnswer,
    },
    /// Answer to [`Request::TestTracker`].
    TrackerTested {
        /// Tracker that was asked.
        tracker: Url,
        /// Reason for which the tracker does not answer; `None` if it does.
        silent: Option<String>,
    },
    /// Answer to [`Request::ReadLog`], oldest line first.
    Log(Vec<String>),
    /// True if `sprat:` links are opened with this program.
    Links(bool),
    /// Success, in a sentence for a person.
    Done(String),
    /// Failure, in a sentence for a person.
    Trouble(String),
}

/// Result of a search of the trackers.
#[derive(Clone, Debug, Default)]
pub struct SearchAnswer {
    /// Files of this page, best first.
    pub hits: Vec<SearchHit>,
    /// True if there is another page.
    pub more: bool,
    /// Failures of single trackers, in sentences for a person.
    pub troubles: Vec<String>,
}

/// Result of a dialog of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// The user chose this path.
    Path(PathBuf),
    /// The user closed the dialog.
    Nothing,
    /// The system has no dialog.
    Unavailable,
}

/// State of the tracker on this computer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LocalTracker {
    /// No tracker runs.
    #[default]
    Off,
    /// The tracker is about to run.
    Starting,
    /// The tracker runs.
    Running {
        /// Address that this computer's engine uses.
        url: Url,
        /// Addresses at which others reach the tracker, best first. Empty if it is for this computer only.
        for_others: Vec<Url>,
    },
    /// The tracker does not run, for this reason.
    Failed(String),
}

impl LocalTracker {
    /// Address that this computer's engine uses while the tracker runs.
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Running { url, .. } => Some(url),
            Self::Off | Self::Starting | Self::Failed(_) => None,
        }
    }
}
