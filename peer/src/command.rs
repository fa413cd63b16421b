//! What a front end tells the engine to do.

use std::path::PathBuf;

use sprat_chunking::FileId;
use sprat_protocol::Link;
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
    /// Use these trackers from now on.
    SetTrackers(Vec<Url>),
    /// Save downloads that start from now on here, unless their command says otherwise.
    SetDownloadDir(PathBuf),
    /// Ask trackers that are away again now.
    RetryTrackers,
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
