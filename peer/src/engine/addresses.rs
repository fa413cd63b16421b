//! This machine gets other addresses: another Wi-Fi, another lease of DHCP, a VPN.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sprat_protocol::PeerId;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::running::Running;
use crate::peers::dial::Peers;

/// Seconds before each attempt to reach those who were connected with where this machine was: the new network may not work at once.
const WAITS: [u64; 5] = [0, 1, 2, 4, 8];
/// How many of them are dialled at once.
const MAX_DIALS: usize = 8;

impl Running {
    /// Looks whether this machine has other addresses than before. What runs over one that is gone is given up, since nothing will
    /// ever be heard of it; trackers are told, and everybody is tried again.
    pub(super) fn look_at_addresses(&mut self) {
        // Where the system does not tell, nothing is known to have changed.
        let Ok(now) = self.parts.network.addresses() else { return };
        let before = std::mem::replace(&mut self.addresses, now.clone());
        let lost: Vec<IpAddr> = before.iter().copied().filter(|ip| !now.contains(ip)).collect();
        if lost.is_empty() && now.iter().all(|ip| before.contains(ip)) {
            return;
        }
        tracing::info!(?before, ?now, "this machine has other addresses");
        if !lost.is_empty() {
            let left = self.parts.peers.pool.leave(&lost);
            dial_again(&self.parts.peers, left);
            self.parts.trackers.moved();
        }
        self.hurry();
        // Links name them.
        self.stale = true;
    }
}

/// Dials those who were connected and cannot know where this peer is now: they hold on to a connection that has fallen silent.
fn dial_again(peers: &Arc<Peers>, left: Vec<(PeerId, SocketAddr)>) {
    let room = Arc::new(Semaphore::new(MAX_DIALS));
    for (peer_id, addr) in left {
        let (dialling, room) = (peers.clone(), room.clone());
        peers.tasks.spawn(async move {
            for wait in WAITS {
                sleep(Duration::from_secs(wait)).await;
                let _turn = room.acquire().await;
                if dialling.connect(Some(peer_id), &[addr.into()]).await.is_ok() {
                    return;
                }
            }
        });
    }
}
