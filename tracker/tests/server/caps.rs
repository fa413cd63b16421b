//! Caps on connections.

use std::time::Duration;

use sprat_tracker::config::ServerConfig;
use sprat_tracker::{Config, Listeners, Server};
use tokio_util::sync::CancellationToken;

use crate::common::Running;
use crate::raw::{Raw, post};
use crate::{config, numbers};

fn caps(connections: usize, connections_per_address: usize) -> ServerConfig {
    ServerConfig { connections, connections_per_address, ..ServerConfig::default() }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_has_so_many_connections_and_no_more() {
    let tracker = Running::start(config(caps(100, 2))).await;
    let here = [127, 0, 0, 7];
    let mut first = Raw::open_from(here, tracker.address).await;
    let mut second = Raw::open_from(here, tracker.address).await;
    assert_eq!((first.get("/healthz").await.status, second.get("/healthz").await.status), (200, 200));
    let mut third = Raw::open_from(here, tracker.address).await;
    let answer = third.answer().await;
    assert_eq!((answer.status, &answer.json()["code"]), (429, &"too_many".into()));
    assert!(answer.head.contains("retry-after: 10"), "{}", answer.head);
    third.end().await;
    let mut other = Raw::open_from([127, 0, 0, 8], tracker.address).await;
    assert_eq!(other.get("/healthz").await.status, 200, "others do not suffer");
    numbers::reach(&tracker, r#"sprat_connections_refused_total{reason="connections_per_address"}"#, 1).await;

    drop(first);
    numbers::reach(&tracker, "sprat_connections", 3).await;
    let mut again = Raw::open_from(here, tracker.address).await;
    assert_eq!(again.get("/healthz").await.status, 200);
    tracker.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn proxies_may_have_any_number() {
    let proxies = vec!["127.0.0.7/32".parse().unwrap()];
    let tracker = Running::start(config(ServerConfig { proxies, ..caps(100, 1) })).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut raw = Raw::open_from([127, 0, 0, 7], tracker.address).await;
        assert_eq!(raw.get("/healthz").await.status, 200);
        open.push(raw);
    }
    tracker.stop().await;
}

#[tokio::test]
async fn who_waits_longest_makes_room() {
    let tracker = Running::start(config(caps(3, 100))).await;
    let mut busy = Raw::open(tracker.address).await;
    busy.send("POST /v1/query HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n").await;
    assert_eq!(busy.answer().await.status, 100);
    let mut dribbling = Raw::open(tracker.address).await;
    assert_eq!(dribbling.get("/healthz").await.status, 200);
    dribbling.send("GET ").await;
    let mut idle = Raw::open(tracker.address).await;
    assert_eq!(idle.get("/healthz").await.status, 200);

    let mut fresh = Raw::open(tracker.address).await;
    assert_eq!(fresh.get("/healthz").await.status, 200);
    dribbling.end().await;
    assert_eq!(idle.get("/healthz").await.status, 200);
    let mut fresher = Raw::open(tracker.address).await;
    assert_eq!(fresher.get("/healthz").await.status, 200);
    fresh.end().await;
    busy.send("x").await;
    assert_eq!(busy.answer().await.status, 400);
    assert_eq!(idle.get("/healthz").await.status, 200);
    tracker.stop().await;
}

#[tokio::test]
async fn where_all_are_being_answered_others_are_turned_away() {
    let tracker = Running::start(Config { grace: Duration::ZERO, ..config(caps(2, 100)) }).await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut raw = Raw::open(tracker.address).await;
        raw.send("POST /v1/query HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n").await;
        assert_eq!(raw.answer().await.status, 100);
        busy.push(raw);
    }
    let mut other = Raw::open(tracker.address).await;
    let answer = other.answer().await;
    assert_eq!((answer.status, &answer.json()["code"]), (503, &"unavailable".into()));
    other.end().await;
    busy[0].send("x").await;
    assert_eq!(busy[0].answer().await.status, 400);
    let mut other = Raw::open(tracker.address).await;
    assert_eq!(other.get("/healthz").await.status, 200);
    tracker.stop().await;
}

/// An honest client goes on while others hold as many connections as they may.
#[tokio::test]
async fn honest_clients_get_in_while_others_sit_on_all_connections() {
    let server =
        ServerConfig { idle_time: Duration::from_secs(600), header_time: Duration::from_secs(600), ..caps(50, 1000) };
    let tracker = Running::start(Config { grace: Duration::ZERO, ..config(server) }).await;
    let mut sitting = Vec::new();
    for number in 0..200 {
        let mut raw = Raw::open(tracker.address).await;
        // Half of them have begun with a request.
        raw.send(&post("/v1/query", 10)[..10 * (number % 2)]).await;
        sitting.push(raw);
        if number % 20 == 0 {
            let mut honest = Raw::open(tracker.address).await;
            assert_eq!(honest.get("/healthz").await.status, 200, "after {number}");
        }
    }
    tracker.stop().await;
}

#[tokio::test]
async fn it_listens_at_several_addresses_at_once() {
    let any = ["127.0.0.1:0", "127.0.0.1:0", "[::1]:0"].map(|address| address.parse().unwrap());
    // Not every machine has IPv6.
    let listeners = Listeners::bind(&any).or_else(|_| Listeners::bind(&any[..2])).unwrap();
    let (server, background) = Server::open(&config(caps(1, 100))).unwrap();
    let (addresses, shutdown) = (listeners.addresses(), CancellationToken::new());
    let test = async {
        let mut last: Option<Raw> = None;
        for address in addresses.iter().chain(&addresses) {
            let mut raw = Raw::open(*address).await;
            assert_eq!(raw.get("/healthz").await.status, 200);
            if let Some(last) = &mut last {
                // The caps are those of the tracker, and not of each socket.
                last.end().await;
            }
            last = Some(raw);
        }
        shutdown.cancel();
    };
    tokio::join!(server.run(background, listeners, &shutdown), test);
}
