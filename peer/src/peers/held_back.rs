//! Receiving chunks no faster than the limits allow: what a peer sends is left in the socket until it may pass, and the peer
//! is not held to be slow for it.

use std::pin::pin;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::io::AsyncRead;
use tokio::time::timeout_at;

use sprat_protocol::wire::Message;

use crate::engine::node::Node;
use crate::flow::settings::Throttle;
use crate::peers::connection::Connection;
use crate::wire::frames::{FrameReader, StreamError};
use crate::world::clock;

/// When this side last held a peer's bytes back.
#[derive(Debug, Default)]
pub(crate) struct HeldBack(Mutex<Option<Held>>);

#[derive(Clone, Copy, Debug)]
enum Held {
    /// It does so now.
    Now,
    /// It did so until then.
    Until(Instant),
}

impl HeldBack {
    /// Until when, if ever.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        match *self.0.lock() {
            Some(Held::Now) => Some(now),
            Some(Held::Until(then)) => Some(then),
            None => None,
        }
    }

    fn set(&self, held: Held) {
        *self.0.lock() = Some(held);
    }
}

impl Connection {
    /// Reads a chunk in slices, each when it may pass. The peer hears from this side meanwhile, so that it does not think that
    /// nobody is there.
    pub(crate) async fn read_held_back<R: AsyncRead + Unpin>(
        &self,
        node: &Node,
        throttle: &Throttle<'_>,
        chunk: &mut [u8],
        reader: &mut FrameReader<R>,
    ) -> Result<(), StreamError> {
        let sign_of_life = node.limits.idle_timeout / 4;
        let mut ping_at = clock::now() + sign_of_life;
        for slice in chunk.chunks_mut(throttle.slice_len()) {
            self.held_back.set(Held::Now);
            let mut taking = pin!(throttle.take(slice.len()));
            while timeout_at(ping_at.into(), &mut taking).await.is_err() {
                self.post(Message::Ping);
                ping_at = clock::now() + sign_of_life;
            }
            self.held_back.set(Held::Until(clock::now()));
            reader.payload(slice).await?;
        }
        Ok(())
    }
}
