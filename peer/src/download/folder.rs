//! Download of a folder whose list is known. Its parts are fetched a few at a time, each by a download of its own,
//! which is told here who may have the folder.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use sprat_api::{Priority, TransferState, Trouble};
use sprat_chunking::{FileDigest, FileId};
use sprat_protocol::{FileName, Link, PeerAddr};
use sprat_store::disk::destination::name_at;
use sprat_store::folder::list::List;
use sprat_store::folder::{Folder, count_chunks};
use sprat_store::site::{Before, OpenedSite, Site};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::discovery::candidates::Candidate;
use crate::discovery::trackers::query::{Asking, Found, Known};
use crate::download::env::Env;
use crate::download::right::Right;
use crate::download::status::{Figures, Status};
use crate::download::watching::Progress;
use crate::download::{Download, Ended, Finished, Order, Outcome, PartOf, Reins};
use crate::flow::settings::TransferSettings;
use crate::shares::folder::serve;
use crate::shares::holding::Holding;
use crate::state::library;
use crate::state::state_dir::StateDir;
use crate::world::clock;

/// Number of parts that are fetched at once.
const MAX_PARTS: usize = 4;
/// Number of known peers that are remembered to tell new parts of.
const MAX_KNOWN: usize = 1000;
/// Time until the next try to fetch a file that another download of this engine is fetching.
pub(crate) const TAKEN: Duration = Duration::from_secs(1);

/// A folder that is being fetched.
pub(crate) struct FolderFetch {
    env: Env,
    state: Arc<StateDir>,
    order: Order,
    status: Arc<Status>,
    /// Holding that serves the list.
    holding: Arc<Holding>,
    known: watch::Sender<Arc<Known>>,
    waiting: VecDeque<(FileId, u64)>,
    parts: JoinSet<(FileId, Result<Outcome, Ended>)>,
    running: BTreeMap<FileId, Running>,
    asking: Asking,
    settings: Arc<TransferSettings>,
    reins: Reins,
    disk: TaskTracker,
}

/// A part that is being fetched.
struct Running {
    status: Arc<Status>,
    hurry: Arc<Notify>,
    _right: Right,
}

impl FolderFetch {
    /// Creates a fetch, which [`FolderFetch::run`] runs. `holding` serves the list.
    pub(crate) fn new(
        env: Env,
        state: Arc<StateDir>,
        order: Order,
        status: Arc<Status>,
        holding: Arc<Holding>,
        reins: Reins,
    ) -> Self {
        let (asking, settings) = (Asking::new(order.link.file_id), env.flow.settings.of(order.link.file_id));
        let known = watch::Sender::new(Arc::new(addresses(&order.link.peers)));
        Self {
            env,
            state,
            order,
            status,
            holding,
            known,
            waiting: VecDeque::new(),
            parts: JoinSet::new(),
            running: BTreeMap::new(),
            asking,
            settings,
            reins,
            disk: TaskTracker::new(),
        }
    }

    /// Runs until all wanted parts are there, the fetch is stopped, or this machine is in trouble. Verified chunks are
    /// kept in any case.
    pub(crate) async fn run(mut self, list: List) -> Result<Folder, Ended> {
        self.holding.set_unfinished(true);
        self.env.holdings.insert(self.holding.clone());
        self.env.asker.trackers.kick();
        let stop = self.reins.stop.clone();
        // Parts have a token of their own, as they also end when the fetch fails. All have ended before it returns.
        let part_stop = CancellationToken::new();
        let result = tokio::select! {
            biased;
            () = stop.cancelled() => Err(Ended::Stopped),
            result = self.go(list, &part_stop) => result,
        };
        part_stop.cancel();
        while let Some(part) = self.parts.join_next().await {
            let (id, _) = part.expect("a download does not panic");
            self.running.remove(&id);
        }
        self.disk.close();
        self.disk.wait().await;
        self.holding.set_unfinished(!result.as_ref().is_ok_and(Folder::is_whole));
        result
    }

