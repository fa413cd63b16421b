//! The task that owns the engine, the tracker on this computer and everything else that blocks or waits.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sprat_peer::tracker_client::TrackerClient;
use sprat_peer::{TokenFile, TokenFileError, Tokens};
use sprat_protocol::tracker::{AccessToken, Search};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::files;
use super::local_tracker::TrackerHost;
use super::outbox::Outbox;
use super::startup::{Startup, begin, open_all};
use super::waker::Waker;
use super::window_end::Bridge;
use crate::model::engine::{EngineHandle, Event, Snapshot};
use crate::model::messages::{LocalTracker, Notice, Picked, Request, SearchAnswer};
use crate::model::preferences::Preferences;
use crate::platform::log::LogRing;
use crate::platform::{Desktop, Pending, url_scheme};
use crate::words;

/// The runtime that everything behind the glass runs on.
#[derive(Debug)]
pub struct Backend {
    runtime: Runtime,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Backend {
    /// Starts everything, and returns at once.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn start(startup: Startup, desktop: Arc<dyn Desktop>, waker: Waker) -> io::Result<(Self, Bridge)> {
        let runtime = Builder::new_multi_thread().enable_all().thread_name("sprat-engine").build()?;
        let (bridge, requests, notices) = Bridge::pair();
        let stop = CancellationToken::new();
        let out = Outbox { notices, waker };
        let task = runtime.spawn(supervise(startup, desktop, requests, out, stop.clone()));
        Ok((Self { runtime, stop, task }, bridge))
    }

    /// Ends everything: peers and trackers are told goodbye, as far as that is possible within `patience`.
    pub fn shutdown(self, patience: Duration) {
        self.stop.cancel();
        let ended = self.runtime.block_on(async { tokio::time::timeout(patience, self.task).await });
        if ended.is_err() {
            tracing::warn!("the engine did not end in time");
        }
        self.runtime.shutdown_background();
    }
}

