//! Progress of a connection, and the time that it has for what comes next.
//!
//! A connection is touched at three places: the socket sees bytes come and go, requests begin and end, and the task that owns
//! the connection has to know when there is no more patience with it. None of them knows enough by itself, so each tells what
//! it sees here. No timer is set for a request: there is one for each connection, and it is moved only when it fires or would
//! fire too late.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::time::{Sleep, sleep_until};

use crate::config::ServerConfig;

/// Time that a client may take to hang up after its last answer, while what it still sends is thrown away.
const LINGER: Duration = Duration::from_secs(1);

/// Times that a connection may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    header: Duration,
    idle: Duration,
    answer: Duration,
    request: Duration,
}

/// Progress of one connection.
#[derive(Debug)]
pub(super) struct Progress {
    times: Times,
    state: Mutex<ConnectionState>,
}

#[derive(Debug)]
struct ConnectionState {
    stage: Stage,
    /// Moment since when it has been in this stage.
    since: Instant,
    /// Moment in which the connection was opened, or its last request answered.
    served: Instant,
    /// Moment since when there have been bytes that the client does not take.
    stuck: Option<Instant>,
    /// Moments in which the requests began whose answers are not sent.
    requests: Vec<Instant>,
    /// Set if bytes may come that belong to no request.
    http2: bool,
    /// Set if the last answer was a refusal, so that the rest of what was asked may still be on its way.
    refused: bool,
    ending: Option<Ending>,
    /// The task that owns the connection.
    owner: Option<Waker>,
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

/// Reason why somebody wants a connection to end.
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
    /// Thing that took too long, or that the connection makes room.
    pub(super) reason: &'static str,
}

impl CutOff {
    /// Cut of a connection that was over anyway, but for the client to hang up.
    pub(super) const CLOSING: Self = Self { reason: "closing" };
    /// All reasons that are counted.
    pub(super) const REASONS: [&str; 5] = ["shed", "answer", "handshake", "headers", "idle"];
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
        let state = ConnectionState {
            stage: Stage::Waiting,
            since: now,
            served: now,
            stuck: None,
            requests: Vec::new(),
            http2: false,
            refused: false,
            ending: None,
            owner: None,
        };
        Self { times, state: Mutex::new(state) }
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
    pub(super) fn request_ended(&self, began: Instant, refused: bool, now: Instant) {
        let mut state = self.state.lock();
        state.refused = refused;
        if let Some(index) = state.requests.iter().position(|open| *open == began) {
            state.requests.swap_remove(index);
        }
        if state.requests.is_empty() && state.stage == Stage::Busy {
            state.enter(Stage::Waiting, now);
            state.served = now;
        }
    }

    /// Notes that there are bytes that the client does not take.
    pub(super) fn stuck(&self) {
        self.state.lock().stuck = Some(Instant::now());
    }

    /// The client has taken them.
    pub(super) fn flushed(&self) {
        let mut state = self.state.lock();
        state.stuck = None;
        // What came meanwhile was not waited for.
        state.since = Instant::now();
    }

    /// Nothing more will be sent. Returns whether the client may still be sending what nobody will read. It had the time since
    /// its last answer to hang up.
    pub(super) fn closing(&self) -> bool {
        let mut state = self.state.lock();
        let is_sending = state.refused || state.stage == Stage::Headers;
        state.stage = Stage::Closing;
        is_sending
    }

    /// Returns since when the client has kept the tracker waiting for a request, whether it has begun with it or not;
    /// none if it does not, or if the connection is about to end.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let state = self.state.lock();
        let waits = matches!(state.stage, Stage::Handshake | Stage::Waiting | Stage::Headers);
        (waits && state.ending.is_none()).then_some(state.served)
    }

    /// Asks the connection to end.
    pub(super) fn end(&self, ending: Ending) {
        let mut state = self.state.lock();
        state.ending = Some(ending);
        if let Some(owner) = state.owner.take() {
            owner.wake();
        }
    }

    /// Says whether the connection is to make room.
    #[cfg(test)]
    pub(super) fn is_shed(&self) -> bool {
        self.state.lock().ending == Some(Ending::Shed)
    }

    /// Runs what the connection does, until it is over or takes too long. `drain` is called when the connection is to end in
    /// good order.
    pub(super) async fn watch<C: Future>(
        &self,
        connection: C,
        drain: impl Fn(Pin<&mut C>),
    ) -> Result<C::Output, CutOff> {
        let (mut connection, mut draining) = (pin!(connection), false);
        let mut alarm = pin!(sleep_until((Instant::now() + self.times.idle).into()));
        poll_fn(|context| {
            loop {
                if let Poll::Ready(output) = connection.as_mut().poll(context) {
                    return Poll::Ready(Ok(output));
                }
                let (ending, deadline) = self.state.lock().look(context, &self.times);
                match ending {
                    Some(Ending::Shed) => return Poll::Ready(Err(CutOff::SHED)),
                    Some(Ending::Drain) if !draining => {
                        draining = true;
                        drain(connection.as_mut());
                    }
                    _ => {
                        return deadline
                            .map_or(Poll::Pending, |deadline| wait(alarm.as_mut(), context, deadline).map(Err));
                    }
                }
            }
        })
        .await
    }
}

/// Waits until a deadline that may be another one each time.
fn wait(mut alarm: Pin<&mut Sleep>, context: &mut Context<'_>, (until, cut_off): (Instant, CutOff)) -> Poll<CutOff> {
    let until = until.into();
    if until < alarm.deadline() {
        alarm.as_mut().reset(until);
    }
    while alarm.as_mut().poll(context).is_ready() {
        if until <= alarm.deadline() {
            return Poll::Ready(cut_off);
        }
        // Much has happened since it was set.
        alarm.as_mut().reset(until);
    }
    Poll::Pending
}

impl ConnectionState {
    fn enter(&mut self, stage: Stage, now: Instant) {
        // Requests of HTTP/2 may begin and end after that.
        if self.stage != Stage::Closing {
            self.stage = stage;
            self.since = now;
        }
    }

    /// Looks whether the connection is to end, and if not, until when something has to happen. The task that looks is
    /// woken when the former changes.
    fn look(&mut self, context: &Context<'_>, times: &Times) -> (Option<Ending>, Option<(Instant, CutOff)>) {
        match &mut self.owner {
            Some(owner) => owner.clone_from(context.waker()),
            None => self.owner = Some(context.waker().clone()),
        }
        (self.ending, self.deadline(times))
    }

    /// Finds the moment until which something has to happen, and what it would be that took too long.
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
