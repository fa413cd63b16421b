//! Engines within a process, on loopback, and what they run on.

use std::path::Path;

use anyhow::bail;
use sprat_api::{Command, Event, Target};
use sprat_peer::{Engine, EngineConfig, EngineHandle};
use sprat_protocol::Link;
use url::Url;

/// Runtime that engines and trackers of a benchmark run on.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// An engine with its state in one folder and its downloads in another.
pub(crate) async fn start(state: &Path, downloads: &Path, tracker: Option<Url>) -> anyhow::Result<EngineHandle> {
    let mut config = EngineConfig::new(state, downloads);
    config.listen = "127.0.0.1:0".parse()?;
    config.trackers = tracker.into_iter().collect();
    Ok(Engine::start(config).await?)
}

/// The same, whose list of transfers outlives it.
pub(crate) async fn start_kept(state: &Path, downloads: &Path) -> anyhow::Result<EngineHandle> {
    let mut config = EngineConfig::new(state, downloads);
    (config.listen, config.restore) = ("127.0.0.1:0".parse()?, true);
    Ok(Engine::start(config).await?)
}

/// Shares a file; gives its link.
pub(crate) async fn share(engine: &EngineHandle, path: &Path) -> anyhow::Result<Link> {
    let mut events = engine.events();
    engine.send(Command::Share(path.to_owned())).await;
    loop {
        match events.recv().await? {
            Event::Shared { path: shared, link } if shared == path => return Ok(link),
            Event::ShareFailed { reason, .. } => bail!("{reason}"),
            _ => {}
        }
    }
}

/// Downloads a file, up to the moment when it is in place.
pub(crate) async fn fetch(engine: &EngineHandle, link: Link) -> anyhow::Result<()> {
    let mut events = engine.events();
    let wanted = link.file_id;
    engine.send(Command::Download { link, target: Target::DownloadDir }).await;
    loop {
        match events.recv().await? {
            Event::Completed { file_id, .. } if file_id == wanted => return Ok(()),
            Event::Stopped { trouble, .. } => bail!("{trouble}"),
            _ => {}
        }
    }
}
