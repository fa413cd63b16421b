//! Token that opens a private tracker: 256 random bits, written so that people and scanners recognise a secret.

use std::fmt;
use std::str::FromStr;

use ring::error::Unspecified;
use ring::rand::SystemRandom;

use crate::identity::NoRandomness;
use crate::peer_id::base32;

/// First characters of a token's text.
const PREFIX: &str = "sprat_";

/// A secret that its holder shows with each request, as `Authorization: Bearer sprat_…`: 32 bytes, written as the prefix
/// and 52 letters of lower-case base32 without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken([u8; AccessToken::LEN]);

impl AccessToken {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A new token from the system's randomness.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn generate() -> Result<Self, NoRandomness> {
        let bytes = ring::rand::generate(&SystemRandom::new()).map_err(|Unspecified| NoRandomness)?;
        Ok(Self::new(bytes.expose()))
    }

    /// The token of these bytes.
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes, which are as secret as its text.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The text, for the one who is to have it: never for a log, a link or a command line.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", base32().encode(&self.0))
    }

    /// The value of the `Authorization` header that shows it (RFC 6750 §2.1).
    pub fn to_header(&self) -> String {
        format!("Bearer {}", self.reveal())
    }

    /// The token that an `Authorization` header shows: none if it is of another scheme than `Bearer`, and an error if it is
    /// of that scheme and shows no token of this form.
    pub fn from_header(value: &str) -> Option<Result<Self, ParseAccessTokenError>> {
        let (scheme, text) = value.split_once(' ').unwrap_or((value, ""));
        scheme.eq_ignore_ascii_case("Bearer").then(|| text.trim().parse())
    }
}

/// The text is no token. It is not told which text: it may be one with a mistake in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no token: one begins with {PREFIX} and has 52 letters and digits after that, a-z and 2-7")]
pub struct ParseAccessTokenError;

impl FromStr for AccessToken {
    type Err = ParseAccessTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters = text.strip_prefix(PREFIX).ok_or(ParseAccessTokenError)?;
        let bytes = base32().decode(letters.as_bytes()).map_err(|_| ParseAccessTokenError)?;
        Ok(Self(bytes.try_into().map_err(|_| ParseAccessTokenError)?))
    }
}

impl fmt::Debug for AccessToken {
    /// A log shows that there is one, not which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written_and_is_not_shown() {
        let token = AccessToken::new(std::array::from_fn(|i| i as u8 * 7));
        assert_eq!(token.reveal(), "sprat_aadq4fi4emvdcob7izgviw3cnfyho7ufrsjzviniv63l3rgl2lmq");
        assert_eq!(token.reveal().parse(), Ok(token.clone()));
        assert_eq!(format!("{token:?}"), "AccessToken(…)");
        assert_ne!(AccessToken::generate().unwrap(), AccessToken::generate().unwrap());
    }

    #[test]
    fn it_travels_in_a_header() {
        let token = AccessToken::new([9; 32]);
        let header = token.to_header();
        assert_eq!(AccessToken::from_header(&header), Some(Ok(token.clone())));
        assert_eq!(AccessToken::from_header(&format!("bearer  {}", token.reveal())), Some(Ok(token.clone())));
        assert_eq!(AccessToken::from_header(&format!("Basic {}", token.reveal())), None);
        for wrong in ["Bearer", "Bearer ", "Bearer x", &header[..header.len() - 1], &format!("{header} {header}")] {
            assert_eq!(AccessToken::from_header(wrong), Some(Err(ParseAccessTokenError)), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_repeating_it() {
        let good = AccessToken::new([9; 32]).reveal();
        for text in ["", "sprat_", &good[6..], &good.to_uppercase(), &format!("{good}a"), "sprat_é"] {
            let error = text.parse::<AccessToken>().unwrap_err().to_string();
            assert!(text.len() < 10 || !error.contains(text), "{error}");
        }
    }
}
