//! One request to a tracker, and its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::RwLock;
use reqwest::header::HeaderValue;
use sprat_api::TrackerError;
use sprat_protocol::Identity;
use sprat_protocol::name::clean_line;
use sprat_protocol::tracker::{
    AccessToken, Answer, ErrorAnswer, ErrorCode, Heartbeat, HeartbeatAnswer, Nonce, Query, QueryAnswer, Register,
    RegisterFile, Registered, Request, Search, SearchAnswer, Signature, Unregister, Unregistered,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::world::courier::{Courier, Letter, Undelivered};

/// Number of characters of a tracker's message that are shown to a person.
const MAX_MESSAGE: usize = 300;

/// Parses the address of a tracker as people type it: a URL of `http` or `https`, or `host:port`, which is taken for
/// `http://host:port`. None if it is neither.
pub fn tracker_url(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Client of one tracker. Clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct TrackerClient {
    url: Url,
    way: Arc<RwLock<Way>>,
    /// `Authorization` header that is sent with each message, marked so that nothing shows it.
    authorization: Option<HeaderValue>,
    /// Seconds that the tracker's clock is ahead of this machine's, as the tracker last told.
    ahead: Arc<AtomicI64>,
}

/// Way to the tracker, which lasts as long as this machine keeps its addresses.
#[derive(Clone, Debug)]
struct Way {
    courier: Arc<dyn Courier>,
    lost: CancellationToken,
}

impl Way {
    fn by(courier: Arc<dyn Courier>) -> Self {
        Self { courier, lost: CancellationToken::new() }
    }

    /// Waits for an answer, and fails as soon as the way is lost and the answer can no longer arrive.
    async fn back<T>(&self, answer: impl Future<Output = Result<T, Undelivered>>) -> Result<T, Undelivered> {
        let lost = || Undelivered::Unreachable("this machine has another address now".to_owned());
        self.lost.run_until_cancelled(answer).await.unwrap_or_else(|| Err(lost()))
    }
}

/// Description of a peer in a REGISTER.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing<'a> {
    /// TCP port that the peer listens on.
    pub(crate) port: u16,
    /// Addresses of the peer's own interfaces, for peers on the same network.
    pub(crate) addresses: &'a [SocketAddr],
    /// Files that the peer has.
    pub(crate) files: &'a [RegisterFile],
}

impl TrackerClient {
    /// Creates a client of the tracker at this `http` or `https` URL, whose messages `courier` delivers. Connects to
    /// nothing yet.
    pub(crate) fn by(courier: Arc<dyn Courier>, url: Url) -> Self {
        Self { url, way: Arc::new(RwLock::new(Way::by(courier))), authorization: None, ahead: Arc::default() }
    }

    /// Fails all requests under way, because this machine lost an address, and uses `courier` from now on.
    pub(crate) fn moved(&self, courier: Arc<dyn Courier>) {
        std::mem::replace(&mut *self.way.write(), Way::by(courier)).lost.cancel();
    }

    /// Returns the client with this token, which is then sent with each message.
    pub(crate) fn with_token(mut self, token: Option<&AccessToken>) -> Self {
        self.authorization = token.map(|token| {
            let mut value = HeaderValue::from_str(&token.to_header()).expect("letters and digits fit a header");
            value.set_sensitive(true);
            value
        });
        self
    }

    /// URL of the tracker.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Asks whether a tracker answers at the URL.
    ///
    /// # Errors
    /// [`TrackerError`] if no tracker answers.
    pub(crate) async fn is_up(&self) -> Result<(), TrackerError> {
        let way = self.way.read().clone();
        match way.back(way.courier.is_well(self.route("healthz"))).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.nonsense()),
            Err(undelivered) => Err(self.undelivered(undelivered)),
        }
    }

    /// Sends REGISTER: "I have these files." If this machine's clock is wrong, repeats it with the tracker's time.
    ///
    /// # Errors
    /// [`TrackerError`], as for every message.
    pub(crate) async fn register(&self, identity: &Identity, listing: Listing<'_>) -> Result<Registered, TrackerError> {
        let mut answer = self.say_register(identity, listing).await?;
        if let Answer::Error(ErrorAnswer { code: ErrorCode::WrongTime, time: Some(time), .. }) = answer {
            self.ahead.store(time.cast_signed().saturating_sub(unix_seconds().cast_signed()), Ordering::Relaxed);
            answer = self.say_register(identity, listing).await?;
        }
        match answer {
            Answer::Registered(answer) => Ok(answer),
            other => Err(self.not_expected(other)),
        }
    }

    async fn say_register(&self, identity: &Identity, listing: Listing<'_>) -> Result<Answer, TrackerError> {
        let message = Request::Register(Register {
            peer_id: identity.peer_id(),
            port: listing.port,
            addresses: listing.addresses.to_vec(),
            files: listing.files.to_vec(),
            tracker: self.authority(),
            time: unix_seconds().saturating_add_signed(self.ahead.load(Ordering::Relaxed)),
            nonce: Nonce(rand::random()),
        });
        self.send(&message, Some(identity)).await
    }

    /// Sends QUERY: "Who has these files?"
    ///
    /// # Errors
    /// [`TrackerError`], as for every message.
    pub(crate) async fn query(&self, message: Query) -> Result<QueryAnswer, TrackerError> {
        match self.call(&Request::Query(message)).await? {
            Answer::QueryAnswer(answer) => Ok(answer),
            other => Err(self.not_expected(other)),
        }
    }

    /// Sends HEARTBEAT: "I am still here."
    ///
    /// # Errors
    /// [`TrackerError`], as for every message.
    pub(crate) async fn heartbeat(&self, message: Heartbeat) -> Result<HeartbeatAnswer, TrackerError> {
        match self.call(&Request::Heartbeat(message)).await? {
            Answer::HeartbeatAnswer(answer) => Ok(answer),
            other => Err(self.not_expected(other)),
        }
    }

    /// Sends UNREGISTER: "I no longer have these files."
    ///
    /// # Errors
    /// [`TrackerError`], as for every message.
    pub(crate) async fn unregister(&self, message: Unregister) -> Result<Unregistered, TrackerError> {
        match self.call(&Request::Unregister(message)).await? {
            Answer::Unregistered(answer) => Ok(answer),
            other => Err(self.not_expected(other)),
        }
    }

    /// Sends SEARCH: "Which files are called like this?"
    ///
    /// # Errors
    /// [`TrackerError`], as for every message.
    pub(crate) async fn search(&self, message: Search) -> Result<SearchAnswer, TrackerError> {
        match self.call(&Request::Search(message)).await? {
            Answer::SearchAnswer(answer) => Ok(answer),
            other => Err(self.not_expected(other)),
        }
    }

    async fn call(&self, request: &Request) -> Result<Answer, TrackerError> {
        self.send(request, None).await
    }

    async fn send(&self, message: &Request, signed_by: Option<&Identity>) -> Result<Answer, TrackerError> {
        let body = serde_json::to_vec(message).expect("a message is JSON");
        let signature = signed_by.map(|identity| Signature::new(identity, &body).to_string());
        let (url, authorization) = (self.route(message.route()), self.authorization.clone());
        let way = self.way.read().clone();
        let answer = way.back(way.courier.deliver(Letter { url, body, signature, authorization })).await;
        let answer = answer.map_err(|undelivered| self.undelivered(undelivered))?;
        serde_json::from_slice(&answer).map_err(|_| self.nonsense())
    }

    /// Host and port of the tracker, as it is dialled.
    fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{host}:{}", self.url.port_or_known_default().unwrap_or_default())
    }

    /// URL of a route below the tracker's URL, which may have a path of its own.
    fn route(&self, route: &str) -> String {
        format!("{}/{}", self.url.as_str().trim_end_matches('/'), route.trim_start_matches('/'))
    }

    fn not_expected(&self, answer: Answer) -> TrackerError {
        match answer {
            Answer::Error(mut error) => {
                error.message = clean_line(&error.message, MAX_MESSAGE);
                TrackerError::Refused { url: self.url.clone(), error }
            }
            _ => self.nonsense(),
        }
    }

    fn nonsense(&self) -> TrackerError {
        TrackerError::Nonsense { url: self.url.clone() }
    }

    fn undelivered(&self, undelivered: Undelivered) -> TrackerError {
        match undelivered {
            Undelivered::Unreachable(reason) => TrackerError::Unreachable { url: self.url.clone(), reason },
            Undelivered::TooLong => self.nonsense(),
        }
    }
}

