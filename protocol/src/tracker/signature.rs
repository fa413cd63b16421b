//! The signature on a REGISTER: nobody registers in another's name.
//!
//! What is signed are the bytes of the body as they are sent, so no two programs need to agree on how JSON is written. The
//! body names the tracker that it is for, a time and a nonce, so that it is good for one tracker, one time, once.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::{Identity, PeerId};

/// The HTTP header that carries the [`Signature`].
pub const SIGNATURE_HEADER: &str = "sprat-signature";
/// Seconds by which a signed body's time may differ from the tracker's.
pub const MAX_CLOCK_SKEW: u64 = 300;
/// Bytes before the body in what is signed, so that a signature made for this is good for nothing else.
const DOMAIN: &[u8] = b"sprat tracker register v1\0";

/// An Ed25519 signature (RFC 8032) over a body, written as 128 hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; Signature::LEN]);

impl Signature {
    /// Length in bytes.
    pub const LEN: usize = 64;

    /// Signs the body of a REGISTER.
    pub fn new(identity: &Identity, body: &[u8]) -> Self {
        Self(identity.sign(&signed(body)))
    }

    /// Checks that this peer signed this body.
    ///
    /// # Errors
    /// [`NotSigned`] if it did not.
    pub fn verify(&self, peer_id: PeerId, body: &[u8]) -> Result<(), NotSigned> {
        if peer_id.has_signed(&signed(body), &self.0) { Ok(()) } else { Err(NotSigned) }
    }
}

fn signed(body: &[u8]) -> Vec<u8> {
    [DOMAIN, body].concat()
}

/// The peer did not sign this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is missing, or is not that of this peer for this message")]
pub struct NotSigned;

impl FromStr for Signature {
    type Err = NotSigned;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| NotSigned)?;
        bytes.try_into().map(Self).map_err(|_| NotSigned)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER_PERMISSIVE.encode(&self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_signature() {
        let signature = Signature::new(&Identity::from_seed([7; 32]), b"{}");
        assert_eq!(
            signature.to_string(),
            "f950e2ce782fbd2cfe5d7709365a149488bcc25560bc23e1566df2bf69450923f2c933df35004a004a042c36cc634fb44414e78b73cabe26c4cc82e51410440a"
        );
        assert_eq!(signature.to_string().parse(), Ok(signature));
    }

    #[test]
    fn only_the_signer_and_only_this_body_verify() {
        let (alice, bob) = (Identity::from_seed([1; 32]), Identity::from_seed([2; 32]));
        let body = br#"{"type":"REGISTER"}"#;
        let signature = Signature::new(&alice, body);
        assert_eq!(signature.verify(alice.peer_id(), body), Ok(()));
        assert_eq!(signature.verify(bob.peer_id(), body), Err(NotSigned));
        for at in 0..body.len() * 8 {
            let mut changed = body.to_vec();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(signature.verify(alice.peer_id(), &changed), Err(NotSigned), "bit {at}");
        }
        for at in 0..Signature::LEN * 8 {
            let mut changed = signature;
            changed.0[at / 8] ^= 1 << (at % 8);
            assert_eq!(changed.verify(alice.peer_id(), body), Err(NotSigned), "bit {at}");
        }
    }

    #[test]
    fn what_is_signed_elsewhere_is_no_signature_here() {
        let alice = Identity::from_seed([1; 32]);
        let body = b"{}";
        assert_eq!(Signature(alice.sign(body)).verify(alice.peer_id(), body), Err(NotSigned));
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        for text in ["", "00", &"g".repeat(128), &"0".repeat(127), &"0".repeat(130)] {
            assert_eq!(text.parse::<Signature>(), Err(NotSigned), "{text}");
        }
    }
}
