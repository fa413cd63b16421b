//! What a tracker does with a message. Knows the messages, not how they came.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use rand::rngs::StdRng;
use serde::Serialize;
use sprat_chunking::{FileId, Layout};
use sprat_protocol::tracker::{
    Answer, FileInfo, FileOutcome, Heartbeat, HeartbeatAnswer, Lease, LeaseToken, MAX_NAME_LEN, MAX_QUERY_FILES,
    MAX_QUERY_PEERS, MAX_REGISTER_FILES, MAX_SEARCH_WORDS_LEN, PeerInfo, Query, QueryAnswer, Register, RegisterFile,
    Registered, Request, Search, SearchAnswer, SearchHit, Unregister, Unregistered,
};

use crate::catalogue::{Catalogue, Page, Words};
use crate::config::Config;
use crate::contact::Contact;
use crate::refusal::{ClaimError, Refusal};
use crate::swarm::{Asker, Claim, Share, Summary, Swarms, UnknownLease};

/// How many peers are named to somebody who does not say how many.
const DEFAULT_QUERY_PEERS: u32 = 50;
/// How many names a search looks at before others get their turn.
const SCAN_STEPS: usize = 1000;
/// How many expired holdings are cleared before others get their turn.
const EXPIRE_STEPS: usize = 1000;

/// The moment in which something happens.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For everything that has a length.
    pub instant: Instant,
    /// For people: seconds since 1970 (UTC).
    pub unix_seconds: u64,
}

impl Now {
    /// What the system's clocks say.
    pub fn read() -> Self {
        let unix_seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { instant: Instant::now(), unix_seconds }
    }
}

/// The tracker: answers one message at a time, from memory.
#[derive(Debug)]
pub struct Tracker {
    lease: Duration,
    started: Instant,
    /// Held for the time of one small step, never across an await.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    swarms: Swarms,
    catalogue: Catalogue,
    rng: StdRng,
    requests: Requests,
}

/// What a tracker tells about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Its version.
    pub version: &'static str,
    /// For how many seconds it has been running.
    pub uptime: u64,
    /// Peers with a lease.
    pub peers: usize,
    /// Different files.
    pub files: usize,
    /// Pairs of a peer and a file that it has all of.
    pub seeders: usize,
    /// Pairs of a peer and a file that it has a part of.
    pub leechers: usize,
    /// How many messages it understood.
    pub requests: Requests,
}

/// How many messages of each kind the tracker understood, since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// REGISTER.
    pub register: u64,
    /// QUERY, and questions for one file.
    pub query: u64,
    /// HEARTBEAT.
    pub heartbeat: u64,
    /// UNREGISTER.
    pub unregister: u64,
    /// SEARCH.
    pub search: u64,
}

impl Tracker {
    /// A tracker that knows nobody yet. Lease tokens are drawn from `rng`, so it must be one that nobody can predict.
    pub fn new(config: &Config, rng: StdRng, now: Now) -> Self {
        let swarms = Swarms::new(config.lease, config.limits.clone());
        let state = State { swarms, catalogue: Catalogue::default(), rng, requests: Requests::default() };
        Self { lease: config.lease, started: now.instant, state: Mutex::new(state) }
    }

    /// Answers a message whose connection came from `observed`.
    ///
    /// # Errors
    /// [`Refusal`] if the tracker cannot or will not.
    pub fn answer(&self, request: Request, observed: IpAddr, now: Now) -> Result<Answer, Refusal> {
        let observed = observed.to_canonical();
        match request {
            Request::Register(register) => self.register(register, observed, now).map(Answer::Registered),
            Request::Query(query) => self.query(&query, observed, now).map(Answer::QueryAnswer),
            Request::Heartbeat(heartbeat) => self.heartbeat(&heartbeat, observed, now).map(Answer::HeartbeatAnswer),
            Request::Unregister(unregister) => self.unregister(&unregister, now).map(Answer::Unregistered),
            Request::Search(search) => self.search(&search).map(Answer::SearchAnswer),
        }
    }

