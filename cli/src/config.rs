//! The configuration file, and which trackers are used.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use directories::{ProjectDirs, UserDirs};
use serde::Deserialize;
use url::Url;

use crate::terminal::failure::Failure;

/// The environment variable that names trackers.
const TRACKER_VARIABLE: &str = "SPRAT_TRACKER";
/// The tracker that is used when none is configured.
const DEFAULT_TRACKER: &str = "http://127.0.0.1:5000";

/// Contents of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigFile {
    /// The trackers to use.
    pub(crate) trackers: Vec<Url>,
    /// Folder that downloads go to.
    pub(crate) download_dir: Option<PathBuf>,
}

/// The trackers to use, and whether anybody chose them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trackers {
    /// Addresses of the trackers.
    pub(crate) urls: Vec<Url>,
    /// False for the default, which may as well not be there.
    pub(crate) configured: bool,
}

impl Trackers {
    /// The command line's, else those of `SPRAT_TRACKER`, else the file's, else the default.
    pub(crate) fn choose(command_line: &[Url], file: &ConfigFile) -> Result<Self, Failure> {
        Self::first_of(command_line, std::env::var_os(TRACKER_VARIABLE), file)
    }

    fn first_of(command_line: &[Url], variable: Option<OsString>, file: &ConfigFile) -> Result<Self, Failure> {
        let configured = |urls: &[Url]| Self { urls: without_doubles(urls), configured: true };
        if !command_line.is_empty() {
            return Ok(configured(command_line));
        }
        let variable = variable.unwrap_or_default();
        let variable = variable.to_string_lossy().split_whitespace().map(tracker_url).collect::<Result<Vec<_>, _>>();
        let variable = variable.map_err(|error| Failure::usage(format!("{TRACKER_VARIABLE}: {error}")))?;
        if !variable.is_empty() {
            return Ok(configured(&variable));
        }
        if !file.trackers.is_empty() {
            return Ok(configured(&file.trackers));
        }
        Ok(Self { urls: vec![default_tracker()], configured: false })
    }
}

/// The tracker on this machine that is used when none is configured.
pub(crate) fn default_tracker() -> Url {
    DEFAULT_TRACKER.parse().expect("a constant URL")
}

fn without_doubles(urls: &[Url]) -> Vec<Url> {
    let mut unique: Vec<Url> = Vec::with_capacity(urls.len());
    for url in urls {
        if !unique.contains(url) {
            unique.push(url.clone());
        }
    }
    unique
}

/// A tracker's address as people type it: a URL, or `host:port`, which is taken for `http://host:port`.
pub(crate) fn tracker_url(text: &str) -> Result<Url, String> {
    sprat_peer::tracker_url(text)
        .ok_or_else(|| format!("\"{text}\" is not a tracker's address; one looks like http://tracker.example:5000"))
}

impl ConfigFile {
    /// Reads the user's configuration file; where there is none, nothing is configured.
    pub(crate) fn load() -> Result<Self, Failure> {
        let Some(path) = path() else { return Ok(Self::default()) };
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|problem| problem_in(&path, &problem)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(problem_in(&path, &error.to_string())),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let raw: RawConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        let trackers = match raw.tracker {
            None => Vec::new(),
            Some(OneOrMany::One(text)) => vec![tracker_url(&text)?],
            Some(OneOrMany::Many(texts)) => texts.iter().map(|text| tracker_url(text)).collect::<Result<_, _>>()?,
        };
        let download_dir = raw.download_dir.map(|dir| expand_home(&dir)).transpose()?;
        Ok(Self { trackers, download_dir })
    }
}

/// Path of the configuration file, if this user has a home.
fn path() -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "Sprat")?.config_dir().join("config.toml"))
}

fn problem_in(path: &Path, problem: &str) -> Failure {
    let problem = problem.trim_end();
    Failure::usage(format!(
        "the configuration file {} can't be used: {problem}\nMend it or move it away.",
        path.display()
    ))
}

