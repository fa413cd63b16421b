//! Payloads on their way in: the bytes that are there, the room that they take up, and the patience that is left with
//! their senders. A peer that sends much of a payload and then dribbles is left as soon as such payloads keep others
//! waiting.

use std::ops::DerefMut;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::buffers::{Buffer, BufferPool};
use super::room::{Held, Room};

/// Number of bytes of a payload that are received before room is taken for it. Each connection receives one payload at a
/// time, so that their number bounds these bytes.
const FIRST: usize = 16 * 1024;

/// Payload that is being received.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Part of the payload that is there or is to be filled next.
    buffer: Buffer,
    pool: BufferPool,
    /// Length of the payload in bytes.
    len: usize,
    /// Number of bytes that were handed out to be filled.
    there: usize,
    /// Number of bytes that have room.
    counted: usize,
    /// Share in [`Room::awaited`].
    awaited: usize,
}

impl BufferPool {
    /// Begins to receive a payload of `len` bytes.
    pub(crate) fn receive(&self, len: usize) -> Incoming {
        let buffer = self.buffer(self.take(len.min(FIRST)), Held::default());
        Incoming { buffer, pool: self.clone(), len, there: 0, counted: 0, awaited: 0 }
    }
}

impl Incoming {
    /// Returns the bytes that come next, to be filled, as soon as there is room for them; `None` when the payload is
    /// complete.
    pub(crate) async fn next(&mut self) -> Option<&mut [u8]> {
        let there = self.there;
        let is_first = there == 0 && self.len > 0;
        if !is_first && self.counted < self.len {
            self.make_room().await;
        }
        self.there = self.buffer.len();
        (there < self.there).then(|| &mut self.buffer.deref_mut()[there..])
    }

    /// Takes room for more of the payload, and a buffer of that length with the bytes that are there.
    async fn make_room(&mut self) {
        let Self { buffer, pool, len, there, counted, .. } = self;
        let part = pool.receiving.take(&mut buffer.room, *there, *counted, *len).await;
        *counted = part;
        if part > *there {
            let mut longer = pool.take(part);
            longer[..*there].copy_from_slice(buffer);
            buffer.replace(longer);
        }
        let awaited = if part > self.there { self.buffer.room.bytes() } else { 0 };
        let room = &self.pool.receiving.awaited;
        room.fetch_add(awaited, Ordering::Relaxed);
        room.fetch_sub(std::mem::replace(&mut self.awaited, awaited), Ordering::Relaxed);
    }

    /// Returns the payload, which [`Incoming::next`] said is complete.
    pub(crate) fn complete(mut self) -> Buffer {
        let shorter = self.pool.buffer(Vec::new(), Held::default());
        std::mem::replace(&mut self.buffer, shorter)
    }

    /// Patience with the sender of this payload.
    pub(crate) fn patience<'a>(&self, pool: &'a BufferPool) -> Patience<'a> {
        Patience { room: Some(&pool.receiving), len: self.len, ..Patience::default() }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.pool.receiving.awaited.fetch_sub(self.awaited, Ordering::Relaxed);
    }
}

/// Patience with a peer that sends a payload. Only the time counts in which this side waits for the peer: for what is held
/// back here nobody is blamed.
#[derive(Debug, Default)]
pub(crate) struct Patience<'a> {
    /// Room that others may wait for; `None` where the payload takes up none.
    room: Option<&'a Room>,
    /// Length of the payload in bytes.
    len: usize,
    /// Time in which no byte came.
    silent: Duration,
    /// Time and bytes of the window of [`Patience::LONG`].
    long: Window,
    /// Time and bytes of the window of [`Patience::GLANCE`].
    short: Window,
}

/// Time that a peer was waited for, and the number of bytes that came in it.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    waited: Duration,
    came: usize,
}

impl Patience<'_> {
    /// Window in which a peer is looked at while others wait for room.
    pub(crate) const GLANCE: Duration = Duration::from_secs(1);
    /// Bytes that have to come in a glance: a modem's 4 KiB, and of a large payload 1/64, which takes up the more room.
    const LEAST_PRESSED: (usize, usize) = (4 * 1024, 64);
    /// Window in which a peer is looked at in any case, and the longest that it may be silent.
    const LONG: Duration = Duration::from_secs(30);
    /// Bytes that have to come in a long window.
    const LEAST: usize = 8 * 1024;

    /// Notes that `came` bytes came after the peer was waited for. Returns whether it may go on.
    pub(crate) fn lasts(&mut self, waited: Duration, came: usize) -> bool {
        let (least, share) = Self::LEAST_PRESSED;
        self.silent = if came > 0 { Duration::ZERO } else { self.silent + waited };
        let is_slow = self.long.is_slow(waited, came, Self::LONG, Self::LEAST) || self.silent >= Self::LONG;
        let is_slow_now = self.short.is_slow(waited, came, Self::GLANCE, least.max(self.len / share));
        let is_left = is_slow || (is_slow_now && self.room.is_some_and(Room::is_pressed));
        !is_left
    }
}

