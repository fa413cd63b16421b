//! Way from file, environment and flags to a configuration, and back from each value to its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::check::problems;
use super::file;
use super::key::{Key, VARIABLES, keys};
use super::tracker::Config;

/// The file that is read when none is named, if it exists.
pub const DEFAULT_FILE: &str = "/etc/sprat/tracker.toml";

/// Sources of values. A flag wins over the environment, that over the file, and that over the default.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that somebody named. Without one it is [`DEFAULT_FILE`], if that exists.
    pub file: Option<PathBuf>,
    /// The variables of the environment; those of other programs do not matter.
    pub environment: Vec<(String, String)>,
    /// The flags, each with all values that it was given.
    pub flags: Vec<(Key, Vec<String>)>,
}

/// Configuration in force, and the origin of each value.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Values in force.
    pub config: Config,
    /// Warnings, which do not keep the tracker from starting.
    pub warnings: Vec<String>,
    origins: BTreeMap<String, Origin>,
}

/// Origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The default: the value was not set.
    Default,
    /// A line of the file, counted from 1.
    File(PathBuf, usize),
    /// A variable of the environment.
    Variable(String),
    /// A flag.
    Flag(String),
}

/// Errors that have to be mended before the tracker can start, a sentence each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Sources {
    /// Reads all of them.
    ///
    /// # Errors
    /// Everything that is wrong, and not only the first thing.
    pub fn read(&self) -> Result<Effective, ConfigError> {
        let mut layers = Layers::default();
        if let Some(path) = self.file_to_read() {
            let contents = file::read(path).map_err(|error| ConfigError(vec![error]))?;
            for (key, value, line) in contents.values {
                layers.set(key, [value], Origin::File(path.to_owned(), line));
            }
            let problems = contents.problems.into_iter();
            layers.problems.extend(problems.map(|(problem, line)| format!("{}:{line}: {problem}", path.display())));
        }
        let warnings = self.read_environment(&mut layers);
        for (key, texts) in &self.flags {
            layers.set(*key, readings(*key, texts), Origin::Flag(format!("--{}", key.flag())));
        }
        let (config, origins) = layers.finish()?;
        Ok(Effective { config, warnings, origins })
    }

    /// The file that [`Self::read`] reads, if there is one.
    pub fn file_to_read(&self) -> Option<&Path> {
        let standard = Path::new(DEFAULT_FILE);
        self.file.as_deref().or_else(|| standard.exists().then_some(standard))
    }

    /// A variable that nobody knows is no reason not to start: an orchestrator sets its own for a service of this name. One
    /// that is a key but for a letter or two is.
    fn read_environment(&self, layers: &mut Layers) -> Vec<String> {
        let mut warnings = Vec::new();
        for (name, text) in &self.environment {
            let is_ours = name.starts_with(VARIABLES) && name != CONFIG_VARIABLE;
            match keys().find(|key| key.variable() == *name) {
                // As a container's file does that passes on what is not set.
                Some(_) if text.is_empty() => {}
                Some(key) => layers.set(key, readings(key, std::slice::from_ref(text)), Origin::Variable(name.clone())),
                None if is_ours => match meant(name).map(|key| key.variable()) {
                    Some(meant) => {
                        layers.problems.push(format!("there is no variable {name:?}; did you mean {meant}?"));
                    }
                    None => warnings.push(format!("the variable {name:?} is none that this tracker knows")),
                },
                None => {}
            }
        }
        warnings
    }
}

/// Finds the key that somebody meant who wrote this variable, but for a slip of the fingers.
fn meant(name: &str) -> Option<Key> {
    const SLIPS: usize = 2;
    let slips = |key: &Key| strsim::osa_distance(name, &key.variable());
    keys().min_by_key(slips).filter(|key| slips(key) <= SLIPS)
}

/// The variable that names the file.
pub(super) const CONFIG_VARIABLE: &str = "SPRAT_TRACKER_CONFIG";

