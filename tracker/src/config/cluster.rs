//! Settings of the store.

use std::path::PathBuf;

use documented::{Documented, DocumentedFields};
use serde::{Deserialize, Serialize};

use super::problem::Problem;

/// Place where the tracker keeps who has which file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// The memory of this program.
    #[default]
    Memory,
    /// A cluster that several trackers share.
    Cluster,
}

/// A Valkey or Redis Cluster in which several trackers keep who has which file, with `store = "cluster"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterConfig {
    /// Servers of the cluster, such as `["10.0.0.1:6379", "10.0.0.2:6379"]`. One that answers is enough: it names the others.
    pub nodes: Vec<String>,
    /// User that the tracker logs in as, if not the default user. Such as `"sprat"`.
    pub username: Option<String>,
    /// File with the password, if one is needed. Such as `"/etc/sprat/cluster-password"`.
    pub password_file: Option<PathBuf>,
    /// Beginning of all keys, so that others may use the same cluster.
    pub prefix: String,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self { nodes: Vec::new(), username: None, password_file: None, prefix: "sprat:".into() }
    }
}

impl ClusterConfig {
    /// Hosts and ports of the servers.
    ///
    /// # Errors
    /// The first one that has no such form.
    pub(crate) fn addresses(&self) -> Result<Vec<(String, u16)>, &str> {
        self.nodes.iter().map(|node| parse_address(node).ok_or(node.as_str())).collect()
    }

    /// Finds what makes no sense in these values, for somebody who wants a cluster.
    pub(super) fn problem(&self) -> Option<Problem> {
        if self.nodes.is_empty() {
            return Some(Problem::new("cluster.nodes", "names no server; name one or more as host:port"));
        }
        if let Err(node) = self.addresses() {
            return Some(Problem::new("cluster.nodes", format!("has {node:?}, which is no host:port")));
        }
        let has_braces = self.prefix.contains(['{', '}']);
        has_braces.then(|| Problem::new("cluster.prefix", "has braces, which decide on what lies together"))
    }
}

fn parse_address(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let is_host = !host.is_empty() && !host.contains(['/', '@', '?', '#']);
    is_host.then(|| (host.trim_matches(['[', ']']).to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_hosts_with_ports() {
        let problem = |nodes: &[&str], prefix: &str| {
            let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
            let config = ClusterConfig { nodes, prefix: prefix.into(), ..ClusterConfig::default() };
            config.problem().map(|problem| problem.key)
        };
        assert_eq!(problem(&["valkey-1:6379", "10.0.0.1:6380", "[2001:db8::1]:6379"], "sprat:"), None);
        for wrong in ["valkey-1", ":6379", "valkey-1:", "valkey-1:65536", "redis://valkey-1:6379", "user@valkey-1:6379"]
        {
            assert_eq!(problem(&["valkey-1:6379", wrong], "sprat:").as_deref(), Some("cluster.nodes"), "{wrong}");
        }
        assert_eq!(problem(&["valkey-1:6379"], "sprat{1}:").as_deref(), Some("cluster.prefix"));
        let config = ClusterConfig { nodes: vec!["[2001:db8::1]:6379".into()], ..ClusterConfig::default() };
        assert_eq!(config.addresses().unwrap(), [("2001:db8::1".to_owned(), 6379)]);
    }
}
