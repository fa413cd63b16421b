//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use directories::{ProjectDirs, UserDirs};
use sprat_peer::{EngineConfig, TokenFile};
use sprat_protocol::Link;
use url::Url;

use crate::bridge::Startup;
use crate::model::links::{SCHEME, has_scheme};
use crate::model::trackers;
use crate::platform::log::LogRing;
use crate::words;

/// Name of the variable that has the trackers if neither the command line nor the settings name any.
pub const TRACKER_VARIABLE: &str = "SPRAT_TRACKER";

/// Sprat's desktop window: share files, and fetch them from peers by their file ID.
#[derive(Debug, Parser)]
#[command(name = "sprat-gui", version)]
pub struct Args {
    /// Links or file IDs to download, and files to share, at once.
    #[arg(value_name = "LINK-OR-PATH")]
    pub open: Vec<String>,
    /// Folder of identity, settings and unfinished work.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Folder of the downloads, in this run.
    #[arg(long, value_name = "DIR")]
    pub download_dir: Option<PathBuf>,
    /// A tracker to use instead of those in the settings, in this run; can be given more than once. Without any, the
    /// settings count, and then the variable SPRAT_TRACKER.
    #[arg(long = "tracker", value_name = "URL", value_parser = tracker)]
    pub trackers: Vec<Url>,
    /// Address to listen on for peers; port 0 is any free one.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Take what is opened as coming from elsewhere, such as a page: links only, and nothing is fetched before you
    /// agree.
    #[arg(long)]
    pub links: bool,
    /// Make this program the one that opens links which begin with `sprat:`, put it into the menu, and end.
    #[arg(long)]
    pub register_links: bool,
}

fn tracker(text: &str) -> Result<Url, &'static str> {
    trackers::parse(text).ok_or(words::BAD_TRACKER)
}

impl Args {
    /// Works out the start of the engine's side. `fallback_trackers` is the value of [`TRACKER_VARIABLE`].
    pub fn startup(self, fallback_trackers: Option<&str>) -> Startup {
        let download_dir_given = self.download_dir.is_some();
        let state_dir = self.state_dir.unwrap_or_else(default_state_dir);
        let mut config = EngineConfig::new(state_dir, self.download_dir.unwrap_or_else(default_download_dir));
        config.trackers = self.trackers;
        config.restore = true;
        config.token_file = TokenFile::of_user();
        let listen_given = self.listen.is_some();
        config.listen = self.listen.unwrap_or(config.listen);
        Startup {
            config,
            download_dir_given,
            listen_given,
            fallback_trackers: fallback_trackers.map(trackers::parse_list).unwrap_or_default(),
            open: opened(self.open, self.links),
            handed_over: None,
            log: LogRing::default(),
        }
    }
}

/// Arguments to open. A link keeps its scheme only if it comes from elsewhere: that tells it from one that was typed.
fn opened(arguments: Vec<String>, from_elsewhere: bool) -> Vec<String> {
    let of_links = |argument: &String| !from_elsewhere || has_scheme(argument);
    let kept = arguments.into_iter().filter(of_links).map(absolute);
    kept.map(
        |argument| if from_elsewhere || !has_scheme(&argument) { argument } else { argument[SCHEME.len()..].into() },
    )
    .collect()
}

/// Rewrites an argument so that it means the same to a process in another directory. A desktop may write a path as a
/// URL.
fn absolute(argument: String) -> String {
    let url = Url::parse(&argument).ok();
    let path = match url.as_ref().map(Url::scheme) {
        Some("sprat") => return argument,
        _ if argument.parse::<Link>().is_ok() => return argument,
        Some("file") => url.and_then(|url| url.to_file_path().ok()),
        _ => std::path::absolute(&argument).ok(),
    };
    path.and_then(|path| path.into_os_string().into_string().ok()).unwrap_or(argument)
}

fn default_state_dir() -> PathBuf {
    let project = ProjectDirs::from("", "", "Sprat");
    project.map_or_else(|| PathBuf::from(".sprat"), |dirs| dirs.data_dir().to_owned()).join("desktop")
}

fn default_download_dir() -> PathBuf {
    let user = UserDirs::new();
    user.and_then(|dirs| dirs.download_dir().map(ToOwned::to_owned)).unwrap_or_else(|| "downloads".into())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_command_line_is_understood() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
        let words = ["sprat-gui", "a.txt", "--tracker", "hub:5000", "--tracker", "http://b", "--state-dir", "/s"];
        let startup = Args::parse_from(words).startup(Some("http://env, http://other"));
        assert_eq!(startup.config.trackers.len(), 2);
        assert_eq!(startup.fallback_trackers.len(), 2);
        assert_eq!(startup.config.state_dir, Path::new("/s"));
        assert!(startup.config.restore && !startup.download_dir_given);
        assert!(Args::try_parse_from(["sprat-gui", "--tracker", "ftp://x"]).is_err());
    }

    #[test]
    fn what_is_opened_means_the_same_everywhere() {
        let id = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let here = std::env::current_dir().unwrap();
        for kept in [id, &format!("sprat:{id}?name=a"), "sprat:nonsense"] {
            assert_eq!(absolute(kept.to_owned()), kept);
        }
        assert_eq!(Path::new(&absolute("a b.txt".to_owned())), here.join("a b.txt"));
        assert_eq!(Path::new(&absolute("https://x/y".to_owned())), here.join("https:/x/y"));
        #[cfg(unix)]
        assert_eq!(absolute("file:///a%20b/%F0%9F%90%9F".to_owned()), "/a b/\u{1f41f}");
    }
}
