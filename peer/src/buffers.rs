//! Buffers for chunks, kept and handed out again: a chunk is large enough for the allocator to fetch fresh, zeroed pages
//! each time, which costs as much as hashing a part of it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use parking_lot::Mutex;

/// How many bytes of idle buffers are kept.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// The buffers of one engine. Clones are the same pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct BufferPool(Arc<Mutex<Kept>>);

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
}

impl BufferPool {
    /// A buffer of `len` bytes, of any content.
    pub(crate) fn take(&self, len: usize) -> Buffer {
        let kept = {
            let mut kept = self.0.lock();
            let buffer = kept.buffers.pop();
            kept.bytes -= buffer.as_ref().map_or(0, Vec::capacity);
            buffer
        };
        let mut bytes = kept.unwrap_or_default();
        bytes.resize(len, 0);
        Buffer { bytes, pool: self.clone() }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut kept = self.pool.0.lock();
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
    use super::*;

    #[test]
    fn a_buffer_comes_back_and_only_so_many_are_kept() {
        let pool = BufferPool::default();
        let first = pool.take(1000);
        let place = first.as_ptr();
        drop(first);
        assert_eq!(pool.take(500).as_ptr(), place);
        let many: Vec<Buffer> = (0..40).map(|_| pool.take(1024 * 1024)).collect();
        drop(many);
        let kept = pool.0.lock();
        assert!(kept.bytes <= KEPT_BYTES && kept.bytes == kept.buffers.iter().map(Vec::capacity).sum::<usize>());
    }
}
