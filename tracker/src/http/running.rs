//! A tracker that runs.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::app::App;
use super::server::HttpServer;
use super::tls::{Certificate, TlsError};
use crate::config::Config;
use crate::model::moment::Now;
use crate::operation::listeners::Listeners;
use crate::service::{Background, OpenTrackerError, Tracker};

/// A tracker, and what serves it.
#[derive(Debug)]
pub struct Server {
    tracker: Arc<Tracker>,
    http: HttpServer,
}

/// Reason why a tracker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The tracker itself.
    #[error(transparent)]
    Open(#[from] OpenTrackerError),
    /// Its certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Server {
    /// Makes a tracker ready to run, and what is to run beside it.
    ///
    /// # Errors
    /// [`StartError`] says what stands in the way.
    pub fn open(config: &Config) -> Result<(Self, Background), StartError> {
        let (tracker, background) = Tracker::open(config, rand::make_rng(), Now::read())?;
        let tracker = Arc::new(tracker);
        let certificate = config.server.tls.clone().map(Certificate::load).transpose()?.map(Arc::new);
        let app = App::new(tracker.clone(), &config.server, certificate);
        Ok((Self { tracker, http: HttpServer::new(app, config) }, background))
    }

    /// Finds the files of a configuration that are of no use as they are, a sentence for each. Nothing is started.
    pub fn problems(config: &Config) -> Vec<String> {
        let certificate = config.server.tls.clone().and_then(|files| Certificate::load(files).err());
        let certificate = certificate.map(|error| error.to_string());
        certificate.into_iter().chain(Tracker::problems(config)).collect()
    }

    /// Serves until `shutdown` is cancelled. Returns only after all its tasks have ended: within
    /// [`drain_delay`](crate::config::ServerConfig::drain_delay), then [`Config::grace`], and a few seconds for what is still to
    /// be written. Dropping the future ends them too.
    pub async fn run(&self, background: Background, listeners: Listeners, shutdown: &CancellationToken) {
        let addresses = listeners.addresses();
        tracing::info!(?addresses, "tracker started");
        // Requests that are still open need all that answers them.
        let served = CancellationToken::new();
        let serving = async {
            self.http.run(listeners, shutdown).await;
            served.cancel();
        };
        tokio::join!(serving, self.tracker.run(background, &served));
        tracing::info!(?addresses, "tracker stopped");
    }

    /// Reads all files again that this configuration names: the certificate, tokens and block lists. What is of no use is
    /// told to the log, and what was there before is kept.
    pub async fn reload(&self, config: &Config) {
        if let Err(error) = self.http.reload() {
            tracing::error!(%error, "the certificate stays as it was");
        }
        if let Err(error) = self.tracker.moderation().reload(config.access.clone()).await {
            tracing::error!(%error, "tokens and block lists stay as they were");
        }
    }
}
