//! Parts of the engine that connections use.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sprat_chunking::FileId;
use tokio::sync::mpsc;

use crate::flow::Flow;
use crate::shares::holding::Holdings;
use crate::world::Disk;
use crate::world::news::News;

/// Files that connections serve, and the bounds on their bytes.
#[derive(Debug)]
pub(crate) struct Serving {
    /// Files that peers are served from.
    pub(crate) holdings: Arc<Holdings>,
    /// Bounds on the bytes sent and received.
    pub(crate) flow: Arc<Flow>,
    /// Execution of the disk work that reads chunks.
    pub(crate) disk: Disk,
    /// News for front ends.
    pub(crate) news: Arc<News>,
    /// Channel for shared files that were found changed while they were served.
    pub(crate) source_changed: mpsc::Sender<(FileId, PathBuf)>,
    /// Time a peer may be silent while something is outstanding with it, before it counts as lost.
    pub(crate) idle_timeout: Duration,
}
