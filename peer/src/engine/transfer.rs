//! One entry of the engine's list: a file that is fetched or served.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sprat_api::{TransferState, TransferView, Trouble};
use sprat_chunking::FileId;
use sprat_protocol::PeerAddr;
use sprat_store::disk::destination::name_at;
use sprat_store::folder::Folder;
use sprat_store::whole::Whole;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::discovery::hints::Hints;
use crate::download::Order;
use crate::download::status::{Moving, Status, since_1970};
use crate::flow::settings::Settings;
use crate::shares::holding::Holdings;
use crate::state::library;
use crate::state::library::{Place, Record, Wanted};
use crate::world::changes::Changes;

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

/// A transfer that waits for trouble to pass.
#[derive(Debug)]
pub(crate) struct Recovery {
    pub(super) trouble: Trouble,
    /// Time of the next look; none while somebody looks.
    pub(super) at: Option<Instant>,
    pub(super) wait: Duration,
    /// Bytes that were verified when it stopped: if they are more next time, the trouble was over in between.
    pub(super) verified: u64,
}

/// For how long a view says how things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// Until something changes.
    UntilChanged,
    /// Until somebody looks again: it has times in it.
    UntilLooked,
    /// It is other soon though nothing happens: rates that fall, work that goes on.
    Passing,
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

#[cfg(test)]
impl Recovery {
    /// Trouble that is looked at then.
    pub(crate) fn at(trouble: Trouble, at: Option<Instant>) -> Self {
        Self { trouble, at, wait: Duration::ZERO, verified: 0 }
    }
}

impl Transfer {
    /// A transfer that was added now, whose changes are noted there.
    pub(crate) fn new(file_id: FileId, order: Option<Order>, status: Status, changes: &Arc<Changes>) -> Self {
        Self {
            file_id,
            added: since_1970(),
            paused: false,
            is_download: order.is_some(),
            sequential: false,
            order,
            whole: None,
            status: Arc::new(status.listed(file_id, changes)),
            running: None,
            moving: false,
            after: After::Stay,
            recovery: None,
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

    /// Whether it waits for its turn to be downloaded.
    pub(crate) fn is_queued(&self) -> bool {
        !self.is_busy() && self.order.is_some() && self.status.is(&TransferState::Queued)
    }

    /// What a snapshot shows, and how soon that is something else though nothing happens.
    pub(crate) fn view(&self, holdings: &Holdings, hints: &Hints, now: Instant) -> (Arc<TransferView>, Lasting) {
        let holding = holdings.get(&self.file_id);
        let uploaded = holding.as_ref().map_or(0, |holding| holding.uploaded.load(Ordering::Relaxed));
        let moving = self.status.moving(now, holding.as_deref());
        let lasting = match moving.is_changing {
            true => Lasting::Passing,
            // Of who is connected the view says when it was last there, which is now.
            false if moving.peers.iter().any(|peer| peer.connected) => Lasting::UntilLooked,
            false => Lasting::UntilChanged,
        };
        (Arc::new(self.view_of(uploaded, moving, hints)), lasting)
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
    pub(crate) fn record(&self, settings: &Settings) -> Option<Record> {
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
        let priorities = settings.get(&file_id).map(|settings| settings.priorities.read().clone());
        let priorities = priorities.unwrap_or_default();
        Some(Record { file_id, added, paused, is_download, sequential, priorities, place })
    }
}
