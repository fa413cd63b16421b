//! Numbers for Prometheus, and readiness.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use sprat_tracker::config::ServerConfig;
use sprat_tracker::{Config, Listeners, Server};
use tokio_util::sync::CancellationToken;

use crate::common::{ALICE, BOB, FILE, LONG, Running, query};
use crate::config;
use crate::raw::Raw;

/// The value of a metric, or none while there was nothing to count.
async fn value(tracker: &Running, metric: &str) -> Option<f64> {
    let text = tracker.send(Method::GET, "/metrics", "").await.text().await.unwrap();
    let mut lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    lines.find(|(name, _)| *name == metric).map(|(_, value)| value.parse().unwrap())
}

/// Waits until a metric has this value. It may be counted only after the client has seen what is counted.
pub(crate) async fn reach(tracker: &Running, metric: &str, expected: u32) {
    let start = Instant::now();
    loop {
        let value = value(tracker, metric).await;
        if value == Some(expected.into()) {
            return;
        }
        assert!(start.elapsed() < LONG, "{metric} is {value:?}, and not {expected}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_numbers_move() {
    let tracker = Running::start(Config::default()).await;
    let registered = tracker.register(ALICE, FILE, "a", true).await;
    tracker.register(BOB, FILE, "a", false).await;
    for _ in 0..3 {
        assert_eq!(tracker.post("/v1/query", &query(BOB)).await.0, StatusCode::OK);
    }
    let token = &registered["lease"]["token"];
    let heartbeat =
        serde_json::json!({ "type": "HEARTBEAT", "peer_id": crate::common::peer_id(ALICE), "token": token });
    assert_eq!(tracker.post("/v1/heartbeat", &heartbeat).await.0, StatusCode::OK);
    assert_eq!(tracker.post("/v1/heartbeat", &query(BOB)).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(tracker.get("/nowhere").await.0, StatusCode::NOT_FOUND);
    for (metric, expected) in [
        (r#"sprat_request_duration_seconds_count{message="register",status="2xx"}"#, 2.0),
        (r#"sprat_request_duration_seconds_count{message="query",status="2xx"}"#, 3.0),
        (r#"sprat_request_duration_seconds_bucket{le="+Inf",message="query",status="2xx"}"#, 3.0),
        (r#"sprat_request_duration_seconds_count{message="heartbeat",status="2xx"}"#, 1.0),
        (r#"sprat_request_duration_seconds_count{message="heartbeat",status="4xx"}"#, 1.0),
        (r#"sprat_request_duration_seconds_count{message="other",status="4xx"}"#, 1.0),
        ("sprat_requests_in_flight", 1.0),
        ("sprat_connections", 1.0),
        ("sprat_leases", 2.0),
        ("sprat_swarms", 1.0),
        (r#"sprat_peers{role="seeder"}"#, 1.0),
        (r#"sprat_peers{role="leecher"}"#, 1.0),
        (concat!("sprat_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
    ] {
        assert_eq!(value(&tracker, metric).await, Some(expected), "{metric}");
    }
    assert!(value(&tracker, "process_start_time_seconds").await.unwrap() > 1_600_000_000.0);
    tracker.stop().await;
}

#[tokio::test]
async fn the_numbers_are_open_metrics() {
    let tracker = Running::start(Config::default()).await;
    tracker.get("/v1/stats").await;
    let url = format!("http://{}/metrics", tracker.address);
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let response = tracker.client.get(url).header("accept", accept).send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = response.text().await.unwrap();
    let (mut described, mut last) = (Vec::new(), None);
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                assert!(["counter", "gauge", "histogram", "info"].contains(&kind), "{line}");
                assert!(!described.contains(&name), "{name} is described twice");
                described.push(name);
            }
            (Some("#"), Some("HELP"), Some(_), Some(text)) => assert!(text.ends_with('.'), "{line}"),
            (Some("#"), Some("UNIT"), Some(name), Some(unit @ ("seconds" | "bytes"))) => {
                assert!(name.ends_with(unit), "{line}");
            }
            (Some("#"), Some("EOF"), None, None) => last = Some(line),
            (Some(sample), Some(value), None, None) => {
                assert!(described.iter().any(|name| sample.starts_with(name)), "{line} is not described");
                value.parse::<f64>().unwrap();
            }
            _ => panic!("{line:?} is neither a description nor a sample"),
        }
    }
    assert_eq!(last, Some("# EOF"));
    tracker.stop().await;
}

/// The rules of `promtool check metrics`, for the text that it reads.
#[tokio::test]
async fn the_numbers_pass_the_rules_of_prometheus() {
    let tracker = Running::start(Config::default()).await;
    tracker.get("/v1/stats").await;
    let response = tracker.send(Method::GET, "/metrics", "").await;
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = response.text().await.unwrap();
    let (mut helped, mut kinds) = (Vec::new(), std::collections::HashMap::new());
    for line in text.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, _] => helped.push(name),
            ["#", "TYPE", name, kind] => {
                assert!(helped.contains(&name), "{name} has no help before its type");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
                for ending in ["_count", "_sum", "_bucket"] {
                    assert!(!name.ends_with(ending), "{line}");
                }
                assert!(kinds.insert(name, kind).is_none(), "{name} is described twice");
            }
            [sample, value] => {
                value.parse::<f64>().unwrap();
                let name = sample.split('{').next().unwrap();
                let of_histogram = ["_count", "_sum", "_bucket"].iter().find_map(|end| name.strip_suffix(end));
                let is_known =
                    kinds.contains_key(name) || of_histogram.is_some_and(|name| kinds.get(name) == Some(&"histogram"));
                assert!(is_known, "{line} is not described under its own name");
            }
            _ => panic!("{line:?} is neither a description nor a sample"),
        }
    }
    for zero in [
        r#"sprat_connections_refused_total{reason="connections"} 0"#,
        r#"sprat_connections_cut_off_total{reason="headers"} 0"#,
        r#"sprat_caps_hit_total{cap="nonces"} 0"#,
        r#"sprat_register_refused_total{reason="not_signed"} 0"#,
        r#"sprat_tokens_refused_total{reason="unknown"} 0"#,
    ] {
        assert!(text.lines().any(|line| line == zero), "{zero} in {text}");
    }
    for (metric, least) in [
        ("process_cpu_seconds_total", 0.0),
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 3.0),
        ("process_max_fds", 100.0),
    ] {
        let value = value(&tracker, metric).await.unwrap();
        assert!(value >= least && (value > 0.0 || metric.contains("cpu")), "{metric} {value}");
    }
    tracker.stop().await;
}

#[tokio::test]
async fn metrics_may_have_an_address_of_their_own() {
    // The one place that the tracker has is taken, and it can still be looked at.
    let server = ServerConfig { connections: 1, ..ServerConfig::default() };
    let (server, background) = Server::open(&config(server)).unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let listeners = Listeners::bind(&[any]).unwrap().with_metrics(any).unwrap();
    let (main, metrics) = (listeners.addresses()[0], listeners.metrics.as_ref().unwrap().local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let test = async {
        let mut main = Raw::open(main).await;
        assert_eq!(main.get("/metrics").await.status, 404);
        assert_eq!(main.get("/healthz").await.status, 200);
        let mut metrics = Raw::open(metrics).await;
        for (path, status) in [("/metrics", 200), ("/healthz", 200), ("/readyz", 200), ("/v1/stats", 404)] {
            assert_eq!(metrics.get(path).await.status, status, "{path}");
        }
        shutdown.cancel();
    };
    tokio::join!(server.run(background, listeners, &shutdown), test);
}
