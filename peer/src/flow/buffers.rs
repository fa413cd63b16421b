//! Pool of buffers for chunks. A chunk is so large that the allocator fetches fresh, zeroed pages for each one, which
//! costs as much as hashing a part of it; the pool reuses buffers instead.
//!
//! The bytes that are received and not yet on disk are bounded. At the bound, nothing more is read from any peer, so
//! that a slow disk slows the senders down instead of filling the memory ([`super::room`]). The bytes that are read
//! from disk in order to be sent have a bound of their own: a peer that accepts nothing cannot make this side hold more.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::room::{Held, Room};

/// Maximum number of bytes of idle buffers that are kept.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// Pool of the buffers of one engine. Clones share the same pool.
#[derive(Clone, Debug)]
pub(crate) struct BufferPool {
    kept: Arc<Mutex<Kept>>,
    /// Room for what is received.
    pub(super) receiving: Arc<Room>,
    /// Bytes that may still be read in order to be sent; `most_sent` is the number in all.
    sending: Arc<Semaphore>,
    most_sent: u32,
}

#[derive(Debug, Default)]
struct Kept {
    /// Idle buffers, the oldest first.
    buffers: VecDeque<Vec<u8>>,
    bytes: usize,
}

/// Buffer that returns to its pool when it is dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    pool: BufferPool,
    /// Room for the bytes of the buffer.
    pub(super) room: Held,
}

impl BufferPool {
    /// Creates a pool that hands out at most `most` bytes at once for receiving, and `most_sent` for sending.
    pub(crate) fn new(most: u32, most_sent: u32) -> Self {
        let sending = Arc::new(Semaphore::new(most_sent as usize));
        Self { kept: Arc::default(), receiving: Arc::new(Room::new(most)), sending, most_sent }
    }

    /// Returns a buffer of `len` bytes for content that is about to be sent, as soon as there is room.
    pub(crate) async fn send(&self, len: usize) -> Buffer {
        let room = self.sending.clone().acquire_many_owned(self.room_to_send(len)).await;
        self.buffer(self.take(len), Held::of(room.expect("nobody closes it")))
    }

    /// Returns a buffer of `len` bytes for content that is about to be sent, if there is room at once.
    pub(crate) fn try_send(&self, len: usize) -> Option<Buffer> {
        let room = self.sending.clone().try_acquire_many_owned(self.room_to_send(len)).ok()?;
        Some(self.buffer(self.take(len), Held::of(room)))
    }

    fn room_to_send(&self, len: usize) -> u32 {
        u32::try_from(len).map_or(self.most_sent, |len| len.min(self.most_sent))
    }

    pub(super) fn buffer(&self, bytes: Vec<u8>, room: Held) -> Buffer {
        Buffer { bytes, pool: self.clone(), room }
    }

    /// Returns `len` bytes of arbitrary content, from an idle buffer if one fits.
    pub(super) fn take(&self, len: usize) -> Vec<u8> {
        let kept = {
            let mut kept = self.kept.lock();
            // A much larger idle buffer would occupy more memory than the permit counts.
            let fits = |buffer: &Vec<u8>| (len..=len.saturating_mul(4)).contains(&buffer.capacity());
            let buffer = kept.buffers.iter().rposition(fits).and_then(|place| kept.buffers.remove(place));
            kept.bytes -= buffer.as_ref().map_or(0, Vec::capacity);
            buffer
        };
        let mut bytes = kept.unwrap_or_default();
        bytes.resize(len, 0);
        bytes
    }

    /// Keeps an idle buffer, and lets go of the oldest if there are too many.
    fn keep(&self, bytes: Vec<u8>) {
        if bytes.capacity() == 0 {
            return;
        }
        let mut kept = self.kept.lock();
        kept.bytes += bytes.capacity();
        kept.buffers.push_back(bytes);
        while kept.bytes > KEPT_BYTES {
            let oldest = kept.buffers.pop_front();
            kept.bytes -= oldest.map_or(0, |oldest| oldest.capacity());
        }
    }
}

impl Buffer {
    /// Replaces the bytes, and keeps those before for another buffer.
    pub(super) fn replace(&mut self, bytes: Vec<u8>) {
        self.pool.keep(std::mem::replace(&mut self.bytes, bytes));
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.pool.keep(std::mem::take(&mut self.bytes));
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[test]
    fn a_buffer_comes_back_and_only_so_many_are_kept() {
        let pool = BufferPool::new(1, 1);
        let take = |len| pool.buffer(pool.take(len), Held::default());
        let first = take(1000);
        let place = first.as_ptr();
        drop(first);
        assert_eq!(take(500).as_ptr(), place);
        assert_ne!(take(100).bytes.capacity(), 1000, "what is not counted is not handed out");
        let many: Vec<Buffer> = (0..40).map(|_| take(1024 * 1024)).collect();
        drop(many);
        let kept = pool.kept.lock();
        assert!(kept.bytes <= KEPT_BYTES && kept.bytes == kept.buffers.iter().map(Vec::capacity).sum::<usize>());
    }

    #[tokio::test]
    async fn no_more_is_read_to_be_sent_than_there_is_room_for() {
        let pool = BufferPool::new(1, 1000);
        let first = pool.try_send(600).unwrap();
        assert!(pool.try_send(401).is_none());
        let second = pool.send(400).await;
        assert!(timeout(Duration::ZERO, pool.send(1)).await.is_err(), "there is no room");
        drop((first, second));
        assert_eq!(pool.send(5000).await.len(), 5000, "larger than all room: it takes all");
    }
}
