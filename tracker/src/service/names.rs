//! Names of files: what the catalogue is told and asked, and what it forgets.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use sprat_protocol::tracker::{Search, SearchAnswer, SearchHit};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

use super::others::Others;
use super::places::Places;
use super::refusal::Refusal;
use crate::access::Access;
use crate::catalogue::{Catalogue, Full, Match, Opening, Page, Pass, Put, Retention, Settings, Words};
use crate::config::CatalogueConfig;
use crate::model::count::to_u32;
use crate::model::error::Unavailable;
use crate::model::holding::{Claim, Summary};
use crate::model::moment::{Caller, Now};
use crate::operation::metrics::Metrics;
use crate::store::Store;
use crate::store::cluster::Cluster;

/// Number of searches that may wait for their turn or have it.
const SEARCHES: usize = 1000;
/// Number of these that may come from one IPv4 /24 or one IPv6 /64 network: as many as one connection of HTTP/2 may have open.
const SEARCHES_PER_NETWORK: usize = 64;
/// Pause between two looks whether the catalogue had to begin anew.
const LOOK_TICK: Duration = Duration::from_secs(1);
/// Pause between two passes over the names, for those that need not be kept.
const PRUNE_TICK: Duration = Duration::from_secs(3600);
/// Rest after a step that others are not to notice.
const REST: Duration = Duration::from_millis(50);
/// Pause before all names are learnt again, if a part of the store is away.
const RELEARN_AGAIN: Duration = Duration::from_secs(30);

/// The names of files, as the messages need them.
#[derive(Debug)]
pub(super) struct Names {
    catalogue: Arc<Catalogue>,
    config: CatalogueConfig,
    store: Arc<dyn Store>,
    access: Arc<Access>,
    others: Option<Others>,
    metrics: Arc<Metrics>,
    searches: Places,
    /// Permits of searches that run: as many as can be answered at a time, each on a thread.
    running: Semaphore,
    /// Rung when names were lost that the store knows.
    lost: Arc<Notify>,
}

/// Tells the log what was found where the catalogue is kept.
pub(super) fn report(opening: &Opening) {
    match opening {
        Opening::New => tracing::debug!("the catalogue is new"),
        Opening::AsItWas { files } => tracing::info!(files, "catalogue opened"),
        Opening::Migrated { from, files } => tracing::info!(files, from, "catalogue brought up to date"),
        Opening::SetAside { to, reason } => {
            tracing::error!(to = %to.display(), reason, "the catalogue was damaged and is set aside; it begins anew");
        }
    }
}

impl Names {
    pub(super) fn new(
        catalogue: Arc<Catalogue>,
        config: CatalogueConfig,
        store: Arc<dyn Store>,
        access: Arc<Access>,
        cluster: Option<Arc<Cluster>>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let searches = Places::new(SEARCHES, SEARCHES_PER_NETWORK);
        let running = Semaphore::new(Settings::default().readers);
        let lost = Arc::new(Notify::new());
        let others = cluster.map(|cluster| Others::new(cluster, catalogue.clone(), access.clone(), lost.clone()));
        Self { catalogue, config, store, access, others, metrics, searches, running, lost }
    }

    /// Answers a SEARCH with the files whose names have its words.
    ///
    /// # Errors
    /// [`Refusal`] if too many people search.
    pub(super) async fn search(&self, caller: Caller, message: &Search) -> Result<SearchAnswer, Refusal> {
        let now = caller.now;
        let _place = self.searches.take(caller.address).ok_or_else(|| {
            self.metrics.cap_hit("searches");
            Refusal::busy()
        })?;
        let turn = self.running.acquire().await.expect("it is never closed");
        let (catalogue, words) = (self.catalogue.clone(), Words::new(&message.words));
        let matches = spawn_blocking(move || catalogue.search(&words)).await.expect("a search does not panic");
        drop(turn);
        let mut matches = matches.map_err(|error| {
            tracing::debug!(%error, "a search failed");
            Refusal::busy()
        })?;
        matches.files.retain(|file| self.access.blocks().file(file.file_id).is_ok());
        let file_ids: Vec<FileId> = matches.files.iter().map(|file| file.file_id).collect();
        let summaries = self.store.summaries(now, &file_ids).await;
        let mut page = Page::new(message.page);
        for (file, summary) in matches.files.into_iter().zip(summaries) {
            page.offer(file.rank, search_hit(file, summary));
        }
        Ok(page.finish())
    }

    /// Tells the catalogue and others what these files are called by now, each of which this peer holds.
    pub(super) async fn record(&self, now: Now, files: &[(FileId, PeerId)]) {
        for put in self.called(now, files).await {
            if let Some(others) = &self.others {
                others.tell_of(&put);
            }
            self.write(put);
        }
    }

    /// Finds the names of these files by now, each of which this peer holds.
    async fn called(&self, now: Now, files: &[(FileId, PeerId)]) -> Vec<Put> {
        let file_ids: Vec<FileId> = files.iter().map(|(file_id, _)| *file_id).collect();
        let summaries = self.store.summaries(now, &file_ids).await;
        let put = |((file_id, by), summary): ((FileId, PeerId), Option<Summary>)| {
            let Claim { name, layout } = summary?.claim;
            Some(Put { file_id, name: name.to_string(), layout, by, unix_seconds: now.unix_seconds })
        };
        files.iter().copied().zip(summaries).filter_map(put).collect()
    }

