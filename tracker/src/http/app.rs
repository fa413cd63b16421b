//! State that the handlers share.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;

use super::client::ClientAddr;
use super::memory::Memory;
use crate::config::ServerConfig;
use crate::model::moment::{Caller, Now};
use crate::operation::metrics::Metrics;
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
}

impl App {
    pub(super) fn new(tracker: Arc<Tracker>, config: &ServerConfig) -> Self {
        let &ServerConfig { max_body_len, max_batch_len, max_memory, .. } = config;
        let metrics = tracker.metrics().clone();
        Self {
            tracker,
            metrics,
            readiness: Readiness::default(),
            max_body_len,
            max_batch_len,
            memory: Memory::new(max_memory),
        }
    }
}

pub(super) type Client = Extension<ClientAddr>;
pub(super) type Tracking = State<Arc<App>>;

pub(super) fn caller(Extension(ClientAddr(address)): Client) -> Caller {
    Caller::new(address, Now::read())
}
