//! Numbers that nobody can guess: 128 random bits, written as 32 hex digits.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The secret of one lease, compared by the tracker in constant time. Any other text is a token too, of no lease.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct LeaseToken(String);

impl LeaseToken {
    /// The token with these bits.
    pub fn new(bits: u128) -> Self {
        Self(to_hex(bits))
    }

    /// The bits, unless the text is no token.
    pub fn bits(&self) -> Option<u128> {
        from_hex(&self.0)
    }
}

impl fmt::Debug for LeaseToken {
    /// A secret: a log shows that there is one, not which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeaseToken(…)")
    }
}

/// Number that makes a signed message different from every other: a peer uses none twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct Nonce(pub u128);

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(self.0))
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        from_hex(&text).map(Self).ok_or_else(|| serde::de::Error::custom("a nonce has 32 hex digits"))
    }
}

fn to_hex(bits: u128) -> String {
    format!("{bits:032x}")
}

fn from_hex(text: &str) -> Option<u128> {
    let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_NUMBERS: [&str; 4] = ["", "fe", "+0000000000000000000000000000000", "g0000000000000000000000000000000"];

    #[test]
    fn a_token_is_its_bits_and_is_not_shown() {
        let token = LeaseToken::new(0xfe);
        assert_eq!(serde_json::to_string(&token).unwrap(), r#""000000000000000000000000000000fe""#);
        assert_eq!(token.bits(), Some(0xfe));
        assert_eq!(format!("{token:?}"), "LeaseToken(…)");
        for text in NO_NUMBERS {
            assert_eq!(LeaseToken(text.to_owned()).bits(), None, "{text}");
        }
    }

    #[test]
    fn a_nonce_is_its_bits_and_nothing_else_is_one() {
        let text = r#""000000000000000000000000000000fe""#;
        assert_eq!(serde_json::to_string(&Nonce(0xfe)).unwrap(), text);
        assert_eq!(serde_json::from_str::<Nonce>(text).unwrap(), Nonce(0xfe));
        for text in NO_NUMBERS {
            assert!(serde_json::from_str::<Nonce>(&format!("{text:?}")).is_err(), "{text}");
        }
    }
}