/// Current time of this machine's clock in seconds since 1970 (UTC).
fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::courier::Later;

    /// Courier that brings an answer at once if its flag is set, and never otherwise.
    #[derive(Debug)]
    struct Delivers(bool);

    impl Courier for Delivers {
        fn deliver(&self, _: Letter) -> Later<'_, Result<Vec<u8>, Undelivered>> {
            unreachable!("nothing is said here")
        }

        fn is_well(&self, _: String) -> Later<'_, Result<bool, Undelivered>> {
            let delivers = self.0;
            Box::pin(async move { if delivers { Ok(true) } else { std::future::pending().await } })
        }
    }

    #[tokio::test]
    async fn what_is_under_way_over_an_address_that_is_gone_is_given_up() {
        let client = TrackerClient::by(Arc::new(Delivers(false)), "http://tracker.example".parse().unwrap());
        let asking = tokio::spawn({
            let client = client.clone();
            async move { client.is_up().await }
        });
        tokio::task::yield_now().await;
        client.moved(Arc::new(Delivers(true)));
        assert!(matches!(asking.await.unwrap(), Err(TrackerError::Unreachable { .. })));
        assert_eq!(client.is_up().await, Ok(()));
    }

    #[test]
    fn a_client_does_not_show_its_token() {
        let token = AccessToken::new([9; 32]);
        let client = TrackerClient::by(Arc::new(Delivers(true)), "https://tracker.example".parse().unwrap());
        let client = client.with_token(Some(&token));
        let shown = format!("{client:?}");
        assert!(shown.contains("authorization: Some") && !shown.contains(&token.reveal()[6..40]), "{shown}");
    }
}
