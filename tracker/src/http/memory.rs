//! Memory that the bodies of requests and answers may take, of all clients together.
//!
//! A body lasts as long as its client takes to send or to read it, and a few clients can have thousands of them. So they are
//! counted while they exist, and over the bound a request is answered with 503. The longer ones may use only half of it: those
//! who make them exceed their part keep nobody from asking a question.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;

/// Bytes that most bodies do not exceed.
const SHORT: usize = 16 * 1024;

/// Counts what bodies take.
#[derive(Debug)]
pub(super) struct Memory {
    used: AtomicUsize,
    most: usize,
}

/// Error: the memory is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

/// Memory that one body takes. It is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Portion {
    memory: Arc<Memory>,
    len: usize,
}

impl Memory {
    /// Makes memory of so many bytes in all.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), most })
    }

    /// A body of which there is nothing yet.
    pub(super) fn share(self: &Arc<Self>) -> Portion {
        Portion { memory: self.clone(), len: 0 }
    }
}

impl Portion {
    /// The body gets longer by so many bytes, if there is room for them.
    pub(super) fn grow(&mut self, len: usize) -> Result<(), Exhausted> {
        self.len += len;
        let used = self.memory.used.fetch_add(len, Ordering::Relaxed) + len;
        let most = if self.len > SHORT { self.memory.most / 2 } else { self.memory.most };
        if used > most { Err(Exhausted) } else { Ok(()) }
    }

    /// Counts these bytes, which are the body, for as long as they exist.
    pub(super) fn hold(self, bytes: Bytes) -> Bytes {
        hold(bytes, self)
    }
}

/// The same bytes, which keep something for as long as they exist, also where they are about to be sent.
pub(super) fn hold<T: Send + 'static>(bytes: Bytes, kept: T) -> Bytes {
    Bytes::from_owner(HeldBytes { bytes, _kept: kept })
}

impl Drop for Portion {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.len, Ordering::Relaxed);
    }
}

struct HeldBytes<T> {
    bytes: Bytes,
    _kept: T,
}

impl<T> AsRef<[u8]> for HeldBytes<T> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_for_as_long_as_they_exist() {
        let memory = Memory::new(100);
        let used = || memory.used.load(Ordering::Relaxed);
        let mut share = memory.share();
        share.grow(60).unwrap();
        share.grow(40).unwrap();
        let bytes = share.hold(Bytes::from(vec![1; 100]));
        let copy = bytes.slice(10..20);
        drop(bytes);
        assert_eq!((used(), &copy[..]), (100, [1; 10].as_slice()));
        drop(copy);
        assert_eq!(used(), 0);
    }

    #[test]
    fn long_bodies_leave_room_for_short_ones() {
        let memory = Memory::new(10 * SHORT);
        let (mut long, mut other, mut short) = (memory.share(), memory.share(), memory.share());
        long.grow(5 * SHORT).unwrap();
        assert_eq!(other.grow(SHORT + 1), Err(Exhausted));
        drop(other);
        short.grow(SHORT).unwrap();
        let more: Vec<_> = (0..4).map(|_| memory.share()).map(|mut share| share.grow(SHORT).map(|()| share)).collect();
        assert!(more.iter().all(Result::is_ok));
        assert_eq!(memory.share().grow(1), Err(Exhausted));
        assert_eq!(short.grow(1), Err(Exhausted));
        drop((long, short));
        memory.share().grow(SHORT).unwrap();
        drop(more);
        assert_eq!(memory.used.load(Ordering::Relaxed), 0);
    }
}
