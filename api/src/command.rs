//! Commands: what a front end tells the engine to do.

use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;
use sprat_protocol::tracker::AccessToken;
use sprat_protocol::{Link, PeerAddr};
use url::Url;

/// Command to the engine. Whoever asks for an answer is told that it is done, or why not; events and snapshots show what
/// becomes of it.
///
/// A command about a transfer is refused if there is no such transfer, but for [`Command::Watch`], which may come before it.
#[derive(Clone, Debug)]
pub enum Command {
    /// Hash this file where it lies, and serve it. Ends with `Event::Shared` or `Event::ShareFailed`.
    Share(PathBuf),
    /// Stop hashing this path, if it is being hashed.
    CancelShare(PathBuf),
    /// Fetch this file. An ID that is already being fetched or shared is not fetched twice.
    Download {
        /// ID to fetch, with hints that help to find it.
        link: Link,
        /// Place that the file gets.
        target: Target,
    },
    /// Stop moving this file's chunks, in both directions, and keep everything.
    Pause(FileId),
    /// Go on with this paused transfer, or try again at once one that failed.
    Resume(FileId),
    /// Forget this transfer.
    Remove {
        /// ID of the transfer.
        file_id: FileId,
        /// Deletes also what was downloaded. What was only shared is never deleted.
        delete_data: bool,
    },
    /// Hash everything that is there of this transfer again.
    Check(FileId),
    /// End a check or a move of this transfer that is under way. What is whole is as it was before; a download whose check
    /// ends so is paused, and checked when it goes on. What was being moved is where it was, and no event tells so.
    CancelWork(FileId),
    /// Move what was downloaded, finished or not, into this folder, and go on there. What was only shared is never moved, and
    /// refused. Ends with `Event::Moved` or `Event::NotMoved`.
    Move {
        /// ID of the transfer.
        file_id: FileId,
        /// Folder to move to; made if it is not there.
        dir: PathBuf,
    },
    /// Run so many downloads at once from now on; the others wait for their turn.
    SetActiveDownloads(usize),
    /// Send and receive no more bytes of chunks a second than this, all transfers together; none is no limit.
    SetRates {
        /// Limit on what is sent.
        up: Option<NonZeroU32>,
        /// Limit on what is received.
        down: Option<NonZeroU32>,
    },
    /// Limit the bytes of chunks that one transfer sends and receives a second, until it is removed or the engine stops. The
    /// limits of all together count as well.
    SetTransferRates {
        /// ID of the transfer.
        file_id: FileId,
        /// Limit on what is sent.
        up: Option<NonZeroU32>,
        /// Limit on what is received.
        down: Option<NonZeroU32>,
    },
    /// Fetch the chunks of this download in the order of the file, for somebody who begins to use it before all of it is there,
    /// or no longer do so. A swarm does better without it.
    SetSequential {
        /// ID of the transfer.
        file_id: FileId,
        /// Fetches in order if true.
        sequential: bool,
    },
    /// Fetch these files of a folder first, or not at all. Small files travel together: they are fetched if any of those that
    /// travel with them is. What is switched off when all others are there stays out of the folder.
    SetPriorities {
        /// ID of the folder.
        file_id: FileId,
        /// Files of the folder, by their place in its list, which is sorted by path.
        files: Vec<u32>,
        /// Priority that these files get.
        priority: Priority,
    },
    /// Use these trackers from now on.
    SetTrackers(Vec<Url>),
    /// Use this token for this tracker from now on, or none, and keep that in the engine's file of tokens. Answered when it
    /// is kept.
    SetToken {
        /// URL of the tracker.
        tracker: Url,
        /// Token that opens the tracker; none takes the present one away.
        token: Option<AccessToken>,
    },
    /// Call this peer so from now on; empty is nothing. Others are told at the next connection.
    SetDisplayName(String),
    /// Save downloads that start from now on here, unless their command says otherwise.
    SetDownloadDir(PathBuf),
    /// Try this address too for a download, now and whenever it runs. A download keeps as many addresses as a link may name:
    /// the oldest of those that were added so makes room. Nothing happens to what is shared.
    AddPeer {
        /// ID of the download.
        file_id: FileId,
        /// Address at which somebody may have the file.
        addr: PeerAddr,
    },
    /// Show in snapshots the detail of this transfer from now on, or of none.
    Watch(Option<FileId>),
    /// Ask trackers that are away again now.
    RetryTrackers,
    /// Search these trackers for files by the words in their names, all at once. Answered with `Answer::Found` when every
    /// tracker has answered, or cannot. Ends at once if nobody waits for the answer.
    Search {
        /// Trackers to ask, whether the engine uses them or not.
        trackers: Vec<Url>,
        /// Words that the name must contain, all of them, in any order and case.
        words: String,
        /// Page of the result, counted from 0.
        page: u32,
    },
    /// Ask this tracker something, whether the engine uses it or not. Ends at once if nobody waits for the answer.
    AskTracker {
        /// URL of the tracker.
        tracker: Url,
        /// Question to it.
        question: TrackerQuestion,
    },
    /// Try whether this token opens this tracker. It is neither used nor kept. Ends at once if nobody waits for the answer.
    TryToken {
        /// URL of the tracker.
        tracker: Url,
        /// Token to show to it.
        token: AccessToken,
    },
}

impl Command {
    /// Transfer without which the command makes no sense, if there is one.
    pub fn needs_transfer(&self) -> Option<FileId> {
        match self {
            Self::Pause(file_id)
            | Self::Resume(file_id)
            | Self::Remove { file_id, .. }
            | Self::Check(file_id)
            | Self::CancelWork(file_id)
            | Self::Move { file_id, .. }
            | Self::SetTransferRates { file_id, .. }
            | Self::SetSequential { file_id, .. }
            | Self::SetPriorities { file_id, .. }
            | Self::AddPeer { file_id, .. } => Some(*file_id),
            Self::Share(_)
            | Self::CancelShare(_)
            | Self::Download { .. }
            | Self::SetActiveDownloads(_)
            | Self::SetRates { .. }
            | Self::SetTrackers(_)
            | Self::SetToken { .. }
            | Self::SetDisplayName(_)
            | Self::SetDownloadDir(_)
            | Self::Watch(_)
            | Self::RetryTrackers
            | Self::Search { .. }
            | Self::AskTracker { .. }
            | Self::TryToken { .. } => None,
        }
    }
}

/// Question to one tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackerQuestion {
    /// "Are you well?" Answered with `Answer::Done` if so. No token is shown.
    IsUp,
    /// "Are you a tracker?" Answered with `Answer::Done` by whoever speaks as one, also if it lets only others in. No token is
    /// shown.
    IsTracker,
    /// "Who has this file?" Answered with `Answer::Holders`.
    Holders(FileId),
}

/// Priority of a file of a folder to the user. The last is the highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// File is not fetched.
    Off,
    /// File is fetched in the order of the list.
    #[default]
    Normal,
    /// File is fetched first.
    High,
}

/// Place that a download goes to. A file that is there already is never overwritten: the new file gets a number beside its
/// name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The engine's download folder, under the name that the file has in the network.
    DownloadDir,
    /// This folder, under the name that the file has in the network.
    Dir(PathBuf),
    /// This path. Its folder must exist.
    File(PathBuf),
}
