//! One entry of the engine's list: a file that is fetched or served.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use sprat_api::{TransferState, TransferView};
use sprat_chunking::FileId;
use sprat_protocol::PeerAddr;
use sprat_store::disk::destination::name_at;
use sprat_store::folder::Folder;
use sprat_store::whole::Whole;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::download::Order;
use crate::engine::recovery::Recovery;
use crate::library::{self, Place, Record, Wanted};
use crate::node::{Hints, Node};
use crate::status::{Moving, Status, since_1970};

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
    /// The whole file or folder, once it is here.
    pub(crate) whole: Option<Whole>,
    /// How it stands.
    pub(crate) status: Arc<Status>,
    /// The task, while it downloads.
    pub(crate) running: Option<Running>,
    /// Whether it is being moved: nothing touches what is on the disk until that is done.
    pub(crate) moving: bool,
    /// What happens once the task has ended, or it was moved.
    pub(crate) after: After,
    /// The trouble that stopped it, until that is over.
    pub(crate) recovery: Option<Recovery>,
    /// What a snapshot last showed of it.
    shown: Option<Shown>,
}

/// What was shown of a transfer, and what tells that it is still so.
#[derive(Debug)]
struct Shown {
    view: Arc<TransferView>,
    seen: Seen,
    /// Whether it will be something else soon though nothing happens.
    is_changing: bool,
}

/// The figures by which a change is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    status: u64,
    uploaded: u64,
    sequential: bool,
}

impl Shown {
    /// Whether it can be shown again.
    fn is_still(&self, seen: Seen) -> bool {
        // Of who is connected the view says when it was last there, which is now.
        self.seen == seen && !self.is_changing && !self.view.peers.iter().any(|peer| peer.connected)
    }
}

/// How a running download is reached.
#[derive(Debug)]
pub(crate) struct Running {
    /// Ends it.
    pub(crate) stop: CancellationToken,
    /// Makes it try everybody again at once.
    pub(crate) hurry: Arc<Notify>,
    /// Addresses that the user added since it began.
    pub(crate) added_peers: watch::Sender<Vec<PeerAddr>>,
}

/// What happens once a download's task has ended, or it was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing: it stays in the list.
    Stay,
    /// It starts again: the user resumed it before it had stopped.
    Restart,
    /// It leaves the list, with what was downloaded or without.
    Remove { delete_data: bool },
    /// It goes on in another folder.
    Move(PathBuf),
}

impl Transfer {
    /// A transfer that was added now.
    pub(crate) fn new(file_id: FileId, order: Option<Order>, status: Status) -> Self {
        Self {
            file_id,
            added: since_1970(),
            paused: false,
            is_download: order.is_some(),
            sequential: false,
            order,
            whole: None,
            status: Arc::new(status),
            running: None,
            moving: false,
            after: After::Stay,
            recovery: None,
            shown: None,
        }
    }

    /// Whether something is at work on what is on the disk.
    pub(crate) fn is_busy(&self) -> bool {
        self.running.is_some() || self.moving
    }

    /// Shows this state from now on.
    pub(crate) fn set_state(&self, state: TransferState) {
        self.status.set_state(state);
    }

    /// It lies there now.
    pub(crate) fn moved_to(&mut self, path: &Path) {
        self.whole = self.whole.take().map(|whole| match whole {
            Whole::File(_, stamp) => Whole::File(path.to_owned(), stamp),
            Whole::Folder(folder) => Whole::Folder(Arc::new(Folder { root: path.to_owned(), ..(*folder).clone() })),
        });
        if let (Some(order), Some(dir)) = (&mut self.order, path.parent()) {
            order.dir = dir.to_owned();
        }
        self.status.update(|figures| {
            figures.path = path.to_owned();
            figures.ordered_name = figures.ordered_name.take().map(|_| name_at(path));
        });
    }

    /// What a snapshot shows: what the last one did, if nothing changed since.
    pub(crate) fn view(&mut self, node: &Node, hints: &Hints, now: Instant) -> Arc<TransferView> {
        let holding = node.holdings.get(&self.file_id);
        let uploaded = holding.as_ref().map_or(0, |holding| holding.uploaded.load(Ordering::Relaxed));
        let seen = Seen { status: self.status.version(), uploaded, sequential: self.sequential };
        if let Some(shown) = self.shown.as_ref().filter(|shown| shown.is_still(seen)) {
            return shown.view.clone();
        }
        let moving = self.status.moving(now, holding.as_deref());
        let is_changing = moving.is_changing;
        let view = Arc::new(self.view_of(uploaded, moving, hints));
        self.shown = Some(Shown { view: view.clone(), seen, is_changing });
        view
    }

    /// Whether the last view will be something else soon though nothing happens.
    pub(crate) fn is_changing(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.is_changing)
    }

    /// It is to be shown anew.
    pub(crate) fn show_anew(&mut self) {
        self.shown = None;
    }

    fn view_of(&self, uploaded: u64, moving: Moving, hints: &Hints) -> TransferView {
        let figures = self.status.figures();
        TransferView {
            file_id: self.file_id,
            link: hints.link(self.file_id, &figures.name, figures.size),
            name: figures.name,
            path: figures.path,
            size: figures.size,
            files: figures.files,
            state: figures.state,
            is_download: self.is_download,
            sequential: self.sequential,
            verified: figures.verified,
            chunks_done: figures.chunks_done,
            num_chunks: figures.num_chunks,
            down_rate: moving.down_rate,
            up_rate: moving.up_rate,
            downloaded: figures.downloaded,
            uploaded,
            eta: moving.eta,
            work: moving.work,
            added: self.added,
            peers: moving.peers,
        }
    }

    /// What is written down.
    pub(crate) fn record(&self, node: &Node) -> Option<Record> {
        let place = match (&self.whole, &self.order) {
            (Some(Whole::File(path, stamp)), _) => library::whole(path, *stamp),
            (Some(Whole::Folder(folder)), _) => Place::Folder { path: folder.root.clone() },
            (None, Some(order)) => {
                let figures = self.status.figures();
                Place::Wanted(Wanted {
                    link: order.link.to_string(),
                    added_peers: order.added_peers,
                    dir: order.dir.clone(),
                    name: figures.ordered_name.or_else(|| order.name.clone()).map(|name| name.to_string()),
                    begun: figures.begun,
                    distrust: figures.distrust,
                })
            }
            (None, None) => return None,
        };
        let Self { file_id, added, paused, is_download, sequential, .. } = *self;
        let priorities = node.settings.get(&file_id).map(|settings| settings.priorities.read().clone());
        let priorities = priorities.unwrap_or_default();
        Some(Record { file_id, added, paused, is_download, sequential, priorities, place })
    }
}
