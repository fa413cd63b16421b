//! What the engine tells a front end when it happens. Everything that lasts is in the snapshot too.

use std::path::PathBuf;

use sprat_chunking::FileId;
use sprat_protocol::{Link, PeerId};

use crate::snapshot::Trouble;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A file is hashed and served.
    Shared {
        /// The path that was asked for.
        path: PathBuf,
        /// The file's link, with its name, its size, the trackers and this peer's addresses.
        link: Link,
    },
    /// A file could not be shared.
    ShareFailed {
        /// The path that was asked for.
        path: PathBuf,
        /// What happened and what to do, for a person.
        reason: String,
    },
    /// A download was accepted, or found to be there already.
    Added(FileId),
    /// Every byte is verified and in place.
    Completed {
        /// Which file.
        file_id: FileId,
        /// Where it is.
        path: PathBuf,
    },
    /// A transfer stopped; `Command::Resume` tries again.
    Stopped {
        /// Which file.
        file_id: FileId,
        /// Why.
        trouble: Trouble,
    },
    /// A chunk did not match its hash. It is fetched again from another peer.
    BadChunk {
        /// Of which file.
        file_id: FileId,
        /// Which chunk.
        index: u32,
        /// Who sent it.
        peer_id: PeerId,
    },
    /// What was downloaded lies somewhere else now.
    Moved {
        /// Which file.
        file_id: FileId,
        /// Where it is, or will be when it is complete.
        path: PathBuf,
    },
    /// It stays where it was.
    NotMoved {
        /// Which file.
        file_id: FileId,
        /// Why.
        trouble: Trouble,
    },
    /// A transfer was removed from the list.
    Removed(FileId),
    /// A tracker can be reached, or no longer; see the snapshot.
    TrackerChanged,
}
