//! What is kept from one run to the next. Reading and writing the file is the bridge's work.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

/// What a person chose in the settings. A missing entry has its default, an unknown one is ignored, so that an older
/// program can use a newer one's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Where downloads go; `None` is the system's download folder.
    pub download_dir: Option<PathBuf>,
    /// The trackers, without the one on this computer.
    #[serde(with = "urls")]
    pub trackers: Vec<Url>,
    /// Whether a tracker runs here, and for whom.
    pub local_tracker: Reach,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// The card about trackers is not wanted.
    pub setup_dismissed: bool,
}

/// Who can use the tracker on this computer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It does not run.
    #[default]
    Off,
    /// Programs on this computer.
    ThisComputer,
    /// Everyone on its networks.
    Network,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// As the system is.
    #[default]
    System,
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

impl Preferences {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings, lists and numbers have a JSON form")
    }
}

/// URLs as a list of strings; what is no tracker's address is left out, so that one bad line costs no other setting.
mod urls {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use url::Url;

    pub(super) fn serialize<S: Serializer>(urls: &[Url], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(urls.iter().map(Url::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Url>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Ok(texts.iter().filter_map(|text| crate::state::trackers::parse(text)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_text() {
        let preferences = Preferences {
            download_dir: Some("/data/downloads".into()),
            trackers: vec![Url::parse("http://hub:5000").unwrap()],
            local_tracker: Reach::Network,
            theme: ThemeChoice::Light,
            setup_dismissed: true,
        };
        let text = r#"{
  "download_dir": "/data/downloads",
  "trackers": [
    "http://hub:5000/"
  ],
  "local_tracker": "network",
  "theme": "light",
  "setup_dismissed": true
}"#;
        assert_eq!(preferences.to_json(), text);
        assert_eq!(Preferences::from_json(text.as_bytes()).unwrap(), preferences);
    }

    #[test]
    fn what_is_missing_has_a_default_and_what_is_unknown_is_ignored() {
        let read = |text: &str| Preferences::from_json(text.as_bytes());
        assert_eq!(read("{}").unwrap(), Preferences::default());
        assert_eq!(read(r#"{"later": 1, "trackers": ["ftp://x", "hub"]}"#).unwrap().trackers.len(), 1);
        assert!(read("[").is_err());
    }
}
