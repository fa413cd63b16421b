//! Main loop of the engine: commands in, results of tasks in, snapshots out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sprat_api::{Answer, Command, Event, Refusal, Snapshot};
use sprat_chunking::FileId;
use sprat_protocol::tracker::Search;
use sprat_store::disk::destination::name_at;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::config::EngineConfig;
use crate::engine::hashing::Hasher;
use crate::engine::keeping::Keeper;
use crate::engine::looking::{Looker, Restorer};
use crate::engine::moving::Mover;
use crate::engine::parts::Parts;
use crate::engine::publisher::Publisher;
use crate::engine::running::Running;
use crate::engine::transfer::Transfer;
use crate::engine::transfers::Transfers;
use crate::state::state_dir::StateDir;
use crate::world::asked::Asked;

/// Time between two looks at the addresses of this machine.
const LOOK: Duration = Duration::from_secs(5);
/// Time that tasks have to end at shutdown, including the goodbye to trackers.
const ENDING: Duration = Duration::from_secs(5);

/// Creates the timer of the looks at this machine's addresses.
fn looks() -> Interval {
    let mut looks = interval_at(tokio::time::Instant::now() + LOOK, LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

impl Running {
    /// Creates an engine of these parts, and the receiver of its snapshots.
    pub(super) fn new(
        parts: Parts,
        state: StateDir,
        config: EngineConfig,
        commands: mpsc::Receiver<Asked>,
        sources_changed: mpsc::Receiver<(FileId, PathBuf)>,
        events: broadcast::Sender<Event>,
    ) -> (Self, watch::Receiver<Arc<Snapshot>>) {
        let empty = Snapshot {
            trackers: parts.trackers.views(),
            up_limit: parts.flow.upload_rate.rate(),
            down_limit: parts.flow.download_rate.rate(),
            active_downloads: config.limits.active_downloads.max(1),
            ..Snapshot::new(parts.me.peer_id, parts.me.listen, config.download_dir.clone())
        };
        let (publisher, receiver) = Publisher::new(empty, events);
        let addresses = parts.network.addresses().unwrap_or_default();
        let mut running = Self {
            parts,
            download_dir: config.download_dir,
            transfers: Transfers::default(),
            downloads: JoinSet::new(),
            hasher: Hasher::default(),
            looker: Looker::default(),
            restorer: Restorer::default(),
            mover: Mover::default(),
            keeper: Keeper::new(state, config.restore),
            ending: false,
            active_downloads: config.limits.active_downloads.max(1),
            addresses,
            addresses_looked_at: looks(),
            commands,
            sources_changed,
            publisher,
            stale: true,
            commanded: true,
            watched: None,
        };
        if running.keeper.keeps {
            running.restore();
        }
        (running, receiver)
    }

    /// Runs the engine until `stop` is cancelled or the last handle is dropped. Dropping `ended` signals that the
    /// engine has ended.
    pub(super) async fn run(mut self, stop: CancellationToken, ended: DropGuard) {
        self.publish();
        self.publisher.rested();
        loop {
            self.hash_next();
            self.save_next();
            self.transfers.take_in(&self.parts.holdings.changes);
            let publish_at = self.publish_at();
            let look_at =
                [self.transfers.next_look(), self.next_turn(), self.keeper.next_save()].into_iter().flatten().min();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Snapshots precede commands and results, so that they are published under any load.
                () = sleep_until(publish_at.into()), if self.stale => self.publish(),
                command = self.commands.recv() => match command {
                    Some(asked) => self.carry_out(asked),
                    None => break,
                },
                Some(hashed) = self.hasher.ended() => self.hashed(hashed),
                Some(ended) = self.downloads.join_next() => {
                    let (file_id, result) = ended.expect("a download does not panic");
                    self.download_ended(file_id, result);
                }
                Some((file_id, over)) = self.looker.looked() => self.looked(file_id, over),
                () = sleep_until(look_at.unwrap_or(publish_at).into()), if look_at.is_some() => {
                    self.look();
                    self.start_queued();
                }
                // Without a transfer, a change of addresses has no effect.
                _ = self.addresses_looked_at.tick(), if !self.transfers.is_empty() => self.look_at_addresses(),
                Some(restored) = self.restorer.restored() => self.restored(restored),
                Some(moved) = self.mover.ended() => self.moved(moved),
                Some(()) = self.keeper.ended() => {}
                Some((file_id, path)) = self.sources_changed.recv() => self.source_changed(file_id, path),
                () = self.parts.peers.pool.bans_changed.notified() => {}
                () = self.parts.news.wait(), if !self.stale => {
                    self.stale = true;
                    self.start_queued();
                }
            }
        }
        // Commands that were sent before the stop are carried out.
        while let Ok(asked) = self.commands.try_recv() {
            self.carry_out(asked);
        }
        self.end().await;
        // The lock on the state directory is released before `ended` is signalled, because another engine may be
        // started there at once.
        drop(self);
        drop(ended);
    }

    /// Carries out a command, and answers it. Questions to trackers are answered later, by their own tasks.
    fn carry_out(&mut self, Asked { command, reply }: Asked) {
        (self.stale, self.commanded) = (true, true);
        if let Some(refusal) = self.refusal(&command) {
            return reply.send(Err(refusal));
        }
        match command {
            Command::Share(path) => self.hasher.push(path),
            Command::CancelShare(path) => self.cancel_share(&path),
            Command::Download { link, target } => self.download(link, target),
            Command::Pause(file_id) => self.pause(file_id),
            Command::Resume(file_id) => self.resume(file_id),
            Command::Remove { file_id, delete_data } => self.remove(file_id, delete_data),
            Command::Check(file_id) => self.check(file_id),
            Command::CancelWork(file_id) => self.cancel_work(file_id),
            Command::Move { file_id, dir } => self.move_to(file_id, dir),
            Command::SetActiveDownloads(most) => self.set_active_downloads(most),
            Command::SetRates { up, down } => {
                self.parts.flow.upload_rate.set(up);
                self.parts.flow.download_rate.set(down);
            }
            Command::SetTransferRates { file_id, up, down } => self.set_transfer_rates(file_id, up, down),
            Command::SetSequential { file_id, sequential } => self.set_sequential(file_id, sequential),
            Command::SetPriorities { file_id, files, priority } => self.set_priorities(file_id, files, priority),
            Command::SetTrackers(urls) => self.parts.trackers.set(&urls),
            Command::SetToken { tracker, token } => return self.parts.trackers.set_token(tracker, token, reply),
            Command::SetDisplayName(name) => self.parts.me.set_display_name(&name),
            Command::SetDownloadDir(dir) => self.download_dir = dir,
            Command::AddPeer { file_id, addr } => self.add_peer(file_id, addr),
            Command::Watch(file_id) => self.watch(file_id),
            Command::RetryTrackers => self.hurry(),
            Command::Search { trackers, words, page } => {
                return self.parts.questions.search(&trackers, Search { words, page }, reply);
            }
            Command::AskTracker { tracker, question } => return self.parts.questions.ask(&tracker, question, reply),
            Command::TryToken { tracker, token } => return self.parts.questions.try_token(&tracker, &token, reply),
        }
        reply.send(Ok(Answer::Done));
    }

    /// Returns the reason why a command cannot be carried out, if there is one.
    fn refusal(&self, command: &Command) -> Option<Refusal> {
        let file_id = command.needs_transfer()?;
        match (self.transfers.get(file_id), command) {
            (None, _) => Some(Refusal::NoSuchTransfer(file_id)),
            (Some(transfer), Command::Move { .. }) if !transfer.is_download => Some(Refusal::NotADownload(file_id)),
            (Some(_), _) => None,
        }
    }

    /// Makes every tracker and every running download retry at once.
    pub(super) fn hurry(&mut self) {
        self.parts.trackers.kick();
        self.transfers.running().filter_map(|t| t.task.as_ref()).for_each(|task| task.hurry.notify_one());
    }

    /// Returns the transfer of this file, to be changed.
    pub(super) fn transfer(&mut self, file_id: FileId) -> Option<&mut Transfer> {
        self.transfers.get_mut(file_id)
    }

    /// Returns whether nothing is under way that would soon change the snapshot too.
    pub(super) fn has_nothing_to_do(&self) -> bool {
        let moves_nothing = self.downloads.is_empty() && self.mover.is_idle();
        moves_nothing && self.hasher.is_idle() && self.commands.is_empty()
    }

    /// Marks the transfer list as changed.
    pub(super) fn save(&mut self) {
        self.keeper.save();
    }

    /// Writes changed bans and a due transfer list to the disk, and deletes what was kept of removed transfers.
    fn save_next(&mut self) {
        if !self.keeper.is_idle() {
            return;
        }
        let disk = self.parts.disk;
        self.keeper.forget_next(disk, &self.transfers);
        let bans = self.keeper.keeps.then(|| self.parts.peers.pool.unsaved_bans()).flatten();
        if let Some(bans) = bans {
            self.keeper.keep(disk, move |state| bans.save(state));
        }
        self.keeper.write_next(disk, &self.transfers, &self.parts.flow.settings, self.ending);
    }

    /// Ends all work in a fixed order: disk work, the last write of the list, connections, the goodbye to trackers.
    async fn end(&mut self) {
        self.ending = true;
        self.hasher.stop();
        self.transfers.running().filter_map(|t| t.task.as_ref()).for_each(|task| task.stop.cancel());
        // A download that has completed, or is to be removed or moved, is still handled as usual.
        while let Some(Ok((file_id, result))) = self.downloads.join_next().await {
            self.download_ended(file_id, result);
        }
        while self.hasher.ended().await.is_some() {}
        self.restorer.end().await;
        while self.looker.looked().await.is_some() {}
        while let Some(moved) = self.mover.ended().await {
            self.moved(moved);
        }
        while self.keeper.ended().await.is_some() {}
        self.save();
        self.save_next();
        while self.keeper.ended().await.is_some() {}
        self.publish();
        self.parts.tasks.stop();
        self.parts.peers.pool.close_all();
        if timeout(ENDING, self.parts.tasks.ended()).await.is_err() {
            tracing::warn!("some tasks did not end in time");
        }
        tracing::info!("engine stopped");
    }

    /// Returns the name of a file by its path, as other peers are told it.
    pub(super) fn name_of(path: &Path) -> String {
        name_at(path).to_string()
    }
}
