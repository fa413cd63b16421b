//! Tokens, and the role of each. A token itself is stored nowhere, only its hash.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::Path;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use sprat_protocol::identity::NoRandomness;
use sprat_protocol::name::is_invisible;
use sprat_protocol::tracker::AccessToken;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::role::Role;
use super::state_file::{FileError, Stamp, StateFile};
use crate::model::moment::Now;

/// The most bytes that the name of a token may have.
pub const MAX_NAME_LEN: usize = 64;
/// Upper bound of the number of tokens.
pub const MAX_TOKENS: usize = 10_000;
/// The last use of a token is remembered to this many seconds: enough to find those that nobody uses.
const COARSE: u64 = 3600;

/// Description of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenInfo {
    /// Name of the token, by whoever made it.
    pub name: String,
    /// Role of the token.
    pub role: Role,
    /// Time at which the token was made, in seconds since 1970 (UTC).
    pub created: u64,
    /// Time at which the token ends, likewise; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Hour in which the token was last used, likewise; absent if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<u64>,
}

/// A token that is good for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// The tracker knows no such token.
    #[error("this tracker does not know your token; it was revoked, or is for another tracker")]
    Unknown,
    /// Its time is over.
    #[error("your token has expired; ask whoever runs this tracker for another one")]
    Expired,
}

/// Reason why a token is not made, or not revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The name is no name.
    #[error("the name of a token has 1 to {MAX_NAME_LEN} bytes, and no control characters")]
    BadName,
    /// Somebody else's is called like this.
    #[error("there is a token of this name; revoke it, or choose another name")]
    NameTaken,
    /// Tokens are as many as may be.
    #[error("there are {MAX_TOKENS} tokens, and no more than that; revoke those that nobody uses")]
    TooMany,
    /// Data folder that is missing: tokens have no place to be kept.
    #[error("tokens are kept in the data folder, and there is none; set data_dir")]
    NoFolder,
    /// The system has no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The file of the tokens cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
}

/// All tokens.
#[derive(Debug)]
pub struct Tokens {
    /// File of the tokens; none without a data folder, and then there are no tokens.
    file: Option<StateFile<Records>>,
    known: ArcSwap<HashMap<TokenHash, TokenInfo>>,
    stamp: Mutex<Stamp>,
    /// The hours of uses that the file does not know of. Only good tokens come in here.
    uses: Mutex<HashMap<TokenHash, u64>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Records {
    tokens: Vec<Record>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    info: TokenInfo,
    hash: TokenHash,
}

impl Tokens {
    /// The tokens that are kept in this folder.
    ///
    /// # Errors
    /// [`FileError`] if they cannot be read.
    pub fn open(folder: Option<&Path>) -> Result<Self, FileError> {
        let file = folder.map(|folder| StateFile::new(folder, "tokens.json"));
        let tokens = Self { file, known: ArcSwap::default(), stamp: Mutex::default(), uses: Mutex::default() };
        tokens.read_again()?;
        Ok(tokens)
    }

    /// Finds the role of this token, at this time. Its use is remembered.
    ///
    /// # Errors
    /// [`BadToken`] if it is good for nothing.
    pub fn check(&self, token: &AccessToken, now: Now) -> Result<Role, BadToken> {
        let hash = TokenHash::of(token);
        let known = self.known.load();
        let info = known.get(&hash).ok_or(BadToken::Unknown)?;
        if info.expires.is_some_and(|expires| expires <= now.unix_seconds) {
            return Err(BadToken::Expired);
        }
        let hour = now.unix_seconds / COARSE * COARSE;
        if info.last_used.is_none_or(|last_used| last_used < hour) {
            self.uses.lock().insert(hash, hour);
        }
        Ok(info.role)
    }

    /// Makes a token that ends at `expires` in seconds since 1970, or never. This is the only time that anybody sees it.
    ///
    /// # Errors
    /// [`TokenError`] says what is in the way.
    pub fn create(&self, name: &str, role: Role, expires: Option<u64>, now: Now) -> Result<AccessToken, TokenError> {
        if name.is_empty() || name.len() > MAX_NAME_LEN || name.chars().any(|c| c.is_control() || is_invisible(c)) {
            return Err(TokenError::BadName);
        }
        let file = self.file.as_ref().ok_or(TokenError::NoFolder)?;
        let token = AccessToken::generate()?;
        let info = TokenInfo { name: name.to_owned(), role, created: now.unix_seconds, expires, last_used: None };
        let record = Record { info, hash: TokenHash::of(&token) };
        file.update(|records| {
            if records.tokens.iter().any(|record| record.info.name == name) {
                return Err(TokenError::NameTaken);
            }
            if records.tokens.len() >= MAX_TOKENS {
                return Err(TokenError::TooMany);
            }
            records.tokens.push(record);
            Ok(())
        })?;
        self.read_again()?;
        Ok(token)
    }

