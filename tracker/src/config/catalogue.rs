//! Settings of the catalogue.

use std::time::Duration;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::duration;

/// The names of files, for SEARCH. They are kept in the data folder if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogueConfig {
    /// Time for which a name is kept when nobody has the file any more.
    #[serde(with = "duration")]
    pub keep: Duration,
    /// Upper bound of the names that are kept; of more, those go first that nobody has had for longest.
    pub files: usize,
}

impl Default for CatalogueConfig {
    fn default() -> Self {
        Self { keep: Duration::from_secs(30 * 24 * 3600), files: 10_000_000 }
    }
}