impl Effective {
    /// Returns the origin of the value of a key.
    pub fn origin(&self, key: Key) -> &Origin {
        self.origins.get(&key.path()).unwrap_or(&Origin::Default)
    }

    /// The keys whose values differ in another configuration.
    pub fn changed(&self, other: &Self) -> Vec<Key> {
        let (values, others) = (self.config.values(), other.config.values());
        keys().filter(|key| key.value_in(&values) != key.value_in(&others)).collect()
    }
}

/// The values so far, the later over the earlier.
#[derive(Default)]
struct Layers {
    values: Table,
    origins: BTreeMap<String, Origin>,
    problems: Vec<String>,
}

impl Layers {
    /// Takes the first of these values that the key accepts.
    fn set(&mut self, key: Key, candidates: impl IntoIterator<Item = Value>, origin: Origin) {
        let mut error = String::new();
        for value in candidates {
            match key.check(&value) {
                Ok(()) => {
                    key.put(&mut self.values, value);
                    self.origins.insert(key.path(), origin);
                    return;
                }
                Err(_) if key.is_count() => error = format!("{value} is no whole number from 0 up"),
                Err(message) => error = message,
            }
        }
        self.problems.push(format!("{origin}: {} cannot be used: {error}", key.path()));
    }

    fn finish(mut self) -> Result<(Config, BTreeMap<String, Origin>), ConfigError> {
        let config = self.values.try_into::<Config>().map_err(|error| ConfigError(vec![error.to_string()]))?;
        for problem in problems(&config) {
            let origin = self.origins.get(&problem.key).unwrap_or(&Origin::Default);
            self.problems.push(format!("{origin}: {} {}", problem.key, problem.reason));
        }
        if self.problems.is_empty() { Ok((config, self.origins)) } else { Err(ConfigError(self.problems)) }
    }
}

