//! HTTPS.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sprat_tracker::config::{ServerConfig, TlsFiles};
use sprat_tracker::http::StartError;
use sprat_tracker::{Config, Listeners, Server};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::common::LONG;
use crate::config;
use crate::raw::Raw;

/// Writes a new certificate, and returns it.
fn write_certificate(files: &TlsFiles) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&files.cert, cert.pem()).unwrap();
    fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn files(folder: &Path) -> TlsFiles {
    TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") }
}

/// Connects as somebody who trusts this certificate only.
pub(crate) async fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

/// Runs a test against a tracker with a certificate in a folder.
pub(crate) async fn with_tracker(
    server: ServerConfig,
    test: impl AsyncFnOnce(&Server, SocketAddr, &Config, CertificateDer<'static>),
) {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let certificate = write_certificate(&files);
    let config = config(ServerConfig { tls: Some(files), ..server });
    let (server, background) = Server::open(&config).unwrap();
    let listeners = Listeners::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
    let (address, shutdown) = (listeners.addresses()[0], CancellationToken::new());
    let test = async {
        test(&server, address, &config, certificate).await;
        shutdown.cancel();
    };
    tokio::join!(server.run(background, listeners, &shutdown), test);
}

#[tokio::test]
async fn a_new_certificate_is_used_and_a_bad_one_is_not() {
    with_tracker(ServerConfig::default(), async |server, address, config, old| {
        let files = config.server.tls.as_ref().unwrap();
        let mut kept = Raw::over(connect(address, &old, b"http/1.1").await.unwrap());
        assert_eq!(kept.get("/healthz").await.status, 200);
        // Those that are made here end with the year 4095.
        let metrics = String::from_utf8(kept.get("/metrics").await.body).unwrap();
        assert!(metrics.contains("sprat_certificate_expiry_seconds{kind=\"server\"} 67090118400\n"), "{metrics}");

        let new = write_certificate(files);
        server.reload(config).await;
        assert!(connect(address, &old, b"http/1.1").await.is_err());
        let mut fresh = Raw::over(connect(address, &new, b"http/1.1").await.unwrap());
        assert_eq!(fresh.get("/healthz").await.status, 200);
        assert_eq!(kept.get("/healthz").await.status, 200);

        let other_key = generate_simple_self_signed(["localhost".to_owned()]).unwrap().signing_key.serialize_pem();
        let good_key = fs::read(&files.key).unwrap();
        for bad in ["", "nonsense", other_key.as_str()] {
            fs::write(&files.key, bad).unwrap();
            server.reload(config).await;
            connect(address, &new, b"http/1.1").await.unwrap();
        }
        fs::write(&files.key, good_key).unwrap();
        fs::remove_file(&files.cert).unwrap();
        server.reload(config).await;
        connect(address, &new, b"http/1.1").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn without_a_good_certificate_the_tracker_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerConfig { tls: Some(files(folder.path())), ..ServerConfig::default() };
    assert!(matches!(Server::open(&config(server)), Err(StartError::Tls(_))));
}

#[tokio::test]
async fn who_does_not_shake_hands_is_cut_off() {
    let header_time = Duration::from_millis(300);
    let idle_time = LONG * 10;
    let server = ServerConfig { header_time, idle_time, ..ServerConfig::default() };
    with_tracker(server, async |_, address, _, certificate| {
        let start = Instant::now();
        let mut silent = Raw::open(address).await;
        silent.end().await;
        assert!(start.elapsed() >= header_time);
        let mut plain = Raw::open(address).await;
        plain.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        while plain.answer_or_end().await.is_some() {}
        let mut honest = Raw::over(connect(address, &certificate, b"http/1.1").await.unwrap());
        assert_eq!(honest.get("/healthz").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn connections_count_before_hands_are_shaken() {
    let server = ServerConfig { connections_per_address: 1, ..ServerConfig::default() };
    with_tracker(server, async |_, address, _, certificate| {
        let mut silent = Raw::open(address).await;
        assert!(connect(address, &certificate, b"http/1.1").await.is_err());
        silent.send("nonsense that is no handshake").await;
        while silent.answer_or_end().await.is_some() {}
        // Its place is free as soon as its task has ended.
        let start = Instant::now();
        while connect(address, &certificate, b"http/1.1").await.is_err() {
            assert!(start.elapsed() < LONG);
        }
    })
    .await;
}
