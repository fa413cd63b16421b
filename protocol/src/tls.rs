//! The TLS that two peers speak: version 1.3 with raw public keys (RFC 8446, RFC 7250) both ways.
//!
//! A peer's key is its peer ID, so each side proves who it is, and there is no certificate that anybody else would have to
//! sign. There is no resumption and there are no tickets: with one name for all peers, a resumed session could skip the
//! check of who is there. Nothing falls back to anything weaker.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::ring::cipher_suite::{TLS13_AES_128_GCM_SHA256, TLS13_CHACHA20_POLY1305_SHA256};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, ServerConfig,
    SignatureScheme,
};

use crate::identity::Identity;
use crate::peer_id::PeerId;

/// Protocol that the two sides agree to speak inside (RFC 7301).
const ALPN: &[u8] = b"sprat/1";
/// PKCS#8 (RFC 8410 §7) around a 32-byte Ed25519 seed.
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// SubjectPublicKeyInfo (RFC 8410 §4) around a 32-byte Ed25519 public key.
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Configurations with which this identity dials a peer and answers one.
#[derive(Clone, Debug)]
pub struct TlsConfigs {
    key: Arc<CertifiedKey>,
    /// For connections that others dialled.
    pub server: Arc<ServerConfig>,
}

impl TlsConfigs {
    /// The configurations of this identity.
    pub fn new(identity: &Identity) -> Self {
        let key = Arc::new(certified_key(identity));
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .expect("ring supports TLS 1.3")
            .with_client_cert_verifier(Arc::new(PeerVerifier::new(None)))
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(key.clone())));
        server.alpn_protocols = vec![ALPN.to_vec()];
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        Self { key, server: Arc::new(server) }
    }

    /// Configuration to dial with: where it is known who should answer, nobody else may.
    pub fn client(&self, expected: Option<PeerId>) -> Arc<ClientConfig> {
        let mut client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .expect("ring supports TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(PeerVerifier::new(expected)))
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(self.key.clone())));
        client.alpn_protocols = vec![ALPN.to_vec()];
        client.resumption = Resumption::disabled();
        client.enable_sni = false;
        Arc::new(client)
    }
}

/// A name that every peer is dialled by: who it is shows in its key.
pub fn server_name() -> ServerName<'static> {
    ServerName::try_from("peer.sprat.invalid").expect("that is a name")
}

/// Peer at the other end, once the handshake is over.
pub fn peer_of(certificates: Option<&[CertificateDer<'_>]>) -> Option<PeerId> {
    match certificates {
        Some([only]) => peer_id_of(only).ok(),
        _ => None,
    }
}

fn provider() -> Arc<CryptoProvider> {
    // Of the two that every TLS 1.3 implementation has, AES-128 costs the least where there are instructions for it.
    let cipher_suites = vec![TLS13_AES_128_GCM_SHA256, TLS13_CHACHA20_POLY1305_SHA256];
    Arc::new(CryptoProvider { cipher_suites, ..ring::default_provider() })
}

fn certified_key(identity: &Identity) -> CertifiedKey {
    let pkcs8 = [PKCS8_PREFIX.as_slice(), identity.seed()].concat();
    let key = ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8)).expect("a seed in its wrapping is a key");
    let spki = [SPKI_PREFIX.as_slice(), identity.peer_id().as_bytes()].concat();
    CertifiedKey::new(vec![CertificateDer::from(spki)], key)
}

/// The peer ID in a raw public key, which must be an Ed25519 key in its one exact form.
fn peer_id_of(spki: &[u8]) -> Result<PeerId, Error> {
    let key = spki.strip_prefix(&SPKI_PREFIX).and_then(|key| key.try_into().ok());
    key.map(PeerId::new).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))
}

