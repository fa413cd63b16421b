//! The server: where it listens, how it ends, and its certificate.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::service::TowerToHyperService;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::accept::{Listening, all_ended, let_all_in};
use super::app::App;
use super::client::Proxies;
use super::connection::Connections;
use super::gate::Gate;
use super::head::Hosts;
use super::request::Requests;
use super::routes::{metrics_router, router};
use super::tls::{TlsError, https};
use crate::config::{Config, ServerConfig};
use crate::operation::listeners::Listeners;
use crate::operation::readiness::NotReady;

/// Pause between two looks at the files of the certificate.
const CERTIFICATE_TICK: Duration = Duration::from_secs(10);
/// Connections to where only metrics are served. They are not counted with the others, so that a tracker that is full can
/// still be looked at.
const METRICS_CONNECTIONS: usize = 64;

/// Serves a tracker over HTTP.
#[derive(Debug)]
pub(super) struct HttpServer {
    app: Arc<App>,
    config: ServerConfig,
    grace: Duration,
}

impl HttpServer {
    pub(super) fn new(app: App, config: &Config) -> Self {
        Self { app: Arc::new(app), config: config.server.clone(), grace: config.grace }
    }

    /// Reads the certificate again, if there is one.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        self.app.certificate.as_ref().map_or(Ok(()), |certificate| certificate.reload())
    }

    /// Serves until `shutdown`; then lets open requests end, and after the grace time ends them. No task outlives this.
    pub(super) async fn run(&self, listeners: Listeners, shutdown: &CancellationToken) {
        let streams = TaskTracker::new();
        let listening = self.listen(listeners, &streams);
        let mut connections = JoinSet::new();
        self.app.readiness.set(NotReady::Starting, false);
        tokio::select! {
            () = let_all_in(&listening, &mut connections) => {}
            () = self.watch_certificate() => {}
            () = self.told_to_end(shutdown) => {}
        }
        for Listening { connections, .. } in listening {
            connections.drain();
        }
        if timeout(self.grace, all_ended(&mut connections)).await.is_err() {
            tracing::debug!(open = connections.len(), "closing connections that did not end by themselves");
            connections.shutdown().await;
        }
        streams.close();
        streams.wait().await;
    }

    /// Waits until nobody is to be let in any more.
    async fn told_to_end(&self, shutdown: &CancellationToken) {
        shutdown.cancelled().await;
        self.app.readiness.set(NotReady::Draining, true);
        sleep(self.config.drain_delay).await;
    }

    /// Looks from time to time whether there is another certificate.
    async fn watch_certificate(&self) {
        let mut ticks = interval(CERTIFICATE_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(certificate) = self.app.certificate.clone() else { continue };
            let renewed = tokio::task::spawn_blocking(move || certificate.renew());
            match renewed.await {
                Ok(Ok(true)) => tracing::info!("the certificate was renewed"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::error!(%error, "the new certificate is of no use; the old one is kept"),
                Err(error) => tracing::error!(%error, "the task that reads certificates failed"),
            }
        }
    }

    /// Pairs each listener with the connections that it serves.
    fn listen(&self, listeners: Listeners, streams: &TaskTracker) -> Vec<Listening> {
        let Listeners { main, metrics } = listeners;
        let main_router = router(self.app.clone(), metrics.is_none());
        let tls = self.app.certificate.clone().map(https);
        let connections = self.connections(main_router, &self.config, tls, streams);
        let main = main.into_iter().map(|listener| Listening { listener, connections: connections.clone() });
        let metrics = metrics.map(|listener| {
            let config = ServerConfig {
                connections: METRICS_CONNECTIONS,
                connections_per_address: METRICS_CONNECTIONS,
                ..self.config.clone()
            };
            let connections = self.connections(metrics_router(self.app.clone()), &config, None, streams);
            Listening { listener, connections }
        });
        main.chain(metrics).collect()
    }

    fn connections(
        &self,
        router: Router,
        config: &ServerConfig,
        tls: Option<Arc<rustls::ServerConfig>>,
        streams: &TaskTracker,
    ) -> Arc<Connections> {
        let requests = Requests {
            tracker: self.app.tracker.clone(),
            router: TowerToHyperService::new(router),
            hosts: Hosts::new(self.app.tracker.names()),
            proxies: Proxies::new(config),
            handler_time: config.handler_time,
            memory: self.app.memory.clone(),
            metrics: self.app.metrics.clone(),
        };
        let gate = Gate::new(config, rand::make_rng());
        Arc::new(Connections::new(config, Arc::new(requests), gate, tls, streams.clone()))
    }
}
