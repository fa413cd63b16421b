//! The tracker on this computer.

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::model::messages::LocalTracker;
use crate::model::preferences::Reach;

/// Port of the tracker, if that is free, so that its address stays the same.
const PORT: u16 = 5000;
/// Time that open requests of the tracker have to end.
const GRACE: Duration = Duration::from_millis(500);
/// Time that the tracker as a whole has to end.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// Owner of the tracker on this computer, which may run. Dropping it stops the tracker.
#[derive(Debug, Default)]
pub struct TrackerHost {
    running: Option<TrackerTask>,
}

#[derive(Debug)]
struct TrackerTask {
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

impl TrackerHost {
    /// Stops the tracker if it runs, and starts it anew unless `reach` is [`Reach::Off`].
    pub async fn set(&mut self, reach: Reach) -> LocalTracker {
        self.stop().await;
        let ip = match reach {
            Reach::Off => return LocalTracker::Off,
            Reach::ThisComputer => Ipv4Addr::LOCALHOST,
            Reach::Network => Ipv4Addr::UNSPECIFIED,
        };
        match self.start(ip.into()).await {
            Ok(port) => running(port, reach),
            Err(error) => LocalTracker::Failed(error.to_string()),
        }
    }

    async fn start(&mut self, ip: IpAddr) -> io::Result<u16> {
        let listener = listen(ip).await?;
        let port = listener.local_addr()?.port();
        let stop = CancellationToken::new();
        let config = sprat_tracker::Config { grace: GRACE, ..sprat_tracker::Config::default() };
        let task = tokio::spawn(sprat_tracker::serve(listener, config, stop.clone()));
        self.running = Some(TrackerTask { stop, task });
        Ok(port)
    }

    /// Stops the tracker, if it runs.
    pub async fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.stop.cancel();
            let _ = tokio::time::timeout(STOP_WITHIN, &mut running.task).await;
        }
    }

    /// Waits until the tracker ends by itself, and returns the reason. Cancel safe; without a tracker it waits for
    /// ever.
    pub async fn ended(&mut self) -> LocalTracker {
        let Some(running) = &mut self.running else { return pending().await };
        let result = (&mut running.task).await;
        self.running = None;
        let reason = match result {
            Ok(Ok(())) => return LocalTracker::Off,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        LocalTracker::Failed(reason)
    }
}

impl Drop for TrackerTask {
    fn drop(&mut self) {
        self.stop.cancel();
        self.task.abort();
    }
}

/// Listens on the usual port, or on any if that is taken.
async fn listen(ip: IpAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::new(ip, PORT)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => TcpListener::bind(SocketAddr::new(ip, 0)).await,
        listener => listener,
    }
}

/// State of a tracker on this port. Links carry the address that the engine uses, so that is one which others can reach
/// if there is one.
fn running(port: u16, reach: Reach) -> LocalTracker {
    let url = |ip: IpAddr| Url::parse(&format!("http://{}", SocketAddr::new(ip, port))).expect("an address and a port");
    let for_others: Vec<Url> = match reach {
        Reach::Network => sprat_peer::lan_addresses().into_iter().filter(IpAddr::is_ipv4).map(url).collect(),
        Reach::Off | Reach::ThisComputer => Vec::new(),
    };
    let first = for_others.first().cloned();
    LocalTracker::Running { url: first.unwrap_or_else(|| url(Ipv4Addr::LOCALHOST.into())), for_others }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_no_obstacle() {
        let ip = Ipv4Addr::LOCALHOST.into();
        let first = listen(ip).await.unwrap();
        let second = listen(ip).await.unwrap();
        assert_ne!(first.local_addr().unwrap(), second.local_addr().unwrap());
    }

    #[tokio::test]
    async fn a_tracker_starts_and_stops() {
        let mut host = TrackerHost::default();
        let LocalTracker::Running { url, for_others } = host.set(Reach::ThisComputer).await else {
            panic!("it should run");
        };
        assert_eq!((url.host_str(), for_others.len()), (Some("127.0.0.1"), 0));
        assert_eq!(host.set(Reach::Off).await, LocalTracker::Off);
        let closed = tokio::net::TcpStream::connect(("127.0.0.1", url.port().unwrap())).await;
        assert!(closed.is_err());
    }
}
