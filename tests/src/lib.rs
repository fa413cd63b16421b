//! Equipment for tests of whole flows: processes of the real binaries, engines and trackers within the test, peers that
//! lie,
//! and files to move.
//!
//! - [`process`]: the binaries as a user runs them.
//! - [`swarm`]: a tracker and engines within the test's own process.
//! - [`liar`]: a peer that speaks the wire but does not keep to it.
//! - [`stranger`]: somebody who dials a peer and says whatever he likes; [`glutton`]: a peer that asks for everything and takes
//!   nothing.
//! - [`group`]: processes that have so much memory and no more.
//! - [`relay`]: somebody on the wire; [`fault_proxy`]: a wire in trouble.
//! - [`hostile_tracker`]: a tracker that answers with anything but what it was asked for.
//! - `window`: the window on a real display (Linux).
//! - [`files`]: real files, and the ID of one by a second, independent computation.
//!
//! No test here uses a fixed port, and none sleeps in the hope that something has happened by then: each waits for the thing
//! itself, with [`PATIENCE`] as the bound after which it fails.

pub mod fault_proxy;
pub mod files;
pub mod glutton;
pub mod group;
pub mod hostile_tracker;
pub mod liar;
pub mod process;
pub mod relay;
pub mod stranger;
pub mod swarm;
#[cfg(target_os = "linux")]
pub mod window;

use std::time::Duration;

/// Time that anything may take before a test fails. Far more than it takes, since test machines are busy.
pub const PATIENCE: Duration = Duration::from_secs(60);
