//! Headers and bodies that are too long, go on for ever, nest too deep, or can be read in two ways.

use reqwest::{Method, StatusCode};
use serde_json::json;
use sprat_tracker::Config;
use sprat_tracker::config::ServerConfig;

use crate::common::{BOB, Running, query, read};
use crate::config;
use crate::raw::{Raw, get, post};

const MESSAGES: [&str; 3] = ["/v1/register", "/v1/heartbeat", "/v1/unregister"];

/// A QUERY that is blown up to this length.
fn query_of(len: usize) -> String {
    let mut message = query(BOB).to_string();
    message.push_str(&" ".repeat(len - message.len()));
    message
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let tracker = Running::start(Config::default()).await;
    let (small, large) = (64 * 1024, 1024 * 1024);
    assert_eq!(tracker.send(Method::POST, "/v1/query", query_of(small)).await.status(), StatusCode::OK);
    let (status, answer) = read(tracker.send(Method::POST, "/v1/query", query_of(small + 1)).await).await;
    assert_eq!((status, &answer["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("too_large")));
    for path in MESSAGES {
        // Read to its end, and found to be another message.
        assert_eq!(tracker.send(Method::POST, path, query_of(large)).await.status(), StatusCode::BAD_REQUEST);
        let (status, answer) = read(tracker.send(Method::POST, path, query_of(large + 1)).await).await;
        assert_eq!((status, &answer["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("too_large")));
    }
    tracker.stop().await;
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_not_read() {
    let tracker = Running::start(Config::default()).await;
    for len in [64 * 1024 + 1, usize::MAX >> 1] {
        let mut raw = Raw::open(tracker.address).await;
        raw.send(post("/v1/query", len)).await;
        assert_eq!(raw.answer().await.status, 413);
        raw.end().await;
    }
    let mut polite = Raw::open(tracker.address).await;
    polite.send("POST /v1/query HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 65537\r\n\r\n").await;
    assert_eq!(polite.answer().await.status, 413, "and no 100 before");
    tracker.stop().await;
}

#[tokio::test]
async fn an_endless_body_is_refused() {
    let tracker = Running::start(Config::default()).await;
    let mut raw = Raw::open(tracker.address).await;
    raw.send("POST /v1/query HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    for _ in 0..5 {
        raw.send(&chunk).await;
    }
    assert_eq!(raw.answer().await.status, 413);
    tracker.stop().await;
}

#[tokio::test]
async fn a_chunked_body_is_read() {
    let tracker = Running::start(Config::default()).await;
    let mut raw = Raw::open(tracker.address).await;
    let body = query(BOB).to_string();
    raw.send("POST /v1/query HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await;
    for part in body.as_bytes().chunks(7) {
        raw.send(format!("{:x}\r\n", part.len())).await;
        raw.send(part).await;
        raw.send("\r\n").await;
    }
    raw.send("0\r\n\r\n").await;
    assert_eq!(raw.answer().await.status, 200);
    assert_eq!(raw.get("/healthz").await.status, 200);
    tracker.stop().await;
}

#[tokio::test]
async fn headers_over_the_limit_are_refused() {
    let tracker = Running::start(Config::default()).await;
    let limit = 16 * 1024;
    let head = |len: usize| {
        let (start, end) = ("GET /healthz HTTP/1.1\r\nhost: x\r\nx: ", "\r\n\r\n");
        format!("{start}{}{end}", "x".repeat(len - start.len() - end.len()))
    };
    let mut raw = Raw::open(tracker.address).await;
    raw.send(head(limit - 1)).await;
    assert_eq!(raw.answer().await.status, 200);
    raw.send(head(limit + 1)).await;
    assert_eq!(raw.answer().await.status, 431);
    raw.end().await;
    let mut many = Raw::open(tracker.address).await;
    let headers = |count: usize| format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(count - 1));
    many.send(headers(100)).await;
    assert_eq!(many.answer().await.status, 200);
    many.send(headers(101)).await;
    assert_eq!(many.answer().await.status, 431);
    many.end().await;
    let mut endless = Raw::open(tracker.address).await;
    endless.send("GET /").await;
    endless.send("x".repeat(limit)).await;
    assert!(matches!(endless.answer().await.status, 414 | 431));
    tracker.stop().await;
}

#[tokio::test]
async fn json_bombs_are_no_message() {
    let tracker = Running::start(Config::default()).await;
    let deep = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    let mib = 1024 * 1024;
    for bomb in [
        "[".repeat(mib),
        deep("[", "]", mib / 2),
        deep("{\"a\":", "}", 10_000),
        format!(r#"{{"type":"REGISTER","files":{}}}"#, deep("[", "]", 100_000)),
        format!(r#"{{"type":"REGISTER","unknown":{}}}"#, deep("[", "]", 100_000)),
        format!(r#"{{"type":"REGISTER","port":{}}}"#, "9".repeat(mib - 100)),
        format!(r#"{{"type":"{}"}}"#, "\\u0000".repeat(100_000)),
    ] {
        let (status, answer) = read(tracker.send(Method::POST, "/v1/register", bomb).await).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")));
        assert!(answer.to_string().len() < 1000);
    }
    tracker.stop().await;
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_not_read_in_both() {
    let tracker = Running::start(Config::default()).await;
    let smuggled = get("/v1/stats");
    let body = query(BOB).to_string();
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (headers, body, status) in [
        // RFC 9112 §6.3: chunked counts, and nothing more is read from the connection.
        ("content-length: 5\r\ntransfer-encoding: chunked".to_owned(), &chunked, 200),
        ("transfer-encoding: chunked\r\ncontent-length: 5".to_owned(), &chunked, 200),
        ("transfer-encoding: chunked, identity".to_owned(), &chunked, 400),
        ("transfer-encoding: identity".to_owned(), &chunked, 400),
        ("transfer-encoding : chunked".to_owned(), &chunked, 400),
        ("transfer-encoding: xchunked".to_owned(), &chunked, 400),
        (format!("content-length: {}\r\ncontent-length: 5", body.len()), &body, 400),
        (format!("content-length: {}, 5", body.len()), &body, 400),
        (format!("content-length: +{}", body.len()), &body, 400),
        ("content-length: -5".to_owned(), &body, 400),
        ("content-length: 0x5".to_owned(), &body, 400),
        ("content-length: 99999999999999999999999".to_owned(), &body, 400),
        (format!("content-length : {}", body.len()), &body, 400),
        (format!("x: y\r\n content-length: {}", body.len()), &body, 400),
    ] {
        let mut raw = Raw::open(tracker.address).await;
        raw.send(format!("POST /v1/query HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n{body}{smuggled}")).await;
        assert_eq!(raw.answer().await.status, status, "{headers}");
        raw.end().await;
    }
    let mut old = Raw::open(tracker.address).await;
    old.send(format!("POST /v1/query HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n{chunked}{smuggled}")).await;
    assert_eq!(old.answer().await.status, 400);
    old.end().await;
    tracker.stop().await;
}

#[tokio::test]
async fn bodies_have_a_bound_together() {
    let max_memory = 200 * 1024;
    let server = ServerConfig { max_memory, ..ServerConfig::default() };
    let tracker = Running::start(config(server)).await;
    let body = query_of(90 * 1024);
    let mut slow = Raw::open(tracker.address).await;
    slow.send(post("/v1/heartbeat", body.len())).await;
    slow.send(&body[1..]).await;
    // What a client is still sending is counted as soon as it was read.
    crate::numbers::reach(&tracker, "sprat_requests_in_flight", 2).await;
    loop {
        let mut other = Raw::open(tracker.address).await;
        other.send(post("/v1/heartbeat", body.len()) + &body).await;
        let answer = other.answer().await;
        if answer.status == 503 {
            assert!(answer.head.contains("retry-after: "), "{}", answer.head);
            break;
        }
        assert_eq!(answer.status, 400);
    }
    assert_eq!(tracker.post("/v1/query", &query(BOB)).await.0, StatusCode::OK, "nothing else suffers");
    slow.send(&body[..1]).await;
    assert_eq!(slow.answer().await.status, 400);
    let mut other = Raw::open(tracker.address).await;
    other.send(post("/v1/heartbeat", body.len()) + &body).await;
    assert_eq!(other.answer().await.status, 400, "there is room again");
    tracker.stop().await;
}