    async fn go(&mut self, list: List, part_stop: &CancellationToken) -> Result<Folder, Ended> {
        self.status.set_state(TransferState::Checking);
        let Order { link, dir, .. } = self.order.clone();
        let Figures { begun, distrust, .. } = self.status.figures();
        let (before, job) = (Before { begun, distrust }, Arc::new(self.reins.job()));
        self.status.works(job.clone());
        self.env.news.changed();
        let opened = self.on_disk(move || Site::open(link.file_id, &dir, before, list, &job)).await?;
        if !self.reins.stop.is_cancelled() {
            self.status.update(|figures| figures.distrust = false);
        }
        let mut site = match opened {
            OpenedSite::Complete { folder, digests } => {
                folder.parts.iter().zip(digests).for_each(|(part, digest)| {
                    serve(&self.env.holdings, &self.env.flow.settings, &folder, part, Some(digest), &self.holding);
                });
                return Ok(folder);
            }
            OpenedSite::Site(site) => site,
        };
        self.status.watching().is_folder(site.folder().collection.clone());
        self.plan(&site);
        self.show(&site);
        self.serve(&site).await;
        loop {
            self.asking.ask(&self.env.asker, self.known.borrow().len() >= 4);
            self.begin_parts(&site, part_stop);
            if self.running.is_empty() && self.waiting.is_empty() {
                let folder = self.on_disk(move || site.finish()).await?;
                folder.parts.iter().for_each(|part| {
                    serve(&self.env.holdings, &self.env.flow.settings, &folder, part, None, &self.holding);
                });
                return Ok(folder);
            }
            self.show_state();
            // A part that another download is fetching may become free at any time.
            let retry = clock::now() + TAKEN;
            let wake = if self.running.is_empty() { retry.min(self.asking.next()) } else { self.asking.next() };
            tokio::select! {
                biased;
                Some(ended) = self.parts.join_next() => {
                    let (id, result) = ended.expect("a download does not panic");
                    site = self.part_ended(site, id, result).await?;
                }
                Some(found) = self.asking.answer() => self.found(&found),
                () = self.status.parts_changed.notified() => {}
                () = self.settings.prioritized.notified() => self.plan(&site),
                () = self.reins.hurry.notified() => self.hurried(),
                Ok(()) = self.reins.added_peers.changed() => self.peers_added(),
                () = sleep_until(wake.into()) => {}
            }
        }
    }

    /// Queues the missing parts, highest priority first and without those that are off. Updates the size that is shown.
    fn plan(&mut self, site: &Site) {
        let priority = |id: FileId| {
            let files = site.files_of(id).into_iter().map(|place| self.settings.priority(place));
            files.max().unwrap_or_default()
        };
        let missing = site.missing().into_iter().filter(|(id, _)| !self.running.contains_key(id));
        let mut waiting: Vec<_> = missing.map(|(id, len)| (priority(id), (id, len))).collect();
        waiting.retain(|(priority, _)| *priority != Priority::Off);
        waiting.sort_by_key(|(priority, _)| Reverse(*priority));
        let unwanted = |id: &FileId| !site.has(*id) && priority(*id) == Priority::Off;
        let wanted: Vec<u64> = site.lens().filter(|(id, _)| !unwanted(id)).map(|(_, len)| len).collect();
        let (size, chunks) = (wanted.iter().sum(), count_chunks(wanted.iter().copied()));
        self.status.update(|figures| (figures.size, figures.num_chunks) = (Some(size), chunks));
        self.waiting = waiting.into_iter().map(|(_, part)| part).collect();
    }

    /// Starts queued parts, as long as fewer than [`MAX_PARTS`] are running.
    fn begin_parts(&mut self, site: &Site, stop: &CancellationToken) {
        for _ in 0..self.waiting.len() {
            let Some((id, len)) = self.waiting.pop_front_if(|_| self.running.len() < MAX_PARTS) else { return };
            let Some(right) = self.env.rights.take(id) else {
                // Another download is fetching the same content.
                self.waiting.push_back((id, len));
                continue;
            };
            self.env.flow.settings.share(self.order.link.file_id, id);
            self.status.watching().begun(id);
            let dir = site.parts_dir().clone();
            let path = dir.path().to_owned();
            let status = Status::new(TransferState::Searching, id.to_string(), path.clone(), Some(len));
            let (status, hurry) = (Arc::new(status.part_of(&self.status)), Arc::new(Notify::new()));
            let link = Link { file_id: id, name: None, size: Some(len), trackers: Vec::new(), peers: Vec::new() };
            let name = Some(FileName::clean(&id.to_string()));
            let order = Order { link, added_peers: 0, dir: path, name };
            let mut known = self.known.subscribe();
            known.mark_changed();
            let folder = Some(PartOf { holding: self.holding.clone(), dir, known });
            // Addresses that the user adds reach the parts through `known`, with all other peers.
            let (_, added_peers) = watch::channel(Vec::new());
            let reins = Reins { hurry: hurry.clone(), added_peers, stop: stop.child_token() };
            let download = Download::new(self.env.clone(), order, status.clone(), folder, reins);
            self.running.insert(id, Running { status, hurry, _right: right });
            self.parts.spawn(async move { (id, download.run().await) });
        }
    }

