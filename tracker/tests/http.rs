//! The tracker over real sockets: every route, and what it refuses.

mod common;

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sprat_tracker::{Config, Limits};

use common::{ALICE, BOB, FILE, LONG, OTHER_FILE, Running, peer_id, query, read, register};

#[tokio::test]
async fn a_peers_life() {
    let tracker = Running::start(Config::default()).await;
    let registered = tracker.register(ALICE, FILE, "Big Bunny.mkv", false).await;
    assert_eq!(registered["type"], "REGISTERED");
    assert_eq!(registered["lease"]["seconds"], 90);
    assert_eq!(registered["observed"], "127.0.0.1");
    assert_eq!(registered["files"], json!([{ "status": "accepted", "file_id": FILE, "chunk_size": 262_144 }]));

    let token = &registered["lease"]["token"];
    let heartbeat = json!({ "type": "HEARTBEAT", "peer_id": peer_id(ALICE), "token": token, "completed": [FILE] });
    let (status, renewed) = tracker.post("/v1/heartbeat", &heartbeat).await;
    assert_eq!((status, &renewed["type"]), (StatusCode::OK, &json!("HEARTBEAT_ANSWER")));
    assert_eq!(renewed["lease"], registered["lease"]);

    let (status, answer) = tracker.post("/v1/query", &query(BOB)).await;
    let peers =
        json!([{ "peer_id": peer_id(ALICE), "addresses": ["127.0.0.1:4000", "192.168.1.20:4000"], "complete": true }]);
    let info = json!({
        "file_id": FILE, "name": "Big Bunny.mkv", "size": 300_000, "chunk_size": 262_144, "num_chunks": 2,
        "seeders": 1, "leechers": 0, "peers": peers,
    });
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer, json!({ "type": "QUERY_ANSWER", "files": [info], "unknown": [OTHER_FILE] }));
    assert_eq!(tracker.get(&format!("/v1/files/{FILE}")).await, (StatusCode::OK, info));
    let (_, own) = tracker.post("/v1/query", &query(ALICE)).await;
    assert_eq!(own["files"][0]["peers"], json!([]));

    let unregister = json!({ "type": "UNREGISTER", "peer_id": peer_id(ALICE), "token": token });
    let (status, answer) = tracker.post("/v1/unregister", &unregister).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({ "type": "UNREGISTERED", "removed": 1 })));
    let (status, answer) = tracker.get(&format!("/v1/files/{FILE}")).await;
    assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!("unknown_file")));
    for (path, body) in [("/v1/unregister", &unregister), ("/v1/heartbeat", &heartbeat)] {
        let (status, answer) = tracker.post(path, body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::GONE, &json!("unknown_lease")));
    }
    tracker.stop().await;
}

#[tokio::test]
async fn search_finds_by_name_over_both_routes() {
    let tracker = Running::start(Config::default()).await;
    tracker.register(ALICE, FILE, "Big Bunny.mkv", true).await;
    tracker.register(ALICE, OTHER_FILE, "bunnies & more.txt", false).await;
    tracker.until_found("more", 1).await;
    let search = |words: &str| json!({ "type": "SEARCH", "words": words, "page": 0 });
    let (status, answer) = tracker.post("/v1/search", &search("bunny big")).await;
    assert_eq!((status, &answer["files"][0]["file_id"]), (StatusCode::OK, &json!(FILE)));
    assert_eq!((answer["files"].as_array().unwrap().len(), &answer["more"]), (1, &json!(false)));
    assert!(answer["files"][0]["first_seen"].as_u64().unwrap() > 1_600_000_000);

    let (status, answer) = tracker.get("/v1/search?q=BUNN").await;
    assert_eq!((status, &answer["type"]), (StatusCode::OK, &json!("SEARCH_ANSWER")));
    assert_eq!(answer["files"].as_array().unwrap().len(), 2);
    assert_eq!(tracker.get("/v1/search?q=%26+MORE").await.1["files"][0]["file_id"], OTHER_FILE);
    assert_eq!(tracker.get("/v1/search?q=bunny&page=1").await.1["files"], json!([]));
    for path in ["/v1/search", "/v1/search?q=x&page=-1", &format!("/v1/search?q={}", "x".repeat(256))] {
        let (status, answer) = tracker.get(path).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")), "{path}");
    }
    tracker.stop().await;
}

