//! Operation of a tracker as a program: sockets, logs, numbers and health.
//!
//! - [`listeners`]: sockets that the tracker listens on. [`notify`]: messages to systemd.
//! - [`logs`]: lines on standard error. `journal`: the same for the journal of systemd.
//! - [`folder`]: folders and files on a disk. [`descriptors`]: the number of open files.
//! - [`metrics`]: numbers for Prometheus; `process`: those of the process. [`readiness`]: whether the tracker can serve.

pub mod descriptors;
pub mod folder;
mod journal;
pub mod listeners;
pub mod logs;
pub mod metrics;
pub mod notify;
mod process;
pub mod readiness;
