//! A SHA-256 value, and the file ID that it is when it covers a whole file.

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A SHA-256 value: 32 bytes, written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LEN]);

impl Hash {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// The hash with these bytes.
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

/// A file's ID: the Merkle tree hash (RFC 9162 §2.1.1) of its 16 KiB blocks.
///
/// Written as 64 lower-case hex digits; upper case is understood. It does not depend on the chunk size, and it fixes
/// every byte of the file and its length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(Hash);

impl FileId {
    /// The file ID with these bytes.
    pub const fn new(bytes: [u8; Hash::LEN]) -> Self {
        Self(Hash(bytes))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; Hash::LEN] {
        self.0.as_bytes()
    }
}

impl From<Hash> for FileId {
    fn from(root: Hash) -> Self {
        Self(root)
    }
}

/// The text is not 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that isn't a file ID: a file ID has 64 letters and digits, 0-9 and a-f")]
pub struct ParseHashError;

impl FromStr for Hash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; Self::LEN];
        // `decode_mut` panics on a length mismatch, so the length is checked first.
        if text.len() != 2 * Self::LEN {
            return Err(ParseHashError);
        }
        HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes).map_err(|_| ParseHashError)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for FileId {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for FileId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00ff10a5e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b";

    #[test]
    fn an_id_is_written_as_it_is_read() {
        let id: FileId = TEXT.parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(id.as_bytes()[..4], [0x00, 0xff, 0x10, 0xa5]);
        assert_eq!(TEXT.to_uppercase().parse(), Ok(id));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{TEXT}\""));
        assert_eq!(serde_json::from_str::<FileId>(&format!("\"{TEXT}\"")).unwrap(), id);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let (short, long) = (&TEXT[1..], format!("{TEXT}0"));
        let (letter, two_bytes) = (TEXT.replace('a', "g"), TEXT.replacen("00", "é", 1));
        for text in ["", short, &long, &letter, &two_bytes, " ", "0x00"] {
            assert_eq!(text.parse::<FileId>(), Err(ParseHashError), "{text:?}");
        }
    }
}
