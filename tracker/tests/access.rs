//! Access over real sockets: each role on each route, tokens that come and go, and what is blocked.

mod common;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use common::{ALICE, BOB, FILE, LONG, OTHER_FILE, Running, identity, peer_id, query, read, register};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use sprat_protocol::tracker::{AccessToken, SIGNATURE_HEADER, Signature};
use sprat_tracker::access::tokens::Tokens;
use sprat_tracker::access::{AccessConfig, Public, Role};
use sprat_tracker::{Config, Now};
use tempfile::TempDir;

/// A private tracker, its data folder, and a token of each role.
struct Private {
    tracker: Running,
    folder: TempDir,
    tokens: HashMap<Role, AccessToken>,
}

impl Private {
    async fn start(public: Public) -> Self {
        Self::start_with(|config| config.access.public = public).await
    }

    async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(Some(folder.path())).unwrap();
        let create = |role: Role| (role, tokens.create(&role.to_string(), role, None, Now::read()).unwrap());
        let tokens = [Role::Read, Role::Share, Role::Admin].map(create).into();
        let access = AccessConfig { public: Public::None, ..AccessConfig::default() };
        let mut config = Config { access, data_dir: Some(folder.path().to_owned()), ..Config::default() };
        change(&mut config);
        Self { tracker: Running::start(config).await, folder, tokens }
    }

    /// Opens the tokens as another process does.
    fn elsewhere(&self) -> Tokens {
        Tokens::open(Some(self.folder.path())).unwrap()
    }

    async fn send(&self, token: Option<&AccessToken>, method: Method, path: &str, body: &Value) -> Response {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = self.tracker.client.request(method, format!("http://{}{path}", self.tracker.address));
        if path == "/v1/register" {
            request = request.header(SIGNATURE_HEADER, Signature::new(&identity(ALICE), body.as_bytes()).to_string());
        }
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, token.to_header());
        }
        request.body(body).send().await.unwrap()
    }

    /// Does this as the administrator, and expects it to work.
    async fn administer(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = read(self.send(self.tokens.get(&Role::Admin), method, path, &body).await).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    async fn status(&self, token: Option<&AccessToken>, path: &str) -> StatusCode {
        self.send(token, Method::GET, path, &Value::Null).await.status()
    }

    /// Waits until something holds that another task brings about.
    async fn until(&self, token: &AccessToken, expected: StatusCode) {
        let started = Instant::now();
        while self.status(Some(token), "/v1/stats").await != expected {
            assert!(started.elapsed() < LONG);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Every route, how it is used, and the role that it takes.
fn routes() -> Vec<(Method, &'static str, Value, Option<Role>)> {
    let lease = |kind: &str| json!({ "type": kind, "peer_id": peer_id(ALICE), "token": "00" });
    vec![
        (Method::GET, "/healthz", Value::Null, None),
        (Method::GET, "/readyz", Value::Null, None),
        (Method::GET, "/openapi.json", Value::Null, None),
        (Method::GET, "/docs", Value::Null, None),
        (Method::GET, "/", Value::Null, Some(Role::Read)),
        (Method::GET, "/v1/stats", Value::Null, Some(Role::Read)),
        (Method::GET, "/metrics", Value::Null, Some(Role::Read)),
        (Method::POST, "/v1/query", query(BOB), Some(Role::Read)),
        (Method::POST, "/v1/search", json!({ "type": "SEARCH", "words": "a", "page": 0 }), Some(Role::Read)),
        (Method::GET, "/v1/search?q=a", Value::Null, Some(Role::Read)),
        (Method::GET, "/v1/files/00", Value::Null, Some(Role::Read)),
        (Method::POST, "/v1/register", register(ALICE, FILE, "a", true), Some(Role::Share)),
        (Method::POST, "/v1/heartbeat", lease("HEARTBEAT"), Some(Role::Share)),
        (Method::POST, "/v1/unregister", lease("UNREGISTER"), Some(Role::Share)),
        (Method::GET, "/v1/admin/tokens", Value::Null, Some(Role::Admin)),
        (Method::POST, "/v1/admin/tokens", Value::Null, Some(Role::Admin)),
        (Method::DELETE, "/v1/admin/tokens/nobody", Value::Null, Some(Role::Admin)),
        (Method::GET, "/v1/admin/blocks", Value::Null, Some(Role::Admin)),
        (Method::PUT, "/v1/admin/blocks/files/00", Value::Null, Some(Role::Admin)),
        (Method::DELETE, "/v1/admin/blocks/files/00", Value::Null, Some(Role::Admin)),
        (Method::POST, "/v1/admin/takedown", Value::Null, Some(Role::Admin)),
    ]
}

#[tokio::test]
async fn each_role_gets_to_its_routes_and_no_further() {
    for (public, own) in [(Public::None, None), (Public::Read, Some(Role::Read)), (Public::Share, Some(Role::Share))] {
        let private = Private::start(public).await;
        for role in [None, Some(Role::Read), Some(Role::Share), Some(Role::Admin)] {
            let token = role.map(|role| &private.tokens[&role]);
            for (method, path, body, needed) in routes() {
                let response = private.send(token, method.clone(), path, &body).await;
                let case = format!("{public:?} {role:?} {method} {path}: {}", response.status());
                let is_refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&response.status());
                assert_eq!(is_refused, role.max(own) < needed, "{case}");
                if is_refused {
                    let is_bearer = response.headers().get("www-authenticate").is_some_and(|value| value == "Bearer");
                    let expected = if token.is_none() { "unauthorized" } else { "forbidden" };
                    let (status, answer) = read(response).await;
                    assert_eq!(answer["code"], expected, "{case}");
                    assert_eq!(status == StatusCode::UNAUTHORIZED, token.is_none(), "{case}");
                    assert_eq!(is_bearer, token.is_none(), "{case}");
                }
            }
        }
        private.tracker.stop().await;
    }
}

/// Whoever adds a route also says who may use it.
#[tokio::test]
async fn every_described_route_is_in_the_table_above() {
    let private = Private::start(Public::None).await;
    let (_, api) = private.tracker.get("/openapi.json").await;
    for (path, item) in api["paths"].as_object().unwrap() {
        let written = path.replace("{file_id}", "00").replace("{kind}/{value}", "files/00").replace("{name}", "nobody");
        for method in item.as_object().unwrap().keys() {
            let is_this = |known: &str| known.split('?').next() == Some(&written);
            let known =
                routes().into_iter().find(|(known, at, ..)| known.as_str() == method.to_uppercase() && is_this(at));
            assert!(known.is_some(), "{method} {path}");
        }
    }
    private.tracker.stop().await;
}

#[tokio::test]
async fn tokens_are_made_and_revoked_while_it_runs() {
    let private = Private::start(Public::None).await;
    let elsewhere = private.elsewhere();
    // By another process, as the command line is.
    let token = elsewhere.create("laptop", Role::Read, None, Now::read()).unwrap();
    private.until(&token, StatusCode::OK).await;
    elsewhere.revoke("laptop").unwrap();
    private.until(&token, StatusCode::UNAUTHORIZED).await;
    // Over HTTP, at once.
    let wish = json!({ "name": "desk", "role": "share", "expires_in": 3600 });
    let created = private.administer(Method::POST, "/v1/admin/tokens", wish.clone()).await;
    let token: AccessToken = created["token"].as_str().unwrap().parse().unwrap();
    assert_eq!(private.status(Some(&token), "/v1/stats").await, StatusCode::OK);
    let list = private.administer(Method::GET, "/v1/admin/tokens", Value::Null).await;
    let desk = list["tokens"].as_array().unwrap().iter().find(|token| token["name"] == "desk").unwrap();
    assert_eq!((&desk["role"], &desk["expires"]), (&json!("share"), &created["expires"]));
    assert!(!list.to_string().contains("sprat_") && !list.to_string().contains("hash"), "{list}");
    let again = private.send(private.tokens.get(&Role::Admin), Method::POST, "/v1/admin/tokens", &wish).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    let removed = private.administer(Method::DELETE, "/v1/admin/tokens/desk", Value::Null).await;
    assert_eq!(removed, json!({ "removed": true }));
    assert_eq!(private.status(Some(&token), "/v1/stats").await, StatusCode::UNAUTHORIZED);
    let removed = private.administer(Method::DELETE, "/v1/admin/tokens/desk", Value::Null).await;
    assert_eq!(removed, json!({ "removed": false }));
    private.tracker.stop().await;
}

#[tokio::test]
async fn when_a_token_was_used_is_written_down_at_the_end() {
    let private = Private::start(Public::None).await;
    private.status(private.tokens.get(&Role::Read), "/v1/stats").await;
    let elsewhere = private.elsewhere();
    private.tracker.stop().await;
    elsewhere.refresh().unwrap();
    let used: Vec<String> =
        elsewhere.list().into_iter().filter(|token| token.last_used.is_some()).map(|token| token.name).collect();
    assert_eq!(used, ["read"]);
}

#[tokio::test]
async fn guesses_are_slowed_down_and_others_at_that_address_are_not() {
    let private = Private::start(Public::Share).await;
    let guess = AccessToken::new([7; 32]);
    let mut guesses = 0;
    let limited = loop {
        let response = private.send(Some(&guess), Method::GET, "/v1/stats", &Value::Null).await;
        if response.status() != StatusCode::UNAUTHORIZED {
            break response;
        }
        guesses += 1;
        assert!(guesses < 1000);
    };
    assert!(guesses >= 30 && limited.headers().contains_key("retry-after"), "{guesses}");
    assert_eq!(read(limited).await.1["code"], "too_many");
    assert_eq!(private.status(private.tokens.get(&Role::Read), "/v1/stats").await, StatusCode::OK);
    assert_eq!(private.status(None, "/v1/stats").await, StatusCode::OK);
    private.tracker.stop().await;
}

#[tokio::test]
async fn what_is_no_bearer_token_is_refused_or_none_at_all() {
    let private = Private::start(Public::Read).await;
    let url = format!("http://{}/v1/stats", private.tracker.address);
    let send = async |value: &[u8]| {
        let value = header::HeaderValue::from_bytes(value).unwrap();
        private.tracker.client.get(&url).header(header::AUTHORIZATION, value).send().await.unwrap().status()
    };
    for wrong in ["Bearer", "Bearer ", "bearer x", "Bearer sprat_", "Bearer \u{e9}"] {
        assert_eq!(send(wrong.as_bytes()).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    // A proxy may have asked for a password of its own.
    assert_eq!(send(b"Basic dXNlcjpwYXNz").await, StatusCode::OK);
    private.tracker.stop().await;
}

#[tokio::test]
async fn a_file_that_is_taken_down_is_gone_and_does_not_come_back() {
    let private = Private::start(Public::Share).await;
    let tracker = &private.tracker;
    tracker.register(ALICE, FILE, "wanted", true).await;
    tracker.register(BOB, OTHER_FILE, "also wanted", true).await;
    tracker.until_found("wanted", 2).await;
    let wish = json!({ "file_id": FILE, "reason": "asked to by\na court" });
    let blocks = private.administer(Method::POST, "/v1/admin/takedown", wish).await;
    assert_eq!(blocks["files"][FILE]["reason"], "asked to bya court");
    let (_, found) = tracker.post("/v1/query", &query(BOB)).await;
    assert_eq!((&found["unknown"], found["files"].as_array().unwrap().len()), (&json!([FILE]), 1));
    let (_, found) = tracker.get("/v1/search?q=wanted").await;
    assert_eq!((&found["files"][0]["file_id"], found["files"].as_array().unwrap().len()), (&json!(OTHER_FILE), 1));
    assert_eq!(tracker.get(&format!("/v1/files/{FILE}")).await.0, StatusCode::NOT_FOUND);

    assert_eq!(tracker.get("/v1/stats").await.1["files"], 1);
    let refused = tracker.register(ALICE, FILE, "wanted", true).await;
    let reason = "this file is blocked on this tracker: asked to bya court";
    assert_eq!(refused["files"], json!([{ "status": "refused", "file_id": FILE, "reason": reason }]));
    let path = format!("/v1/admin/blocks/files/{FILE}");
    assert_eq!(private.administer(Method::DELETE, &path, Value::Null).await, json!({ "removed": true }));
    tracker.register(ALICE, FILE, "wanted", true).await;
    tracker.until_found("wanted", 2).await;
    private.tracker.stop().await;
}

/// The catalogue of the run before still knows its name.
#[tokio::test]
async fn a_file_that_was_blocked_while_no_tracker_ran_is_not_found() {
    let Private { tracker, folder, .. } = Private::start(Public::Share).await;
    tracker.register(ALICE, FILE, "wanted", true).await;
    tracker.register(ALICE, OTHER_FILE, "also wanted", true).await;
    tracker.stop().await;
    let list = folder.path().join("files");
    std::fs::write(&list, FILE).unwrap();
    let access = AccessConfig { blocked_files: Some(list), ..AccessConfig::default() };
    let config = Config { access, data_dir: Some(folder.path().to_owned()), ..Config::default() };
    let tracker = Running::start(config).await;
    let (_, found) = tracker.get("/v1/search?q=wanted").await;
    assert_eq!((&found["files"][0]["file_id"], found["files"].as_array().unwrap().len()), (&json!(OTHER_FILE), 1));
    tracker.stop().await;
}

#[tokio::test]
async fn a_blocked_peer_is_forgotten_and_refused() {
    let private = Private::start(Public::Share).await;
    let tracker = &private.tracker;
    let registered = tracker.register(ALICE, FILE, "a", true).await;
    let path = format!("/v1/admin/blocks/peers/{}", peer_id(ALICE));
    private.administer(Method::PUT, &path, json!({ "reason": "spam" })).await;
    assert_eq!(tracker.get("/v1/stats").await.1["peers"], 0);
    let heartbeat = json!({ "type": "HEARTBEAT", "peer_id": peer_id(ALICE), "token": registered["lease"]["token"] });
    let again = register(ALICE, FILE, "a", true);
    for (path, body) in [("/v1/heartbeat", heartbeat), ("/v1/query", query(ALICE)), ("/v1/register", again)] {
        let (status, answer) = read(private.send(None, Method::POST, path, &body).await).await;
        let expected = json!("this peer is blocked on this tracker: spam");
        assert_eq!((status, &answer["message"]), (StatusCode::FORBIDDEN, &expected), "{path}");
    }
    tracker.register(BOB, FILE, "a", true).await;
    private.tracker.stop().await;
}

#[tokio::test]
async fn a_blocked_address_is_heard_only_as_the_administrator() {
    let private = Private::start(Public::Share).await;
    for network in ["127.0.0.0%2F8", "127.0.0.1"] {
        let path = format!("/v1/admin/blocks/addresses/{network}");
        private.administer(Method::PUT, &path, Value::Null).await;
        for role in [None, Some(Role::Share)] {
            let token = role.map(|role| &private.tokens[&role]);
            assert_eq!(private.status(token, "/v1/stats").await, StatusCode::FORBIDDEN);
        }
        assert_eq!(private.status(None, "/healthz").await, StatusCode::OK);
        assert_eq!(private.administer(Method::DELETE, &path, Value::Null).await, json!({ "removed": true }));
        assert_eq!(private.status(None, "/v1/stats").await, StatusCode::OK);
    }
    let admin = private.tokens.get(&Role::Admin);
    for path in ["/v1/admin/blocks/addresses/nowhere", "/v1/admin/blocks/people/alice", "/v1/admin/blocks/files/0"] {
        assert_eq!(private.send(admin, Method::PUT, path, &Value::Null).await.status(), StatusCode::BAD_REQUEST);
    }
    private.tracker.stop().await;
}

#[tokio::test]
async fn without_a_data_folder_nothing_is_blocked_or_made() {
    let tracker = Running::start(Config::default()).await;
    assert_eq!(tracker.get("/v1/admin/tokens").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(tracker.get("/v1/stats").await.0, StatusCode::OK);
    tracker.stop().await;
}
