//! One entry of the engine's list: a file that is fetched or served.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use sprat_chunking::FileId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::download::Order;
use crate::library::{self, Place, Record};
use crate::node::Node;
use crate::share::FileStamp;
use crate::snapshot::{TransferState, TransferView};
use crate::status::Status;

/// A transfer, as the engine keeps it.
#[derive(Debug)]
pub(crate) struct Transfer {
    /// Which file.
    pub(crate) file_id: FileId,
    /// When it was added, in seconds since 1970.
    pub(crate) added: u64,
    /// Whether the user stopped it.
    pub(crate) paused: bool,
    /// Whether it is or was a download.
    pub(crate) is_download: bool,
    /// Whether its chunks are fetched in the order of the file.
    pub(crate) sequential: bool,
    /// What was ordered, if this run may have to fetch it.
    pub(crate) order: Option<Order>,
    /// The whole file, once it is here.
    pub(crate) whole: Option<(PathBuf, FileStamp)>,
    /// How it stands.
    pub(crate) status: Arc<Status>,
    /// The task, while it downloads.
    pub(crate) running: Option<Running>,
    /// What happens once the task has ended.
    pub(crate) after: After,
}

/// How a running download is reached.
#[derive(Debug)]
pub(crate) struct Running {
    /// Ends it.
    pub(crate) stop: CancellationToken,
    /// Makes it try everybody again at once.
    pub(crate) hurry: Arc<Notify>,
}

/// What happens once a download's task has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing: it stays in the list.
    Stay,
    /// It starts again: the user resumed it before it had stopped.
    Restart,
    /// It leaves the list, with what was downloaded or without.
    Remove { delete_data: bool },
}

impl Transfer {
    /// A transfer that was added now.
    pub(crate) fn new(file_id: FileId, order: Option<Order>, status: Status) -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            file_id,
            added: since_1970.as_secs(),
            paused: false,
            is_download: order.is_some(),
            sequential: false,
            order,
            whole: None,
            status: Arc::new(status),
            running: None,
            after: After::Stay,
        }
    }

    /// Shows this state from now on.
    pub(crate) fn set_state(&self, state: TransferState) {
        self.status.set_state(state);
    }

    /// What a snapshot shows.
    pub(crate) fn view(&self, node: &Node, now: Instant) -> TransferView {
        let holding = node.holdings.get(&self.file_id);
        let moving = self.status.moving(now, holding.as_deref());
        let figures = self.status.figures();
        TransferView {
            file_id: self.file_id,
            link: node.link(self.file_id, &figures.name, figures.size),
            name: figures.name,
            path: figures.path,
            size: figures.size,
            state: figures.state,
            is_download: self.is_download,
            sequential: self.sequential,
            verified: figures.verified,
            chunks_done: figures.chunks_done,
            num_chunks: figures.num_chunks,
            down_rate: moving.down_rate,
            up_rate: moving.up_rate,
            downloaded: figures.downloaded,
            uploaded: holding.map_or(0, |holding| holding.uploaded.load(std::sync::atomic::Ordering::Relaxed)),
            eta: moving.eta,
            added: self.added,
            peers: moving.peers,
        }
    }

    /// What is written down.
    pub(crate) fn record(&self) -> Option<Record> {
        let place = match (&self.whole, &self.order) {
            (Some((path, stamp)), _) => library::whole(path, *stamp),
            (None, Some(order)) => Place::Wanted {
                link: order.link.to_string(),
                dir: order.dir.clone(),
                name: order.name.clone().or(self.status.figures().ordered_name).map(|name| name.to_string()),
            },
            (None, None) => return None,
        };
        let Self { file_id, added, paused, is_download, sequential, .. } = *self;
        Some(Record { file_id, added, paused, is_download, sequential, place })
    }
}
