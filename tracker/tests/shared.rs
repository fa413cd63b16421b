//! Two trackers that share a cluster, as their peers see them.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::json;
use sprat_protocol::tracker::{SIGNATURE_HEADER, Signature};
use sprat_tracker::config::StoreKind;
use sprat_tracker::{ClusterConfig, Config};

use common::{ALICE, BOB, FILE, LONG, OTHER_FILE, Running, identity, peer_id, query, read, register};
use servers::{PRIMARIES, Servers};

mod common;
mod servers;

async fn servers() -> Option<Servers> {
    tokio::task::spawn_blocking(Servers::start).await.unwrap()
}

/// A tracker that keeps its names in this folder, and all else in the cluster.
async fn start(cluster: &ClusterConfig, folder: &Path) -> Running {
    let (data_dir, cluster) = (Some(folder.to_owned()), cluster.clone());
    let config = Config { store: StoreKind::Cluster, cluster, data_dir, call_back: false, ..Config::default() };
    let tracker = Running::start(config).await;
    until_ready(&tracker, "ok").await;
    tracker
}

/// Waits until `/readyz` says this.
async fn until_ready(tracker: &Running, expected: &str) {
    let start = Instant::now();
    loop {
        let said = tracker.send(Method::GET, "/readyz", "").await.text().await.unwrap();
        if said == expected {
            return;
        }
        assert!(start.elapsed() < LONG, "it says {said:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_tracker_is_told_the_other_one_knows() {
    let Some(servers) = servers().await else { return };
    let (cluster, folders) = (servers.config("sprat:"), [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()]);
    let (first, second) = (start(&cluster, folders[0].path()).await, start(&cluster, folders[1].path()).await);

    let message = register(ALICE, FILE, "lecture.mp4", true).to_string();
    let signature = Signature::new(&identity(ALICE), message.as_bytes()).to_string();
    let say = async |tracker: &Running| {
        let url = format!("http://{}/v1/register", tracker.address);
        let request = tracker.client.post(url).header(SIGNATURE_HEADER, &signature).body(message.clone());
        read(request.send().await.unwrap()).await
    };
    let (status, registered) = say(&first).await;
    assert_eq!(status, StatusCode::OK, "{registered}");
    let (status, answer) = say(&second).await;
    assert_eq!((status, &answer["code"]), (StatusCode::FORBIDDEN, &"not_signed".into()), "a replay: {answer}");

    let (_, answer) = second.post("/v1/query", &query(BOB)).await;
    assert_eq!(answer["files"][0]["peers"][0]["peer_id"], json!(peer_id(ALICE)), "{answer}");
    assert_eq!(answer["unknown"], json!([OTHER_FILE]));
    assert_eq!(second.until_found("lecture", 1).await[0]["seeders"], 1);
    let beat = json!({ "type": "HEARTBEAT", "peer_id": peer_id(ALICE), "token": registered["lease"]["token"] });
    let (status, answer) = second.post("/v1/heartbeat", &beat).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let numbers = second.send(Method::GET, "/metrics", "").await.text().await.unwrap();
    assert!(numbers.contains(r#"sprat_store_seconds_count{operation="heartbeat"} 1"#), "{numbers}");

    first.stop().await;
    // Requests that are open while the tracker ends are answered, and those need the cluster.
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracker_that_was_away_catches_up_and_says_when_the_cluster_is_away() {
    let Some(servers) = servers().await else { return };
    let (cluster, folders) = (servers.config("sprat:"), [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()]);
    let (first, second) = (start(&cluster, folders[0].path()).await, start(&cluster, folders[1].path()).await);
    first.register(ALICE, FILE, "lecture.mp4", true).await;
    second.until_found("lecture", 1).await;

    // It reads on where it was.
    second.stop().await;
    first.register(BOB, OTHER_FILE, "poems.txt", true).await;
    let second = start(&cluster, folders[1].path()).await;
    second.until_found("poems", 1).await;
    assert_eq!(second.until_found("lecture", 1).await.len(), 1);

    // What was said meanwhile is not there any more: it learns all names from who holds the files.
    second.stop().await;
    let [third, fourth, fifth] = [3, 4, 5].map(|number| format!("{number:064x}"));
    first.register(ALICE, &third, "slides.pdf", true).await;
    first.register(ALICE, &fourth, "notes.txt", true).await;
    first.until_found("notes", 1).await;
    let streams: Vec<String> = (0..16).map(|number| format!("sprat:catalogue:{{{number}}}")).collect();
    // By the first byte of its ID, one file of the four is in another stream.
    until_written(&servers, &streams[0], 3).await;
    for (server, stream) in (0..PRIMARIES).flat_map(|server| streams.iter().map(move |stream| (server, stream))) {
        servers.say(server, &["DEL", stream]);
    }
    first.register(BOB, &fifth, "exam.pdf", true).await;
    let second = start(&cluster, folders[1].path()).await;
    second.until_found("notes", 1).await;
    second.until_found("slides", 1).await;
    second.until_found("exam", 1).await;

    // The cluster is gone: nothing can be served, and everybody is told to come back later.
    drop(servers);
    until_ready(&second, "the store is away").await;
    let message = register(BOB, OTHER_FILE, "poems.txt", true);
    for (path, message) in [("/v1/register", message), ("/v1/query", query(ALICE))] {
        let response = second.post_signed(BOB, path, &message).await;
        let retry_after = response.headers().get("retry-after").cloned();
        let (status, answer) = read(response).await;
        if path == "/v1/query" {
            assert_eq!((status, answer["files"].as_array().unwrap().len()), (StatusCode::OK, 0), "{answer}");
            assert_eq!(answer["unavailable"], json!([FILE, OTHER_FILE]));
        } else {
            assert_eq!((status, &answer["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"unavailable".into()), "{answer}");
            assert!(retry_after.is_some());
        }
    }
    second.until_found("notes", 1).await;
    first.stop().await;
    second.stop().await;
}

/// Waits until a stream has so many changes.
async fn until_written(servers: &Servers, stream: &str, count: usize) {
    let start = Instant::now();
    // A server that does not have the stream says where it is.
    let len = |server| servers.say(server, &["XLEN", stream]).parse::<usize>().unwrap_or(0);
    while !(0..PRIMARIES).any(|server| len(server) >= count) {
        assert!(start.elapsed() < LONG, "{stream} never has {count} changes");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