/// Runs the backend, and tells the window if it breaks.
async fn supervise(
    startup: Startup,
    desktop: Arc<dyn Desktop>,
    requests: mpsc::Receiver<Request>,
    out: Outbox,
    stop: CancellationToken,
) {
    let mut task = JoinSet::new();
    task.spawn(run(startup, desktop, requests, out.clone(), stop.clone()));
    while let Some(ended) = task.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "the engine's side of the window broke");
            tokio::select! {
                () = out.send(Notice::Failed(words::ENGINE_ENDED.to_owned())) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

async fn run(
    mut startup: Startup,
    desktop: Arc<dyn Desktop>,
    requests: mpsc::Receiver<Request>,
    out: Outbox,
    stop: CancellationToken,
) {
    let mut tracker = TrackerHost::default();
    let started = tokio::select! {
        started = begin(&mut startup, &mut tracker, &out) => started,
        () = stop.cancelled() => return,
    };
    let mut worker = Worker {
        state_dir: startup.config.state_dir.clone(),
        token_file: startup.token_file.clone(),
        tokens: startup.config.tokens.clone(),
        log: startup.log.clone(),
        desktop,
        jobs: JoinSet::new(),
        tracker,
        out,
    };
    worker.jobs.spawn(async {
        let registered = tokio::task::spawn_blocking(url_scheme::is_registered).await.ok()?;
        Some(Notice::Links(registered))
    });
    match started {
        Ok(engine) => {
            // Before anything can happen in it, so that the window hears of all that does.
            let feeds = Feeds {
                events: Some(engine.events()),
                snapshots: Some(engine.watch()),
                handed_over: startup.handed_over.take().map(|calls| (calls, engine.clone())),
            };
            tokio::select! {
                () = announce(&startup.open, &engine, &worker.out) => {}
                () = stop.cancelled() => {}
            }
            worker.serve(feeds, requests, &stop).await;
            engine.shutdown().await;
        }
        Err(error) => {
            worker.out.send(Notice::Failed(words::sentence(&error.to_string()))).await;
            worker.serve(Feeds::default(), requests, &stop).await;
        }
    }
    worker.tracker.stop().await;
}

/// Tells the window of its engine, and opens what the command line names.
async fn announce(open: &[String], engine: &EngineHandle, out: &Outbox) {
    out.send(Notice::Started(engine.clone())).await;
    open_all(open, engine, out).await;
}

/// What the backend works with.
struct Worker {
    state_dir: PathBuf,
    token_file: Option<TokenFile>,
    /// Those of this run, also where there is no file.
    tokens: Tokens,
    log: LogRing,
    desktop: Arc<dyn Desktop>,
    jobs: JoinSet<Option<Notice>>,
    tracker: TrackerHost,
    out: Outbox,
}

impl Worker {
    /// Everything that can reach the backend, until it is told to stop.
    async fn serve(&mut self, mut feeds: Feeds, mut requests: mpsc::Receiver<Request>, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return self.keep_last(requests).await,
                request = requests.recv() => match request {
                    Some(request) => self.handle(request).await,
                    None => return,
                },
                Some(done) = self.jobs.join_next() => self.report(done.ok().flatten()).await,
                ended = self.tracker.ended() => self.out.send(Notice::LocalTracker(ended)).await,
                event = next_event(&mut feeds.events) => self.out.send(Notice::Event(event)).await,
                Some((open, engine)) = next_call(&mut feeds.handed_over) => open_all(&open, &engine, &self.out).await,
                alive = next_snapshot(&mut feeds.snapshots) => match alive {
                    true => self.out.waker.wake(),
                    false => {
                        feeds = Feeds::default();
                        self.out.send(Notice::Failed(words::ENGINE_ENDED.to_owned())).await;
                    }
                },
            }
        }
    }

    /// What was to be kept just before the end is kept.
    async fn keep_last(&mut self, mut requests: mpsc::Receiver<Request>) {
        while let Ok(request) = requests.try_recv() {
            if matches!(request, Request::SavePreferences(_) | Request::SaveToken { .. }) {
                self.handle(request).await;
            }
        }
    }

    async fn report(&self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            self.out.send(notice).await;
        }
    }

    async fn handle(&mut self, request: Request) {
        match request {
            Request::SavePreferences(preferences) => self.save(preferences).await,
            Request::SaveToken { tracker, token } => self.save_token(tracker, token).await,
            Request::LocalTracker(reach) => {
                self.out.send(Notice::LocalTracker(LocalTracker::Starting)).await;
                let state = self.tracker.set(reach).await;
                self.out.send(Notice::LocalTracker(state)).await;
            }
            Request::PickFile => self.pick(self.desktop.pick_file(), Notice::PickedFile),
            Request::PickShareFolder => self.pick(self.desktop.pick_folder(), Notice::PickedFile),
            Request::PickDownloadDir => self.pick(self.desktop.pick_folder(), Notice::PickedDownloadDir),
            Request::PickMoveDir => self.pick(self.desktop.pick_folder(), Notice::PickedMoveDir),
            Request::Reveal(path) => self.open(self.desktop.reveal(path.clone()), path),
            Request::Open(path) => self.open(self.desktop.open(path.clone()), path),
            Request::Search { trackers, words, page } => self.search(trackers, words, page),
            Request::TestTracker(url) => self.test(url),
            Request::Notify { title, body } => {
                let notification = self.desktop.notify(title, &body);
                self.jobs.spawn(async move {
                    if let Err(error) = notification.await {
                        tracing::debug!(%error, "the system was not told");
                    }
                    None
                });
            }
            Request::RegisterLinks(on) => self.register_links(on),
            Request::ReadLog => {
                let lines = self.log.to_text().lines().map(str::to_owned).collect();
                self.out.send(Notice::Log(lines)).await;
            }
            Request::SaveLog => self.save_log(),
        }
    }

    fn register_links(&mut self, on: bool) {
        self.jobs.spawn(async move {
            let change = if on { url_scheme::register } else { url_scheme::unregister };
            let changed = tokio::task::spawn_blocking(change).await.ok()?;
            Some(match changed {
                Ok(()) => Notice::Links(on),
                Err(error) => Notice::Trouble(words::links_not_changed(&error.to_string())),
            })
        });
    }

    /// Waits for a dialog.
    fn pick(&mut self, dialog: Pending<Picked>, notice: fn(Picked) -> Notice) {
        self.jobs.spawn(async move { Some(notice(dialog.await)) });
    }

    /// Waits until the system has opened something.
    fn open(&mut self, opening: Pending<io::Result<()>>, path: PathBuf) {
        self.jobs.spawn(async move {
            let error = opening.await.err()?;
            Some(Notice::Trouble(words::cannot_open(&path, &error.to_string())))
        });
    }

    fn search(&mut self, trackers: Vec<Url>, words: String, page: u32) {
        let tokens = self.tokens.clone();
        self.jobs.spawn(async move {
            let found = sprat_peer::search(&trackers, &tokens, &Search { words: words.clone(), page }).await;
            let mut troubles: Vec<_> = found.errors.iter().map(|error| words::sentence(&error.to_string())).collect();
            if trackers.is_empty() {
                troubles.push(words::SEARCH_NEEDS_TRACKER.to_owned());
            }
            let answer = SearchAnswer { hits: found.files, more: found.more, troubles };
            Some(Notice::SearchAnswered { words, page, answer })
        });
    }

    fn test(&mut self, tracker: Url) {
        let client = TrackerClient::new(tracker.clone()).with_token(self.tokens.of(&tracker));
        self.jobs.spawn(async move {
            let silent = client.is_up().await.err().map(|error| words::sentence(&error.to_string()));
            Some(Notice::TrackerTested { tracker, silent })
        });
    }

    fn save_log(&mut self) {
        let (dialog, log) = (self.desktop.save_file(words::LOG_FILE), self.log.clone());
        // Without a dialog it goes to a place that can be told.
        let fallback = self.state_dir.join(words::LOG_FILE);
        self.jobs.spawn(async move {
            let path = match dialog.await {
                Picked::Path(path) => path,
                Picked::Nothing => return None,
                Picked::Unavailable => fallback,
            };
            Some(match tokio::fs::write(&path, log.to_text()).await {
                Ok(()) => Notice::Done(words::log_saved(&path)),
                Err(error) => Notice::Trouble(words::log_not_saved(&path, &error.to_string())),
            })
        });
    }

    /// One at a time, so that the last one is the one that stays.
    async fn save(&self, preferences: Preferences) {
        let state_dir = self.state_dir.clone();
        let saved = tokio::task::spawn_blocking(move || files::save(&state_dir, &preferences)).await;
        if let Ok(Err(error)) = saved {
            self.out.send(Notice::Trouble(words::preferences_not_saved(&error.to_string()))).await;
        }
    }

    /// One at a time, so that no change undoes another.
    async fn save_token(&mut self, tracker: Url, token: Option<AccessToken>) {
        match &token {
            Some(token) => self.tokens.insert(&tracker, token.clone()),
            None => drop(self.tokens.remove(&tracker)),
        }
        let Some(file) = self.token_file.clone() else {
            return self.out.send(Notice::Trouble(words::NO_TOKEN_FILE.to_owned())).await;
        };
        let saved = tokio::task::spawn_blocking(move || save_token(&file, &tracker, token)).await;
        if let Ok(Err(error)) = saved {
            self.out.send(Notice::Trouble(words::tokens_trouble(&error.to_string()))).await;
        }
    }
}

