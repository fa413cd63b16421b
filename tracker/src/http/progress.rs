//! How far a connection is, and until when it may take for what comes next.
//!
//! A connection is touched at three places: the socket sees bytes come and go, requests begin and end, and the task that owns
//! the connection waits for the end of its patience. None of them knows enough by itself, so each tells what it sees here. No
//! timer is set for a request: there is one for each connection, and it is moved only when it fires or is too late.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep_until;

use crate::config::ServerConfig;

/// How long a client may take to hang up after the last answer, while what it still sends is thrown away. If the connection
/// were closed at once the client's system would throw the answer away.
const LINGER: Duration = Duration::from_secs(1);

/// How long a connection may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    header: Duration,
    idle: Duration,
    answer: Duration,
    request: Duration,
}

/// How far one connection is.
#[derive(Debug)]
pub(super) struct Progress {
    times: Times,
    state: Mutex<State>,
    asked: Notify,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// Since when it has been in this stage.
    since: Instant,
    /// When it was opened, or its last request answered.
    served: Instant,
    /// Since when there have been bytes that the client does not take.
    stuck: Option<Instant>,
    /// When the requests began whose answers are not sent.
    requests: Vec<Instant>,
    /// Whether bytes may come that belong to no request.
    http2: bool,
    ending: Option<Ending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The TLS handshake is not over.
    Handshake,
    /// Nothing of a request has come.
    Waiting,
    /// The headers of a request are not complete.
    Headers,
    /// Requests are being answered.
    Busy,
    /// The last answer was written, or nothing was asked.
    Closing,
}

/// Why somebody wants a connection to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The tracker ends: requests that came are answered first.
    Drain,
    /// Another connection needs its place.
    Shed,
}

/// A connection is to be cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CutOff {
    /// What took too long, or that it makes room.
    pub(super) reason: &'static str,
}

impl CutOff {
    /// It was over anyway, but for the client to hang up.
    pub(super) const CLOSING: Self = Self { reason: "closing" };
    const SHED: Self = Self { reason: "shed" };
    const ANSWER: Self = Self { reason: "answer" };
    const HANDSHAKE: Self = Self { reason: "handshake" };
    const HEADERS: Self = Self { reason: "headers" };
    const IDLE: Self = Self { reason: "idle" };
}

impl Times {
    pub(super) fn new(config: &ServerConfig) -> Self {
        let &ServerConfig { header_time: header, idle_time: idle, handler_time, answer_time: answer, .. } = config;
        Self { header, idle, answer, request: handler_time + answer }
    }
}

impl Progress {
    /// A connection that was just opened.
    pub(super) fn new(times: Times, now: Instant) -> Self {
        let state = State {
            stage: Stage::Waiting,
            since: now,
            served: now,
            stuck: None,
            requests: Vec::new(),
            http2: false,
            ending: None,
        };
        Self { times, state: Mutex::new(state), asked: Notify::new() }
    }

    /// A TLS handshake begins.
    pub(super) fn handshake_began(&self) {
        self.state.lock().enter(Stage::Handshake, Instant::now());
    }

    /// A TLS handshake is over.
    pub(super) fn handshake_ended(&self) {
        self.state.lock().enter(Stage::Waiting, Instant::now());
    }

    /// Bytes came.
    pub(super) fn received(&self) {
        let mut state = self.state.lock();
        if state.stage == Stage::Waiting && !state.http2 {
            state.enter(Stage::Headers, Instant::now());
        }
    }

    /// The headers of a request are complete.
    pub(super) fn request_began(&self, http2: bool, now: Instant) {
        let mut state = self.state.lock();
        state.http2 |= http2;
        state.requests.push(now);
        state.enter(Stage::Busy, now);
    }

    /// The answer of a request that began then was sent, or the request was given up.
    pub(super) fn request_ended(&self, began: Instant, now: Instant) {
        let mut state = self.state.lock();
        if let Some(index) = state.requests.iter().position(|open| *open == began) {
            state.requests.swap_remove(index);
        }
        if state.requests.is_empty() && state.stage == Stage::Busy {
            state.enter(Stage::Waiting, now);
            state.served = now;
        }
    }

    /// There are bytes that the client does not take.
    pub(super) fn stuck(&self) {
        self.state.lock().stuck.get_or_insert_with(Instant::now);
    }

    /// The client has taken all bytes.
    pub(super) fn flushed(&self) {
        let mut state = self.state.lock();
        if state.stuck.take().is_some() {
            // What came meanwhile was not waited for.
            state.since = Instant::now();
        }
    }

    /// Nothing more will be sent. The client had the time since its last answer to hang up.
    pub(super) fn closing(&self) {
        self.state.lock().stage = Stage::Closing;
    }

    /// Since when the client has kept the tracker waiting for a request, whether it has begun with it or not; none if it does
    /// not, or if the connection is about to end.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let state = self.state.lock();
        let waits = matches!(state.stage, Stage::Handshake | Stage::Waiting | Stage::Headers);
        (waits && state.ending.is_none()).then_some(state.served)
    }

    /// Asks the connection to end.
    pub(super) fn end(&self, ending: Ending) {
        self.state.lock().ending = Some(ending);
        self.asked.notify_one();
    }

    /// Whether it is to make room.
    #[cfg(test)]
    pub(super) fn is_shed(&self) -> bool {
        self.state.lock().ending == Some(Ending::Shed)
    }

    /// Waits until the connection is to end in good order.
    pub(super) async fn drain(&self) {
        while self.state.lock().ending != Some(Ending::Drain) {
            self.asked.notified().await;
        }
    }

    /// Waits until the connection is to be cut off. To be polled whenever something may have happened on the connection.
    pub(super) async fn cut_off(&self) -> CutOff {
        let mut alarm = pin!(sleep_until((Instant::now() + self.times.idle).into()));
        poll_fn(|context| {
            loop {
                let (until, cut_off) = {
                    let state = self.state.lock();
                    if state.ending == Some(Ending::Shed) {
                        return Poll::Ready(CutOff::SHED);
                    }
                    let Some(deadline) = state.deadline(&self.times) else { return Poll::Pending };
                    deadline
                };
                if until < alarm.deadline().into_std() {
                    alarm.as_mut().reset(until.into());
                }
                if alarm.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                if until <= alarm.deadline().into_std() {
                    return Poll::Ready(cut_off);
                }
                // Much has happened since it was set.
                alarm.as_mut().reset(until.into());
            }
        })
        .await
    }
}

impl State {
    fn enter(&mut self, stage: Stage, now: Instant) {
        self.stage = stage;
        self.since = now;
    }

    /// Until when something has to happen, and what it would be that took too long.
    fn deadline(&self, times: &Times) -> Option<(Instant, CutOff)> {
        if let Some(stuck) = self.stuck {
            return Some((stuck + times.answer, CutOff::ANSWER));
        }
        match self.stage {
            Stage::Handshake => Some((self.since + times.header, CutOff::HANDSHAKE)),
            Stage::Waiting => Some((self.since + times.idle, CutOff::IDLE)),
            Stage::Headers => Some((self.since + times.header, CutOff::HEADERS)),
            Stage::Busy => self.requests.iter().min().map(|began| (*began + times.request, CutOff::ANSWER)),
            Stage::Closing => Some((self.since + LINGER, CutOff::CLOSING)),
        }
    }
}