#[tokio::test]
async fn one_bad_file_is_refused_and_the_others_are_not() {
    let tracker = Running::start(Config::default()).await;
    let mut message = register(ALICE, FILE, "good", true);
    let with = |field: &str, value: Value| {
        let mut file = message["files"][0].clone();
        file[field] = value;
        file
    };
    let files = [
        with("name", json!("")),
        with("name", json!("x".repeat(256))),
        with("name", json!("two\nlines")),
        with("name", json!("photo\u{202e}gpj.exe")),
        with("num_chunks", json!(3)),
        with("size", json!(u64::MAX)),
        with("name", json!("x".repeat(255))),
    ];
    message["files"] = json!(files);
    let (status, answer) = read(tracker.post_signed(ALICE, "/v1/register", &message).await).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let statuses: Vec<&Value> = answer["files"].as_array().unwrap().iter().map(|file| &file["status"]).collect();
    assert_eq!(statuses, ["refused", "refused", "refused", "refused", "refused", "refused", "accepted"]);
    assert_eq!(answer["files"][4]["reason"], "a file of that size and chunk size has 2 chunks, not 3");
    tracker.stop().await;
}

#[tokio::test]
async fn what_is_no_message_is_answered_with_what_is_wrong() {
    let tracker = Running::start(Config::default()).await;
    let good = register(ALICE, FILE, "a", true);
    let with = |field: &str, value: Value| {
        let mut message = good.clone();
        message[field] = value;
        message
    };
    let too_many = vec![good["files"][0].clone(); 101];
    for (path, body, says) in [
        ("/v1/register", json!({}), "type"),
        ("/v1/register", json!({ "type": "REBOOT" }), "REBOOT"),
        ("/v1/register", with("nonce", json!("7")), "nonce"),
        ("/v1/register", with("peer_id", json!("bob")), "peer ID"),
        ("/v1/register", with("port", json!(0)), "port 0"),
        ("/v1/register", with("port", json!(65_536)), "65536"),
        ("/v1/register", with("files", json!(too_many)), "101 files"),
        ("/v1/query", good.clone(), "/v1/register"),
        ("/v1/heartbeat", query(BOB), "/v1/query"),
        ("/v1/unregister", good.clone(), "/v1/register"),
        ("/v1/search", good.clone(), "/v1/register"),
        ("/v1/register", query(BOB), "/v1/query"),
    ] {
        let (status, answer) = tracker.post(path, &body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")), "{body}");
        assert!(answer["message"].as_str().unwrap().contains(says), "{answer}");
    }
    for body in ["", "{", "\u{0}", "[[[["] {
        let (status, answer) = read(tracker.send(Method::POST, "/v1/query", body).await).await;
        assert_eq!((status, &answer["type"]), (StatusCode::BAD_REQUEST, &json!("ERROR")));
    }
    assert_eq!(tracker.get("/v1/files/xyz").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(tracker.get("/v1/stats").await.1["peers"], 0);
    tracker.stop().await;
}

#[tokio::test]
async fn other_routes_and_methods_are_answered_in_json() {
    let tracker = Running::start(Config::default()).await;
    for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
        for path in ["/v1", "/v1/reboot", "/v1/register/", "/v2/query", "/v1/files/a/b"] {
            let (status, answer) = read(tracker.send(method.clone(), path, "").await).await;
            assert_eq!(
                (status, &answer["code"]),
                (StatusCode::NOT_FOUND, &json!("unknown_message")),
                "{method} {path}"
            );
        }
    }
    for (method, path, allowed) in [
        (Method::GET, "/v1/register", "POST"),
        (Method::DELETE, "/v1/search", "POST,GET,HEAD"),
        (Method::PUT, "/healthz", "GET,HEAD"),
    ] {
        let response = tracker.send(method, path, "").await;
        assert_eq!(response.headers()["allow"], allowed);
        let (status, answer) = read(response).await;
        assert_eq!((status, &answer["code"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("unknown_message")));
    }
    tracker.stop().await;
}

#[tokio::test]
async fn too_many_peers_are_told_when_to_come_back() {
    let limits = Limits { peers_per_address: 1, ..Limits::default() };
    let tracker = Running::start(Config { limits, ..Config::default() }).await;
    tracker.register(ALICE, FILE, "a", true).await;
    let response = tracker.post_signed(BOB, "/v1/register", &register(BOB, FILE, "a", true)).await;
    assert_eq!(response.headers()["retry-after"], "90");
    let (status, answer) = read(response).await;
    assert_eq!((status, &answer["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too_many")));
    assert_eq!(answer["retry_after"], 90);
    let numbers = tracker.send(Method::GET, "/metrics", "").await.text().await.unwrap();
    assert!(numbers.contains(r#"sprat_caps_hit_total{cap="peers_per_address"} 1"#), "{numbers}");
    tracker.stop().await;
}

#[tokio::test]
async fn only_the_peer_itself_registers_and_each_word_counts_once() {
    let tracker = Running::start(Config::default()).await;
    let refused = async |seed, message: &Value, code: &str| {
        let (status, answer) = read(tracker.post_signed(seed, "/v1/register", message).await).await;
        assert_eq!((status, &answer["code"]), (StatusCode::FORBIDDEN, &json!(code)), "{answer}");
        answer
    };
    let mut message = register(ALICE, FILE, "a", true);
    refused(BOB, &message, "not_signed").await;
    let (status, answer) = tracker.post("/v1/register", &message).await;
    assert_eq!((status, &answer["code"]), (StatusCode::FORBIDDEN, &json!("not_signed")));
    assert_eq!(tracker.post_signed(ALICE, "/v1/register", &message).await.status(), StatusCode::OK);
    refused(ALICE, &message, "not_signed").await;
    message["time"] = json!(1_000_000_000);
    let answer = refused(ALICE, &message, "wrong_time").await;
    message["time"] = answer["time"].clone();
    message["nonce"] = json!("f".repeat(32));
    assert_eq!(tracker.post_signed(ALICE, "/v1/register", &message).await.status(), StatusCode::OK);
    tracker.stop().await;
}

#[tokio::test]
async fn a_tracker_with_a_name_hears_only_what_is_for_it() {
    let config = Config { names: vec!["tracker.example:5000".into()], ..Config::default() };
    let tracker = Running::start(config).await;
    let mut message = register(ALICE, FILE, "a", true);
    assert_eq!(tracker.post_signed(ALICE, "/v1/register", &message).await.status(), StatusCode::FORBIDDEN);
    message["tracker"] = json!("tracker.example:5000");
    assert_eq!(tracker.post_signed(ALICE, "/v1/register", &message).await.status(), StatusCode::OK);
    tracker.stop().await;
}

#[tokio::test]
async fn health_and_stats() {
    let tracker = Running::start(Config::default()).await;
    let health = tracker.send(Method::GET, "/healthz", "").await;
    assert_eq!((health.status(), health.text().await.unwrap().as_str()), (StatusCode::OK, "ok"));
    tracker.register(ALICE, FILE, "a", true).await;
    tracker.register(BOB, FILE, "a", false).await;
    tracker.get(&format!("/v1/files/{FILE}")).await;
    let (status, stats) = tracker.get("/v1/stats").await;
    let requests = json!({ "register": 2, "query": 1, "heartbeat": 0, "unregister": 0, "search": 0 });
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&stats["peers"], &stats["files"]), (&json!(2), &json!(1)));
    assert_eq!((&stats["seeders"], &stats["leechers"]), (&json!(1), &json!(1)));
    assert_eq!((&stats["requests"], &stats["version"]), (&requests, &json!(env!("CARGO_PKG_VERSION"))));
    assert!(stats["uptime"].is_u64());
    tracker.stop().await;
}

#[tokio::test]
async fn a_lease_ends_by_itself() {
    let lease = Duration::from_millis(300);
    let tracker = Running::start(Config { lease, ..Config::default() }).await;
    let registered = tracker.register(ALICE, FILE, "a", true).await;
    let started = Instant::now();
    // Statistics do not look at leases: what they count has been cleared by the tracker itself.
    while tracker.get("/v1/stats").await.1["files"] != 0 {
        assert!(started.elapsed() < LONG);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(tracker.until_found("a", 1).await[0]["seeders"], json!(0));
    let heartbeat = json!({ "type": "HEARTBEAT", "peer_id": peer_id(ALICE), "token": registered["lease"]["token"] });
    assert_eq!(tracker.post("/v1/heartbeat", &heartbeat).await.0, StatusCode::GONE);
    tracker.stop().await;
}

/// Every route that is described is there, with the method that is described, and every other method is not.
#[tokio::test]
async fn the_description_is_that_of_the_routes() {
    let tracker = Running::start(Config::default()).await;
    let (status, api) = tracker.get("/openapi.json").await;
    assert_eq!((status, api["openapi"].as_str().unwrap()), (StatusCode::OK, "3.1.0"));
    let paths = api["paths"].as_object().unwrap();
    for path in ["/v1/register", "/v1/query", "/v1/heartbeat", "/v1/unregister", "/v1/search", "/v1/files/{file_id}"] {
        assert!(paths.contains_key(path), "{path}");
    }
    for (path, item) in paths {
        for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE] {
            let is_described = item.get(method.as_str().to_lowercase()).is_some();
            let response = tracker.send(method.clone(), &path.replace("{file_id}", FILE), "").await;
            let is_there = response.status() != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_there, is_described, "{method} {path}: {}", response.status());
        }
    }
    tracker.stop().await;
}

/// Limits are numbers, forms are patterns, and nothing in the description is about the code.
#[tokio::test]
async fn the_description_has_every_bound() {
    let tracker = Running::start(Config::default()).await;
    let (_, api) = tracker.get("/openapi.json").await;
    let at = |path: &str| api.pointer(path).unwrap_or_else(|| panic!("{path} in {api}")).clone();
    let schema = |path: &str| at(&format!("/components/schemas/{path}"));
    let of_message = |message: &str, property: &str| {
        let parts = schema(&format!("Typed_{message}/allOf"));
        let parts = parts.as_array().unwrap().iter().filter_map(|part| part["properties"].get(property).cloned());
        let mut found: Vec<_> = parts.collect();
        assert_eq!(found.len(), 1, "{message} {property}");
        found.remove(0)
    };
    for (message, name) in [("Register", "REGISTER"), ("QueryAnswer", "QUERY_ANSWER"), ("Unregistered", "UNREGISTERED")]
    {
        assert_eq!(of_message(message, "type")["enum"], json!([name]));
    }
    assert_eq!(schema("Nonce")["pattern"], "^[0-9a-f]{32}$");
    assert!(of_message("Register", "tracker")["pattern"].as_str().unwrap().contains(":[0-9]"));
    assert!(of_message("Register", "time")["description"].as_str().unwrap().contains("300 seconds"));
    assert_eq!(of_message("Register", "files")["maxItems"], 100);
    assert_eq!(of_message("Register", "port")["maximum"], 65535);
    assert_eq!(of_message("Query", "file_ids")["items"]["pattern"], "^[0-9a-f]{64}$");
    assert_eq!(of_message("Query", "max_peers")["maximum"], 200);
    assert_eq!(of_message("Search", "page")["maximum"], 19);
    assert!(of_message("Search", "page")["description"].as_str().unwrap().contains("1000 results"));
    assert_eq!(schema("Lease/properties/seconds")["maximum"], u32::MAX);
    assert_eq!(schema("RegisterFile/properties/name")["maxLength"], 255);
    assert_eq!(schema("RegisterFile/properties/chunk_size")["maximum"], 16 * 1024 * 1024);
    assert_eq!(at("/components/securitySchemes/token/scheme"), "bearer");
    assert_eq!(at("/paths/~1v1~1admin~1tokens/get/security"), json!([{ "token": [] }]));
    assert_eq!(at("/paths/~1v1~1query/post/security"), json!([{}, { "token": [] }]));
    assert!(at("/paths/~1v1~1register/post/requestBody/description").as_str().unwrap().contains("1048576"));
    assert_eq!(at("/paths/~1v1~1register/post/parameters/0/schema/pattern"), "^[0-9a-f]{128}$");
    let text = api.to_string();
    for of_code in ["[`", "super::", "MAX_", "\"int32\",\"minimum\":0"] {
        assert!(!text.contains(of_code), "{of_code}");
    }
    tracker.stop().await;
}

/// Whatever the description refers to is in it.
#[tokio::test]
async fn the_description_is_whole() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| match (key.as_str(), value) {
                ("$ref", Value::String(to)) => found.push(to.clone()),
                _ => references(value, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let tracker = Running::start(Config::default()).await;
    let (_, api) = tracker.get("/openapi.json").await;
    let mut found = Vec::new();
    references(&api, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        assert!(api.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
    let page = tracker.send(Method::GET, "/docs", "").await.text().await.unwrap();
    for text in ["POST /v1/register", "sprat-signature", "ErrorAnswer"] {
        assert!(page.contains(text), "{text}");
    }
    tracker.stop().await;
}

#[tokio::test]
async fn the_page_shows_what_is_here_and_takes_names_as_text() {
    let tracker = Running::start(Config::default()).await;
    tracker.register(ALICE, FILE, "<b>Bold & \"brave\"</b>.mkv", true).await;
    tracker.until_found("brave", 1).await;
    let page = async |path: &str| {
        let response = tracker.send(Method::GET, path, "").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        response.text().await.unwrap()
    };
    let home = page("/").await;
    assert!(home.contains("<dt>Peers online</dt><dd>1</dd>") && !home.contains("Bold"), "{home}");
    let found = page("/?q=brave").await;
    assert!(found.contains("<bdi>&lt;b&gt;Bold &amp; &quot;brave&quot;&lt;/b&gt;.mkv</bdi>"), "{found}");
    assert!(found.contains(&format!("href=\"sprat:{FILE}?name=%3Cb%3E")), "{found}");
    assert!(page("/?q=%3Cscript%3E").await.contains("No file here has such a name"));
    assert!(page("/?page=x").await.contains("That is no search"));
    assert!(page(&format!("/?q={}", "x".repeat(256))).await.contains("256 bytes of words"));
    for other in [&home, &found] {
        assert!(!other.contains("<script") && !other.contains("src=") && !other.contains("//cdn"), "{other}");
    }
    tracker.stop().await;
}
