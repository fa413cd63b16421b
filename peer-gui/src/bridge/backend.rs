//! The task that owns the engine, the tracker on this computer and everything else that blocks or waits.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sprat_peer::{Event, Snapshot, TokenFile, TokenFileError};
use sprat_protocol::tracker::AccessToken;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::local_tracker::Host;
use super::startup::{Startup, begin, open_all, sentence};
use super::{Bridge, LocalTracker, Notice, Request, Waker, files};
use crate::platform::Desktop;
use crate::state::Preferences;
use crate::text;

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

/// Where notices go.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    notices: mpsc::Sender<Notice>,
    waker: Waker,
}

impl Outbox {
    /// Waits for room: a window that does not look holds back the news, not the engine.
    pub(super) async fn send(&self, notice: Notice) {
        if self.notices.send(notice).await.is_ok() {
            self.waker.wake();
        }
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
                () = out.send(Notice::Failed(text::ENGINE_ENDED.to_owned())) => {}
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
    let mut tracker = Host::default();
    let started = tokio::select! {
        started = begin(&mut startup, &mut tracker, &out) => started,
        () = stop.cancelled() => return,
    };
    let (state_dir, token_file) = (startup.config.state_dir.clone(), startup.token_file.clone());
    let mut work = Work { state_dir, token_file, desktop, jobs: JoinSet::new(), tracker, out };
    match started {
        Ok(engine) => {
            let feeds = Feeds { events: Some(engine.events()), snapshots: Some(engine.watch()) };
            tokio::select! {
                () = open_all(&startup.open, &engine, &work.out) => {}
                () = stop.cancelled() => {}
            }
            work.serve(feeds, requests, &stop).await;
            engine.shutdown().await;
        }
        Err(error) => {
            work.out.send(Notice::Failed(sentence(&error.to_string()))).await;
            work.serve(Feeds::default(), requests, &stop).await;
        }
    }
    work.tracker.stop().await;
}

/// What the backend works with.
struct Work {
    state_dir: PathBuf,
    token_file: Option<TokenFile>,
    desktop: Arc<dyn Desktop>,
    jobs: JoinSet<Option<Notice>>,
    tracker: Host,
    out: Outbox,
}

impl Work {
    /// Everything that can reach the backend, until it is told to stop.
    async fn serve(&mut self, mut feeds: Feeds, mut requests: mpsc::Receiver<Request>, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                request = requests.recv() => match request {
                    Some(request) => self.handle(request).await,
                    None => return,
                },
                Some(done) = self.jobs.join_next() => self.report(done.ok().flatten()).await,
                ended = self.tracker.ended() => self.out.send(Notice::LocalTracker(ended)).await,
                event = next_event(&mut feeds.events) => self.out.send(Notice::Event(event)).await,
                alive = next_snapshot(&mut feeds.snapshots) => match alive {
                    true => self.out.waker.wake(),
                    false => {
                        feeds = Feeds::default();
                        self.out.send(Notice::Failed(text::ENGINE_ENDED.to_owned())).await;
                    }
                },
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
            Request::PickFile => {
                let dialog = self.desktop.pick_file();
                self.jobs.spawn(async move { Some(Notice::PickedFile(dialog.await)) });
            }
            Request::PickDownloadDir => {
                let dialog = self.desktop.pick_folder();
                self.jobs.spawn(async move { Some(Notice::PickedDownloadDir(dialog.await)) });
            }
            Request::OpenFolder(dir) => {
                let opening = self.desktop.open_folder(dir.clone());
                self.jobs.spawn(async move {
                    let error = opening.await.err()?;
                    Some(Notice::Trouble(text::cannot_open_folder(&dir, &error.to_string())))
                });
            }
        }
    }

    /// One at a time, so that the last one is the one that stays.
    async fn save(&self, preferences: Preferences) {
        let state_dir = self.state_dir.clone();
        let saved = tokio::task::spawn_blocking(move || files::save(&state_dir, &preferences)).await;
        if let Ok(Err(error)) = saved {
            self.out.send(Notice::Trouble(text::preferences_not_saved(&error.to_string()))).await;
        }
    }

    /// One at a time, so that no change undoes another.
    async fn save_token(&self, tracker: Url, token: Option<AccessToken>) {
        let Some(file) = self.token_file.clone() else {
            return self.out.send(Notice::Trouble(text::NO_TOKEN_FILE.to_owned())).await;
        };
        let saved = tokio::task::spawn_blocking(move || save_token(&file, &tracker, token)).await;
        if let Ok(Err(error)) = saved {
            self.out.send(Notice::Trouble(text::tokens_trouble(&error.to_string()))).await;
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