    /// Moves a part whose download ended to its place in the folder, and serves it from there.
    async fn part_ended(
        &mut self,
        mut site: Box<Site>,
        id: FileId,
        result: Result<Outcome, Ended>,
    ) -> Result<Box<Site>, Ended> {
        self.running.remove(&id);
        let Outcome::File(Finished { path, hashes, layout, .. }) = result? else {
            unreachable!("a part of a folder is no folder");
        };
        let digest = FileDigest { layout, hashes };
        let (state, kept) = (self.state.clone(), digest.clone());
        let placed = move || {
            site.place(id, name_at(&path).as_str())?;
            library::keep_hashes(&state, &kept.hashes, kept.layout);
            Ok::<_, Trouble>(site)
        };
        let site = self.on_disk(placed).await?;
        if let Some(part) = site.part(id) {
            serve(&self.env.holdings, &self.env.flow.settings, site.folder(), part, Some(digest), &self.holding);
        }
        self.status.watching().reached(id, Progress::All);
        self.env.news.changed();
        Ok(site)
    }

    /// Serves the parts that were on disk before this fetch began.
    async fn serve(&self, site: &Site) {
        let (state, here) = (self.state.clone(), site.lens().map(|(id, _)| id).filter(|id| site.has(*id)));
        let here: Vec<FileId> = here.collect();
        let kept = move || here.into_iter().map(|id| (id, library::kept_hashes(&state, id))).collect::<Vec<_>>();
        for (id, kept) in self.on_disk(kept).await {
            let digest = kept.map(|(hashes, layout)| FileDigest { layout, hashes });
            if let Some(part) = site.part(id) {
                serve(&self.env.holdings, &self.env.flow.settings, site.folder(), part, digest, &self.holding);
            }
        }
    }

    fn show(&self, site: &Site) {
        let all: Vec<(FileId, u64)> = site.lens().collect();
        let there: Vec<(FileId, u64)> = all.into_iter().filter(|(id, _)| site.has(*id)).collect();
        there.iter().for_each(|(id, _)| self.status.watching().reached(*id, Progress::All));
        let there: Vec<u64> = there.into_iter().map(|(_, len)| len).collect();
        let (verified, done) = (there.iter().sum(), count_chunks(there.iter().copied()));
        let name = name_at(site.path());
        self.status.update(|figures| {
            figures.name = name.to_string();
            figures.ordered_name = Some(name);
            figures.path = site.path().to_owned();
            figures.files = u32::try_from(site.folder().files.len()).ok();
            (figures.verified, figures.chunks_done) = (verified, done);
        });
        self.env.news.changed();
    }

    /// Shows the most active state of the running parts: downloading, checking, searching, or else waiting.
    fn show_state(&self) {
        let states: Vec<TransferState> = self.running.values().map(|part| part.status.figures().state).collect();
        let order = [TransferState::Downloading, TransferState::Checking, TransferState::Searching];
        let state = order.into_iter().find(|state| states.contains(state)).unwrap_or(TransferState::Waiting);
        if self.status.set_state(state) {
            self.env.news.changed();
        }
    }

    /// Tells every part of the peers that a tracker named.
    fn found(&mut self, found: &Found) {
        self.note(found.peers(self.env.asker.peer_id));
    }

    /// Tells every part of the addresses that the user added.
    fn peers_added(&mut self) {
        let added = addresses(&self.reins.added_peers.borrow_and_update());
        self.note(added);
    }

    fn note(&mut self, found: Known) {
        let mut known = Known::clone(&self.known.borrow());
        known.truncate(MAX_KNOWN);
        for (candidate, addresses) in found {
            match known.iter_mut().find(|(other, _)| *other == candidate) {
                Some((_, before)) => *before = addresses,
                None => known.push((candidate, addresses)),
            }
        }
        self.known.send_replace(Arc::new(known));
    }

    fn hurried(&mut self) {
        self.asking.hurry();
        self.running.values().for_each(|part| part.hurry.notify_one());
    }

    /// Runs blocking work on a thread for it. [`FolderFetch::run`] awaits the work before it ends, whatever happens.
    async fn on_disk<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.env.disk.spawn_among(&self.disk, work).await.expect("work on the disk does not panic")
    }
}

/// Candidates of which only the address is known.
fn addresses(peers: &[PeerAddr]) -> Known {
    peers.iter().map(|peer| (Candidate::Address(peer.clone()), vec![peer.clone()])).collect()
}
