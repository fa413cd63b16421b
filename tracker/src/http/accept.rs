//! Acceptance of connections at listening sockets.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::connection::Connections;
use super::gate::{Gate, Refused};
use super::turn_away::{FULL, TOO_MANY, turn_away};

/// Pause before the next accept after one that failed: out of file descriptors, it would fail at once again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Time that a new connection waits for those that make room for it.
const ROOM_TIME: Duration = Duration::from_millis(50);

/// A socket that is listened on, and what is done with those who connect to it.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) listener: TcpListener,
    pub(super) connections: Arc<Connections>,
}

/// Lets in whoever connects, for ever.
pub(super) async fn let_all_in(listening: &[Listening], tasks: &mut JoinSet<()>) {
    let mut turn = 0;
    loop {
        tokio::select! {
            Some(ended) = tasks.join_next() => report(ended),
            (stream, remote, connections) = accept(listening, &mut turn) => {
                // Whoever gives up waiting is refused then.
                let _ = timeout(ROOM_TIME, wait_for_room(&connections.gate, tasks)).await;
                let_in(connections, stream, remote, tasks);
            }
        }
    }
}

/// Waits until no more connections are about to end than there may be. A crowd comes faster than they end, which takes a moment.
async fn wait_for_room(gate: &Gate, tasks: &mut JoinSet<()>) {
    while gate.is_making_room()
        && let Some(ended) = tasks.join_next().await
    {
        report(ended);
    }
}

/// Waits until all these tasks have ended.
pub(super) async fn all_ended(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the task of a connection failed");
    }
}

/// Waits for the next connection. The sockets are looked at in turns, so that a crowd at one keeps nobody out of another.
async fn accept<'a>(listening: &'a [Listening], turn: &mut usize) -> (TcpStream, IpAddr, &'a Arc<Connections>) {
    loop {
        let (accepted, connections) = poll_fn(|context| poll_accept(listening, turn, context)).await;
        match accepted {
            Ok((stream, remote)) => return (stream, remote.ip().to_canonical(), connections),
            Err(error) => {
                tracing::debug!(%error, "accepting a connection failed");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

type AcceptResult = io::Result<(TcpStream, SocketAddr)>;

fn poll_accept<'a>(
    listening: &'a [Listening],
    turn: &mut usize,
    context: &mut Context<'_>,
) -> Poll<(AcceptResult, &'a Arc<Connections>)> {
    for _ in listening {
        *turn = (*turn + 1) % listening.len();
        let Listening { listener, connections } = &listening[*turn];
        if let Poll::Ready(accepted) = listener.poll_accept(context) {
            return Poll::Ready((accepted, connections));
        }
    }
    Poll::Pending
}

/// Lets somebody in, if there is room.
fn let_in(connections: &Arc<Connections>, stream: TcpStream, remote: IpAddr, tasks: &mut JoinSet<()>) {
    let requests = &connections.requests;
    let counted = (!requests.proxies.contain(remote)).then_some(remote);
    let refused = match connections.gate.admit(counted, Instant::now()) {
        Ok(admission) => {
            tasks.spawn(connections.clone().serve(stream, remote, admission));
            return;
        }
        Err(refused) => refused,
    };
    let (cap, answer) = match refused {
        Refused::Address => ("connections_per_address", &*TOO_MANY),
        Refused::Full => ("connections", &*FULL),
    };
    requests.metrics.connection_refused(cap);
    requests.metrics.cap_hit(cap);
    // Who speaks TLS would not understand it.
    if !connections.is_tls()
        && let Err(error) = turn_away(stream, answer)
    {
        tracing::trace!(%remote, %error, "somebody who was not let in was not told so");
    }
}
