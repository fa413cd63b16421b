//! A tracker inside this process, for those who have none.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sprat_api::{Command, TrackerQuestion};
use sprat_peer::{EngineHandle, Tokens, lan_addresses};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::config::default_tracker;
use crate::engine::asking;
use crate::terminal::failure::Failure;

/// The port that a tracker listens on where nobody chose another.
const DEFAULT_PORT: u16 = 5000;

/// A tracker that runs until it is stopped or dropped.
pub(crate) struct EmbeddedTracker {
    url: Url,
    task: JoinHandle<io::Result<()>>,
    shutdown: DropGuard,
}

impl EmbeddedTracker {
    /// Listens there. `reached_at` is the address that links and peers are told.
    pub(crate) async fn start(listen: SocketAddr, reached_at: IpAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let at = SocketAddr::new(reached_at, listener.local_addr()?.port());
        let shutdown = CancellationToken::new();
        let service = sprat_tracker::serve(listener, sprat_tracker::Config::default(), shutdown.clone());
        let url = format!("http://{at}").parse().expect("an address makes a URL");
        Ok(Self { url, task: tokio::spawn(service), shutdown: shutdown.drop_guard() })
    }

    /// Address of the tracker.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Ends it, and waits until it has.
    pub(crate) async fn stop(self) {
        drop(self.shutdown);
        if let Ok(Err(error)) = self.task.await {
            tracing::warn!(%error, "the tracker in this process failed");
        }
    }
}

/// Tracker that `sprat share` uses where none is configured.
pub(crate) enum DefaultTracker {
    /// One that runs already.
    Found(Url),
    /// One that was started here.
    Started {
        /// The tracker that was started.
        tracker: EmbeddedTracker,
        /// True if the usual port was taken by something else.
        other_port: bool,
    },
}

impl DefaultTracker {
    /// Finds the tracker on this machine, or starts one: for this machine only, or for its network.
    pub(crate) async fn find_or_start(lan: bool) -> Result<Self, Failure> {
        let (url, reached_at, listen) = if lan {
            let ip = network_address()?;
            let url = format!("http://{}", SocketAddr::new(ip, DEFAULT_PORT)).parse().expect("an address makes a URL");
            (url, ip, unspecified_like(ip))
        } else {
            let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
            (default_tracker(), localhost, localhost)
        };
        let asking = asking::start(Tokens::default(), None)?;
        if is_tracker(&asking, &url).await {
            return Ok(Self::Found(url));
        }
        let started = EmbeddedTracker::start(SocketAddr::new(listen, DEFAULT_PORT), reached_at).await;
        match started {
            Ok(tracker) => Ok(Self::Started { tracker, other_port: false }),
            // Another `sprat share` may have been quicker.
            Err(_) if is_tracker(&asking, &url).await => Ok(Self::Found(url)),
            Err(_) => {
                let tracker =
                    EmbeddedTracker::start(SocketAddr::new(listen, 0), reached_at).await.map_err(|error| {
                        Failure::failed(format!(
                            "can't start a tracker on {listen}: {error}; name another one with --tracker"
                        ))
                    })?;
                Ok(Self::Started { tracker, other_port: true })
            }
        }
    }
}

/// The best address of this machine that others on its network can reach.
fn network_address() -> Result<IpAddr, Failure> {
    lan_addresses().first().copied().ok_or_else(|| {
        Failure::failed(
            "this machine has no address that others can reach; connect it to a network, or leave --lan out",
        )
    })
}

fn unspecified_like(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// Returns true if whatever answers at `url` speaks as a tracker does: other programs use port 5000 too, and some say
/// yes to anything.
async fn is_tracker(asking: &EngineHandle, url: &Url) -> bool {
    let question = TrackerQuestion::IsTracker;
    asking.ask(Command::AskTracker { tracker: url.clone(), question }).await.is_ok()
}