/// Changes one token in the file.
fn save_token(file: &TokenFile, tracker: &Url, token: Option<AccessToken>) -> Result<(), TokenFileError> {
    let mut tokens = file.load()?;
    match token {
        Some(token) => tokens.insert(tracker, token),
        None => drop(tokens.remove(tracker)),
    }
    file.save(&tokens)
}

/// What comes from the engine by itself; nothing, without an engine.
#[derive(Debug, Default)]
struct Feeds {
    events: Option<broadcast::Receiver<Event>>,
    snapshots: Option<watch::Receiver<Arc<Snapshot>>>,
    /// What later starts of the program were given, and who is to open it.
    handed_over: Option<(mpsc::Receiver<Vec<String>>, EngineHandle)>,
}

/// What the next start of the program was given. Cancel safe.
async fn next_call(
    handed_over: &mut Option<(mpsc::Receiver<Vec<String>>, EngineHandle)>,
) -> Option<(Vec<String>, EngineHandle)> {
    match handed_over {
        Some((calls, engine)) => calls.recv().await.map(|open| (open, engine.clone())),
        None => std::future::pending().await,
    }
}

/// The next event. One that lags has lost only what the snapshot has too. Cancel safe.
async fn next_event(events: &mut Option<broadcast::Receiver<Event>>) -> Event {
    loop {
        let Some(receiver) = events else { return std::future::pending().await };
        match receiver.recv().await {
            Ok(event) => return event,
            Err(broadcast::error::RecvError::Lagged(lost)) => tracing::debug!(lost, "events came too fast"),
            Err(broadcast::error::RecvError::Closed) => *events = None,
        }
    }
}

/// Waits for the next snapshot; false if there will be none. Cancel safe.
async fn next_snapshot(snapshots: &mut Option<watch::Receiver<Arc<Snapshot>>>) -> bool {
    match snapshots {
        Some(snapshots) => snapshots.changed().await.is_ok(),
        None => std::future::pending().await,
    }
}
