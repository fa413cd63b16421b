//! The settings that are kept from one run to the next. The bridge reads and writes their file.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::columns::{Column, Sort};

/// Settings of a person. An entry that is missing or not understood has its default, so that an older program can use a newer one's
/// file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Name of this peer that others see; empty for none.
    pub display_name: String,
    /// Folder of the downloads; `None` is the system's download folder.
    pub download_dir: Option<PathBuf>,
    /// Trackers to use, without the one on this computer.
    #[serde(with = "urls")]
    pub trackers: Vec<Url>,
    /// Reach of the tracker on this computer.
    pub local_tracker: Reach,
    /// Port to listen on; `None` is any free one.
    pub port: Option<u16>,
    /// Most bytes of chunks sent a second; `None` is no limit.
    pub up_limit: Option<NonZeroU32>,
    /// Most bytes of chunks received a second; `None` is no limit.
    pub down_limit: Option<NonZeroU32>,
    /// Number of downloads that run at once.
    pub active_downloads: usize,
    /// Offers a link that was copied elsewhere when the window gets the focus.
    pub offer_links: bool,
    /// Shows a notification when a transfer ends while the window is not in front.
    pub notifications: bool,
    /// Colours of the window.
    pub theme: ThemeChoice,
    /// Size of everything, in percent of the normal one.
    pub zoom: u16,
    /// Order of the list of transfers.
    pub sort: Sort,
    /// Columns that the user hides.
    pub hidden_columns: Vec<Column>,
    /// Widths of the columns that the user made wider or narrower, in points.
    pub widths: BTreeMap<Column, u16>,
    /// True once the card of the first start is done with.
    pub setup_done: bool,
}

/// Least and greatest [`Preferences::zoom`].
pub const ZOOM: std::ops::RangeInclusive<u16> = 50..=300;

impl Default for Preferences {
    fn default() -> Self {
        Self {
            display_name: String::new(),
            download_dir: None,
            trackers: Vec::new(),
            local_tracker: Reach::Off,
            port: None,
            up_limit: None,
            down_limit: None,
            active_downloads: 5,
            offer_links: true,
            notifications: true,
            theme: ThemeChoice::System,
            zoom: 100,
            sort: Sort::default(),
            hidden_columns: vec![Column::Added],
            widths: BTreeMap::new(),
            setup_done: false,
        }
    }
}

/// Reach of the tracker on this computer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// The tracker does not run.
    #[default]
    Off,
    /// Programs on this computer can use the tracker.
    ThisComputer,
    /// Everyone on its networks can use the tracker.
    Network,
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// Colours of the system.
    #[default]
    System,
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

impl Preferences {
    /// Reads the text of the preferences' file.
    ///
    /// # Errors
    /// If the text is not a JSON object.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        let entries: Map<String, Value> = serde_json::from_slice(text)?;
        let is_understood = |(name, value): &(String, Value)| {
            let alone = Map::from_iter([(name.clone(), value.clone())]);
            serde_json::from_value::<Self>(Value::Object(alone)).is_ok()
        };
        let read: Self = serde_json::from_value(Value::Object(entries.into_iter().filter(is_understood).collect()))?;
        let zoom = read.zoom.clamp(*ZOOM.start(), *ZOOM.end());
        let hidden_columns = read.hidden_columns.into_iter().filter(|column| column.can_hide()).collect();
        Ok(Self { zoom, hidden_columns, active_downloads: read.active_downloads.max(1), ..read })
    }

    /// Columns that the user does not hide, in the order of the screen.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        Column::ALL.into_iter().filter(|column| !self.hidden_columns.contains(column))
    }

    /// Writes the text of the preferences' file.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings, lists and numbers have a JSON form")
    }
}

/// URLs as a list of strings. Strings that are no tracker's address are left out, so that one bad line costs no other setting.
mod urls {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use url::Url;

    pub(super) fn serialize<S: Serializer>(urls: &[Url], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(urls.iter().map(Url::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Url>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Ok(texts.iter().filter_map(|text| crate::model::trackers::parse(text)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_text() {
        let preferences = Preferences {
            display_name: "Ada".into(),
            download_dir: Some("/data/downloads".into()),
            trackers: vec![Url::parse("http://hub:5000").unwrap()],
            local_tracker: Reach::Network,
            port: Some(4001),
            up_limit: NonZeroU32::new(1024),
            theme: ThemeChoice::Light,
            widths: [(Column::Size, 90)].into(),
            setup_done: true,
            ..Preferences::default()
        };
        let text = r#"{
  "display_name": "Ada",
  "download_dir": "/data/downloads",
  "trackers": [
    "http://hub:5000/"
  ],
  "local_tracker": "network",
  "port": 4001,
  "up_limit": 1024,
  "down_limit": null,
  "active_downloads": 5,
  "offer_links": true,
  "notifications": true,
  "theme": "light",
  "zoom": 100,
  "sort": {
    "by": "added",
    "descending": true
  },
  "hidden_columns": [
    "added"
  ],
  "widths": {
    "size": 90
  },
  "setup_done": true
}"#;
        assert_eq!(preferences.to_json(), text);
        assert_eq!(Preferences::from_json(text.as_bytes()).unwrap(), preferences);
    }

    #[test]
    fn what_is_missing_has_a_default_and_what_is_unknown_is_ignored() {
        let read = |text: &str| Preferences::from_json(text.as_bytes());
        assert_eq!(read("{}").unwrap(), Preferences::default());
        assert_eq!(read(r#"{"later": 1, "trackers": ["ftp://x", "hub"]}"#).unwrap().trackers.len(), 1);
        assert!(read("[").is_err() && read("[]").is_err());
        let newer = read(r#"{"theme": "sepia", "sort": {"by": "colour", "descending": true}, "zoom": 120}"#).unwrap();
        assert_eq!(newer, Preferences { zoom: 120, ..Preferences::default() });
        let odd = read(r#"{"zoom": 9000, "active_downloads": 0, "hidden_columns": ["name", "size"]}"#).unwrap();
        assert_eq!((odd.zoom, odd.active_downloads, odd.hidden_columns), (300, 1, vec![Column::Size]));
    }

    #[test]
    fn whatever_was_understood_is_within_bounds_and_stays_so() {
        let inputs = [
            Preferences::default().to_json(),
            r#"{"display_name": "Ada", "trackers": ["http://hub:5000", 7], "zoom": 9000, "port": 4001}"#.to_owned(),
            r#"{"sort": {"by": "name", "descending": false}, "hidden_columns": ["size"], "widths": {"size": 90}}"#
                .to_owned(),
            format!(r#"{{"download_dir": {}"#, "[".repeat(1000)),
        ];
        sprat_fuzz::chance::throw(&mut sprat_fuzz::chance::seeded(), &inputs, |bytes| {
            let Ok(read) = Preferences::from_json(bytes) else { return };
            assert!(ZOOM.contains(&read.zoom) && read.active_downloads > 0, "{read:?}");
            assert_eq!(Preferences::from_json(read.to_json().as_bytes()).unwrap(), read);
        });
    }
}
