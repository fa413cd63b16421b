//! The worker that serves the window's requests, and passes on the engine's news.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sprat_protocol::tracker::AccessToken;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::feeds::{self, Feeds};
use super::files;
use super::local_tracker::TrackerHost;
use super::outbox::Outbox;
use super::startup::open_all;
use crate::model::engine::{Answer, Command, EngineHandle, Found, Refusal, TrackerQuestion};
use crate::model::messages::{LocalTracker, Notice, Picked, Request, SearchAnswer};
use crate::model::preferences::Preferences;
use crate::platform::log::LogRing;
use crate::platform::{Desktop, Pending, url_scheme};
use crate::words;

/// State of the task that serves the window's requests.
pub(super) struct Worker {
    pub(super) state_dir: PathBuf,
    /// Engine that is asked; none if it did not start.
    pub(super) engine: Option<EngineHandle>,
    pub(super) log: LogRing,
    pub(super) desktop: Arc<dyn Desktop>,
    pub(super) jobs: JoinSet<Option<Notice>>,
    pub(super) tracker: TrackerHost,
    pub(super) out: Outbox,
}

impl Worker {
    /// Serves every event that can reach the task, until it is told to stop.
    pub(super) async fn serve(
        &mut self,
        mut feeds: Feeds,
        mut requests: mpsc::Receiver<Request>,
        stop: &CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return self.keep_last(requests).await,
                request = requests.recv() => match request {
                    Some(request) => self.handle(request).await,
                    None => return,
                },
                Some(done) = self.jobs.join_next() => self.report(done.ok().flatten()).await,
                ended = self.tracker.ended() => self.out.send(Notice::LocalTracker(ended)).await,
                event = feeds::next_event(&mut feeds.events) => self.out.send(Notice::Event(event)).await,
                Some((open, engine)) = feeds::next_call(&mut feeds.handed_over) => open_all(&open, &engine, &self.out).await,
                alive = feeds::next_snapshot(&mut feeds.snapshots) => match alive {
                    true => self.out.waker.wake(),
                    false => {
                        feeds = Feeds::default();
                        self.out.send(Notice::Failed(words::ENGINE_ENDED.to_owned())).await;
                    }
                },
            }
        }
    }

    /// Keeps preferences and tokens that were to be kept just before the end.
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

    /// Sends the window the answer of a dialog.
    fn pick(&mut self, dialog: Pending<Picked>, notice: fn(Picked) -> Notice) {
        self.jobs.spawn(async move { Some(notice(dialog.await)) });
    }

    /// Tells the window if the system could not open a path.
    fn open(&mut self, opening: Pending<io::Result<()>>, path: PathBuf) {
        self.jobs.spawn(async move {
            let error = opening.await.err()?;
            Some(Notice::Trouble(words::cannot_open(&path, &error.to_string())))
        });
    }

    fn search(&mut self, trackers: Vec<Url>, words: String, page: u32) {
        let answer = ask(self.engine.clone(), Command::Search { trackers, words: words.clone(), page });
        self.jobs.spawn(async move { Some(Notice::SearchAnswered { words, page, answer: found(answer.await) }) });
    }

    fn test(&mut self, tracker: Url) {
        let question = TrackerQuestion::IsUp;
        let answer = ask(self.engine.clone(), Command::AskTracker { tracker: tracker.clone(), question });
        self.jobs.spawn(async move {
            let silent = answer.await.err().map(|refusal| words::sentence(&refusal.to_string()));
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

    /// Keeps the preferences. One call ends before the next begins, so that the last preferences stay.
    async fn save(&self, preferences: Preferences) {
        let state_dir = self.state_dir.clone();
        let saved = tokio::task::spawn_blocking(move || files::save(&state_dir, &preferences)).await;
        if let Ok(Err(error)) = saved {
            self.out.send(Notice::Trouble(words::preferences_not_saved(&error.to_string()))).await;
        }
    }

    /// Has the engine use and keep a token, or forget it. One call ends before the next begins, so that no change undoes
    /// another.
    async fn save_token(&self, tracker: Url, token: Option<AccessToken>) {
        let trouble = match ask(self.engine.clone(), Command::SetToken { tracker, token }).await {
            Ok(_) | Err(Refusal::NoToken(_)) => return,
            Err(Refusal::NoTokenFile) => words::NO_TOKEN_FILE.to_owned(),
            Err(refusal) => words::tokens_trouble(&refusal.to_string()),
        };
        self.out.send(Notice::Trouble(trouble)).await;
    }
}

/// Asks the engine, if it runs.
async fn ask(engine: Option<EngineHandle>, command: Command) -> Result<Answer, Refusal> {
    engine.ok_or(Refusal::Ended)?.ask(command).await
}

/// Result of a search, for the window.
fn found(answer: Result<Answer, Refusal>) -> SearchAnswer {
    let trouble = |said: String| SearchAnswer { troubles: vec![said], ..SearchAnswer::default() };
    match answer {
        Ok(Answer::Found(Found { files, more, errors })) => {
            let troubles = errors.iter().map(|error| words::sentence(&error.to_string())).collect();
            SearchAnswer { hits: files, more, troubles }
        }
        Ok(Answer::Done | Answer::Holders(_)) => SearchAnswer::default(),
        Err(Refusal::NoTracker) => trouble(words::SEARCH_NEEDS_TRACKER.to_owned()),
        Err(refusal) => trouble(words::sentence(&refusal.to_string())),
    }
}