    /// Makes a token good for nothing. Returns whether there was one of this name.
    ///
    /// # Errors
    /// [`TokenError`] says what is in the way.
    pub fn revoke(&self, name: &str) -> Result<bool, TokenError> {
        let file = self.file.as_ref().ok_or(TokenError::NoFolder)?;
        let is_removed = file.update(|records| {
            let before = records.tokens.len();
            records.tokens.retain(|record| record.info.name != name);
            Ok::<_, TokenError>(records.tokens.len() < before)
        })?;
        self.read_again()?;
        Ok(is_removed)
    }

    /// All tokens, the oldest first.
    pub fn list(&self) -> Vec<TokenInfo> {
        let mut list: Vec<TokenInfo> = self.known.load().values().cloned().collect();
        list.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        list
    }

    /// Counts the tokens.
    pub fn len(&self) -> usize {
        self.known.load().len()
    }

    /// Says whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes over what another process has changed, if one has. Returns whether that is so.
    ///
    /// # Errors
    /// [`FileError`] if the file cannot be read. Then the tokens stay as they were.
    pub fn refresh(&self) -> Result<bool, FileError> {
        let is_changed = self.file.as_ref().is_some_and(|file| file.stamp() != *self.stamp.lock());
        if is_changed {
            self.read_again()?;
        }
        Ok(is_changed)
    }

    /// Reads the file.
    pub(super) fn read_again(&self) -> Result<(), FileError> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut stamp = self.stamp.lock();
        let (records, new_stamp) = file.read()?;
        let known = records.tokens.into_iter().map(|record| (record.hash, record.info));
        self.known.store(std::sync::Arc::new(known.collect()));
        *stamp = new_stamp;
        Ok(())
    }

    /// Writes down when tokens were last used.
    ///
    /// # Errors
    /// [`FileError`] if that cannot be written. Then it is tried again the next time.
    pub fn note_uses(&self) -> Result<(), FileError> {
        let Some(file) = &self.file else { return Ok(()) };
        let uses = self.uses.lock().clone();
        if uses.is_empty() {
            return Ok(());
        }
        file.update(|records| {
            for record in &mut records.tokens {
                record.info.last_used = record.info.last_used.max(uses.get(&record.hash).copied());
            }
            Ok::<_, FileError>(())
        })?;
        self.uses.lock().retain(|hash, hour| uses.get(hash).is_none_or(|noted| noted < hour));
        self.read_again()
    }
}

/// SHA-256 of a token. Nothing slower is needed: a token is as hard to guess as its hash.
///
/// It is looked up by value, and in a constant time once it is found. How long the search takes could tell something of a
/// stored hash at most, and from a hash, even from all of it, nobody gets to the token.
#[derive(Clone, Copy)]
struct TokenHash([u8; 32]);

impl TokenHash {
    fn of(token: &AccessToken) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("a hash has 64 hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    struct World {
        folder: tempfile::TempDir,
        tokens: Tokens,
        now: Now,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let tokens = Tokens::open(Some(folder.path())).unwrap();
            Self { folder, tokens, now: Now { instant: Instant::now(), unix_seconds: 1_790_000_000 } }
        }

        fn wait(&mut self, seconds: u64) {
            self.now.instant += Duration::from_secs(seconds);
            self.now.unix_seconds += seconds;
        }

        /// Opens the tokens as another process does.
        fn elsewhere(&self) -> Tokens {
            Tokens::open(Some(self.folder.path())).unwrap()
        }

        fn create(&self, name: &str, expires: Option<u64>) -> AccessToken {
            self.tokens.create(name, Role::Share, expires, self.now).unwrap()
        }

