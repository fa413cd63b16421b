//! Room for the bytes that are received and not yet on disk, which have a bound.
//!
//! Half of the room is taken as bytes come, so that a peer that announces much and sends little takes up little. Where that
//! half is used up, a payload waits until the other half has room for all that is missing, so that no two that are half
//! there wait for each other.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::world::clock;

/// Factor by which the part of a payload that has room grows each time it is there.
const GROWTH: usize = 2;
/// Length up to which a payload gets all its room after the first bytes, while little room is taken: a chunk of the usual
/// size.
pub(super) const AT_ONCE: usize = 256 * 1024;
/// Time that a payload waits for room before senders that are slow count as the cause.
pub(super) const CROWDED: Duration = Duration::from_secs(1);
/// Time from then on in which slow senders are left.
pub(super) const PRESSED: Duration = Duration::from_secs(3);

/// Room for the bytes that are received and not yet on disk.
#[derive(Debug)]
pub(super) struct Room {
    /// Bytes that are taken as they come.
    loose: Arc<Semaphore>,
    /// Bytes that are taken for the whole rest of a payload.
    assured: Arc<Semaphore>,
    /// Bytes in each of the two halves.
    half: u32,
    /// Bytes of room of the payloads whose rest has not come yet; all other bytes wait for the disk, and for no peer.
    pub(super) awaited: AtomicUsize,
    /// Time until which slow senders are left.
    pressed: Mutex<Option<Instant>>,
}

/// Room that a buffer takes up, given back when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Room that was taken bit by bit, or all of it.
    taken: Option<OwnedSemaphorePermit>,
    /// Room for the rest of a payload.
    rest: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Creates room for `most` bytes, at least two.
    pub(super) fn new(most: u32) -> Self {
        let half = (most / 2).max(1);
        let room = || Arc::new(Semaphore::new(half as usize));
        Self { loose: room(), assured: room(), half, awaited: AtomicUsize::new(0), pressed: Mutex::default() }
    }

    /// Takes room for a part of a payload of `len` bytes of which `there` are there and `counted` have room. Returns the
    /// length of the part that has room from now on.
    pub(super) async fn take(&self, held: &mut Held, there: usize, counted: usize, len: usize) -> usize {
        let is_roomy = len <= AT_ONCE && self.loose.available_permits() >= self.half as usize / 4 * 3;
        let part = if is_roomy { len } else { len.min(there * GROWTH) };
        if let Ok(more) = self.loose.clone().try_acquire_many_owned(self.permits(part - counted)) {
            match &mut held.taken {
                Some(taken) => taken.merge(more),
                none => *none = Some(more),
            }
            return part;
        }
        let mut taking = pin!(self.assured.clone().acquire_many_owned(self.permits(len - counted)));
        loop {
            match timeout(CROWDED, &mut taking).await {
                Ok(assured) => {
                    held.rest = Some(assured.expect("nobody closes it"));
                    return len;
                }
                // Where most bytes wait for the disk, no sender is at fault.
                Err(_) if self.awaited.load(Ordering::Relaxed) < self.half as usize => {}
                Err(_) => *self.pressed.lock() = Some(clock::now() + PRESSED),
            }
        }
    }

    /// Number of permits for so many bytes. What is larger than a half takes all of it.
    fn permits(&self, bytes: usize) -> u32 {
        u32::try_from(bytes).map_or(self.half, |bytes| bytes.min(self.half))
    }

    /// Free bytes in both halves.
    #[cfg(test)]
    pub(super) fn free(&self) -> (usize, usize) {
        (self.loose.available_permits(), self.assured.available_permits())
    }

    /// Returns whether payloads wait for room because of slow senders.
    pub(super) fn is_pressed(&self) -> bool {
        self.pressed.lock().is_some_and(|until| clock::now() < until)
    }
}

impl Held {
    /// Creates room of these permits.
    pub(super) fn of(permit: OwnedSemaphorePermit) -> Self {
        Self { taken: Some(permit), rest: None }
    }

    /// Number of bytes of the room.
    pub(super) fn bytes(&self) -> usize {
        [&self.taken, &self.rest].into_iter().flatten().map(OwnedSemaphorePermit::num_permits).sum()
    }
}
