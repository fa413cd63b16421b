//! Calls back to peers: the tracker tries to connect, at the address that the peer's own connection came from and
//! nowhere else, so nobody can turn it on a third party. A call goes as far as the handshake that proves who is there.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sprat_protocol::identity::NoRandomness;
use sprat_protocol::tls::{self, TlsConfigs};
use sprat_protocol::{Identity, PeerId};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::model::rates::Rates;
use crate::store::Store;

/// Number of calls that may wait for their turn; further ones are not made until the peer is heard again.
const WAITING: usize = 1000;
/// Number of calls that are made at once.
const AT_ONCE: usize = 64;
/// Number of calls that are made to one address, or to one IPv6 /64, in a minute.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("30 is not 0");
/// Time that a call may take, to the end of the handshake.
const PATIENCE: Duration = Duration::from_secs(3);

/// A peer, and where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    /// Peer that should be there.
    pub(crate) peer_id: PeerId,
    /// The address that its connection came from, and the port that it declared.
    pub(crate) address: SocketAddr,
}

/// End at which calls are asked for.
#[derive(Debug)]
pub(crate) struct CallBacks {
    queue: mpsc::Sender<Call>,
    /// The calls that wait or are being made.
    pending: Arc<Mutex<HashSet<Call>>>,
    rates: Rates,
}

/// End at which calls are made.
#[derive(Debug)]
pub(crate) struct Dialler {
    queue: mpsc::Receiver<Call>,
    pending: Arc<Mutex<HashSet<Call>>>,
    tls: TlsConfigs,
    patience: Duration,
}

impl CallBacks {
    /// Both ends. The tracker proves no identity of its own: the key is made for this run.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(crate) fn new() -> Result<(Self, Dialler), NoRandomness> {
        let tls = TlsConfigs::new(&Identity::generate()?);
        let (sender, queue) = mpsc::channel(WAITING);
        let pending = Arc::new(Mutex::new(HashSet::new()));
        let dialler = Dialler { queue, pending: pending.clone(), tls, patience: PATIENCE };
        Ok((Self { queue: sender, pending, rates: Rates::per_minute(PER_MINUTE) }, dialler))
    }

    /// Asks for a call, unless it is asked for already, or too many are.
    pub(crate) fn ask(&self, call: Call) {
        if self.pending.lock().contains(&call) || self.rates.take(call.address.ip(), 1).is_err() {
            return;
        }
        if let Ok(room) = self.queue.try_reserve() {
            self.pending.lock().insert(call);
            room.send(call);
        }
    }

    /// Forgets whom nothing is to be remembered of.
    pub(crate) fn forget_idle(&self) {
        self.rates.forget_idle();
    }
}

impl Dialler {
    /// Makes the calls that are asked for, and tells the store what came of them, until `shutdown`.
    pub(crate) async fn run(mut self, store: &dyn Store, shutdown: &CancellationToken) {
        let mut calls = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                Some(call) = self.queue.recv(), if calls.len() < AT_ONCE => {
                    let connector = TlsConnector::from(self.tls.client(Some(call.peer_id)));
                    let is_there = timeout(self.patience, is_there(connector, call.address));
                    calls.spawn(async move { (call, is_there.await.unwrap_or(false)) });
                }
                Some(made) = calls.join_next() => {
                    let (call, reachable) = made.expect("a call does not panic");
                    store.set_reachable(call.peer_id, call.address.ip(), reachable).await;
                    self.pending.lock().remove(&call);
                }
            }
        }
    }
}

/// Calls, and says whether the peer that the connector expects is at this address.
async fn is_there(connector: TlsConnector, address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect(address).await else { return false };
    connector.connect(tls::server_name(), stream).await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Instant;

    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use sprat_chunking::{ChunkSize, FileId, Layout};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::config::Limits;
    use crate::model::contact::Contact;
    use crate::model::holding::{Claim, Offer, Share};
    use crate::store::swarm::Swarms;

    const LONG: Duration = Duration::from_secs(20);

    fn identity(seed: u8) -> Identity {
        Identity::from_seed([seed; 32])
    }

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// A peer that answers every connection, for as long as the task runs.
    async fn answering(seed: u8) -> (SocketAddr, JoinSet<()>) {
        let (listener, address) = listener().await;
        let acceptor = TlsAcceptor::from(TlsConfigs::new(&identity(seed)).server);
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = acceptor.accept(stream).await;
            }
        });
        (address, task)
    }

    /// Calls back the peer with seed 1, which says that it is at this address.
    async fn found(address: SocketAddr, patience: Duration) -> Option<bool> {
        let peer_id = identity(1).peer_id();
        let now = Instant::now();
        let store = Swarms::new(LONG * 10, Limits::default(), StdRng::seed_from_u64(1));
        let file_id: FileId = "00".repeat(32).parse().unwrap();
        let claim = Claim { name: "a".into(), layout: Layout::new(1, ChunkSize::DEFAULT).unwrap() };
        let mut offer = Offer::new(Share { file_id, claim, complete: true });
        let contact = Contact::new(address.ip(), address.port(), &[]);
        let token = store.register(now, peer_id, contact, [&mut offer]).unwrap().token;
        let (calls, mut dialler) = CallBacks::new().unwrap();
        dialler.patience = patience;
        calls.ask(Call { peer_id, address });
        let shutdown = CancellationToken::new();
        let answered = async {
            loop {
                if calls.pending.lock().is_empty() {
                    shutdown.cancel();
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        let run = async { tokio::join!(dialler.run(&store, &shutdown), answered) };
        timeout(LONG, run).await.expect("the call comes to an end");
        store.heartbeat(now, peer_id, token, address.ip(), &[]).unwrap().reachable
    }

    #[tokio::test]
    async fn a_peer_that_proves_its_id_is_reachable() {
        let (address, _task) = answering(1).await;
        assert_eq!(found(address, LONG).await, Some(true));
    }

    #[tokio::test]
    async fn another_peer_there_is_not_this_one() {
        let (address, _task) = answering(2).await;
        assert_eq!(found(address, LONG).await, Some(false));
    }

    #[tokio::test]
    async fn nobody_there_is_not_reachable() {
        let (listener, address) = listener().await;
        drop(listener);
        assert_eq!(found(address, LONG).await, Some(false));
    }

    #[tokio::test]
    async fn who_says_nothing_is_not_waited_for() {
        let (_silent, address) = listener().await;
        assert_eq!(found(address, Duration::from_millis(50)).await, Some(false));
    }

    #[tokio::test]
    async fn one_address_is_not_called_more_often_than_its_rate_nor_twice_at_once() {
        let (calls, mut dialler) = CallBacks::new().unwrap();
        let call = |port| Call { peer_id: identity(1).peer_id(), address: (Ipv4Addr::LOCALHOST, port).into() };
        calls.ask(call(1));
        calls.ask(call(1));
        (2..100).for_each(|port| calls.ask(call(port)));
        let mut asked = 0;
        while dialler.queue.try_recv().is_ok() {
            asked += 1;
        }
        assert_eq!(asked, PER_MINUTE.get());
        calls.ask(Call { address: (Ipv4Addr::new(127, 0, 0, 2), 1).into(), ..call(1) });
        assert!(dialler.queue.try_recv().is_ok());
    }
}
