//! Heads of requests: whom they are for, and how their bodies come.

use sprat_tracker::Config;

use crate::common::Running;
use crate::numbers;
use crate::raw::Raw;

/// Status of the answer to a request with this head.
async fn status(tracker: &Running, head: &str) -> u16 {
    let mut client = Raw::open(tracker.address).await;
    client.send(format!("{head}\r\n\r\n").replace('|', "\r\n")).await;
    client.answer().await.status
}

#[tokio::test]
async fn a_request_says_once_whom_it_is_for() {
    let tracker = Running::start(Config::default()).await;
    for (head, expected) in [
        ("GET /healthz HTTP/1.1", 400),
        ("GET /healthz HTTP/1.1|host: a|host: a", 400),
        ("GET /healthz HTTP/1.1|host: a|host: b", 400),
        ("GET /healthz HTTP/1.1|host: a", 200),
        ("GET /healthz HTTP/1.0", 200),
    ] {
        assert_eq!(status(&tracker, head).await, expected, "{head}");
    }
    tracker.stop().await;
}

#[tokio::test]
async fn a_body_that_is_packed_is_not_taken_for_one_that_is_not() {
    let tracker = Running::start(Config::default()).await;
    for (headers, expected) in [
        ("transfer-encoding: gzip, chunked||0", 501),
        ("content-encoding: gzip|content-length: 0", 415),
        ("content-encoding: identity, br|content-length: 0", 415),
        ("content-encoding: identity|content-length: 0", 400),
        ("transfer-encoding: Chunked||0", 400),
    ] {
        let head = format!("POST /v1/query HTTP/1.1|host: a|{headers}");
        assert_eq!(status(&tracker, &head).await, expected, "{headers}");
    }
    tracker.stop().await;
}

#[tokio::test]
async fn a_tracker_with_names_answers_to_those_and_to_addresses() {
    let names = vec!["tracker.example:5000".to_owned()];
    let tracker = Running::start(Config { names, ..Config::default() }).await;
    for path in ["/", "/healthz", "/metrics", "/v1/stats", "/openapi.json"] {
        for (host, expected) in [
            ("evil.example", 421),
            ("evil.example:5000", 421),
            ("tracker.example.evil.example", 421),
            ("tracker.example:5000", 200),
            ("Tracker.Example", 200),
            ("localhost:1", 200),
            ("127.0.0.1:5000", 200),
            ("[::1]:5000", 200),
        ] {
            let head = format!("GET {path} HTTP/1.1|host: {host}");
            assert_eq!(status(&tracker, &head).await, expected, "{path} {host}");
        }
    }
    let absolute = "GET http://evil.example/healthz HTTP/1.1|host: tracker.example";
    assert_eq!(status(&tracker, absolute).await, 421);
    numbers::reach(&tracker, "sprat_requests_misdirected_total", 16).await;
    tracker.stop().await;
    let nameless = Running::start(Config::default()).await;
    assert_eq!(status(&nameless, "GET /metrics HTTP/1.1|host: evil.example").await, 200);
    nameless.stop().await;
}
