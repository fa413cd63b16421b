//! Identity of a peer, as others know it.

use std::fmt;
use std::str::FromStr;

use data_encoding::{Encoding, Specification};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A peer's Ed25519 public key (RFC 8032), written as 52 letters of lower-case base32 (RFC 4648 §6) without padding, so
/// that nobody takes it for a file ID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct PeerId([u8; PeerId::LEN]);

impl PeerId {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// The peer ID with these bytes.
    pub const fn new(public_key: [u8; Self::LEN]) -> Self {
        Self(public_key)
    }

    /// The public key.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Returns true if this peer signed these bytes (RFC 8032).
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }

    /// The first eight letters: enough for a person to tell the peers of one swarm apart.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }
}

/// Lower-case base32 (RFC 4648 §6) without padding.
pub(crate) fn base32() -> &'static Encoding {
    static ENCODING: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut specification = Specification::new();
        specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
        specification.encoding().expect("32 distinct symbols")
    });
    &ENCODING
}

/// The text is not 52 letters of base32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that isn't a peer ID: a peer ID has 52 letters and digits, a-z and 2-7")]
pub struct ParsePeerIdError;

impl FromStr for PeerId {
    type Err = ParsePeerIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = base32().decode(text.as_bytes()).map_err(|_| ParsePeerIdError)?;
        Ok(Self(bytes.try_into().map_err(|_| ParsePeerIdError)?))
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32().encode(&self.0))
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PeerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PeerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_it_is_read() {
        let id = PeerId::new(std::array::from_fn(|i| i as u8 * 7));
        let text = id.to_string();
        assert_eq!(text, "aadq4fi4emvdcob7izgviw3cnfyho7ufrsjzviniv63l3rgl2lmq");
        assert_eq!(text.len(), 52);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(id.short(), text[..8]);
    }

    #[test]
    fn zeros_are_the_letter_a() {
        assert_eq!(PeerId::new([0; 32]).to_string(), "a".repeat(52));
    }

    #[test]
    fn what_is_no_peer_id_is_refused() {
        let good = PeerId::new([9; 32]).to_string();
        // The last letter carries one bit only: with others set, two texts would be one peer.
        let trailing = format!("{}b", "a".repeat(51));
        for text in ["", "a", &good[1..], &good.to_uppercase(), &format!("{good}a"), &"1".repeat(52), &trailing] {
            assert_eq!(text.parse::<PeerId>(), Err(ParsePeerIdError), "{text:?}");
        }
    }
}
