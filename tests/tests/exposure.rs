//! What can be learned by those who should not be asked to keep a secret: SECURITY.md says it, and this shows it. Each is a leak that
//! is known; whoever mends one changes that page too.

use std::num::NonZeroU32;

use sprat_peer::{Command, TransferState};
use sprat_tests::files::noise;
use sprat_tests::relay::Relay;
use sprat_tests::swarm::{Peer, Tracker, only_peer};

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
