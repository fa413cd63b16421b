//! Loop that accepts connections.

use std::sync::Arc;
use std::time::Duration;

use crate::peers::dial::Peers;
use crate::world::Listen;

/// Pause after the system refused to accept a connection, for instance because too many files are open.
const BREATHER: Duration = Duration::from_millis(200);

/// Accepts peers until the engine stops. A permit is taken before a peer is accepted, so that connections over the
/// limit wait in the system's queue and cost nothing here.
pub(crate) async fn serve(peers: Arc<Peers>, listener: Box<dyn Listen>) {
    loop {
        let Ok(permit) = peers.pool.inbound().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, addr)) => {
                let accepting = peers.clone();
                peers.tasks.spawn(async move { accepting.accept(stream, addr, permit).await });
            }
            Err(error) => {
                tracing::warn!(%error, "can't accept peers for a moment");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
}
