//! Downloads in the engine's list: start, pause, resume, removal, completion.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::{Event, Target, TransferState};
use sprat_chunking::FileId;
use sprat_protocol::link::MAX_HINTS;
use sprat_protocol::{FileName, Link, PeerAddr};
use sprat_store::folder::Folder;
use sprat_store::whole::Whole;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::running::Running;
use crate::download::status::Status;
use crate::download::task::{Done, fetch};
use crate::download::{Ended, Finished, Order, Reins};
use crate::engine::phase::{Happening, Phase};
use crate::engine::transfer::{Task, Transfer};
use crate::shares::holding::Holding;
use crate::state::library;
use crate::state::library::{Record, Wanted};

impl Running {
    /// Begins a download, unless the file is here already or being downloaded.
    pub(super) fn download(&mut self, link: Link, target: Target) {
        let file_id = link.file_id;
        let order = self.order(link, target);
        if let Some(transfer) = self.transfer(file_id) {
            let is_moving = matches!(transfer.phase, Phase::Moving(_));
            let here = transfer.whole.as_ref().filter(|whole| !is_moving && whole.is_there());
            let here = here.map(|whole| whole.path().to_owned());
            if here.is_none() && !is_moving {
                if transfer.whole.take().is_some() {
                    // The file was complete once and is gone: fetch it from the start.
                    transfer.status.update(|figures| {
                        (figures.verified, figures.chunks_done) = (0, 0);
                        (figures.begun, figures.distrust) = (false, false);
                    });
                    transfer.status.watching().starts_anew();
                    transfer.order = None;
                }
                // A download in progress keeps its destination.
                transfer.order.get_or_insert(order);
                if !transfer.phase.has_task() {
                    self.parts.holdings.remove(&file_id);
                }
            }
            self.acted(file_id, Happening::Wanted);
            self.tell(Event::Added(file_id));
            if let Some(path) = here {
                self.tell(Event::Completed { file_id, path });
            }
            return;
        }
        let status = first_status(&order);
        self.transfers.push(Transfer::new(file_id, Some(order), status, &self.parts.holdings.changes));
        self.acted(file_id, Happening::Wanted);
        self.tell(Event::Added(file_id));
    }

    fn order(&self, link: Link, target: Target) -> Order {
        let (dir, name) = match target {
            Target::DownloadDir => (self.download_dir.clone(), None),
            Target::Dir(dir) => (dir, None),
            Target::File(path) => {
                let name = path.file_name().map(|name| FileName::clean_keeping_dot(&name.to_string_lossy()));
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                (parent.unwrap_or(Path::new(".")).to_owned(), name)
            }
        };
        let dir = std::path::absolute(&dir).unwrap_or(dir);
        Order { link, added_peers: 0, dir, name }
    }

    /// Starts the task of a download.
    pub(super) fn start(&mut self, file_id: FileId) {
        if self.ending {
            return;
        }
        let env = self.parts.env.clone();
        let Some(transfer) = self.transfer(file_id) else { return };
        let Some(order) = transfer.order.clone() else { return };
        let (stop, hurry) = (CancellationToken::new(), Arc::new(Notify::new()));
        let (added, added_peers) = watch::channel(Vec::new());
        let reins = Reins { hurry: hurry.clone(), added_peers, stop: stop.clone() };
        transfer.task = Some(Task { stop, hurry, added_peers: added });
        transfer.status.set_state(TransferState::Searching);
        let status = transfer.status.clone();
        let fetching = fetch(env, self.keeper.state.clone(), order, status, reins);
        self.downloads.spawn(async move { (file_id, fetching.await) });
    }

    /// Handles the end of a download's task.
    pub(super) fn download_ended(&mut self, file_id: FileId, result: Result<Done, Ended>) {
        let Some(transfer) = self.transfer(file_id) else { return };
        transfer.task = None;
        let happening = match result {
            Ok(Done::File(finished)) => {
                self.finished(file_id, finished);
                Happening::Ended
            }
            Ok(Done::Folder(folder, list)) => {
                self.folder_finished(file_id, folder, &list);
                Happening::Ended
            }
            Err(Ended::Stopped) => Happening::Ended,
            Err(Ended::Trouble(trouble)) => Happening::Failed(trouble),
        };
        self.happens(file_id, happening);
        self.start_queued();
        self.save();
        self.stale = true;
    }

