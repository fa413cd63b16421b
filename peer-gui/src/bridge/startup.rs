//! The start: the command line, the preferences and the environment in their order, and the arguments that are opened
//! at once.

use std::path::{Path, PathBuf};

use sprat_peer::{Engine, EngineConfig, StartError, Tokens};
use sprat_protocol::Link;
use sprat_protocol::name::clean_line;
use tokio::sync::mpsc;
use url::Url;

use super::files;
use super::local_tracker::TrackerHost;
use super::outbox::Outbox;
use crate::model::engine::{Command, EngineHandle, Target};
use crate::model::links::has_scheme;
use crate::model::messages::Notice;
use crate::model::preferences::Preferences;
use crate::platform::log::LogRing;
use crate::words;

/// Wishes of the command line and the system for the start.
#[derive(Debug)]
pub struct Startup {
    /// Configuration of the engine. Its trackers, if any, go before those of the preferences.
    pub config: EngineConfig,
    /// True if the command line names the download folder, which then goes before that of the preferences.
    pub download_dir_given: bool,
    /// Trackers to use if neither the command line nor the preferences name any.
    pub fallback_trackers: Vec<Url>,
    /// Arguments to open at once: links, IDs and paths.
    pub open: Vec<String>,
    /// True if the command line names the port, which then goes before that of the preferences.
    pub listen_given: bool,
    /// Arguments of further windows on this state directory; empty for a window that was only started.
    pub handed_over: Option<mpsc::Receiver<Vec<String>>>,
    /// Log for the user to read.
    pub log: LogRing,
}

/// Longest part of a senseless argument that is shown, in characters.
const MAX_TOLD: usize = 80;

/// Meaning of an argument of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Link to download.
    Download(Box<Link>),
    /// Link to download if the user wants it.
    Offer(Box<Link>),
    /// File or folder to share.
    Share(PathBuf),
    /// Argument that is neither link nor path.
    Neither(String),
}

/// Loads the preferences, starts the tracker, then the engine: each needs the one before.
pub(super) async fn begin(
    startup: &mut Startup,
    tracker: &mut TrackerHost,
    out: &Outbox,
) -> Result<EngineHandle, StartError> {
    let (state_dir, token_file) = (startup.config.state_dir.clone(), startup.config.token_file.clone());
    let tokens = move || token_file.map_or_else(|| Ok(Tokens::default()), |file| file.load());
    let loaded = tokio::task::spawn_blocking(move || (files::load(&state_dir), tokens())).await;
    let ((preferences, trouble), tokens) = loaded.unwrap_or_else(|_| (Default::default(), Ok(Tokens::default())));
    merge(startup, &preferences);
    if let Some(trouble) = trouble {
        out.send(Notice::Trouble(trouble)).await;
    }
    match tokens {
        Ok(tokens) => startup.config.tokens = tokens,
        Err(error) => out.send(Notice::Trouble(words::tokens_trouble(&error.to_string()))).await,
    }
    let local = tracker.set(preferences.local_tracker).await;
    let trackers = startup.config.trackers.clone();
    startup.config.trackers.extend(local.url().filter(|url| !trackers.contains(url)).cloned());
    out.send(Notice::Loaded { preferences: Box::new(preferences), trackers }).await;
    out.send(Notice::LocalTracker(local)).await;
    Engine::start(startup.config.clone()).await
}

/// Merges the preferences into the start. The command line goes before the preferences, and these before the
/// environment.
fn merge(startup: &mut Startup, preferences: &Preferences) {
    match &preferences.download_dir {
        Some(dir) if !startup.download_dir_given => startup.config.download_dir.clone_from(dir),
        _ => {}
    }
    if let Some(port) = preferences.port.filter(|_| !startup.listen_given) {
        startup.config.listen.set_port(port);
    }
    startup.config.display_name.clone_from(&preferences.display_name);
    let limits = &mut startup.config.limits;
    (limits.upload_rate, limits.download_rate) = (preferences.up_limit, preferences.down_limit);
    limits.active_downloads = preferences.active_downloads;
    if startup.config.trackers.is_empty() {
        let kept = Some(&preferences.trackers).filter(|trackers| !trackers.is_empty());
        startup.config.trackers.clone_from(kept.unwrap_or(&startup.fallback_trackers));
    }
}

