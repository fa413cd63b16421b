//! Leaks to those who should not be asked to keep a secret: SECURITY.md says them, and this shows them. Each is known;
//! whoever mends one changes that page too.

use std::num::NonZeroU32;

use sprat_api::{Command, TransferState};
use sprat_tests::files::noise;
use sprat_tests::relay::Relay;
use sprat_tests::swarm::{Peer, Tracker, only_peer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CHUNK: usize = 256 * 1024;

#[tokio::test]
async fn what_is_said_to_a_tracker_by_plain_http_can_be_read_on_the_way() {
    let tracker = Tracker::start().await;
    let at = tracker.url.socket_addrs(|| None).unwrap()[0];
    let relay = Relay::start(at).await;
    let on_the_way = |config: &mut sprat_peer::EngineConfig| {
        config.trackers = vec![format!("http://{}", relay.addr).parse().unwrap()];
    };
    let mut seeder = Peer::start(None, on_the_way).await;
    let link = seeder.share_bytes("secret plans.bin", &noise(CHUNK, 1)).await;
    let mut downloader = Peer::start(None, on_the_way).await;
    let bare = sprat_protocol::Link::new(link.file_id);
    downloader.fetch(bare.clone()).await;
    downloader.completed(&bare).await;
    let peer_ids = [&seeder, &downloader].map(|peer| peer.engine.snapshot().peer_id.to_string());
    for readable in ["secret plans.bin", &link.file_id.to_string(), &peer_ids[0], &peer_ids[1]] {
        assert!(relay.heard(readable.as_bytes()), "{readable} was hidden");
    }
}

#[tokio::test]
async fn what_came_so_far_is_plain_on_the_disk() {
    let slow = |config: &mut sprat_peer::EngineConfig| config.limits.upload_rate = NonZeroU32::new(4 << 20);
    let mut seeder = Peer::start(None, slow).await;
    let data = noise(16 * CHUNK, 2);
    let link = only_peer(&seeder.share_bytes("a.bin", &data).await);
    let downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.until(|snapshot| (snapshot.transfers.first()?.chunks_done >= 4).then_some(())).await;
    downloader.engine.send(Command::Pause(link.file_id)).await;
    downloader.until(|s| (s.transfers.first()?.state == TransferState::Paused).then_some(())).await;
    let part = std::fs::read(downloader.downloads().join("a.bin.part")).unwrap();
    let plain = part.chunks(CHUNK).zip(data.chunks(CHUNK)).filter(|(kept, sent)| kept == sent).count();
    assert!(plain >= 4, "{plain} chunks can be read");
}

/// A page's own name may be made to point at a tracker, which then looks to the browser like the page's own site. From under any other
/// name the browser gives a page no answer, for the tracker allows no other site.
#[tokio::test]
async fn a_tracker_answers_to_every_name_and_lets_no_other_site_read_it() {
    let tracker = Tracker::start().await;
    let body = r#"{"type":"SEARCH","words":"plans","page":0}"#;
    let request = format!(
        "POST /v1/search HTTP/1.1\r\nhost: page.example\r\norigin: http://page.example\r\ncontent-type: text/plain\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(tracker.url.socket_addrs(|| None).unwrap()[0]).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("SEARCH_ANSWER"), "{answer}");
    assert!(!answer.to_lowercase().contains("access-control-allow"), "{answer}");
    tracker.stop().await;
}