        fn check(&self, token: &AccessToken) -> Result<Role, BadToken> {
            self.tokens.check(token, self.now)
        }
    }

    #[test]
    fn a_token_is_good_until_it_is_revoked() {
        let world = World::new();
        let (alice, bob) = (world.create("alice", None), world.create("bob", None));
        assert_eq!((world.check(&alice), world.check(&bob)), (Ok(Role::Share), Ok(Role::Share)));
        assert_eq!(world.check(&AccessToken::new([7; 32])), Err(BadToken::Unknown));
        assert!(world.tokens.revoke("alice").unwrap());
        assert!(!world.tokens.revoke("alice").unwrap());
        assert_eq!((world.check(&alice), world.check(&bob)), (Err(BadToken::Unknown), Ok(Role::Share)));
        assert_eq!(world.elsewhere().check(&bob, world.now), Ok(Role::Share));
    }

    #[test]
    fn a_token_ends_in_its_second() {
        let mut world = World::new();
        let token = world.create("alice", Some(world.now.unix_seconds + 10));
        world.wait(9);
        assert_eq!(world.check(&token), Ok(Role::Share));
        world.wait(1);
        assert_eq!(world.check(&token), Err(BadToken::Expired));
    }

    #[test]
    fn what_another_process_changes_is_seen_at_the_next_look() {
        let world = World::new();
        assert!(!world.tokens.refresh().unwrap());
        let elsewhere = world.elsewhere();
        let token = elsewhere.create("alice", Role::Admin, None, world.now).unwrap();
        assert_eq!(world.check(&token), Err(BadToken::Unknown));
        assert!(world.tokens.refresh().unwrap() && !world.tokens.refresh().unwrap());
        assert_eq!(world.check(&token), Ok(Role::Admin));
        elsewhere.revoke("alice").unwrap();
        assert!(world.tokens.refresh().unwrap());
        assert_eq!(world.check(&token), Err(BadToken::Unknown));
    }

    #[test]
    fn the_file_has_no_token_in_it() {
        let world = World::new();
        let token = world.create("alice", None);
        let text = std::fs::read_to_string(world.folder.path().join("tokens.json")).unwrap();
        assert!(text.contains("\"alice\"") && !text.contains(&token.reveal()[6..]), "{text}");
        let bytes = data_encoding::HEXLOWER.encode(token.as_bytes());
        assert!(!text.contains(&bytes), "{text}");
    }

    #[test]
    fn a_use_is_remembered_by_its_hour() {
        let mut world = World::new();
        let token = world.create("alice", None);
        let last_used = |world: &World| world.elsewhere().list()[0].last_used;
        world.check(&token).unwrap();
        world.tokens.note_uses().unwrap();
        let first = last_used(&world).unwrap();
        assert!(first <= world.now.unix_seconds && first > world.now.unix_seconds - COARSE);
        assert!(world.tokens.uses.lock().is_empty());
        world.wait(2 * COARSE);
        world.check(&token).unwrap();
        // Meanwhile the token is revoked elsewhere, and another one made.
        world.elsewhere().revoke("alice").unwrap();
        world.elsewhere().create("bob", Role::Read, None, world.now).unwrap();
        world.tokens.note_uses().unwrap();
        assert_eq!((last_used(&world), world.tokens.list()[0].name.as_str()), (None, "bob"));
    }

    #[test]
    fn names_are_bounded_and_taken_once() {
        let world = World::new();
        let create = |name: &str| world.tokens.create(name, Role::Read, None, world.now).map(drop);
        for bad in ["", "two\nlines", "\u{202e}", &"x".repeat(MAX_NAME_LEN + 1)] {
            assert!(matches!(create(bad), Err(TokenError::BadName)), "{bad:?}");
        }
        create(&"x".repeat(MAX_NAME_LEN)).unwrap();
        create("Jörg's laptop").unwrap();
        assert!(matches!(create("Jörg's laptop"), Err(TokenError::NameTaken)));
    }

    #[test]
    fn there_are_no_more_than_so_many() {
        let world = World::new();
        let file = world.tokens.file.as_ref().unwrap();
        let record = |number: usize| {
            let name = number.to_string();
            let info = TokenInfo { name, role: Role::Read, created: 0, expires: None, last_used: None };
            Record { info, hash: TokenHash(std::array::from_fn(|i| (number >> (8 * i.min(3))) as u8)) }
        };
        let fill = |records: &mut Records| {
            records.tokens.extend((1..MAX_TOKENS).map(record));
            Ok::<_, TokenError>(())
        };
        file.update(fill).unwrap();
        world.create("the last", None);
        assert!(matches!(world.tokens.create("more", Role::Read, None, world.now), Err(TokenError::TooMany)));
    }

    #[test]
    fn without_a_folder_there_are_no_tokens() {
        let world = World::new();
        let tokens = Tokens::open(None).unwrap();
        assert!(matches!(tokens.create("alice", Role::Read, None, world.now), Err(TokenError::NoFolder)));
        assert_eq!(tokens.check(&AccessToken::new([0; 32]), world.now), Err(BadToken::Unknown));
        assert!(!tokens.refresh().unwrap());
    }
}
