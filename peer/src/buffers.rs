//! Buffers for chunks, kept and handed out again: a chunk is large enough for the allocator to fetch fresh, zeroed pages
//! each time, which costs as much as hashing a part of it.
//!
//! What is received and not yet on disk has a bound in bytes. Where that is reached, nothing more is read from any peer, so
//! that a slow disk slows the senders down and fills no memory.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many bytes of idle buffers are kept.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// The buffers of one engine. Clones are the same pool.
#[derive(Clone, Debug)]
pub(crate) struct BufferPool {
    kept: Arc<Mutex<Kept>>,
    /// The bytes that may still be received.
    room: Arc<Semaphore>,
    /// The bytes that may be received in all.
    most: u32,
}

#[derive(Debug, Default)]
struct Kept {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

/// A buffer that goes back to its pool when it is dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    pool: BufferPool,
    /// The room that it takes up, if it is for something received.
    room: Option<OwnedSemaphorePermit>,
}

impl BufferPool {
    /// A pool that hands out at most so many bytes at once for what is received.
    pub(crate) fn new(most: u32) -> Self {
        Self { kept: Arc::default(), room: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// A buffer of `len` bytes for a chunk that is about to be received, as soon as there is room.
    pub(crate) async fn receive(&self, len: usize) -> Buffer {
        // One that is larger than all room there is takes all of it.
        let bytes = u32::try_from(len).map_or(self.most, |len| len.min(self.most));
        let room = self.room.clone().acquire_many_owned(bytes).await;
        let mut buffer = self.take(len);
        buffer.room = Some(room.expect("nobody closes it"));
        buffer
    }

    /// A buffer of `len` bytes, of any content.
    pub(crate) fn take(&self, len: usize) -> Buffer {
        let kept = {
            let mut kept = self.kept.lock();
            let buffer = kept.buffers.pop();
            kept.bytes -= buffer.as_ref().map_or(0, Vec::capacity);
            buffer
        };
        let mut bytes = kept.unwrap_or_default();
        bytes.resize(len, 0);
        Buffer { bytes, pool: self.clone(), room: None }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut kept = self.pool.kept.lock();
        let bytes = std::mem::take(&mut self.bytes);
        if kept.bytes + bytes.capacity() <= KEPT_BYTES {
            kept.bytes += bytes.capacity();
            kept.buffers.push(bytes);
        }
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
        let pool = BufferPool::new(1);
        let first = pool.take(1000);
        let place = first.as_ptr();
        drop(first);
        assert_eq!(pool.take(500).as_ptr(), place);
        let many: Vec<Buffer> = (0..40).map(|_| pool.take(1024 * 1024)).collect();
        drop(many);
        let kept = pool.kept.lock();
        assert!(kept.bytes <= KEPT_BYTES && kept.bytes == kept.buffers.iter().map(Vec::capacity).sum::<usize>());
    }

    #[tokio::test]
    async fn no_more_is_received_than_there_is_room_for() {
        let pool = BufferPool::new(1000);
        let first = pool.receive(600).await;
        let second = pool.receive(400).await;
        assert!(timeout(Duration::ZERO, pool.receive(1)).await.is_err(), "there is no room");
        drop(second);
        assert!(timeout(Duration::ZERO, pool.receive(400)).await.is_ok());
        drop(first);
        // Larger than all room: it takes all.
        assert_eq!(pool.receive(5000).await.len(), 5000);
    }
}