    /// What is known of one file, as told to somebody whose connection came from `observed`.
    ///
    /// # Errors
    /// [`Refusal::UnknownFile`] if nobody has it.
    pub fn file(&self, file_id: FileId, observed: IpAddr, now: Now) -> Result<FileInfo, Refusal> {
        let query = Query { peer_id: None, file_ids: vec![file_id], max_peers: DEFAULT_QUERY_PEERS };
        let files = self.query(&query, observed.to_canonical(), now)?.files;
        files.into_iter().next().ok_or(Refusal::UnknownFile(file_id))
    }

    /// What the tracker tells about itself.
    pub fn stats(&self, now: Now) -> Stats {
        let state = self.state.lock();
        let totals = state.swarms.totals();
        Stats {
            version: env!("CARGO_PKG_VERSION"),
            uptime: now.instant.saturating_duration_since(self.started).as_secs(),
            peers: totals.peers,
            files: totals.files,
            seeders: totals.seeders,
            leechers: totals.leechers,
            requests: state.requests,
        }
    }

    /// Forgets some of what the leases that are over held. Returns whether there is more to forget.
    pub fn expire(&self, now: Now) -> bool {
        self.change(now, |state| state.swarms.expire(now.instant, EXPIRE_STEPS))
    }

    fn register(&self, register: Register, observed: IpAddr, now: Now) -> Result<Registered, Refusal> {
        let Register { peer_id, port, addresses, files } = register;
        at_most("files", files.len(), MAX_REGISTER_FILES)?;
        if port == 0 {
            return Err(Refusal::PortZero);
        }
        let contact = Contact::new(observed, port, &addresses);
        let checked: Vec<_> = files.into_iter().map(|file| (file.file_id, check(file))).collect();
        self.change(now, |state| {
            state.requests.register += 1;
            let token = state.swarms.register(now.instant, &mut state.rng, peer_id, contact);
            let token = token.map_err(|reason| Refusal::TooManyPeers { reason, retry_after: self.lease_seconds() })?;
            let files = checked.into_iter().map(|(file_id, share)| {
                let share = share.map_err(|error| error.to_string());
                let added = share.and_then(|share| {
                    state.swarms.add(now.instant, peer_id, share).map_err(|refusal| refusal.to_string())
                });
                match added {
                    Ok(chunk_size) => FileOutcome::Accepted { file_id, chunk_size },
                    Err(reason) => FileOutcome::Refused { file_id, reason },
                }
            });
            Ok(Registered { files: files.collect(), lease: self.lease(LeaseToken::new(token)), observed })
        })
    }

    fn query(&self, query: &Query, observed: IpAddr, now: Now) -> Result<QueryAnswer, Refusal> {
        at_most("file IDs", query.file_ids.len(), MAX_QUERY_FILES)?;
        let asker = Asker { peer_id: query.peer_id, address: observed };
        let max_peers = query.max_peers.min(MAX_QUERY_PEERS) as usize;
        let mut answer = QueryAnswer::default();
        self.change(now, |state| {
            state.requests.query += 1;
            for file_id in query.file_ids.iter().copied() {
                match state.swarms.query(now.instant, &mut state.rng, file_id, asker, max_peers) {
                    Some((summary, peers)) => answer.files.push(file_info(file_id, &summary, peers)),
                    None => answer.unknown.push(file_id),
                }
            }
        });
        Ok(answer)
    }

    fn heartbeat(&self, heartbeat: &Heartbeat, observed: IpAddr, now: Now) -> Result<HeartbeatAnswer, Refusal> {
        let Heartbeat { peer_id, token, completed } = heartbeat;
        at_most("completed files", completed.len(), MAX_REGISTER_FILES)?;
        self.change(now, |state| {
            state.requests.heartbeat += 1;
            let token = token.bits().ok_or(UnknownLease)?;
            state.swarms.heartbeat(now.instant, *peer_id, token, observed, completed)
        })?;
        Ok(HeartbeatAnswer { lease: self.lease(token.clone()) })
    }

