//! HTTPS: a certificate from files, read again when they change.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::{Mutex, RwLock};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::validity;
use crate::config::TlsFiles;

/// Reason why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is not what it should be.
    #[error("cannot read {path}: {reason}", path = path.display())]
    File {
        /// Path of the file.
        path: Box<Path>,
        /// Cause.
        reason: pem::Error,
    },
    /// The certificate and the key do not fit, or are of a kind that is not supported.
    #[error("cannot use the certificate in {path} with its key: {reason}", path = path.display())]
    Pair {
        /// The file of the certificate.
        path: Box<Path>,
        /// Cause.
        reason: rustls::Error,
    },
}

/// The certificate that clients are shown.
#[derive(Debug)]
pub(super) struct Certificate {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
    /// Stamps of the files when they were last read.
    seen: Mutex<Option<Stamps>>,
}

/// Time of each file's last change, and its length.
type Stamps = [(SystemTime, u64); 2];

impl Certificate {
    /// Reads the files.
    pub(super) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let seen = stamps(&files).ok();
        let current = read(&files)?;
        Ok(Self { files, current: RwLock::new(current), seen: Mutex::new(seen) })
    }

    /// Reads the files again. From then on new connections get what they contain; if they are of no use, what was there
    /// before.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        *self.seen.lock() = stamps(&self.files).ok();
        *self.current.write() = read(&self.files)?;
        Ok(())
    }

    /// Reads the files again if they look otherwise than when they were last read, and says whether they do. One that is
    /// missing for the moment may be about to be replaced.
    pub(super) fn renew(&self) -> Result<bool, TlsError> {
        let has_changed = stamps(&self.files).is_ok_and(|stamps| *self.seen.lock() != Some(stamps));
        if has_changed {
            self.reload()?;
        }
        Ok(has_changed)
    }
}

impl Certificate {
    /// Time at which the certificate ends that clients are shown, in seconds since 1970; none if it does not say so clearly.
    pub(super) fn end(&self) -> Option<i64> {
        validity::end(self.current.read().cert.first()?)
    }
}

/// TLS with this certificate, for HTTP/2 and HTTP/1.1.
pub(super) fn https(certificate: Arc<Certificate>) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("the provider supports the versions that are safe");
    let mut config = builder.with_no_client_auth().with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()];
    Arc::new(config)
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().clone())
    }
}

fn read(files: &TlsFiles) -> Result<Arc<CertifiedKey>, TlsError> {
    let failed = |path: &Path| {
        let path = path.into();
        |reason| TlsError::File { path, reason }
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect);
    let chain = chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
    let chain = chain.map_err(failed(&files.cert))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(failed(&files.key))?;
    let pair = CertifiedKey::from_der(chain, key, &ring::default_provider());
    pair.map(Arc::new).map_err(|reason| TlsError::Pair { path: files.cert.as_path().into(), reason })
}

fn stamps(files: &TlsFiles) -> io::Result<Stamps> {
    let stamp = |path: &Path| {
        let metadata = path.metadata()?;
        Ok::<_, io::Error>((metadata.modified()?, metadata.len()))
    };
    Ok([stamp(&files.cert)?, stamp(&files.key)?])
}
