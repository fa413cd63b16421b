//! End of a tracker.

use std::time::{Duration, Instant};

use sprat_tracker::Config;
use sprat_tracker::config::ServerConfig;
use tokio::net::TcpStream;

use crate::common::{BOB, LONG, Running, query};
use crate::config;
use crate::raw::{Raw, post};

#[tokio::test]
async fn shutdown_waits_for_no_idle_connection() {
    let tracker = Running::start(Config { grace: LONG * 10, ..Config::default() }).await;
    let silent = TcpStream::connect(tracker.address).await.unwrap();
    // The client keeps the connection of this request open.
    tracker.get("/v1/stats").await;
    tracker.stop().await;
    drop(silent);
}

#[tokio::test]
async fn shutdown_does_not_wait_longer_than_its_grace() {
    let tracker = Running::start(Config { grace: Duration::from_millis(100), ..Config::default() }).await;
    let mut slow = Raw::open(tracker.address).await;
    slow.send("POST /v1/query HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n").await;
    // It asks for the body: the request is in its handler, and stays there.
    assert_eq!(slow.answer().await.status, 100);
    tracker.stop().await;
    slow.end().await;
}

#[tokio::test]
async fn an_open_request_is_answered() {
    let tracker = Running::start(Config { grace: LONG, ..Config::default() }).await;
    let body = query(BOB).to_string();
    let mut open = Raw::open(tracker.address).await;
    open.send(post("/v1/query", body.len())).await;
    crate::numbers::reach(&tracker, "sprat_requests_in_flight", 2).await;
    let address = tracker.address;
    let stopping = tokio::spawn(tracker.stop());
    // Nobody else is let in.
    let start = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(start.elapsed() < LONG);
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished());
    open.send(body).await;
    let answer = open.answer().await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    open.end().await;
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_load_balancer_is_told_before_connections_are_refused() {
    let delay = Duration::from_millis(500);
    let tracker = Running::start(config(ServerConfig { drain_delay: delay, ..ServerConfig::default() })).await;
    let mut early = Raw::open(tracker.address).await;
    assert_eq!(early.get("/readyz").await.status, 200);
    tracker.shutdown.cancel();
    let start = Instant::now();
    loop {
        let mut late = Raw::open(tracker.address).await;
        let answer = late.get("/readyz").await;
        assert_eq!(late.get("/healthz").await.status, 200);
        if answer.status == 503 {
            assert_eq!(answer.body, b"draining");
            break;
        }
        assert!(start.elapsed() < delay, "{answer:?}");
    }
    early.end().await;
    assert!(start.elapsed() >= delay);
    tracker.stop().await;
}
