//! Who may do what: tokens and their roles, and who and what is blocked.
//!
//! - this file: [`Access`], which decides.
//! - [`tokens`]: who holds a token, and what it is good for.
//! - [`blocks`]: peers, addresses and files that the operator does not want. `block_list`: those that stand in a file.
//!   `entries`: one by one. `networks`: addresses by network.
//! - `state_file`: a file that several processes change.

mod block_list;
pub mod blocks;
mod entries;
pub(crate) mod networks;
mod state_file;
pub mod tokens;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sprat_protocol::tracker::AccessToken;
use utoipa::ToSchema;

use crate::config::Config;
use crate::rates::Rates;
use crate::service::Caller;
pub use block_list::BlockListError;
use blocks::{Blocked, Blocks, News};
pub use state_file::FileError;
use tokens::{BadToken, Tokens};

/// How many wrong tokens one address may show a minute. Each of them has 256 random bits, so guessing is hopeless at any
/// speed; this keeps it cheap.
const WRONG_TOKENS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// Who may use the tracker, and who may not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// What somebody without a token may do: "share" is everything but administration, "read" is to ask and to search,
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

/// What somebody without a token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Public {
    /// Nothing.
    None,
    /// What [`Role::Read`] may.
    Read,
    /// What [`Role::Share`] may.
    #[default]
    Share,
}

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

/// Why somebody is turned away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// A token is needed, and there is none.
    #[error(
        "this needs a token; ask whoever runs this tracker for one, and keep it with `sprat login` or in the settings of the window"
    )]
    NoToken,
    /// There is a token, but it is good for nothing.
    #[error(transparent)]
    BadToken(#[from] BadToken),
    /// Too many tokens were wrong.
    #[error("too many wrong tokens came from your address; try again later")]
    TooManyWrong {
        /// Seconds after which it may be tried again.
        retry_after: u32,
    },
    /// The token is good, but not for this.
    #[error("your token is not good for this; it takes one with the role {needed}")]
    RoleTooSmall {
        /// The role that it takes.
        needed: Role,
    },
    /// The operator does not want this one.
    #[error(transparent)]
    Blocked(#[from] Blocked),
}

/// Why the files about access cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessFilesError {
    /// One in the data folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// A block list.
    #[error(transparent)]
    BlockList(#[from] BlockListError),
}

/// Decides who may do what.
#[derive(Debug)]
pub struct Access {
    public: RwLock<Public>,
    tokens: Tokens,
    blocks: Blocks,
    wrong_tokens: Rates,
}

impl Access {
    /// Reads who holds tokens, and what is blocked.
    ///
    /// # Errors
    /// [`AccessFilesError`] names the file that is in the way.
    pub fn open(config: &Config) -> Result<Self, AccessFilesError> {
        Ok(Self {
            public: RwLock::new(config.access.public),
            tokens: Tokens::open(config.data_dir.as_deref())?,
            blocks: Blocks::open(&config.access, config.data_dir.as_deref())?,
            wrong_tokens: Rates::per_minute(WRONG_TOKENS_PER_MINUTE),
        })
    }

    /// What somebody may do who sends this `Authorization`; maybe nothing.
    ///
    /// A token that is good passes however many wrong ones came from the same address: those who share it with somebody who
    /// guesses are not locked out, and to the one who guesses it makes no difference.
    ///
    /// # Errors
    /// [`AccessError`] if the token is good for nothing: whoever shows one wants to know.
    pub fn check(&self, authorization: Option<&str>, caller: Caller) -> Result<Option<Role>, AccessError> {
        let public = self.public.read().role();
        let Some(token) = authorization.and_then(AccessToken::from_header) else { return Ok(public) };
        let known = token.map_err(|_| BadToken::Unknown).and_then(|token| self.tokens.check(&token, caller.now));
        let error = match known {
            Ok(role) => return Ok(public.max(Some(role))),
            Err(error) => error,
        };
        let over = |wait: Duration| AccessError::TooManyWrong { retry_after: wait.as_secs().max(1) as u32 };
        self.wrong_tokens.take(caller.address, 1).map_err(over)?;
        Err(error.into())
    }

    /// Whether somebody who sends this `Authorization` may do what takes this role. Blocked addresses may nothing, but for
    /// administration: whoever blocks everybody can take it back.
    ///
    /// # Errors
    /// [`AccessError`] says why not.
    pub fn admit(&self, needed: Role, authorization: Option<&str>, caller: Caller) -> Result<(), AccessError> {
        let role = self.check(authorization, caller)?;
        if role != Some(Role::Admin) {
            self.blocks.address(caller.address)?;
        }
        match role {
            Some(role) if role >= needed => Ok(()),
            _ if authorization.and_then(AccessToken::from_header).is_none() => Err(AccessError::NoToken),
            _ => Err(AccessError::RoleTooSmall { needed }),
        }
    }

    /// Who holds a token.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Who and what is blocked.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// Takes over what another configuration says, and reads all files again. Returns what is blocked that was not before.
    ///
    /// # Errors
    /// [`AccessFilesError`] names the file that is in the way. Then everything stays as it was.
    pub fn reload(&self, config: &AccessConfig) -> Result<News, AccessFilesError> {
        self.tokens.read_again()?;
        let news = self.blocks.reload(config)?;
        *self.public.write() = config.public;
        Ok(news)
    }

    /// Forgets addresses that showed no wrong token for a while.
    pub(crate) fn forget_idle(&self) {
        self.wrong_tokens.forget_idle();
    }
}

impl Public {
    fn role(self) -> Option<Role> {
        match self {
            Self::None => None,
            Self::Read => Some(Role::Read),
            Self::Share => Some(Role::Share),
        }
    }
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
