//! Connections that only read: a few, each for one question at a time, none for longer than it may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use super::error::Fault;
use super::place::Site;

/// Number of steps of SQLite's virtual machine, some tens of microseconds, between two looks at the clock.
const STEPS: i32 = 1000;

/// Time that a question may take.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// A time from the moment at which the question is asked.
    Within(Duration),
    /// All the time that it takes, but only this share of it: it works, then rests so many times as long.
    Resting(u32),
    /// All the time that it takes.
    Steady,
}

/// Reason why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// All connections were busy for as long as the question may take.
    Busy,
    /// The file is being replaced.
    Closed,
    Fault(Fault),
}

/// The connections.
#[derive(Debug)]
pub(super) struct Readers {
    state: Mutex<Pool>,
    changed: Condvar,
    most: usize,
    /// Ends whatever is being read, so that the file can be replaced.
    closing: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Pool {
    idle: Vec<Connection>,
    busy: usize,
    open: bool,
}

impl Readers {
    /// Makes room for at most so many connections; each is made when it is first needed.
    pub(super) fn new(most: usize) -> Self {
        let state = Pool { idle: Vec::new(), busy: 0, open: true };
        Self { state: Mutex::new(state), changed: Condvar::new(), most, closing: Arc::default() }
    }

    /// Asks a question; blocks.
    ///
    /// # Errors
    /// [`Unanswered`]. Where the time was over, the fault [is an interrupt](Fault::is_interrupt).
    pub(super) fn ask<T>(
        &self,
        site: &Site,
        pace: Pace,
        question: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Unanswered> {
        let idle = self.enter(pace)?;
        let _leave = Leave(self);
        let _turn = site.turn_to_read();
        let mut db = idle.map_or_else(|| site.reader(), Ok).map_err(Unanswered::Fault)?;
        let closing = self.closing.clone();
        let mut clock = Clock::start(pace);
        db.progress_handler(STEPS, Some(move || closing.load(Ordering::Relaxed) || clock.is_over()))
            .map_err(|error| Unanswered::Fault(error.into()))?;
        let answer = question(&db);
        // After trouble a new connection does better than an old one.
        if answer.as_ref().err().is_none_or(Fault::is_interrupt) {
            self.state.lock().idle.push(db);
        }
        answer.map_err(Unanswered::Fault)
    }

    /// Closes all connections and makes no new ones. Waits for those that are busy, which end soon.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.open = false;
        self.closing.store(true, Ordering::Relaxed);
        while state.busy > 0 {
            self.changed.wait(&mut state);
        }
        state.idle.clear();
    }

    /// Answers again.
    pub(super) fn reopen(&self) {
        self.closing.store(false, Ordering::Relaxed);
        self.state.lock().open = true;
    }

    /// Waits for a turn, and takes a connection if one is idle.
    fn enter(&self, pace: Pace) -> Result<Option<Connection>, Unanswered> {
        let mut state = self.state.lock();
        let until = match pace {
            Pace::Within(time) => Some(Instant::now() + time),
            Pace::Resting(_) | Pace::Steady => None,
        };
        loop {
            if !state.open {
                return Err(Unanswered::Closed);
            }
            if state.busy < self.most {
                state.busy += 1;
                return Ok(state.idle.pop());
            }
            match until {
                Some(until) if self.changed.wait_until(&mut state, until).timed_out() => return Err(Unanswered::Busy),
                Some(_) => {}
                None => self.changed.wait(&mut state),
            }
        }
    }
}

/// Gives a turn back, whatever happened in it.
struct Leave<'a>(&'a Readers);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.state.lock().busy -= 1;
        self.0.changed.notify_all();
    }
}

/// Says when the time is over, and sleeps in between if the [`Pace`] has it.
struct Clock {
    pace: Pace,
    since: Instant,
}

impl Clock {
    /// Work of less than this is not worth a rest.
    const WORK: Duration = Duration::from_millis(5);

    fn start(pace: Pace) -> Self {
        Self { pace, since: Instant::now() }
    }

    fn is_over(&mut self) -> bool {
        match self.pace {
            Pace::Within(time) => self.since.elapsed() >= time,
            Pace::Resting(times) => {
                let worked = self.since.elapsed();
                if worked >= Self::WORK {
                    std::thread::sleep(worked * times);
                    self.since = Instant::now();
                }
                false
            }
            Pace::Steady => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::Place;
    use super::super::schema::MIGRATIONS;
    use super::*;

    const LONG: Pace = Pace::Within(Duration::from_secs(60));
    const NO_TIME: Pace = Pace::Within(Duration::ZERO);

    /// A place, and the connection that keeps what is in it.
    fn site() -> (Site, Connection) {
        let site = Site::claim(Place::Memory).unwrap();
        let (writer, _) = site.open(MIGRATIONS).unwrap();
        (site, writer)
    }

    #[test]
    fn so_many_questions_are_asked_at_a_time() {
        let (site, _writer) = site();
        let readers = Readers::new(2);
        let third = readers.ask(&site, LONG, |_| {
            let second = readers.ask(&site, LONG, |_| Ok(readers.ask(&site, NO_TIME, |_| Ok(()))));
            Ok(second.unwrap())
        });
        assert!(matches!(third.unwrap(), Err(Unanswered::Busy)));
        readers.ask(&site, NO_TIME, |_| Ok(())).unwrap();
    }

    #[test]
    fn closing_ends_the_question_that_is_being_asked() {
        const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let (site, _writer) = site();
        let readers = Readers::new(1);
        let (asked, begun) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let endless = scope.spawn(|| {
                readers.ask(&site, Pace::Steady, |db| {
                    asked.send(()).unwrap();
                    Ok(db.query_row(ENDLESS, [], |_| Ok(()))?)
                })
            });
            begun.recv().unwrap();
            readers.close();
            assert!(matches!(endless.join().unwrap(), Err(Unanswered::Fault(fault)) if fault.is_interrupt()));
        });
        assert!(matches!(readers.ask(&site, LONG, |_| Ok(())), Err(Unanswered::Closed)));
        readers.reopen();
        readers.ask(&site, LONG, |_| Ok(())).unwrap();
    }
}
