//! Roles of tokens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Role of a token. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Questions: who has files, searches, and the tracker's numbers and its page.
    Read,
    /// Sharing: messages on what one has.
    Share,
    /// Administration: tokens are made and revoked, and things blocked.
    Admin,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Share => "share",
            Self::Admin => "admin",
        })
    }
}
