//! Upload slots: a bounded number of peers is sent chunks at once. A connection stands in line again after each chunk,
//! so that a peer with a thousand requests gets no more than one with two.

use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::world::clock;

/// Minimum rate of each peer that is served at once, in bytes per second. If the upload limit leaves less than this to
/// each, fewer peers are served at once: peers served one after another get their chunks sooner than all at the same
/// time.
const LEAST_RATE: u32 = 16 * 1024;

/// Upload slots of one engine.
#[derive(Debug)]
pub(crate) struct UploadSlots {
    /// Permits of the slots, handed on in the order in which they were asked for.
    permits: Semaphore,
    count: u32,
    /// Number of connections in line.
    in_line: AtomicUsize,
    /// Maximum waiting time within one turn.
    longest: Duration,
}

impl UploadSlots {
    /// Creates `count` slots, at least one. A turn ends once it has spent `longest` waiting for the other side.
    pub(crate) fn new(count: u32, longest: Duration) -> Self {
        let count = count.max(1);
        Self { permits: Semaphore::new(count as usize), count, in_line: AtomicUsize::new(0), longest }
    }

    /// Returns the number of permits that a turn takes at this limit.
    fn weight(&self, limit: Option<NonZeroU32>) -> u32 {
        let at_once = limit.map_or(self.count, |limit| (limit.get() / LEAST_RATE).clamp(1, self.count));
        self.count / at_once
    }

    /// Returns whether a connection that wants another turn has to wait for it.
    pub(crate) fn is_crowded(&self) -> bool {
        self.in_line.load(Ordering::Relaxed) > 0
    }

    fn turn<'a>(&self, permit: SemaphorePermit<'a>) -> Turn<'a> {
        Turn { permit: Some(permit), left: self.longest }
    }
}

/// Turn to send one chunk. It ends when it is dropped, or when too much time was spent waiting.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    permit: Option<SemaphorePermit<'a>>,
    left: Duration,
}

impl Turn<'_> {
    /// Awaits `work` that depends on the other side. If the waiting time of the turn runs out, `work` is dropped, and
    /// the slot goes to the next in line.
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

    /// Returns whether the slot was given to the next in line.
    pub(crate) fn is_over(&self) -> bool {
        self.permit.is_none()
    }
}

/// Place of a connection in the line for a slot.
pub(crate) struct Place<'a> {
    slots: &'a UploadSlots,
    waiting: Option<Pin<Box<dyn Future<Output = Turn<'a>> + Send + 'a>>>,
}

impl<'a> Place<'a> {
    /// Creates a place that is not in line yet.
    pub(crate) fn new(slots: &'a UploadSlots) -> Self {
        Self { slots, waiting: None }
    }

    /// Returns a turn if a slot is free. Otherwise the connection joins the line, unless it is in line already, and
    /// [`Place::reached`] returns the turn.
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

    /// Leaves the line, if the place is in it.
    pub(crate) fn leave(&mut self) {
        if self.waiting.take().is_some() {
            self.slots.in_line.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Waits for the turn of this place; forever if it is not in line. Cancel safe: the place is kept.
    pub(crate) async fn reached(&mut self) -> Turn<'a> {
        let Some(waiting) = &mut self.waiting else { return std::future::pending().await };
        let turn = waiting.await;
        self.leave();
        turn
    }

    /// Awaits `work` that depends on the other side. If it takes too long the place leaves the line, since its turn
    /// might have come without being of use.
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