    /// Serves a completed download, whose every byte is verified and in place, from its final path.
    fn finished(&mut self, file_id: FileId, Finished { path, stamp, hashes, layout }: Finished) {
        let kept = hashes.clone();
        self.keeper.keep(self.parts.disk, move |state| library::keep_hashes(state, &kept, layout));
        let name = Self::name_of(&path);
        let holding = self
            .parts
            .holdings
            .get(&file_id)
            .unwrap_or_else(|| Arc::new(Holding::whole(name.clone(), hashes, layout, path.clone(), stamp)));
        holding.completed(path.clone(), stamp);
        if let Some(transfer) = self.transfer(file_id) {
            (transfer.whole, transfer.recovery) = (Some(Whole::File(path.clone(), stamp)), None);
        }
        self.serve_whole(holding);
        if let Some(transfer) = self.transfer(file_id) {
            transfer.status.update(|figures| figures.name = name);
        }
        self.completed(file_id, path);
    }

    /// Serves a completed folder, whose every file is verified and in place.
    fn folder_finished(&mut self, file_id: FileId, folder: Folder, list: &Arc<Holding>) {
        let (path, folder) = (folder.root.clone(), Arc::new(folder));
        self.serve_folder(file_id, folder, list);
        self.completed(file_id, path);
    }

    fn completed(&mut self, file_id: FileId, path: PathBuf) {
        tracing::info!(%file_id, path = %path.display(), "download complete");
        self.tell(Event::Completed { file_id, path });
    }

    /// Adds an address of a peer to a download.
    pub(super) fn add_peer(&mut self, file_id: FileId, addr: PeerAddr) {
        let Some(transfer) = self.transfer(file_id).filter(|transfer| transfer.whole.is_none()) else { return };
        let Some(order) = &mut transfer.order else { return };
        order.add_peer(addr.clone());
        if let Some(task) = &transfer.task {
            task.added_peers.send_modify(|added| {
                added.retain(|other| *other != addr);
                added.truncate(MAX_HINTS - 1);
                added.insert(0, addr);
            });
        }
        self.save();
    }

    /// Removes a transfer on which nothing works from the list.
    pub(super) fn forget(&mut self, file_id: FileId, delete_data: bool) {
        let Some(transfer) = self.transfers.remove(file_id) else { return };
        self.parts.holdings.remove(&file_id);
        self.parts.flow.settings.forget(&file_id);
        self.restorer.restoring.remove(&file_id);
        self.parts.trackers.kick();
        self.keeper.forget(transfer, delete_data);
        self.tell(Event::Removed(file_id));
    }

    /// Restores an unfinished download from the record of the last run.
    pub(super) fn restore_wanted(&mut self, record: &Record, wanted: Wanted) {
        let Wanted { link, added_peers, dir, name, begun, distrust } = wanted;
        let Ok(link) = link.parse::<Link>() else {
            tracing::error!(link, "a link in the list of transfers is damaged");
            return;
        };
        // Name chosen by the user, or name of an existing part file.
        let name = name.as_deref().map(FileName::clean_keeping_dot);
        let order = Order { link, added_peers, dir, name };
        let status = first_status(&order);
        status.update(|figures| (figures.begun, figures.distrust) = (begun, distrust));
        let mut transfer = Transfer::new(record.file_id, Some(order), status, &self.parts.holdings.changes);
        (transfer.added, transfer.phase) = (record.added, Phase::at_start(false, record.paused));
        transfer.show_phase();
        self.transfers.push(transfer);
        if record.sequential {
            self.set_sequential(record.file_id, true);
        }
        for (place, priority) in &record.priorities {
            self.parts.flow.settings.of(record.file_id).prioritize([*place], *priority);
        }
    }
}

/// Creates the status of a download before any tracker or peer was asked.
fn first_status(order: &Order) -> Status {
    let name = order.name.clone().or_else(|| order.link.name.as_deref().map(FileName::clean));
    let shown = name.as_ref().map_or_else(|| order.link.file_id.to_string(), ToString::to_string);
    let path = name.map_or_else(|| order.dir.clone(), |name| order.dir.join(name.as_str()));
    Status::new(TransferState::Searching, shown, path, order.link.size)
}
