//! The tracker: it knows which peers hold which file, and nothing of the files themselves.
//!
//! In reading order:
//!
//! - `http`: the routes, and the connections that come in. The only part that knows HTTP.
//! - [`service`]: what is done with a message: [`Tracker::answer`].
//! - [`swarm`]: which peer holds which file, and until when it is believed.
//! - [`contact`]: where a peer is reached, and by whom.
//! - [`catalogue`]: the names of files, for SEARCH.
//! - [`refusal`]: what those are told whom the tracker refuses.
//! - [`config`]: what an operator decides.
//!
//! Everything is kept in memory: after a restart the swarms refill within one lease.

#[path = "catalogue.rs"]
pub mod catalogue;
pub mod config;
pub mod contact;
#[path = "catalogue/mod.rs"]
pub mod durable_catalogue;
mod http;
pub mod refusal;
pub mod service;
pub mod swarm;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

pub use config::{Config, Limits};
pub use service::{Now, Tracker};

/// How often leases are looked at that nobody asks about.
const EXPIRY_TICK: Duration = Duration::from_secs(1);

/// Runs a tracker on this listener until `shutdown` is cancelled. Returns only after all its tasks have ended, within
/// [`Config::grace`] of the shutdown. Dropping the future ends them too.
///
/// # Errors
/// The listener has no local address, as happens when it is broken.
pub async fn serve(listener: TcpListener, config: Config, shutdown: CancellationToken) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "tracker started");
    let tracker = Arc::new(Tracker::new(&config, rand::make_rng(), Now::read()));
    tokio::join!(http::serve(listener, tracker.clone(), &config, &shutdown), expire(&tracker, &shutdown));
    tracing::info!(%address, "tracker stopped");
    Ok(())
}

/// Forgets what leases held that are over, also when nobody asks.
async fn expire(tracker: &Tracker, shutdown: &CancellationToken) {
    let mut ticks = tokio::time::interval(EXPIRY_TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let forever = async {
        loop {
            ticks.tick().await;
            while tracker.expire(Now::read()) {
                tokio::task::yield_now().await;
            }
        }
    };
    shutdown.run_until_cancelled(forever).await;
}
