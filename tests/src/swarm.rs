//! A tracker and engines within the test's own process, over real TCP on loopback.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::{Command, Event, Snapshot, Target, TransferView};
use sprat_peer::{Engine, EngineConfig, EngineHandle};
use sprat_protocol::Link;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::PATIENCE;

/// A tracker within the test.
pub struct Tracker {
    /// Its URL.
    pub url: Url,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Tracker {
    /// A tracker on a port that the system chooses.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let stop = CancellationToken::new();
        let task = tokio::spawn(sprat_tracker::serve(listener, sprat_tracker::Config::default(), stop.clone()));
        Self { url: url.parse().expect("that is a URL"), stop, task }
    }

    /// Stops it and waits until it is gone.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("a tracker does not panic").expect("a tracker ends well");
    }
}

/// An engine within the test, with folders of its own.
pub struct Peer {
    /// The engine.
    pub engine: EngineHandle,
    /// Its download folder and its state folder lie in here.
    pub dir: TempDir,
    events: tokio::sync::broadcast::Receiver<Event>,
}

impl Peer {
    /// An engine with this tracker, if any, changed by `configure`.
    pub async fn start(tracker: Option<&Tracker>, configure: impl FnOnce(&mut EngineConfig)) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder can be made"), tracker, configure).await
    }

    /// An engine on a folder that another may have used before.
    pub async fn start_in(dir: TempDir, tracker: Option<&Tracker>, configure: impl FnOnce(&mut EngineConfig)) -> Self {
        let mut config = EngineConfig::new(dir.path().join("state"), dir.path().join("downloads"));
        config.listen = "127.0.0.1:0".parse().expect("that is an address");
        config.trackers = tracker.map(|tracker| tracker.url.clone()).into_iter().collect();
        configure(&mut config);
        let engine = Engine::start(config).await.expect("an engine starts");
        let events = engine.events();
        Self { engine, dir, events }
    }

    /// Folder of the engine's downloads.
    pub fn downloads(&self) -> PathBuf {
        self.dir.path().join("downloads")
    }

    /// Shares a file and gives its link.
    pub async fn share(&mut self, path: &Path) -> Link {
        self.engine.send(Command::Share(path.to_owned())).await;
        self.event(|event| match event {
            Event::Shared { link, .. } => Some(link),
            Event::ShareFailed { reason, .. } => panic!("not shared: {reason}"),
            _ => None,
        })
        .await
    }

    /// Writes a file into its folder and shares it.
    pub async fn share_bytes(&mut self, name: &str, bytes: &[u8]) -> Link {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).expect("a file can be written");
        self.share(&path).await
    }

    /// Begins to download.
    pub async fn fetch(&self, link: Link) {
        self.engine.send(Command::Download { link, target: Target::DownloadDir }).await;
    }

    /// Waits until a download is complete; gives its path.
    pub async fn completed(&mut self, link: &Link) -> PathBuf {
        self.event(|event| match event {
            Event::Completed { file_id, path } if file_id == link.file_id => Some(path),
            Event::Stopped { trouble, .. } => panic!("stopped: {trouble}"),
            _ => None,
        })
        .await
    }

    /// Waits for an event.
    ///
    /// # Panics
    /// If it does not come.
    pub async fn event<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = wanted(self.events.recv().await.expect("the engine runs")) {
                    return found;
                }
            }
        };
        match timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => panic!("the event never came; {:#?}", self.engine.snapshot()),
        }
    }

    /// Waits until a snapshot is as it should be.
    ///
    /// # Panics
    /// If none is.
    pub async fn until<T>(&self, mut wanted: impl FnMut(&Snapshot) -> Option<T>) -> T {
        let mut snapshots = self.engine.watch();
        let found = async {
            loop {
                if let Some(found) = wanted(&snapshots.borrow_and_update().clone()) {
                    return found;
                }
                snapshots.changed().await.expect("the engine runs");
            }
        };
        match timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => panic!("it never came so far; {:#?}", self.engine.snapshot()),
        }
    }

    /// The transfer of this link.
    pub fn transfer(&self, link: &Link) -> Option<Arc<TransferView>> {
        self.engine.snapshot().transfers.iter().find(|transfer| transfer.file_id == link.file_id).cloned()
    }

    /// Stops the engine; gives the folder back.
    pub async fn stop(self) -> TempDir {
        self.engine.shutdown().await;
        self.dir
    }
}

/// The address in a link, of a peer on loopback that has the file.
pub fn only_peer(link: &Link) -> Link {
    Link { trackers: Vec::new(), ..link.clone() }
}
