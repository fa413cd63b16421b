//! Login to the servers of a cluster.

use std::io;
use std::path::PathBuf;

use redis::RedisConnectionInfo;

use crate::config::ClusterConfig;

/// Reason why a cluster cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A server is not named as it should be.
    #[error("{0:?} is no server of a cluster; write host:port")]
    Node(String),
    /// The password cannot be read.
    #[error("cannot read the cluster's password from {path}: {error}")]
    Password {
        /// Path of the file with the password.
        path: PathBuf,
        /// Cause.
        error: io::Error,
    },
}

/// Finds what keeps a cluster from being used that can be told without asking it.
pub(crate) fn problem(config: &ClusterConfig) -> Option<String> {
    settings(config).err().map(|error| error.to_string())
}

/// Reads what every connection to a server begins with.
pub(super) fn settings(config: &ClusterConfig) -> Result<RedisConnectionInfo, ClusterError> {
    let mut settings = RedisConnectionInfo::default();
    if let Some(username) = &config.username {
        settings = settings.set_username(username);
    }
    if let Some(path) = &config.password_file {
        let password =
            std::fs::read_to_string(path).map_err(|error| ClusterError::Password { path: path.clone(), error })?;
        settings = settings.set_password(password.trim_end_matches(['\r', '\n']));
    }
    Ok(settings)
}