/// Accepts whoever proves to be the peer that is expected, or anybody who proves to be somebody.
#[derive(Debug)]
struct PeerVerifier {
    expected: Option<PeerId>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PeerVerifier {
    fn new(expected: Option<PeerId>) -> Self {
        Self { expected, algorithms: ring::default_provider().signature_verification_algorithms }
    }

    fn check(&self, spki: &[u8], intermediates: &[CertificateDer<'_>]) -> Result<(), Error> {
        if !intermediates.is_empty() {
            return Err(Error::InvalidCertificate(CertificateError::BadEncoding));
        }
        let found = peer_id_of(spki)?;
        match self.expected {
            Some(expected) if expected != found => {
                Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
            }
            _ => Ok(()),
        }
    }

    fn check_signature(
        &self,
        message: &[u8],
        spki: &[u8],
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if signature.scheme != SignatureScheme::ED25519 {
            return Err(PeerIncompatible::NoSignatureSchemesInCommon.into());
        }
        let spki = SubjectPublicKeyInfoDer::from(spki);
        verify_tls13_signature_with_raw_key(message, &spki, signature, &self.algorithms)
    }
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity, intermediates).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity, intermediates).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConnection, ServerConnection};

    use super::*;

    /// Carries what both sides have to say until neither has anything left; gives what each then knows of the other.
    fn handshake(
        client: Arc<ClientConfig>,
        server: Arc<ServerConfig>,
    ) -> Result<(Option<PeerId>, Option<PeerId>), Error> {
        let mut client = ClientConnection::new(client, server_name())?;
        let mut server = ServerConnection::new(server)?;
        while client.wants_write() || server.wants_write() {
            let mut wire = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            let mut wire = wire.as_slice();
            while !wire.is_empty() {
                server.read_tls(&mut wire).unwrap();
                server.process_new_packets()?;
            }
            let mut wire = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            let mut wire = wire.as_slice();
            while !wire.is_empty() {
                client.read_tls(&mut wire).unwrap();
                client.process_new_packets()?;
            }
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        assert_eq!(client.alpn_protocol(), Some(ALPN));
        Ok((peer_of(client.peer_certificates()), peer_of(server.peer_certificates())))
    }

    fn two() -> (Identity, Identity) {
        (Identity::from_seed([1; 32]), Identity::from_seed([2; 32]))
    }

    #[test]
    fn both_sides_learn_who_the_other_is() {
        let (dialler, listener) = two();
        let client = TlsConfigs::new(&dialler).client(Some(listener.peer_id()));
        let known = handshake(client, TlsConfigs::new(&listener).server);
        assert_eq!(known, Ok((Some(listener.peer_id()), Some(dialler.peer_id()))));
    }

    #[test]
    fn another_key_than_the_one_expected_is_refused() {
        let (dialler, listener) = two();
        let expected = Identity::from_seed([3; 32]).peer_id();
        let refused = handshake(TlsConfigs::new(&dialler).client(Some(expected)), TlsConfigs::new(&listener).server);
        let reason = CertificateError::ApplicationVerificationFailure;
        assert_eq!(refused, Err(Error::InvalidCertificate(reason)));
    }

    #[test]
    fn a_dialler_without_a_key_is_refused() {
        let (_, listener) = two();
        let nobody = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(PeerVerifier::new(None)))
            .with_no_client_auth();
        let mut nobody = nobody;
        nobody.alpn_protocols = vec![ALPN.to_vec()];
        assert!(handshake(Arc::new(nobody), TlsConfigs::new(&listener).server).is_err());
    }

    #[test]
    fn a_key_that_somebody_else_claims_as_his_is_refused() {
        let (dialler, listener) = two();
        // The victim's public key, and the thief's own private one.
        let mut forged = certified_key(&dialler);
        forged.cert = certified_key(&Identity::from_seed([9; 32])).cert;
        let configs = TlsConfigs { key: Arc::new(forged), ..TlsConfigs::new(&dialler) };
        assert!(handshake(configs.client(None), TlsConfigs::new(&listener).server).is_err());
    }

    #[test]
    fn only_the_exact_form_of_a_key_is_a_peer() {
        let good = [SPKI_PREFIX.as_slice(), &[7; 32]].concat();
        assert_eq!(peer_id_of(&good), Ok(PeerId::new([7; 32])));
        let mut other_algorithm = good.clone();
        other_algorithm[8] = 0x71;
        for bad in [&good[..43], &[good.as_slice(), &[0]].concat(), &other_algorithm, &[]] {
            assert!(peer_id_of(bad).is_err());
        }
    }
}
