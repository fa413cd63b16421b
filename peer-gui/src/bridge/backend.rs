//! The task that owns the engine, the tracker on this computer and everything else that blocks or waits.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::feeds::Feeds;
use super::local_tracker::TrackerHost;
use super::outbox::Outbox;
use super::startup::{Startup, begin, open_all};
use super::waker::Waker;
use super::window_end::Bridge;
use super::worker::Worker;
use crate::model::engine::EngineHandle;
use crate::model::messages::{Notice, Request};
use crate::platform::{Desktop, url_scheme};
use crate::words;

/// Runtime of the engine's side, with everything that runs on it.
#[derive(Debug)]
pub struct Backend {
    runtime: Runtime,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Backend {
    /// Starts the engine's side, and returns at once.
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

    /// Ends the engine's side. Peers and trackers are told goodbye, as far as that is possible within `patience`.
    pub fn shutdown(self, patience: Duration) {
        self.stop.cancel();
        let ended = self.runtime.block_on(async { tokio::time::timeout(patience, self.task).await });
        if ended.is_err() {
            tracing::warn!("the engine did not end in time");
        }
        self.runtime.shutdown_background();
    }
}

/// Runs the task of the engine's side, and tells the window if it breaks.
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
        engine: started.as_ref().ok().cloned(),
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

/// Tells the window that the engine runs, and opens the arguments of the command line.
async fn announce(open: &[String], engine: &EngineHandle, out: &Outbox) {
    out.send(Notice::Started(engine.clone())).await;
    open_all(open, engine, out).await;
}
