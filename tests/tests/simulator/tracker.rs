//! The real tracker's service, without its HTTP: messages come and go through the simulated network.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sprat_chunking::FileId;
use sprat_peer::world::{Courier, Later, Letter, Undelivered};
use sprat_protocol::tracker::{Answer, FileInfo, QueryAnswer, Request};
use sprat_tracker::proof::Proof;
use sprat_tracker::refusal::Refusal;
use sprat_tracker::{Caller, Config, Now, Tracker};
use tokio::time::{Instant, sleep, timeout};

use crate::network::Net;

/// Time that a peer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Interval at which somebody looks whether a message gets through now.
const LOOK: Duration = Duration::from_millis(500);

/// A tracker on a host of its own.
#[derive(Debug)]
pub(crate) struct Host {
    net: Net,
    ip: IpAddr,
    config: Config,
    /// None while it is away.
    running: Mutex<Option<Arc<Tracker>>>,
}

/// Carries the messages of one peer to it.
#[derive(Debug)]
pub(crate) struct Post {
    /// Sender, by the address that it had first.
    pub(crate) from: IpAddr,
    /// Host that the letters go to.
    pub(crate) to: Arc<Host>,
}

impl Host {
    /// A tracker with short leases, which nobody calls back.
    pub(crate) fn new(net: Net, ip: IpAddr) -> Arc<Self> {
        let config = Config { call_back: false, lease: Duration::from_secs(60), ..Config::default() };
        let host = Self { net, ip, config, running: Mutex::default() };
        host.start(0);
        Arc::new(host)
    }

    /// Starts the tracker, which knows nobody.
    pub(crate) fn start(&self, seed: u64) {
        let (tracker, _) = Tracker::open(&self.config, StdRng::seed_from_u64(seed), now()).expect("it needs nothing");
        *self.running.lock().expect("nobody panics with it") = Some(Arc::new(tracker));
    }

    /// Stops the tracker, which forgets everything.
    pub(crate) fn stop(&self) {
        *self.running.lock().expect("nobody panics with it") = None;
    }

    /// Number of seeders and leechers that the tracker knows.
    pub(crate) fn known(&self) -> (usize, usize) {
        let running = self.running.lock().expect("nobody panics with it").clone();
        running.map_or((0, 0), |tracker| {
            while tracker.expire(now()) {}
            let stats = tracker.stats(now());
            (stats.seeders, stats.leechers)
        })
    }

    /// Addresses that the tracker names for a file to somebody who is somewhere else.
    pub(crate) async fn named(&self, file_id: FileId) -> Vec<String> {
        let running = self.running.lock().expect("nobody panics with it").clone();
        let Some(tracker) = running else { return Vec::new() };
        let found = tracker.file(Caller::new(self.ip, now()), file_id).await.unwrap_or_default();
        let info: Option<FileInfo> = serde_json::from_slice(&found).ok();
        let peers = info.into_iter().flat_map(|info| info.peers);
        peers.flat_map(|peer| peer.addresses).map(|addr| addr.to_string()).collect()
    }

    async fn answer(&self, from: IpAddr, letter: &Letter) -> Result<Vec<u8>, Undelivered> {
        let running = self.running.lock().expect("nobody panics with it").clone();
        let tracker = running.ok_or_else(|| Undelivered::Unreachable("connection refused".to_owned()))?;
        while tracker.expire(now()) {}
        let caller = Caller::new(from, now());
        let request: Request = serde_json::from_slice(&letter.body).expect("an engine sends messages");
        let answer = match request {
            Request::Register(message) => {
                let proof = Proof { body: &letter.body, signature: letter.signature.as_deref() };
                tracker.register(caller, message, proof).await.map(Answer::Registered)
            }
            Request::Query(message) => tracker.query(caller, &message).await.map(|found| {
                let files = [b"[", found.files.as_slice(), b"]"].concat();
                let files = serde_json::from_slice(&files).expect("a tracker answers in JSON");
                let (unknown, unavailable) = (found.unknown, found.unavailable);
                Answer::QueryAnswer(QueryAnswer { files, unknown, unavailable })
            }),
            Request::Heartbeat(message) => tracker.heartbeat(caller, message).await.map(Answer::HeartbeatAnswer),
            Request::Unregister(message) => tracker.unregister(caller, message).await.map(Answer::Unregistered),
            Request::Search(message) => tracker.search(caller, &message).await.map(Answer::SearchAnswer),
        };
        let answer = answer.unwrap_or_else(|refusal: Refusal| Answer::Error(refusal.to_answer()));
        Ok(serde_json::to_vec(&answer).expect("an answer is JSON"))
    }
}

impl Post {
    /// Waits until something gets there, and for as long as that takes.
    async fn travel(&self, from: IpAddr, to: IpAddr) {
        let net = &self.to.net;
        while !net.is_open(from, to) {
            sleep(LOOK).await;
        }
        sleep(net.delay()).await;
    }

    async fn there_and_back<T>(
        &self,
        from: IpAddr,
        at: impl Future<Output = Result<T, Undelivered>>,
    ) -> Result<T, Undelivered> {
        let trip = async {
            self.travel(from, self.to.ip).await;
            let answer = at.await;
            self.travel(self.to.ip, from).await;
            answer
        };
        let late = |_| Undelivered::Unreachable("it did not answer in time".to_owned());
        timeout(PATIENCE, trip).await.map_err(late)?
    }
}

impl Courier for Post {
    fn deliver(&self, letter: Letter) -> Later<'_, Result<Vec<u8>, Undelivered>> {
        Box::pin(async move {
            let from = self.to.net.address(self.from);
            self.to.net.note((from, &letter.url));
            self.there_and_back(from, self.to.answer(from, &letter)).await
        })
    }

    fn is_well(&self, _: String) -> Later<'_, Result<bool, Undelivered>> {
        Box::pin(async move {
            let is_there = async { Ok(self.to.running.lock().expect("nobody panics with it").is_some()) };
            match self.there_and_back(self.to.net.address(self.from), is_there).await? {
                true => Ok(true),
                false => Err(Undelivered::Unreachable("connection refused".to_owned())),
            }
        })
    }
}

/// This moment: virtual, but for what people call it.
fn now() -> Now {
    let unix_seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Now { instant: Instant::now().into_std(), unix_seconds }
}
