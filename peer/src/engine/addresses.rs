//! Reaction to new addresses of this machine: another Wi-Fi, another DHCP lease, a VPN.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sprat_protocol::PeerId;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::running::Running;
use crate::peers::dial::Peers;

/// Seconds to wait before each attempt to reach a peer whose connection ran over a lost address: the new network may
/// not work at once.
const WAITS: [u64; 5] = [0, 1, 2, 4, 8];
/// Upper bound of those peers that are dialled at the same time.
const MAX_DIALS: usize = 8;

impl Running {
    /// Compares this machine's addresses with those of the last look. After a change, connections over lost addresses
    /// are closed (nothing will ever arrive on them) and their peers dialled again, trackers are told, and every
    /// download retries at once.
    pub(super) fn look_at_addresses(&mut self) {
        // If the system cannot list the addresses, assume that none has changed.
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
        // Links in the snapshot name these addresses.
        self.stale = true;
    }
}

/// Dials the peers whose connections ran over a lost address. They cannot know this peer's new address, and hold on to
/// a connection that has fallen silent.
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