/// Reads texts from outside a TOML file as a key may mean them, most literal first: a TOML value, or just text. A list
/// may also be written as several texts, or with commas.
fn readings(key: Key, texts: &[String]) -> Vec<Value> {
    let literal = |text: &String| text.parse::<Value>().ok();
    match texts {
        [text] if key.is_list() => match literal(text) {
            Some(list @ Value::Array(_)) => vec![list],
            _ => vec![list(text.split(',').map(str::trim).filter(|part| !part.is_empty()))],
        },
        [text] => literal(text).into_iter().chain([Value::from(text.as_str())]).collect(),
        texts => vec![list(texts.iter().map(String::as_str))],
    }
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    Value::Array(texts.map(Value::from).collect())
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(path: &str) -> Key {
        keys().find(|key| key.path() == path).unwrap()
    }

    struct World {
        sources: Sources,
        _folder: tempfile::TempDir,
    }

    impl World {
        fn new(file: &str, environment: &[(&str, &str)], flags: &[(&str, &[&str])]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("tracker.toml");
            std::fs::write(&path, file).unwrap();
            let environment = environment.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let flags = flags.iter().map(|(path, values)| (key(path), texts(values))).collect();
            Self { sources: Sources { file: Some(path), environment, flags }, _folder: folder }
        }

        fn read(&self) -> Effective {
            self.sources.read().unwrap()
        }

        fn errors(&self) -> Vec<String> {
            self.sources.read().unwrap_err().0
        }
    }

    #[test]
    fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
        let all = [("limits.files", "4"), ("limits.peers", "3"), ("limits.holdings", "2")];
        let file = "[limits]\nfiles = 2\npeers = 2\nholdings = 2\n";
        let environment = [("SPRAT_TRACKER_LIMITS_FILES", "3"), ("SPRAT_TRACKER_LIMITS_PEERS", "3")];
        let world = World::new(file, &environment, &[("limits.files", &["4"])]);
        let effective = world.read();
        let values = effective.config.values();
        for (path, expected) in all {
            assert_eq!(key(path).value_in(&values).unwrap().to_string(), expected, "{path}");
        }
        let path = world.sources.file.clone().unwrap();
        assert_eq!(*effective.origin(key("limits.files")), Origin::Flag("--limits-files".into()));
        assert_eq!(*effective.origin(key("limits.peers")), Origin::Variable("SPRAT_TRACKER_LIMITS_PEERS".into()));
        assert_eq!(*effective.origin(key("limits.holdings")), Origin::File(path, 4));
        assert_eq!(*effective.origin(key("limits.peers_per_swarm")), Origin::Default);
    }

    #[test]
    fn values_of_every_type_are_read_from_every_source() {
        let expected = Config {
            listen: vec!["[::1]:1".parse().unwrap(), "0.0.0.0:2".parse().unwrap()],
            names: vec!["[::1]:1".into(), "x:2".into()],
            lease: Duration::from_secs(300),
            data_dir: Some("/x".into()),
            ..Config::default()
        };
        let file = "listen = [\"[::1]:1\", '0.0.0.0:2']\nnames = ['[::1]:1', 'x:2']\nlease = 300\ndata_dir = '/x'";
        let environment = [
            ("SPRAT_TRACKER_LISTEN", "[::1]:1, 0.0.0.0:2"),
            ("SPRAT_TRACKER_NAMES", "[::1]:1, x:2"),
            ("SPRAT_TRACKER_LEASE", "5m"),
            ("SPRAT_TRACKER_DATA_DIR", "/x"),
            ("SPRAT_TRACKER_GRACE", ""),
        ];
        let flags: [(&str, &[&str]); 4] = [
            ("listen", &["[::1]:1", "0.0.0.0:2"]),
            ("names", &["[\"[::1]:1\", \"x:2\"]"]),
            ("lease", &["300s"]),
            ("data_dir", &["/x"]),
        ];
        for world in [World::new(file, &[], &[]), World::new("", &environment, &[]), World::new("", &[], &flags)] {
            assert_eq!(world.read().config, expected);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_with_its_place() {
        let file = "lease = 'soon'\nmood = 'good'\n[limits]\nfiles = 0\npeers = -1\n";
        let environment = [("SPRAT_TRACKER_LISTEN", "nowhere")];
        let errors = World::new(file, &environment, &[("limits.holdings", &["1", "2"])]).errors();
        for (place, says) in [
            ("tracker.toml:1: lease", "90s"),
            ("tracker.toml:2: ", "\"mood\""),
            ("tracker.toml:4: limits.files is 0", ""),
            ("tracker.toml:5: limits.peers", "-1"),
            ("SPRAT_TRACKER_LISTEN: listen", "socket address"),
            ("--limits-holdings: limits.holdings", "whole number"),
        ] {
            assert!(errors.iter().any(|error| error.contains(place) && error.contains(says)), "{place}: {errors:?}");
        }
        assert_eq!(errors.len(), 6, "{errors:?}");
    }

    #[test]
    fn variables_of_others_are_no_error() {
        let environment = [
            ("SPRAT_TRACKER_PORT", "tcp://10.0.0.1:5000"),
            ("SPRAT_TRACKER_CONFIG", "/x"),
            ("PATH", "/bin"),
            ("SPRAT_PEER", "1"),
        ];
        let effective = World::new("", &environment, &[]).read();
        assert_eq!(effective.config, Config::default());
        assert_eq!(effective.warnings.len(), 1);
        assert!(effective.warnings[0].contains("SPRAT_TRACKER_PORT"));
    }

    #[test]
    fn a_text_cannot_smuggle_in_another_key() {
        let errors = World::new("", &[("SPRAT_TRACKER_LEASE", "5\ngrace = 1")], &[]).errors();
        assert_eq!(errors.len(), 1, "{errors:?}");
    }

    #[test]
    fn what_changed_is_named() {
        let (old, new) =
            (World::new("lease = 60", &[], &[]), World::new("lease = '1m'\nlog.level = 'debug'", &[], &[]));
        let changed: Vec<String> = old.read().changed(&new.read()).iter().map(Key::path).collect();
        assert_eq!(changed, ["log.level"]);
    }
}
