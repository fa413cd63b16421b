//! Roles of tokens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a token is good for. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// To ask who has files, to search, and to see the tracker's numbers and its page.
    Read,
    /// To say what one has.
    Share,
    /// To make and revoke tokens, and to block.
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
