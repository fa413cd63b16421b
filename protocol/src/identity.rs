//! The key that makes a peer who it is.

use std::fmt;

use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::peer_id::PeerId;

/// An Ed25519 key (RFC 8032). Whoever holds the seed is this peer.
pub struct Identity {
    seed: [u8; Identity::SEED_LEN],
    key: Ed25519KeyPair,
}

impl Identity {
    /// Length of the secret seed in bytes.
    pub const SEED_LEN: usize = 32;

    /// A new identity from the system's randomness.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn generate() -> Result<Self, NoRandomness> {
        let seed = ring::rand::generate(&SystemRandom::new()).map_err(|Unspecified| NoRandomness)?;
        Ok(Self::from_seed(seed.expose()))
    }

    /// The identity that this seed gives, always the same one.
    pub fn from_seed(seed: [u8; Self::SEED_LEN]) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes are always an Ed25519 seed");
        Self { seed, key }
    }

    /// The secret seed, to be stored where only this user can read it.
    pub fn seed(&self) -> &[u8; Self::SEED_LEN] {
        &self.seed
    }

    /// Signs these bytes (RFC 8032). The caller puts in front of them what they are for.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }

    /// The public half: the peer ID.
    pub fn peer_id(&self) -> PeerId {
        PeerId::new(self.key.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes"))
    }
}

impl fmt::Debug for Identity {
    /// Shows the peer ID, never the seed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.peer_id()).finish()
    }
}

/// The system's source of randomness failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random numbers for a new key")]
pub struct NoRandomness;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032 §7.1, TEST 1 and TEST 2.
    #[test]
    fn a_seed_gives_the_published_public_key() {
        for (seed, public_key) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            ),
        ] {
            let bytes = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap();
            assert_eq!(Identity::from_seed(bytes(seed)).peer_id(), PeerId::new(bytes(public_key)));
        }
    }

    #[test]
    fn two_identities_differ_and_keep_their_seed_to_themselves() {
        let (a, b) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        assert_ne!(a.peer_id(), b.peer_id());
        assert_eq!(Identity::from_seed(*a.seed()).peer_id(), a.peer_id());
        assert_eq!(format!("{a:?}"), format!("Identity({})", a.peer_id()));
    }
}
