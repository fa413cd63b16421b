//! One server of the cluster: the connection to it, and a circuit breaker.
//!
//! A request never connects and never waits for a server that is away. One task per server does that: it connects, and looks
//! every second whether the server still answers. After a few requests in a row without an answer the server counts as away
//! and requests fail at once, until that task has reached it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, Cmd, IntoConnectionInfo, Pipeline, RedisConnectionInfo, RedisError, RedisResult,
    ServerError, Value,
};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time;

use super::scripts;

/// Time that a server may take to answer.
const ANSWER_TIME: Duration = Duration::from_millis(200);
/// Time that connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// Number of requests in a row that may go unanswered.
const MOST_FAILURES: u32 = 3;
/// Time for which a server that is away is left alone.
const AWAY_TIME: Duration = Duration::from_secs(1);
/// Pause between two pings to a server.
const PING_TIME: Duration = Duration::from_secs(1);
/// Pause between two lines of the log on a server that refuses commands.
const COMPLAIN_TIME: Duration = Duration::from_secs(10);
/// Number of commands that may be under way to a server at a time. Further ones wait here, so that a crowd of requests
/// is not taken for a server that does not answer.
const MOST_UNDER_WAY: usize = 512;
/// Time that a request waits for its turn.
const TURN_TIME: Duration = Duration::from_secs(1);
/// Number of requests that may wait to be written.
const QUEUE_LEN: usize = 1024;

/// One server.
#[derive(Debug)]
pub(super) struct Node {
    host: String,
    port: u16,
    link: RwLock<Link>,
    lost: Notify,
    turns: Semaphore,
    /// Moment in which the log was last told that the server refused something.
    complained: Mutex<Option<Instant>>,
}

#[derive(Debug)]
enum Link {
    /// The server is being connected to, for the first time or because the connection broke.
    Connecting,
    Up(Arc<Line>),
    /// The server does not answer.
    Away,
}

#[derive(Debug)]
struct Line {
    connection: MultiplexedConnection,
    /// Requests without an answer, since the last one with an answer.
    failures: AtomicU32,
}

/// Reason why a server gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The server was not asked, and may be asked in a moment.
    NotYet,
    /// The server is away, or was asked and did not answer in time.
    Away,
}

impl Node {
    /// A server that nobody has connected to yet.
    pub(super) fn new(host: String, port: u16) -> Self {
        Self {
            host,
            port,
            link: RwLock::new(Link::Connecting),
            lost: Notify::new(),
            turns: Semaphore::new(MOST_UNDER_WAY),
            complained: Mutex::default(),
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Says whether the server answered when it was last asked.
    pub(super) fn is_up(&self) -> bool {
        matches!(*self.link.read(), Link::Up(_))
    }

    /// Says whether the server did not answer when it was last asked.
    pub(super) fn is_away(&self) -> bool {
        matches!(*self.link.read(), Link::Away)
    }

    /// Connects anew, because the server has forgotten what it was told.
    pub(super) fn reconnect(&self) {
        *self.link.write() = Link::Connecting;
        self.lost.notify_one();
    }

    /// Tells the log that the server refuses something, now and then.
    pub(super) fn complain(&self, error: &ServerError) {
        let mut complained = self.complained.lock();
        if complained.is_none_or(|at| at.elapsed() > COMPLAIN_TIME) {
            *complained = Some(Instant::now());
            tracing::warn!(server = %self, %error, "a server of the cluster refuses a command");
        }
    }

    /// Waits until so many commands may be sent, for as long as they then take.
    pub(super) async fn turn(&self, commands: usize) -> Result<SemaphorePermit<'_>, NoAnswer> {
        self.line()?;
        let permits = u32::try_from(commands.min(MOST_UNDER_WAY)).unwrap_or(u32::MAX);
        let turn = time::timeout(TURN_TIME, self.turns.acquire_many(permits)).await;
        turn.map_err(|_| NoAnswer::Away)?.map_err(|_| NoAnswer::Away)
    }

    /// Sends a command. An error that the server answers with is a value.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, NoAnswer> {
        let line = self.line()?;
        let answer = line.connection.clone().send_packed_command(command).await;
        self.judge(&line, answer)
    }

    /// Sends these commands one after another, and returns an answer to each.
    pub(super) async fn send_all(&self, commands: &Pipeline) -> Result<Vec<Value>, NoAnswer> {
        let line = self.line()?;
        let answers = line.connection.clone().send_packed_commands(commands, 0, commands.len()).await;
        self.judge(&line, answers)
    }

    /// Keeps the server connected; never ends. Rings `connected` whenever it has become so.
    pub(super) async fn keep(self: Arc<Self>, settings: RedisConnectionInfo, connected: Arc<Notify>) {
        loop {
            match self.connect(&settings).await {
                Ok(connection) => {
                    *self.link.write() = Link::Up(Arc::new(Line { connection, failures: AtomicU32::new(0) }));
                    tracing::info!(server = %self, "connected to a server of the cluster");
                    connected.notify_one();
                    self.watch().await;
                    connected.notify_one();
                }
                Err(error) => {
                    let former = std::mem::replace(&mut *self.link.write(), Link::Away);
                    if !matches!(former, Link::Away) {
                        tracing::warn!(server = %self, %error, "a server of the cluster cannot be reached");
                    }
                }
            }
            if !matches!(*self.link.read(), Link::Connecting) {
                time::sleep(AWAY_TIME).await;
            }
        }
    }

    fn line(&self) -> Result<Arc<Line>, NoAnswer> {
        match &*self.link.read() {
            Link::Up(line) => Ok(line.clone()),
            Link::Connecting => Err(NoAnswer::NotYet),
            Link::Away => Err(NoAnswer::Away),
        }
    }

    async fn connect(&self, settings: &RedisConnectionInfo) -> RedisResult<MultiplexedConnection> {
        let info = (self.host.as_str(), self.port).into_connection_info()?.set_redis_settings(settings.clone());
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIME))
            .set_response_timeout(Some(ANSWER_TIME))
            .set_pipeline_buffer_size(QUEUE_LEN);
        let mut connection = Client::open(info)?.get_multiplexed_async_connection_with_config(&config).await?;
        scripts::load(&mut connection).await?;
        Ok(connection)
    }

    /// Returns once the connection is lost.
    async fn watch(&self) {
        while self.is_up() {
            tokio::select! {
                () = self.lost.notified() => {}
                () = time::sleep(PING_TIME) => {
                    let _ = self.send(&redis::cmd("PING")).await;
                }
            }
        }
    }

    /// Counts what was not answered, and gives the connection up if that is too much.
    fn judge<T>(&self, line: &Arc<Line>, answer: RedisResult<T>) -> Result<T, NoAnswer> {
        let error = match answer {
            Ok(answer) => {
                line.failures.store(0, Ordering::Relaxed);
                return Ok(answer);
            }
            Err(error) => error,
        };
        let is_broken = !error.is_timeout();
        if is_broken || line.failures.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_FAILURES {
            self.give_up(line, &error);
        }
        Err(NoAnswer::Away)
    }

    fn give_up(&self, line: &Arc<Line>, error: &RedisError) {
        let mut link = self.link.write();
        if matches!(&*link, Link::Up(current) if Arc::ptr_eq(current, line)) {
            *link = if error.is_timeout() { Link::Away } else { Link::Connecting };
            drop(link);
            tracing::warn!(server = %self, %error, "lost a server of the cluster");
            self.lost.notify_one();
        }
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
