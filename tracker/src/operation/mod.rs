//! Operation of a tracker as a program: sockets, logs, numbers and health.
//!
//! - [`listeners`]: sockets that the tracker listens on. [`notify`]: messages to systemd.
//! - [`logs`]: lines on standard error. `journal`: the same for the journal of systemd.
//! - `folder`: folders on a disk.
//! - [`metrics`]: numbers for Prometheus. [`readiness`]: whether the tracker can serve.

pub(crate) mod folder;
mod journal;
pub mod listeners;
pub mod logs;
pub mod metrics;
pub mod notify;
pub mod readiness;
