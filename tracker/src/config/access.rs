//! Access to the tracker, as its operator decides it.

use std::path::PathBuf;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

/// Access to the tracker: who may use it, and who may not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// Rights of somebody without a token: "share" is everything but administration, "read" is to ask and to search,
    /// and "none" makes the network private. Tokens are made by `sprat-tracker token create`.
    pub public: Public,
    /// A file of peer IDs that are refused, one a line; what follows a # is told to them as the reason. It is read again
    /// on SIGHUP. Such as `"/etc/sprat/blocked-peers"`.
    pub blocked_peers: Option<PathBuf>,
    /// A file of addresses and networks that are refused, likewise. Such as `"/etc/sprat/blocked-addresses"`.
    pub blocked_addresses: Option<PathBuf>,
    /// A file of file IDs that nobody finds here, likewise. Such as `"/etc/sprat/blocked-files"`.
    pub blocked_files: Option<PathBuf>,
}

/// Rights of somebody without a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Public {
    /// Nothing.
    None,
    /// The rights of a token of the role "read".
    Read,
    /// The rights of a token of the role "share".
    #[default]
    Share,
}