/// Downloads, offers and shares the arguments of the command line.
pub(super) async fn open_all(arguments: &[String], engine: &EngineHandle, out: &Outbox) {
    for argument in arguments {
        let exists = |path: PathBuf| async move { tokio::fs::try_exists(path).await.unwrap_or(false) };
        match opening(argument, exists(argument.into()).await) {
            Opening::Download(link) => {
                engine.send(Command::Download { link: *link, target: Target::DownloadDir }).await;
            }
            Opening::Offer(link) => out.send(Notice::Opened(link)).await,
            Opening::Share(path) => engine.send(Command::Share(path)).await,
            Opening::Neither(text) => out.send(Notice::Trouble(words::not_a_link_or_file(&text))).await,
        }
    }
}

/// Meaning of an argument: a link or an ID, or else the path of a file that exists. An argument with the scheme comes
/// from elsewhere, such as a page (see `Args`): it is never a path, and nothing is fetched before the user was asked.
fn opening(argument: &str, exists: bool) -> Opening {
    let absolute = || std::path::absolute(Path::new(argument)).unwrap_or_else(|_| argument.into());
    let from_elsewhere = has_scheme(argument);
    match argument.parse::<Link>() {
        Ok(link) if from_elsewhere => Opening::Offer(Box::new(link)),
        Ok(link) => Opening::Download(Box::new(link)),
        Err(_) if exists && !from_elsewhere => Opening::Share(absolute()),
        Err(_) => Opening::Neither(clean_line(argument, MAX_TOLD)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn arguments_are_links_or_files() {
        assert!(matches!(opening(ID, true), Opening::Download(_)));
        assert!(matches!(opening(&format!("{ID}?size=3"), false), Opening::Download(_)));
        assert!(matches!(opening(&format!("SPRAT:{ID}?size=3"), true), Opening::Offer(_)));
        let path = r"sprat:x\..\..\tax.pdf";
        assert_eq!(opening(path, true), Opening::Neither(path.into()), "what comes from elsewhere is never a path");
        assert_eq!(
            opening(&format!("a\n{}", "b".repeat(500)), false),
            Opening::Neither(format!("a{}", "b".repeat(79)))
        );
        assert_eq!(opening("/a/b", true), Opening::Share("/a/b".into()));
        assert_eq!(opening("/a/b", false), Opening::Neither("/a/b".into()));
    }

    #[test]
    fn the_command_line_goes_before_the_preferences_and_these_before_the_environment() {
        let startup = |given: &[Url], dir_given| {
            let mut config = EngineConfig::new("/state", "/default");
            config.trackers = given.to_vec();
            Startup {
                config,
                download_dir_given: dir_given,
                fallback_trackers: vec![url("http://env")],
                open: Vec::new(),
                listen_given: false,
                handed_over: None,
                log: LogRing::default(),
            }
        };
        let kept = Preferences {
            download_dir: Some("/kept".into()),
            trackers: vec![url("http://kept")],
            port: Some(4001),
            ..Preferences::default()
        };
        let mut given = startup(&[url("http://given")], true);
        merge(&mut given, &kept);
        assert_eq!(given.config.trackers, [url("http://given")]);
        assert_eq!(given.config.download_dir, Path::new("/default"));
        let mut plain = startup(&[], false);
        merge(&mut plain, &kept);
        assert_eq!(plain.config.trackers, [url("http://kept")]);
        assert_eq!(plain.config.download_dir, Path::new("/kept"));
        assert_eq!(plain.config.listen.port(), 4001);
        let mut bare = startup(&[], false);
        merge(&mut bare, &Preferences::default());
        assert_eq!(bare.config.trackers, [url("http://env")]);
    }
}
