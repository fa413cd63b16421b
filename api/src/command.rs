//! What a front end tells the engine to do.

use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;
use sprat_protocol::tracker::AccessToken;
use sprat_protocol::{Link, PeerAddr};
use url::Url;

/// One thing to do. What becomes of it is seen in events and snapshots.
#[derive(Clone, Debug)]
pub enum Command {
    /// Hash this file where it lies, and serve it. Ends with `Event::Shared` or `Event::ShareFailed`.
    Share(PathBuf),
    /// Stop hashing this path, if it is being hashed.
    CancelShare(PathBuf),
    /// Fetch this file. An ID that is already being fetched or shared is not fetched twice.
    Download {
        /// What, and what helps to find it.
        link: Link,
        /// Where to.
        target: Target,
    },
    /// Stop moving this file's chunks, in both directions, and keep everything.
    Pause(FileId),
    /// Go on with it; also tries again at once what failed.
    Resume(FileId),
    /// Forget this transfer.
    Remove {
        /// Which.
        file_id: FileId,
        /// Also delete what was downloaded. What was only shared is never deleted.
        delete_data: bool,
    },
    /// Hash everything that is there of this transfer again.
    Check(FileId),
    /// End a check or a move of this transfer that is under way. What is whole is as it was before; a download whose check ends so
    /// is paused, and checked when it goes on. What was being moved is where it was, and no event tells so.
    CancelWork(FileId),
    /// Move what was downloaded, finished or not, into this folder, and go on there. What was only shared is never moved. Ends
    /// with `Event::Moved` or `Event::NotMoved`.
    Move {
        /// Which.
        file_id: FileId,
        /// Where to; made if it is not there.
        dir: PathBuf,
    },
    /// Run so many downloads at once from now on; the others wait for their turn.
    SetActiveDownloads(usize),
    /// Send and receive no more bytes of chunks a second than this, all transfers together; none is no limit.
    SetRates {
        /// Sent.
        up: Option<NonZeroU32>,
        /// Received.
        down: Option<NonZeroU32>,
    },
    /// The same for one transfer, until it is removed or the engine stops. The limits of all together count as well.
    SetTransferRates {
        /// Which.
        file_id: FileId,
        /// Sent.
        up: Option<NonZeroU32>,
        /// Received.
        down: Option<NonZeroU32>,
    },
    /// Fetch the chunks of this download in the order of the file, for somebody who begins to use it before all of it is there;
    /// or no longer. A swarm does better without it.
    SetSequential {
        /// Which.
        file_id: FileId,
        /// Whether in order.
        sequential: bool,
    },
    /// Fetch these files of a folder first, or not at all. Small files travel together: they are fetched if any of those that
    /// travel with them is. What is switched off when all others are there stays out of the folder.
    SetPriorities {
        /// Which folder.
        file_id: FileId,
        /// Which of its files, by their place in its list, which is sorted by path.
        files: Vec<u32>,
        /// What they are worth.
        priority: Priority,
    },
    /// Use these trackers from now on.
    SetTrackers(Vec<Url>),
    /// Use this token for this tracker from now on, or none. It is not kept for the next run.
    SetToken {
        /// Which tracker.
        tracker: Url,
        /// What opens it.
        token: Option<AccessToken>,
    },
    /// Call this peer so from now on; empty is nothing. Others are told at the next connection.
    SetDisplayName(String),
    /// Save downloads that start from now on here, unless their command says otherwise.
    SetDownloadDir(PathBuf),
    /// Try this address too for a download, now and whenever it runs. A download keeps as many addresses as a link may name: the
    /// oldest of those that were added so makes room. Nothing happens to what is shared.
    AddPeer {
        /// Which download.
        file_id: FileId,
        /// Where somebody may have it.
        addr: PeerAddr,
    },
    /// Snapshots carry the detail of this transfer from now on, or of none.
    Watch(Option<FileId>),
    /// Ask trackers that are away again now.
    RetryTrackers,
}

/// What a file of a folder is worth to the user. The last is the highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It is not fetched.
    Off,
    /// It is fetched in the order of the list.
    #[default]
    Normal,
    /// It is fetched first.
    High,
}

/// Where a download goes. What is there already is never overwritten: the new file gets a number beside its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The engine's download folder, under the name that the file has in the network.
    DownloadDir,
    /// This folder, under the name that the file has in the network.
    Dir(PathBuf),
    /// This path. Its folder must exist.
    File(PathBuf),
}
