//! HTTP to trackers, with TLS for `https` URLs.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, redirect};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use sprat_protocol::tracker::SIGNATURE_HEADER;

use super::courier::{Courier, Later, Letter, Undelivered};

/// Agent string of this version, sent to trackers and to other peers.
pub(crate) const AGENT: &str = concat!("sprat/", env!("CARGO_PKG_VERSION"));

/// Time a tracker may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time a request to a tracker may take in all, up to the end of the answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Time an idle connection is kept for the next message. Trackers close theirs after 30 seconds, which is also when the
/// next heartbeat is due. A heartbeat sent on a connection that is just being closed is lost, and the tracker seems to
/// be unreachable.
const CONNECTION_KEPT: Duration = Duration::from_secs(10);
/// Maximum number of bytes of an answer: many times that of a full QUERY_ANSWER for 100 files.
const MAX_ANSWER_LEN: usize = 8 * 1024 * 1024;

/// HTTP client, with TLS for `https` URLs. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Http(Client);

impl Http {
    /// Creates a client that has no connections yet.
    pub(crate) fn new() -> Self {
        let client = Client::builder()
            .tls_backend_preconfigured(tls_config())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .pool_idle_timeout(CONNECTION_KEPT)
            .redirect(redirect::Policy::none())
            .user_agent(AGENT)
            .build();
        Self(client.expect("a client with a TLS configuration of its own can always be built"))
    }
}

impl Courier for Http {
    fn deliver(
        &self,
        Letter { url, body, signature, authorization }: Letter,
    ) -> Later<'_, Result<Vec<u8>, Undelivered>> {
        let mut request = self.0.post(url).header(CONTENT_TYPE, "application/json").body(body);
        if let Some(signature) = signature {
            request = request.header(SIGNATURE_HEADER, signature);
        }
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        Box::pin(async move {
            let mut response = request.send().await?;
            let mut answer = Vec::new();
            while let Some(part) = response.chunk().await? {
                if answer.len() + part.len() > MAX_ANSWER_LEN {
                    return Err(Undelivered::TooLong);
                }
                answer.extend_from_slice(&part);
            }
            Ok(answer)
        })
    }

    fn is_well(&self, url: String) -> Later<'_, Result<bool, Undelivered>> {
        Box::pin(async move { Ok(self.0.get(url).send().await?.status().is_success()) })
    }
}

impl From<reqwest::Error> for Undelivered {
    fn from(error: reqwest::Error) -> Self {
        // The outer errors say "error sending request for url"; the innermost one names the cause.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Self::Unreachable(if error.is_timeout() { "it did not answer in time".to_owned() } else { cause.to_string() })
    }
}

/// Returns the TLS configuration for `https` trackers: ring, and the certificates that this machine trusts. A machine
/// that has none can still use `http` trackers.
fn tls_config() -> ClientConfig {
    let builder = || {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions")
    };
    match builder().with_platform_verifier() {
        Ok(builder) => builder.with_no_client_auth(),
        Err(error) => {
            tracing::debug!(%error, "no certificates on this machine, https trackers will be refused");
            builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
        }
    }
}