    fn unregister(&self, unregister: &Unregister, now: Now) -> Result<Unregistered, Refusal> {
        let Unregister { peer_id, token, file_ids } = unregister;
        at_most("file IDs", file_ids.as_ref().map_or(0, Vec::len), MAX_REGISTER_FILES)?;
        let removed = self.change(now, |state| {
            state.requests.unregister += 1;
            let token = token.bits().ok_or(UnknownLease)?;
            state.swarms.unregister(now.instant, *peer_id, token, file_ids.as_deref())
        })?;
        Ok(Unregistered { removed: to_u32(removed) })
    }

    fn search(&self, search: &Search) -> Result<SearchAnswer, Refusal> {
        at_most("bytes of words", search.words.len(), MAX_SEARCH_WORDS_LEN)?;
        self.state.lock().requests.search += 1;
        let words = Words::new(&search.words);
        let mut page = Page::new(search.page);
        let mut cursor = None;
        loop {
            let State { swarms, catalogue, .. } = &*self.state.lock();
            cursor = catalogue.scan(&words, cursor, SCAN_STEPS, |found| {
                if let Some(summary) = swarms.summary(found.file_id) {
                    page.offer(found.whole_words, search_hit(found.file_id, &summary, found.first_seen));
                }
            });
            if cursor.is_none() {
                break;
            }
        }
        Ok(page.finish())
    }

    /// Changes the state, and brings the catalogue in step with the swarms.
    fn change<T>(&self, now: Now, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let result = change(&mut state);
        let State { swarms, catalogue, .. } = &mut *state;
        for file_id in swarms.take_changed() {
            match swarms.summary(file_id) {
                Some(summary) => catalogue.put(file_id, &summary.claim.name, now.unix_seconds),
                None => catalogue.remove(file_id),
            }
        }
        result
    }

    fn lease(&self, token: LeaseToken) -> Lease {
        Lease { token, seconds: self.lease_seconds() }
    }

    fn lease_seconds(&self) -> u32 {
        u32::try_from(self.lease.as_secs()).unwrap_or(u32::MAX).max(1)
    }
}

/// Holds a list against its bound.
fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), Refusal> {
    if count > most { Err(Refusal::TooLong { what, count, most }) } else { Ok(()) }
}

/// Holds what a peer says of a file against itself.
fn check(file: RegisterFile) -> Result<Share, ClaimError> {
    let RegisterFile { file_id, name, size, chunk_size, num_chunks, complete } = file;
    if name.is_empty() || name.len() > MAX_NAME_LEN {
        return Err(ClaimError::NameLen(name.len()));
    }
    if name.chars().any(char::is_control) {
        return Err(ClaimError::NameControl);
    }
    let layout = Layout::new(size, chunk_size)?;
    if layout.num_chunks() != num_chunks {
        return Err(ClaimError::NumChunks { expected: layout.num_chunks(), claimed: num_chunks });
    }
    Ok(Share { file_id, claim: Claim { name: name.into(), layout }, complete })
}

fn file_info(file_id: FileId, summary: &Summary, peers: Vec<PeerInfo>) -> FileInfo {
    let layout = summary.claim.layout;
    FileInfo {
        file_id,
        name: summary.claim.name.to_string(),
        size: layout.len(),
        chunk_size: layout.chunk_size(),
        num_chunks: layout.num_chunks(),
        seeders: to_u32(summary.seeders),
        leechers: to_u32(summary.leechers),
        peers,
    }
}

fn search_hit(file_id: FileId, summary: &Summary, first_seen: u64) -> SearchHit {
    SearchHit {
        file_id,
        name: summary.claim.name.to_string(),
        size: summary.claim.layout.len(),
        seeders: to_u32(summary.seeders),
        leechers: to_u32(summary.leechers),
        first_seen,
    }
}

/// A count as it is sent.
fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
