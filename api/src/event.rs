//! Events: what happens in the engine, told to front ends at once. Everything that lasts is in the snapshot too.

use std::path::PathBuf;

use sprat_chunking::FileId;
use sprat_protocol::{Link, PeerId};

use crate::snapshot::Trouble;

/// Event in the engine.
#[derive(Clone, Debug)]
pub enum Event {
    /// A file is hashed and served.
    Shared {
        /// Path that was to be shared.
        path: PathBuf,
        /// Link of the file, with its name, its size, the trackers and this peer's addresses.
        link: Link,
    },
    /// A file could not be shared.
    ShareFailed {
        /// Path that was to be shared.
        path: PathBuf,
        /// Reason, and what to do about it, in words for a person.
        reason: String,
    },
    /// A download was accepted, or found to be there already.
    Added(FileId),
    /// A download is complete: every byte is verified and in place.
    Completed {
        /// ID of the file or folder.
        file_id: FileId,
        /// Path of the complete file or folder.
        path: PathBuf,
    },
    /// A transfer stopped; `Command::Resume` tries again.
    Stopped {
        /// ID of the file or folder.
        file_id: FileId,
        /// Trouble that is the reason.
        trouble: Trouble,
    },
    /// A chunk did not match its hash. It is fetched again from another peer.
    BadChunk {
        /// ID of the file.
        file_id: FileId,
        /// Index of the chunk.
        index: u32,
        /// Peer that sent the chunk.
        peer_id: PeerId,
    },
    /// A download lies in another folder now.
    Moved {
        /// ID of the file or folder.
        file_id: FileId,
        /// Path at which the download is, or will be when it is complete.
        path: PathBuf,
    },
    /// A download could not be moved, and stays where it was.
    NotMoved {
        /// ID of the file or folder.
        file_id: FileId,
        /// Trouble that is the reason.
        trouble: Trouble,
    },
    /// A transfer was removed from the list.
    Removed(FileId),
    /// A tracker can be reached again, or no longer; the snapshot says which.
    TrackerChanged,
}