/// `~/x` is in the user's home folder; anything else must not depend on where the command is run.
fn expand_home(dir: &str) -> Result<PathBuf, String> {
    let path = match dir.strip_prefix("~/") {
        Some(rest) => UserDirs::new().map(|dirs| dirs.home_dir().join(rest)),
        None => Some(PathBuf::from(dir)),
    };
    path.filter(|path| path.is_absolute()).ok_or_else(|| {
        format!("download_dir \"{dir}\" must be a whole path, such as \"/home/me/Downloads\" or \"~/Downloads\"")
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    tracker: Option<OneOrMany>,
    download_dir: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "the address of a tracker in quotes, or a list of such")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(texts: &[&str]) -> Vec<Url> {
        texts.iter().map(|text| tracker_url(text).unwrap()).collect()
    }

    #[test]
    fn the_nearest_word_on_trackers_counts() {
        let file = ConfigFile { trackers: urls(&["http://file:1"]), download_dir: None };
        let none = ConfigFile::default();
        let choose = |line: &[&str], variable: Option<&str>, file| {
            Trackers::first_of(&urls(line), variable.map(OsString::from), file).unwrap()
        };
        let chosen = |texts| Trackers { urls: urls(texts), configured: true };
        assert_eq!(choose(&["http://line:1", "line:1"], Some("http://env:1"), &file), chosen(&["http://line:1"]));
        assert_eq!(choose(&[], Some("http://env:1 env:2"), &file), chosen(&["http://env:1", "http://env:2"]));
        assert_eq!(choose(&[], Some(" "), &file), chosen(&["http://file:1"]));
        assert_eq!(choose(&[], None, &file), chosen(&["http://file:1"]));
        let default = Trackers { urls: vec![default_tracker()], configured: false };
        assert_eq!(choose(&[], None, &none), default);
    }

    #[test]
    fn a_wrong_variable_is_an_error_that_names_it() {
        let failure = Trackers::first_of(&[], Some("ftp://x".into()), &ConfigFile::default()).unwrap_err();
        assert!(failure.message.unwrap().starts_with("SPRAT_TRACKER: \"ftp://x\" is not a tracker's address"));
    }

    #[test]
    fn trackers_are_read_as_people_type_them() {
        assert_eq!(tracker_url("box:5000").unwrap().as_str(), "http://box:5000/");
        assert_eq!(tracker_url("https://t.example/x").unwrap().as_str(), "https://t.example/x");
        for wrong in ["", "http://", "ftp://box:1", "box:99999", "a b"] {
            assert!(tracker_url(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_file_has_one_tracker_or_many() {
        assert_eq!(ConfigFile::parse(""), Ok(ConfigFile::default()));
        let one = ConfigFile::parse("tracker = \"http://a:1\"\ndownload_dir = \"/d\"").unwrap();
        assert_eq!(one, ConfigFile { trackers: urls(&["http://a:1"]), download_dir: Some("/d".into()) });
        let many = ConfigFile::parse("tracker = [\"a:1\", \"b:2\"]").unwrap();
        assert_eq!(many.trackers, urls(&["http://a:1", "http://b:2"]));
    }

    #[test]
    fn what_a_file_should_not_have_is_named() {
        for (text, word) in [
            ("trackers = \"http://a:1\"", "unknown field `trackers`"),
            ("tracker = 7", "the address of a tracker in quotes"),
            ("tracker = \"x y\"", "not a tracker's address"),
            ("download_dir = \"Downloads\"", "must be a whole path"),
            ("tracker", "expected"),
        ] {
            let problem = ConfigFile::parse(text).unwrap_err();
            assert!(problem.contains(word), "{text}: {problem}");
        }
    }

    #[test]
    fn whatever_is_in_a_file_is_understood_or_named() {
        let inputs = [
            "tracker = \"http://a:1\"\ndownload_dir = \"~/Downloads\"\n",
            "tracker = [\"a:1\", \"https://[::1]:2/x\"]\n",
            "# nothing\n[tracker]\na.b = [[[[1]]]]\n",
        ];
        sprat_fuzz::chance::throw(&mut sprat_fuzz::chance::seeded(), &inputs, |bytes| {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            match ConfigFile::parse(text) {
                Ok(read) => assert!(read.download_dir.is_none_or(|dir| dir.is_absolute()), "{text:?}"),
                Err(problem) => assert!(!problem.trim().is_empty(), "{text:?}"),
            }
        });
    }
}