impl Window {
    /// Adds to the window. At its end, begins anew and returns whether fewer than `least` bytes came in it.
    fn is_slow(&mut self, waited: Duration, came: usize, window: Duration, least: usize) -> bool {
        self.waited += waited;
        self.came += came;
        if self.waited < window {
            return false;
        }
        std::mem::take(self).came < least
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::flow::room::{AT_ONCE, CROWDED, PRESSED};

    async fn received(pool: &BufferPool, len: usize) -> Buffer {
        let mut incoming = pool.receive(len);
        while incoming.next().await.is_some() {}
        incoming.complete()
    }

    /// Bytes of free room in both halves, and bytes of payloads that are awaited.
    fn room(pool: &BufferPool) -> (usize, usize, usize) {
        let (loose, assured) = pool.receiving.free();
        (loose, assured, pool.receiving.awaited.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn no_more_is_received_than_there_is_room_for() {
        let pool = BufferPool::new(1000, 1);
        let first = received(&pool, 500).await;
        let second = received(&pool, 499).await;
        assert!(timeout(Duration::ZERO, received(&pool, 2)).await.is_err(), "there is no room");
        drop(second);
        assert!(timeout(Duration::ZERO, received(&pool, 400)).await.is_ok());
        drop(first);
        assert_eq!(received(&pool, 0).await.len(), 0);
        assert_eq!(received(&pool, 50_000).await.len(), 50_000, "larger than all room: it takes what there is");
        assert_eq!(room(&pool), (500, 500, 0));
    }

    #[tokio::test]
    async fn bytes_stay_while_a_payload_gets_more_room() {
        const HALF: usize = 1024 * 1024;
        const LEN: usize = 16 * FIRST;
        let pool = BufferPool::new(2 * HALF as u32, 1);
        let other = received(&pool, HALF / 2).await;
        let mut incoming = pool.receive(LEN);
        incoming.next().await.unwrap().fill(1);
        assert_eq!(room(&pool), (HALF / 2, HALF, 0), "a payload of which nothing may have come takes up no room");
        let mut there = FIRST;
        for (n, len) in [(2, FIRST), (3, 2 * FIRST), (4, 4 * FIRST), (5, 8 * FIRST)] {
            let part = incoming.next().await.unwrap();
            assert_eq!(part.len(), len);
            part.fill(n);
            there += len;
            assert_eq!(room(&pool), (HALF / 2 - there, HALF, there));
        }
        assert!(incoming.next().await.is_none());
        let payload = incoming.complete();
        let runs: Vec<_> = payload.chunk_by(|one, other| one == other).map(|run| (run[0], run.len() / FIRST)).collect();
        assert_eq!(runs, [(1, 1), (2, 1), (3, 2), (4, 4), (5, 8)]);
        assert_eq!(room(&pool), (HALF / 2 - LEN, HALF, 0));
        drop((payload, other));
        // A chunk of the usual size: all after the first bytes.
        let mut usual = pool.receive(AT_ONCE);
        assert_eq!(usual.next().await.unwrap().len(), FIRST);
        assert_eq!(usual.next().await.unwrap().len(), AT_ONCE - FIRST);
    }

    #[tokio::test]
    async fn payloads_that_are_half_there_do_not_wait_for_each_other() {
        let pool = BufferPool::new(128 * 1024, 1);
        let mut halves: Vec<Incoming> = (0..6).map(|_| pool.receive(60 * 1024)).collect();
        for half in &mut halves {
            half.next().await.unwrap();
        }
        let mut parts = Vec::new();
        for half in &mut halves {
            parts.push(timeout(Duration::ZERO, half.next()).await.ok().map(|part| part.unwrap().len()));
        }
        assert_eq!(parts, [Some(44 * 1024), Some(44 * 1024), None, None, None, None]);
        // Each of the two that have room completes, and another one follows.
        for _ in 0..4 {
            drop(halves.remove(0));
            assert!(timeout(Duration::ZERO, halves[1].next()).await.is_ok());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slow_senders_are_left_while_others_wait_for_their_room_and_not_for_the_disk() {
        let pool = BufferPool::new(128 * 1024, 1);
        let slow = |patience: &mut Patience<'_>, came| !patience.lasts(Patience::GLANCE, came);
        let on_its_way_to_disk = (received(&pool, 60 * 1024).await, received(&pool, 60 * 1024).await);
        let mut waiting = pool.receive(32 * 1024);
        waiting.next().await.unwrap();
        assert!(timeout(10 * CROWDED, waiting.next()).await.is_err());
        assert!(!slow(&mut waiting.patience(&pool), 0), "the disk is slow");
        drop(on_its_way_to_disk);

        let mut halves = [pool.receive(60 * 1024), pool.receive(60 * 1024)];
        for half in &mut halves {
            half.next().await.unwrap();
            half.next().await.unwrap();
        }
        let [half, other] = halves;
        assert!(!slow(&mut half.patience(&pool), 0), "nobody waits");
        assert!(timeout(2 * CROWDED, waiting.next()).await.is_err());
        assert!(slow(&mut half.patience(&pool), 4 * 1024 - 1));
        assert!(!slow(&mut half.patience(&pool), 4 * 1024));
        assert!(slow(&mut pool.receive(16 * 1024 * 1024).patience(&pool), 256 * 1024 - 1), "it would take up much");
        drop((half, other));
        assert!(timeout(Duration::ZERO, waiting.next()).await.is_ok());
        tokio::time::sleep(PRESSED).await;
        assert!(!slow(&mut waiting.patience(&pool), 0), "that is over");
    }
}
