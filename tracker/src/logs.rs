//! What the program writes to standard error.

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// What the program writes to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// What is worth a line: error, warn, info, debug, trace, or a filter such as `info,sprat_tracker=debug`. At info there
    /// is none for each request.
    pub level: String,
    /// "text" for people and the journal, or "json", an object a line.
    pub format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people and the journal.
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
    /// What is wrong with the level, if something is.
    pub(crate) fn problem(&self) -> Option<String> {
        EnvFilter::try_new(&self.level).err().map(|error| format!("is no filter for a log: {error}"))
    }
}
