//! Origin of a request, and the proxies that are believed about it.

use serde_json::json;
use sprat_tracker::config::{ProxyHeader, ServerConfig};

use crate::common::{ALICE, FILE, Running, identity, register};
use crate::config;
use crate::raw::Raw;

/// The address that the tracker saw when somebody who connects from `source` registers with this header.
async fn observed(tracker: &Running, source: [u8; 4], header: &str) -> String {
    let body = register(ALICE, FILE, "a", true).to_string();
    let signature = sprat_protocol::tracker::Signature::new(&identity(ALICE), body.as_bytes());
    let len = body.len();
    let mut raw = Raw::open_from(source, tracker.address).await;
    raw.send(format!(
        "POST /v1/register HTTP/1.1\r\nhost: x\r\n{header}\r\nsprat-signature: {signature}\r\ncontent-length: {len}\r\n\r\n{body}"
    ))
    .await;
    let answer = raw.answer().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["observed"].as_str().unwrap().to_owned()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_proxies_are_believed() {
    let proxies = vec!["127.0.0.8/30".parse().unwrap()];
    let tracker = Running::start(config(ServerConfig { proxies: proxies.clone(), ..ServerConfig::default() })).await;
    let header = "x-forwarded-for: 198.51.100.1, 203.0.113.5, 127.0.0.9";
    assert_eq!(observed(&tracker, [127, 0, 0, 9], header).await, "203.0.113.5");
    assert_eq!(observed(&tracker, [127, 0, 0, 12], header).await, "127.0.0.12");
    assert_eq!(observed(&tracker, [127, 0, 0, 9], "forwarded: for=203.0.113.5").await, "127.0.0.9");
    assert_eq!(observed(&tracker, [127, 0, 0, 9], "x-forwarded-for: [2001:db8::1]:80").await, "2001:db8::1");
    tracker.stop().await;

    let server = ServerConfig { proxies, proxy_header: ProxyHeader::Forwarded, ..ServerConfig::default() };
    let tracker = Running::start(config(server)).await;
    assert_eq!(observed(&tracker, [127, 0, 0, 9], "forwarded: for=203.0.113.5").await, "203.0.113.5");
    assert_eq!(observed(&tracker, [127, 0, 0, 9], header).await, "127.0.0.9");
    tracker.stop().await;
}

#[tokio::test]
async fn without_proxies_nobody_is_believed() {
    let tracker = Running::start(config(ServerConfig::default())).await;
    assert_eq!(observed(&tracker, [127, 0, 0, 1], "x-forwarded-for: 203.0.113.5").await, "127.0.0.1");
    let (_, info) = tracker.get(&format!("/v1/files/{FILE}")).await;
    assert_eq!(info["peers"][0]["addresses"][0], json!("127.0.0.1:4000"));
    tracker.stop().await;
}
