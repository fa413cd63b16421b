//! State that the handlers share.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;

use super::client::ClientAddr;
use super::memory::Memory;
use super::progress::CutOff;
use super::tls::Certificate;
use crate::access::AccessError;
use crate::config::ServerConfig;
use crate::model::moment::{Caller, Now};
use crate::operation::metrics::{Counted, Metrics};
use crate::operation::readiness::Readiness;
use crate::service::Tracker;

/// State that the handlers share.
#[derive(Debug)]
pub(super) struct App {
    pub(super) tracker: Arc<Tracker>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) readiness: Readiness,
    pub(super) max_body_len: usize,
    pub(super) max_batch_len: usize,
    pub(super) memory: Arc<Memory>,
    /// Certificate that clients are shown, if HTTPS is served.
    pub(super) certificate: Option<Arc<Certificate>>,
}

impl App {
    pub(super) fn new(tracker: Arc<Tracker>, config: &ServerConfig, certificate: Option<Arc<Certificate>>) -> Self {
        let &ServerConfig { max_body_len, max_batch_len, max_memory, .. } = config;
        let metrics = tracker.metrics().clone();
        metrics.count_from_zero(Counted::ConnectionsRefused, &["connections", "connections_per_address"]);
        metrics.count_from_zero(Counted::ConnectionsCutOff, &CutOff::REASONS);
        metrics.count_from_zero(
            Counted::Caps,
            &["connections", "connections_per_address", "body", "memory", "handler_time"],
        );
        metrics.count_from_zero(Counted::TokensRefused, &AccessError::KINDS);
        Self {
            tracker,
            metrics,
            readiness: Readiness::default(),
            max_body_len,
            max_batch_len,
            memory: Memory::new(max_memory),
            certificate,
        }
    }
}

pub(super) type Client = Extension<ClientAddr>;
pub(super) type Tracking = State<Arc<App>>;

pub(super) fn caller(Extension(ClientAddr(address)): Client) -> Caller {
    Caller::new(address, Now::read())
}
