//! Times that clients may take. Each test makes one time short and leaves the others long, so that it is known which
//! one ended.

use std::time::{Duration, Instant};

use sprat_tracker::config::ServerConfig;
use tokio::io::AsyncWriteExt;
use tokio::time::{interval, timeout};

use crate::common::{LONG, Running};
use crate::raw::{Raw, get, post};
use crate::{config, numbers};

const SHORT: Duration = Duration::from_millis(300);

fn patient() -> ServerConfig {
    let long = LONG * 10;
    ServerConfig {
        header_time: long,
        idle_time: long,
        handler_time: long,
        answer_time: long,
        ..ServerConfig::default()
    }
}

/// Sends these bytes one at a time, far apart, until the other side hangs up. Returns how long that took.
async fn dribble(raw: &mut Raw, bytes: &[u8]) -> Duration {
    let start = Instant::now();
    let mut ticks = interval(SHORT / 10);
    let mut bytes = bytes.iter().cycle();
    let hung_up = async {
        loop {
            tokio::select! {
                () = raw.end() => return,
                _ = ticks.tick() => {}
            }
            if raw.stream.write_all(&[*bytes.next().unwrap()]).await.is_err() {
                return;
            }
        }
    };
    timeout(LONG, hung_up).await.expect("it is cut off");
    start.elapsed()
}

#[tokio::test]
async fn headers_that_dribble_are_cut_off() {
    let tracker = Running::start(config(ServerConfig { header_time: SHORT, ..patient() })).await;
    let mut raw = Raw::open(tracker.address).await;
    for round in 1..=2 {
        // The time begins anew with each request, also where it is not the first one.
        assert_eq!(raw.get("/healthz").await.status, 200);
        if round == 2 {
            tokio::time::sleep(SHORT).await;
            assert_eq!(raw.get("/healthz").await.status, 200);
        }
    }
    assert!(dribble(&mut raw, b"GET /healthz HTTP/1.1\r\nx: x").await >= SHORT);
    numbers::reach(&tracker, r#"sprat_connections_cut_off_total{reason="headers"}"#, 1).await;
    let mut endless = Raw::open(tracker.address).await;
    endless.send("GET /healthz HTTP/1.1\r\n").await;
    assert!(dribble(&mut endless, b"a: b\r\n").await >= SHORT / 2);
    tracker.stop().await;
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let tracker = Running::start(config(ServerConfig { idle_time: SHORT, ..patient() })).await;
    let start = Instant::now();
    let mut silent = Raw::open(tracker.address).await;
    let mut kept_alive = Raw::open(tracker.address).await;
    assert_eq!(kept_alive.get("/healthz").await.status, 200);
    silent.end().await;
    assert!(start.elapsed() >= SHORT);
    kept_alive.end().await;
    numbers::reach(&tracker, r#"sprat_connections_cut_off_total{reason="idle"}"#, 2).await;
    // The time is that between two requests, and not of the connection.
    let mut busy = Raw::open(tracker.address).await;
    let start = Instant::now();
    while start.elapsed() < SHORT * 2 {
        assert_eq!(busy.get("/healthz").await.status, 200);
        tokio::time::sleep(SHORT / 10).await;
    }
    tracker.stop().await;
}

#[tokio::test]
async fn a_body_that_dribbles_is_answered_when_its_time_is_over() {
    let tracker = Running::start(config(ServerConfig { handler_time: SHORT, ..patient() })).await;
    let mut raw = Raw::open(tracker.address).await;
    let start = Instant::now();
    raw.send(post("/v1/query", 1000)).await;
    raw.send("{").await;
    let answer = raw.answer().await;
    assert!(start.elapsed() >= SHORT);
    assert_eq!((answer.status, &answer.json()["code"]), (408, &"unavailable".into()));
    assert!(answer.head.contains("retry-after: "), "{}", answer.head);
    // The rest of the body would be taken for a request.
    raw.end().await;
    numbers::reach(&tracker, r#"sprat_caps_hit_total{cap="handler_time"}"#, 1).await;
    tracker.stop().await;
}

#[tokio::test]
async fn who_does_not_read_its_answers_is_cut_off() {
    let tracker = Running::start(config(ServerConfig { answer_time: SHORT, ..patient() })).await;
    let mut deaf = Raw::open(tracker.address).await;
    let (asking, metric) = (get("/metrics"), r#"sprat_connections_cut_off_total{reason="answer"}"#);
    // More than the sockets of both sides take.
    let asked = async { while deaf.stream.write_all(asking.as_bytes()).await.is_ok() {} };
    timeout(LONG, asked).await.expect("it is cut off");
    numbers::reach(&tracker, metric, 1).await;
    tracker.stop().await;
}
