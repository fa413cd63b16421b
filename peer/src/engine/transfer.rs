//! Entry of the engine's list: a file or folder that is fetched or served.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sprat_api::{TransferView, Trouble};
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
use crate::engine::phase::{Goal, Phase};
use crate::flow::settings::Settings;
use crate::shares::holding::Holdings;
use crate::state::library;
use crate::state::library::{Place, Record, Wanted};
use crate::world::changes::Changes;

/// Transfer in the engine's list.
#[derive(Debug)]
pub(crate) struct Transfer {
    /// File ID of the transfer.
    pub(crate) file_id: FileId,
    /// Time when the transfer was added, in seconds since 1970.
    pub(crate) added: u64,
    /// Phase of the transfer's life.
    pub(crate) phase: Phase,
    /// Set if the transfer is or was a download.
    pub(crate) is_download: bool,
    /// Set if chunks are fetched in file order.
    pub(crate) sequential: bool,
    /// Order of the download, if this run may have to fetch the file.
    pub(crate) order: Option<Order>,
    /// Complete file or folder, once it is here.
    pub(crate) whole: Option<Whole>,
    /// State and figures that snapshots show.
    pub(crate) status: Arc<Status>,
    /// Handle to the download's task, while it runs.
    pub(crate) task: Option<Task>,
    /// Recovery from the trouble that stopped the transfer last, until the user acts or the data is complete.
    pub(crate) recovery: Option<Recovery>,
}

/// Handle to the task of a running download.
#[derive(Debug)]
pub(crate) struct Task {
    /// Token that ends the task.
    pub(crate) stop: CancellationToken,
    /// Signal to try every tracker and every peer again at once.
    pub(crate) hurry: Arc<Notify>,
    /// Addresses that the user added since the task started.
    pub(crate) added_peers: watch::Sender<Vec<PeerAddr>>,
}

/// Recovery of a transfer that waits for trouble to pass.
#[derive(Debug)]
pub(crate) struct Recovery {
    pub(super) trouble: Trouble,
    /// Time of the next check; none during a check, and none if the user wants the transfer to rest.
    pub(super) at: Option<Instant>,
    pub(super) wait: Duration,
    /// Verified bytes when the transfer stopped. If there are more at its next stop, the trouble was over in between.
    pub(super) verified: u64,
}

/// Time for which a view stays right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// Stays right until the transfer changes.
    UntilChanged,
    /// Stays right until the next snapshot, because it contains the current time.
    UntilLooked,
    /// Soon changes without any event, because rates fall or work goes on.
    Passing,
}

#[cfg(test)]
impl Recovery {
    /// Creates the recovery of a trouble that is checked at `at`.
    pub(crate) fn at(trouble: Trouble, at: Option<Instant>) -> Self {
        Self { trouble, at, wait: Duration::ZERO, verified: 0 }
    }
}

impl Transfer {
    /// Creates a transfer that was added now, a queued download or a share. Changes of its status are noted in
    /// `changes`.
    pub(crate) fn new(file_id: FileId, order: Option<Order>, status: Status, changes: &Arc<Changes>) -> Self {
        Self {
            file_id,
            added: since_1970(),
            phase: if order.is_some() { Phase::Queued } else { Phase::Sharing },
            is_download: order.is_some(),
            sequential: false,
            order,
            whole: None,
            status: Arc::new(status.listed(file_id, changes)),
            task: None,
            recovery: None,
        }
    }

    /// Sets the state that snapshots show to that of the phase, unless the download's task says it.
    pub(crate) fn show_phase(&self) {
        if let Some(state) = self.phase.shown(self.recovery.as_ref().map(|recovery| &recovery.trouble)) {
            self.status.set_state(state);
        }
    }

    /// Returns whether the complete data is at this path, and not being moved.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let is_moving = matches!(self.phase, Phase::Moving(_));
        !is_moving && self.whole.as_ref().is_some_and(|whole| whole.path() == path)
    }

    /// Updates the paths of a transfer whose data was moved to `path`.
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

    /// Returns the view that a snapshot shows, and how long the view stays right.
    pub(crate) fn view(&self, holdings: &Holdings, hints: &Hints, now: Instant) -> (Arc<TransferView>, Lasting) {
        let holding = holdings.get(&self.file_id);
        let uploaded = holding.as_ref().map_or(0, |holding| holding.uploaded.load(Ordering::Relaxed));
        let moving = self.status.moving(now, holding.as_deref());
        let lasting = match moving.is_changing {
            true => Lasting::Passing,
            // The view of a connected peer says when the peer was last seen, which is now.
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

    /// Returns the record of the transfer in `library.json`; none if there is neither a file nor an order.
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
        let Self { file_id, added, is_download, sequential, .. } = *self;
        let paused = self.phase.goal() == Goal::Rest;
        let priorities = settings.get(&file_id).map(|settings| settings.priorities.read().clone());
        let priorities = priorities.unwrap_or_default();
        Some(Record { file_id, added, paused, is_download, sequential, priorities, place })
    }
}
