//! Whose turn it is to be sent a chunk. Only so many peers are at once; who wants more stands in line again after each chunk,
//! so that a peer with a thousand requests gets no more than one with two.

use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::world::clock;

/// Where a limit leaves less than this to each of those who are served at once, fewer are, in bytes per second: one peer
/// after another has its chunk sooner than all of them have theirs at the same time.
const LEAST_RATE: u32 = 16 * 1024;

/// The slots of one engine.
#[derive(Debug)]
pub(crate) struct UploadSlots {
    /// Hands its permits on in the order in which they were asked for.
    permits: Semaphore,
    count: u32,
    /// How many connections stand in line.
    in_line: AtomicUsize,
    /// How long a turn lasts at most.
    longest: Duration,
}

impl UploadSlots {
    /// So many slots, at least one, each given for so long at most.
    pub(crate) fn new(count: u32, longest: Duration) -> Self {
        let count = count.max(1);
        Self { permits: Semaphore::new(count as usize), count, in_line: AtomicUsize::new(0), longest }
    }

    /// How many permits a turn takes at this limit.
    fn weight(&self, limit: Option<NonZeroU32>) -> u32 {
        let at_once = limit.map_or(self.count, |limit| (limit.get() / LEAST_RATE).clamp(1, self.count));
        self.count / at_once
    }

    /// Whether a connection that wants another turn has to wait for it.
    pub(crate) fn is_crowded(&self) -> bool {
        self.in_line.load(Ordering::Relaxed) > 0
    }

    fn turn<'a>(&self, permit: SemaphorePermit<'a>) -> Turn<'a> {
        Turn { permit: Some(permit), left: self.longest }
    }
}

/// A turn to send one chunk, until it is dropped or too much time was spent waiting.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    permit: Option<SemaphorePermit<'a>>,
    left: Duration,
}

impl Turn<'_> {
    /// Does something that takes as long as the other side likes. If that is too long it is dropped, and the slot goes to the
    /// next in line.
    pub(crate) async fn spend_all<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        self.permit.as_ref()?;
        let start = clock::now();
        let done = timeout(self.left, work).await.ok();
        self.left = self.left.saturating_sub(clock::now().saturating_duration_since(start));
        if done.is_none() {
            self.permit = None;
        }
        done
    }

    /// Whether the slot was given to the next.
    pub(crate) fn is_over(&self) -> bool {
        self.permit.is_none()
    }
}

/// A connection's place in the line for a slot.
pub(crate) struct Place<'a> {
    slots: &'a UploadSlots,
    waiting: Option<Pin<Box<dyn Future<Output = Turn<'a>> + Send + 'a>>>,
}

impl<'a> Place<'a> {
    /// Not in line yet.
    pub(crate) fn new(slots: &'a UploadSlots) -> Self {
        Self { slots, waiting: None }
    }

    /// A turn, if nobody has to be waited for. Otherwise it is in line, unless it is there already: see [`Place::reached`].
    pub(crate) fn enter(&mut self, limit: Option<NonZeroU32>) -> Option<Turn<'a>> {
        if self.waiting.is_some() {
            return None;
        }
        let (slots, weight) = (self.slots, self.slots.weight(limit));
        if let Ok(permit) = slots.permits.try_acquire_many(weight) {
            return Some(slots.turn(permit));
        }
        slots.in_line.fetch_add(1, Ordering::Relaxed);
        self.waiting = Some(Box::pin(async move {
            slots.turn(slots.permits.acquire_many(weight).await.expect("slots are never closed"))
        }));
        None
    }

    /// Leaves the line: there is nothing to send any more.
    pub(crate) fn leave(&mut self) {
        if self.waiting.take().is_some() {
            self.slots.in_line.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Waits for its turn; for ever if it is not in line. Cancel safe: the place is kept.
    pub(crate) async fn reached(&mut self) -> Turn<'a> {
        let Some(waiting) = &mut self.waiting else { return std::future::pending().await };
        let turn = waiting.await;
        self.leave();
        turn
    }

    /// Does something that takes as long as the other side likes. If that is too long it leaves the line, since its turn might
    /// have come without being of use.
    pub(crate) async fn keep_during<T>(&mut self, work: impl Future<Output = T>) -> T {
        if self.waiting.is_none() {
            return work.await;
        }
        let mut work = pin!(work);
        match timeout(self.slots.longest, &mut work).await {
            Ok(done) => done,
            Err(_) => {
                self.leave();
                work.await
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tokio::task::{JoinSet, yield_now};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);
    const SHORT: Duration = Duration::from_millis(1);

    async fn next<'a>(place: &mut Place<'a>) -> Turn<'a> {
        match place.enter(None) {
            Some(turn) => turn,
            None => place.reached().await,
        }
    }

    #[tokio::test]
    async fn who_wants_most_gets_no_more_than_who_wants_little() {
        let slots = Arc::new(UploadSlots::new(1, LONG));
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut peers = JoinSet::new();
        for (name, wants) in [('a', 1000), ('b', 2), ('c', 5)] {
            let (slots, order) = (slots.clone(), order.clone());
            peers.spawn(async move {
                let mut place = Place::new(&slots);
                for _ in 0..wants {
                    let _turn = next(&mut place).await;
                    order.lock().push(name);
                    yield_now().await;
                }
            });
        }
        peers.join_all().await;
        let order: String = order.lock().iter().take(14).collect();
        assert_eq!(order, "abcabcacacacaa");
    }

    #[tokio::test]
    async fn who_stalls_loses_the_slot_and_what_it_held() {
        let slots = UploadSlots::new(1, SHORT);
        let (mut stalled, mut other) = (Place::new(&slots), Place::new(&slots));
        let mut turn = stalled.enter(None).unwrap();
        assert!(other.enter(None).is_none());
        let held = Arc::new(());
        let holding = held.clone();
        let done = turn.spend_all(async move {
            let _holding = holding;
            pending::<()>().await;
        });
        assert!(done.await.is_none() && Arc::strong_count(&held) == 1);
        let _next = other.reached().await;
        assert!(turn.spend_all(async {}).await.is_none(), "what is over stays over");
    }

    #[tokio::test]
    async fn a_trickle_does_not_keep_a_slot_either() {
        let slots = UploadSlots::new(1, Duration::from_millis(5));
        let mut place = Place::new(&slots);
        let mut turn = place.enter(None).unwrap();
        while turn.permit.is_some() {
            turn.spend_all(tokio::time::sleep(SHORT)).await;
        }
        assert!(place.enter(None).is_some());
    }

    #[tokio::test]
    async fn a_turn_that_comes_to_somebody_who_is_stuck_goes_on_to_the_next() {
        let slots = UploadSlots::new(1, SHORT);
        let (mut first, mut stuck, mut next) = (Place::new(&slots), Place::new(&slots), Place::new(&slots));
        let turn = first.enter(None).unwrap();
        assert!(stuck.enter(None).is_none() && next.enter(None).is_none());
        let waits = timeout(Duration::ZERO, stuck.reached()).await;
        assert!(waits.is_err());
        drop(turn);
        tokio::select! {
            () = stuck.keep_during(pending()) => {}
            _turn = next.reached() => {}
        }
    }

    #[test]
    fn a_low_limit_is_not_cut_into_crumbs() {
        let slots = UploadSlots::new(32, LONG);
        let at_once = |limit| 32 / slots.weight(NonZeroU32::new(limit));
        assert_eq!([0, 1, 64 * 1024, 1 << 30].map(at_once), [32, 1, 4, 32], "0 is no limit");
    }
}
