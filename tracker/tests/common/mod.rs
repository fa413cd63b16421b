//! A tracker that runs in the test's own process, and somebody who talks to it.

#![allow(dead_code, reason = "each test binary uses some of this")]

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use sprat_protocol::tracker::{SIGNATURE_HEADER, Signature};
use sprat_protocol::{Identity, PeerId};
use sprat_tracker::Config;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Time beyond anything here, so that what hangs fails.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) const FILE: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
pub(crate) const OTHER_FILE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
/// The seeds of two peers.
pub(crate) const ALICE: u8 = 1;
pub(crate) const BOB: u8 = 2;

/// The peer with this seed.
pub(crate) fn identity(seed: u8) -> Identity {
    Identity::from_seed([seed; 32])
}

/// Its ID.
pub(crate) fn peer_id(seed: u8) -> PeerId {
    identity(seed).peer_id()
}

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<io::Result<()>>,
}

impl Running {
    pub(crate) async fn start(config: Config) -> Self {
        // A second test in this process finds the provider installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(LONG).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(sprat_tracker::serve(listener, config, shutdown.clone()));
        Self { address, client, shutdown, task }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let url = format!("http://{}{path}", self.address);
        self.client.request(method, url).body(body).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.send(Method::GET, path, "").await).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        read(self.send(Method::POST, path, body.to_string()).await).await
    }

    /// Posts a body that this peer signs.
    pub(crate) async fn post_signed(&self, seed: u8, path: &str, body: &Value) -> Response {
        let body = body.to_string();
        let signature = Signature::new(&identity(seed), body.as_bytes()).to_string();
        let url = format!("http://{}{path}", self.address);
        self.client.post(url).header(SIGNATURE_HEADER, signature).body(body).send().await.unwrap()
    }

    /// Registers a file of 300,000 bytes and returns the answer.
    pub(crate) async fn register(&self, seed: u8, file_id: &str, name: &str, complete: bool) -> Value {
        let message = register(seed, file_id, name, complete);
        let (status, answer) = read(self.post_signed(seed, "/v1/register", &message).await).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Waits until so many files are found by these words, and returns them: names are written a moment after they came.
    pub(crate) async fn until_found(&self, words: &str, count: usize) -> Vec<Value> {
        let found = async {
            loop {
                let (_, answer) = self.get(&format!("/v1/search?q={words}")).await;
                let files = answer["files"].as_array().expect("an answer has files");
                if files.len() == count {
                    return files.clone();
                }
            }
        };
        timeout(LONG, found).await.expect("the files are found")
    }

    /// Shuts down and waits for the end.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        timeout(LONG, self.task).await.expect("shutdown ends").unwrap().unwrap();
        assert!(TcpStream::connect(self.address).await.is_err());
    }
}

/// The status and the body, which is JSON whatever was asked.
pub(crate) async fn read(response: Response) -> (StatusCode, Value) {
    assert_eq!(response.headers()["content-type"], "application/json");
    (response.status(), response.json().await.unwrap())
}

/// A REGISTER of a file of 300,000 bytes, said now and never before.
pub(crate) fn register(seed: u8, file_id: &str, name: &str, complete: bool) -> Value {
    static NONCES: AtomicU64 = AtomicU64::new(0);
    let file = json!({
        "file_id": file_id, "name": name, "size": 300_000, "chunk_size": 262_144, "num_chunks": 2, "complete": complete,
    });
    json!({
        "type": "REGISTER", "peer_id": peer_id(seed), "port": 4000, "addresses": ["192.168.1.20:4000"], "files": [file],
        "tracker": "localhost", "time": SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs(),
        "nonce": format!("{:032x}", NONCES.fetch_add(1, Ordering::Relaxed)),
    })
}

/// A QUERY for both files.
pub(crate) fn query(seed: u8) -> Value {
    json!({ "type": "QUERY", "peer_id": peer_id(seed), "file_ids": [FILE, OTHER_FILE], "max_peers": 10 })
}
