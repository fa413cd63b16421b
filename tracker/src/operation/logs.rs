//! Logs: the lines that the program writes to standard error, for people, for the journal of systemd, or as JSON.

use std::io::{self, IsTerminal};

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use super::journal::{self, Journal};

/// Log: the lines that the program writes to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Level from which something is worth a line: error, warn, info, debug, trace, or a filter such as
    /// `info,sprat_tracker=debug`. At info there is none for each request.
    pub level: String,
    /// "text" for people and the journal, or "json", an object a line.
    pub format: LogFormat,
}

/// Form of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text for people and the journal.
    #[default]
    Text,
    /// An object a line.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::default() }
    }
}

impl LogConfig {
    /// Finds what is wrong with the level, if something is.
    pub(crate) fn problem(&self) -> Option<String> {
        self.level.parse::<Targets>().err().map(|error| format!("is no filter for a log: {error}"))
    }
}

/// The log of a running program.
#[derive(Debug)]
pub struct Logs {
    filter: reload::Handle<Targets, Registry>,
}

impl Logs {
    /// Starts to write what happens to standard error. Where something else is being logged to, that stays.
    pub fn start(config: &LogConfig) -> Self {
        let (filter, handle) = reload::Layer::new(filter(config));
        let lines = match config.format {
            LogFormat::Json => fmt::layer().json().with_writer(io::stderr).boxed(),
            LogFormat::Text if journal::is_stderr() => Journal::layer().boxed(),
            LogFormat::Text => fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).boxed(),
        };
        // A program logs to one place, and whoever came first has chosen it.
        let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
        Self { filter: handle }
    }

    /// Changes what is worth a line.
    pub fn set_level(&self, config: &LogConfig) {
        // Fails only where there is no log any more.
        let _ = self.filter.reload(filter(config));
    }
}

/// The level of a configuration that has been checked; the default for any other.
fn filter(config: &LogConfig) -> Targets {
    config.level.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO))
}
