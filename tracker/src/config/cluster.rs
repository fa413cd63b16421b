//! The cluster that trackers share.

use std::path::PathBuf;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

/// A Valkey or Redis Cluster in which several trackers keep who holds what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterConfig {
    /// Servers of the cluster, such as `["10.0.0.1:6379", "10.0.0.2:6379"]`. One that answers is enough: it names the others.
    pub nodes: Vec<String>,
    /// Who the tracker says it is, if not the default user.
    pub username: Option<String>,
    /// File with the password, if one is needed. Such as `"/etc/sprat/cluster-password"`.
    pub password_file: Option<PathBuf>,
    /// How all keys begin, so that others may use the same cluster.
    pub prefix: String,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self { nodes: Vec::new(), username: None, password_file: None, prefix: "sprat:".into() }
    }
}
