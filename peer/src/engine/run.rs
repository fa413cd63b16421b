//! Main loop of the engine: commands in, results of tasks in, snapshots out.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sprat_api::{Answer, Command, Event, Refusal, Snapshot};
use sprat_chunking::FileId;
use sprat_protocol::tracker::Search;
use sprat_store::disk::destination::name_at;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::config::EngineConfig;
use crate::engine::parts::Parts;
use crate::engine::publisher::Publisher;
use crate::engine::running::{Running, Saving};
use crate::engine::transfer::Transfer;
use crate::engine::transfers::Transfers;
use crate::state::library::Library;
use crate::state::state_dir::StateDir;
use crate::world::asked::Asked;
use crate::world::clock;

/// Time between two looks at the addresses of this machine.
const LOOK: Duration = Duration::from_secs(5);
/// Time that tasks have to end at shutdown, including the goodbye to trackers.
const ENDING: Duration = Duration::from_secs(5);

/// Time between two writes of the transfer list for each transfer in it. `LONGEST_UNSAVED` is the upper bound for the
/// whole list.
const UNSAVED: Duration = Duration::from_micros(50);
const LONGEST_UNSAVED: Duration = Duration::from_secs(5);

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
        let (found, restored) = mpsc::unbounded_channel();
        let addresses = parts.network.addresses().unwrap_or_default();
        let mut running = Self {
            parts,
            state: Arc::new(state),
            download_dir: config.download_dir,
            transfers: Transfers::default(),
            to_hash: VecDeque::new(),
            hashing: Vec::new(),
            hashers: JoinSet::new(),
            downloads: JoinSet::new(),
            looks: JoinSet::new(),
            moves: JoinSet::new(),
            restorers: JoinSet::new(),
            restoring: HashSet::new(),
            restored,
            rechecks: HashMap::new(),
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
            keeps: config.restore,
            saving: Saving::default(),
            to_forget: Vec::new(),
            chores: JoinSet::new(),
        };
        if running.keeps {
            running.restore(found);
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
            let look_at = [self.transfers.next_look(), self.next_turn(), self.next_save()].into_iter().flatten().min();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Snapshots precede commands and results, so that they are published under any load.
                () = sleep_until(publish_at.into()), if self.stale => self.publish(),
                command = self.commands.recv() => match command {
                    Some(asked) => self.carry_out(asked),
                    None => break,
                },
                Some(batch) = self.hashers.join_next() => self.hashed(batch.expect("hashing does not panic")),
                Some(ended) = self.downloads.join_next() => {
                    let (file_id, result) = ended.expect("a download does not panic");
                    self.download_ended(file_id, result);
                }
                Some(looked) = self.looks.join_next() => {
                    let (file_id, over) = looked.expect("looking does not panic");
                    self.looked(file_id, over);
                }
                () = sleep_until(look_at.unwrap_or(publish_at).into()), if look_at.is_some() => {
                    self.look();
                    self.start_queued();
                }
                // Without a transfer, a change of addresses has no effect.
                _ = self.addresses_looked_at.tick(), if !self.transfers.is_empty() => self.look_at_addresses(),
                Some(restored) = self.restored.recv() => self.restored(restored),
                Some(moved) = self.moves.join_next() => self.moved(moved.expect("moving does not panic")),
                Some(done) = self.chores.join_next() => done.expect("work on the disk does not panic"),
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
            Command::Share(path) => self.share(path),
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
        let hashes_nothing = self.hashing.is_empty() && self.to_hash.is_empty();
        hashes_nothing && self.downloads.is_empty() && self.moves.is_empty() && self.commands.is_empty()
    }

    /// Returns whether state is kept for the next run.
    pub(super) fn keeps_anything(&self) -> bool {
        self.keeps
    }

    /// Marks the transfer list as changed. `save_next` writes it when the last write has ended and is long enough ago.
    pub(super) fn save(&mut self) {
        self.saving.is_due = self.keeps;
    }

    /// Returns the time when a changed transfer list may be written again. Writing a long list takes long, so it is
    /// written less often.
    fn next_save(&self) -> Option<Instant> {
        (self.saving.is_due && self.chores.is_empty()).then_some(self.saving.not_before?)
    }

    /// Writes changed bans and a due transfer list to the disk, and deletes what was kept of removed transfers.
    fn save_next(&mut self) {
        if !self.chores.is_empty() {
            return;
        }
        self.forget_next();
        if !self.keeps {
            return;
        }
        if let Some(bans) = self.parts.peers.pool.unsaved_bans() {
            let state = self.state.clone();
            self.parts.disk.spawn_in(&mut self.chores, move || bans.save(&state));
        }
        let now = clock::now();
        let is_due = self.saving.is_due && (self.ending || self.saving.not_before.is_none_or(|at| at <= now));
        if !is_due {
            return;
        }
        let wait = u32::try_from(self.transfers.len()).map_or(LONGEST_UNSAVED, |len| UNSAVED * len);
        self.saving = Saving { is_due: false, not_before: Some(now + wait.min(LONGEST_UNSAVED)) };
        let records = self.transfers.iter().filter_map(|transfer| transfer.record(&self.parts.flow.settings));
        let library = Library { transfers: records.collect() };
        let state = self.state.clone();
        self.parts.disk.spawn_in(&mut self.chores, move || library.save(&state));
    }

    /// Ends all work in a fixed order: disk work, the last write of the list, connections, the goodbye to trackers.
    async fn end(&mut self) {
        self.ending = true;
        self.hashing.iter().for_each(|hashing| hashing.job.stop());
        self.transfers.running().filter_map(|t| t.task.as_ref()).for_each(|task| task.stop.cancel());
        // A download that has completed, or is to be removed or moved, is still handled as usual.
        while let Some(Ok((file_id, result))) = self.downloads.join_next().await {
            self.download_ended(file_id, result);
        }
        while self.hashers.join_next().await.is_some() {}
        self.restored.close();
        while self.restorers.join_next().await.is_some() {}
        while self.looks.join_next().await.is_some() {}
        while let Some(Ok(moved)) = self.moves.join_next().await {
            self.moved(moved);
        }
        while self.chores.join_next().await.is_some() {}
        self.save();
        self.save_next();
        while self.chores.join_next().await.is_some() {}
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
