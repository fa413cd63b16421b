//! Rights of those who ask, by their tokens and by what is blocked.

use std::num::NonZeroU32;
use std::time::Duration;

use parking_lot::RwLock;
use sprat_protocol::tracker::AccessToken;

use super::blocks::{Blocked, Blocks, NewlyBlocked};
use super::error::AccessFilesError;
use super::role::Role;
use super::tokens::{BadToken, Tokens};
use crate::config::{AccessConfig, Config, Public};
use crate::model::moment::Caller;
use crate::model::rates::Rates;

/// Upper bound of the wrong tokens that one address may show a minute. Each token has 256 random bits, so guessing is
/// hopeless at any speed; the bound keeps it cheap.
const WRONG_TOKENS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// Reason why somebody is turned away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// A token is needed, and there is none.
    #[error(
        "this needs a token; ask whoever runs this tracker for one, and keep it with `sprat login` or in the settings of the window"
    )]
    NoToken,
    /// The token is good for nothing.
    #[error(transparent)]
    BadToken(#[from] BadToken),
    /// The address showed too many wrong tokens.
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

impl AccessError {
    /// Kinds of all errors, for metrics.
    pub(crate) const KINDS: [&str; 6] = ["missing", "unknown", "expired", "too_many_wrong", "role", "blocked"];

    /// Names the kind of the error.
    pub(crate) fn kind(&self) -> &'static str {
        let [missing, unknown, expired, too_many_wrong, role, blocked] = Self::KINDS;
        match self {
            Self::NoToken => missing,
            Self::BadToken(BadToken::Unknown) => unknown,
            Self::BadToken(BadToken::Expired) => expired,
            Self::TooManyWrong { .. } => too_many_wrong,
            Self::RoleTooSmall { .. } => role,
            Self::Blocked(_) => blocked,
        }
    }
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

    /// Finds the files about access that are of no use, a sentence for each.
    pub(crate) fn problems(config: &Config) -> Vec<String> {
        let AccessConfig { blocked_peers, blocked_addresses, blocked_files, .. } = config.access.clone();
        let lists = [
            AccessConfig { blocked_peers, ..AccessConfig::default() },
            AccessConfig { blocked_addresses, ..AccessConfig::default() },
            AccessConfig { blocked_files, ..AccessConfig::default() },
        ];
        let lists = lists.iter().filter_map(|list| Blocks::open(list, None).err());
        let folder = config.data_dir.as_deref().filter(|folder| folder.is_dir());
        let tokens = Tokens::open(folder).err().map(|error| error.to_string());
        let kept = Blocks::open(&AccessConfig::default(), folder).err().map(|error| error.to_string());
        lists.map(|error| error.to_string()).chain(tokens).chain(kept).collect()
    }

    /// Finds the role of somebody who sends this `Authorization`; maybe none.
    ///
    /// A token that is good passes however many wrong ones came from the same address: those who share it with somebody who
    /// guesses are not locked out, and to the one who guesses it makes no difference.
    ///
    /// # Errors
    /// [`AccessError`] if the token is good for nothing: whoever shows one wants to know.
    pub fn check(&self, authorization: Option<&str>, caller: Caller) -> Result<Option<Role>, AccessError> {
        let public = role_without_token(*self.public.read());
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

    /// Checks that somebody who sends this `Authorization` may do what takes this role. Blocked addresses may do
    /// nothing but administration: whoever blocks everybody can take it back.
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

    /// Returns the tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Returns what is blocked.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// Takes over what another configuration says, and reads all files again. Returns what is blocked that was not before.
    ///
    /// # Errors
    /// [`AccessFilesError`] names the file that is in the way. Then everything stays as it was.
    pub fn reload(&self, config: &AccessConfig) -> Result<NewlyBlocked, AccessFilesError> {
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

/// The role that somebody without a token has, if any.
fn role_without_token(public: Public) -> Option<Role> {
    match public {
        Public::None => None,
        Public::Read => Some(Role::Read),
        Public::Share => Some(Role::Share),
    }
}