    fn write(&self, put: Put) {
        let file_id = put.file_id;
        if self.catalogue.put(put).is_err() {
            // Room was looked for before, so this is rare: others were quicker. The name comes with the next peer.
            tracing::debug!(%file_id, "no room for a name");
        }
    }

    /// Forgets the name of a file, here and at other trackers. Returns whether that is durable.
    pub(super) async fn remove(&self, file_id: FileId) -> bool {
        if let Some(others) = &self.others {
            others.tell_of_removal(file_id);
        }
        match self.catalogue.remove(file_id) {
            Ok(written) => written.wait().await.is_ok(),
            Err(Full) => false,
        }
    }

    /// Says whether so many names more find room.
    pub(super) fn has_room(&self, names: usize) -> bool {
        self.catalogue.has_room(names)
    }

    /// Waits until SEARCH finds everything that was registered before.
    pub(super) async fn flush(&self) {
        if self.catalogue.flush().wait().await.is_err() {
            tracing::error!("the latest names of files could not be written; peers say them again");
        }
    }

    /// Forgets names that need not be kept, and notices when they were lost; for ever.
    pub(super) async fn keep(&self) {
        let mut looks = tokio::time::interval(LOOK_TICK);
        let mut prunes = tokio::time::interval(PRUNE_TICK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        prunes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut begun_anew, mut trouble) = (self.catalogue.begun_anew(), None);
        loop {
            tokio::select! {
                _ = looks.tick() => {
                    let times = self.catalogue.begun_anew();
                    if times != begun_anew {
                        begun_anew = times;
                        tracing::error!("the catalogue was damaged and begins anew with the files that somebody has");
                        self.lost.notify_one();
                    }
                    let current = self.catalogue.trouble();
                    if current != trouble {
                        match &current {
                            Some(reason) => tracing::error!(reason, "the catalogue cannot be written; it is tried again"),
                            None => tracing::info!("the catalogue can be written again"),
                        }
                        trouble = current;
                    }
                }
                _ = prunes.tick() => self.prune(Now::read()).await,
            }
        }
    }

    /// Writes down what other trackers tell, if there are any; for ever.
    pub(super) async fn keep_following(&self) {
        if let Some(others) = &self.others {
            others.keep_following().await;
        }
    }

    /// Tells the catalogue the names that the store knows, whenever some were lost; for ever.
    pub(super) async fn keep_relearning(&self) {
        loop {
            self.lost.notified().await;
            while self.relearn().await.is_err() {
                tokio::time::sleep(RELEARN_AGAIN).await;
            }
        }
    }

    /// Tells the catalogue the names of all files that somebody holds.
    async fn relearn(&self) -> Result<(), Unavailable> {
        let (mut walk, mut known) = (self.store.walk(), 0);
        while let Some(files) = walk.next().await {
            let is_allowed = |(file_id, _): &(FileId, PeerId)| self.access.blocks().file(*file_id).is_ok();
            let files: Vec<_> = files?.into_iter().filter(is_allowed).collect();
            // Those that others find room for come first.
            while !self.catalogue.has_room(2 * files.len()) {
                tokio::time::sleep(REST).await;
            }
            self.called(Now::read(), &files).await.into_iter().for_each(|put| self.write(put));
            known += files.len();
            tokio::task::yield_now().await;
        }
        tracing::info!(files = known, "the catalogue has the names of all files that somebody has");
        Ok(())
    }

    /// Forgets the names that need not be kept.
    async fn prune(&self, now: Now) {
        let CatalogueConfig { keep, files } = self.config;
        let retention = Retention { seen_since: now.unix_seconds.saturating_sub(keep.as_secs()), most: files };
        let mut pass = Pass::default();
        while !pass.done {
            let (catalogue, store) = (self.catalogue.clone(), self.store.clone());
            let runtime = Handle::current();
            let are_alive = move |file_ids: &[FileId]| runtime.block_on(store.may_be_held(now, file_ids));
            let step = spawn_blocking(move || catalogue.prune(pass, &retention, now.unix_seconds, are_alive));
            match step.await.expect("a step does not panic") {
                Ok(next) => pass = next,
                Err(error) => return tracing::debug!(%error, "names are looked through later"),
            }
            tokio::time::sleep(REST).await;
        }
        if pass.removed > 0 {
            tracing::info!(files = pass.removed, "names forgotten that nobody has had for long");
        }
    }

    /// Counts the names that are known, and the changes of them that wait to be written.
    pub(super) fn known(&self) -> (usize, usize) {
        (self.catalogue.len(), self.catalogue.waiting())
    }
}

/// A file as it is answered: by the name that most of those have for it who hold it now, or else by its last one.
fn search_hit(file: Match, summary: Option<Summary>) -> SearchHit {
    let Match { file_id, name, layout, first_seen, .. } = file;
    let (name, layout, seeders, leechers) = match summary {
        Some(Summary { claim, seeders, leechers }) => (claim.name.to_string(), claim.layout, seeders, leechers),
        None => (name, layout, 0, 0),
    };
    SearchHit { file_id, name, size: layout.len(), seeders: to_u32(seeders), leechers: to_u32(leechers), first_seen }
}
