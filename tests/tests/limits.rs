//! Limits on sending and receiving, over real TCP: kept to, changed at run time, and no reason to waste anything.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use sprat_api::{Command, TransferState};
use sprat_chunking::ChunkSize;
use sprat_peer::EngineConfig;
use sprat_tests::files::noise;
use sprat_tests::glutton::Glutton;
use sprat_tests::swarm::{Peer, Tracker, only_peer};

const CHUNK: usize = 256 * 1024;
/// At this rate nothing would be there before the test is given up.
const NEXT_TO_NOTHING: Option<NonZeroU32> = NonZeroU32::new(1);

/// Three seeders of the same file, and a link that names them all.
async fn three_seeders(data: &[u8]) -> (Vec<Peer>, sprat_protocol::Link) {
    let mut seeders = Vec::new();
    let mut link: Option<sprat_protocol::Link> = None;
    for _ in 0..3 {
        let mut seeder = Peer::start(None, |_| {}).await;
        let shared = only_peer(&seeder.share_bytes("a.bin", data).await);
        match &mut link {
            Some(link) => link.peers.extend(shared.peers),
            None => link = Some(shared),
        }
        seeders.push(seeder);
    }
    (seeders, link.expect("there are three"))
}

fn limited(config: &mut EngineConfig) {
    config.limits.download_rate = NonZeroU32::new(768 * 1024);
}

#[tokio::test]
async fn a_limited_download_from_many_takes_its_time_and_fetches_nothing_twice() {
    let data = noise(10 * CHUNK, 50);
    let (seeders, link) = three_seeders(&data).await;
    // Three chunks come at a time at a third of the rate each: far too late for this time-out, and nobody's fault.
    let mut downloader = Peer::start(None, |config| {
        limited(config);
        config.limits.request_timeout = (Duration::from_millis(400), Duration::from_millis(400));
    })
    .await;
    let start = Instant::now();
    downloader.fetch(link.clone()).await;
    let path = downloader.completed(&link).await;
    let took = start.elapsed();
    assert!(std::fs::read(path).unwrap() == data);
    assert!(took > Duration::from_secs(3), "{took:?} for 2.5 MiB at 768 KiB a second");
    let sent: u64 = seeders.iter().map(|seeder| seeder.transfer(&link).unwrap().uploaded).sum();
    assert!(sent <= (data.len() + 2 * CHUNK) as u64, "{sent} bytes were sent for {}", data.len());
}

#[tokio::test]
async fn a_limit_that_is_lifted_holds_nobody_back_any_more() {
    let mut seeder = Peer::start(None, |config| config.limits.upload_rate = NEXT_TO_NOTHING).await;
    let mut downloader = Peer::start(None, |config| config.limits.download_rate = NEXT_TO_NOTHING).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(4 * CHUNK, 51)).await);
    downloader.fetch(link.clone()).await;
    downloader.until(|snapshot| snapshot.transfers.first()?.peers.first().map(|_| ())).await;
    seeder.engine.send(Command::SetRates { up: None, down: None }).await;
    downloader.engine.send(Command::SetRates { up: None, down: None }).await;
    downloader.completed(&link).await;
}

#[tokio::test]
async fn a_limit_on_one_transfer_is_none_on_another() {
    let mut seeder = Peer::start(None, |_| {}).await;
    let mut downloaders = [Peer::start(None, |_| {}).await, Peer::start(None, |_| {}).await];
    let slow = only_peer(&seeder.share_bytes("slow.bin", &noise(4 * CHUNK, 52)).await);
    let fast = only_peer(&seeder.share_bytes("fast.bin", &noise(4 * CHUNK, 53)).await);
    let set = |rate| Command::SetTransferRates { file_id: slow.file_id, up: rate, down: rate };
    seeder.engine.send(set(NEXT_TO_NOTHING)).await;
    downloaders[0].fetch(slow.clone()).await;
    downloaders[1].fetch(fast.clone()).await;
    downloaders[1].completed(&fast).await;
    assert_eq!(downloaders[0].transfer(&slow).unwrap().chunks_done, 0);
    seeder.engine.send(set(None)).await;
    downloaders[0].completed(&slow).await;
}

#[tokio::test]
async fn a_download_has_a_limit_of_its_own() {
    let mut seeders = [Peer::start(None, |_| {}).await, Peer::start(None, |_| {}).await];
    let mut downloader = Peer::start(None, |_| {}).await;
    let slow = only_peer(&seeders[0].share_bytes("slow.bin", &noise(4 * CHUNK, 54)).await);
    let fast = only_peer(&seeders[1].share_bytes("fast.bin", &noise(4 * CHUNK, 55)).await);
    let set = |rate| Command::SetTransferRates { file_id: slow.file_id, up: rate, down: rate };
    downloader.fetch(slow.clone()).await;
    downloader.engine.send(set(NEXT_TO_NOTHING)).await;
    downloader.fetch(fast.clone()).await;
    downloader.completed(&fast).await;
    assert_eq!(downloader.transfer(&slow).unwrap().chunks_done, 0);
    downloader.engine.send(set(None)).await;
    downloader.completed(&slow).await;
}

#[tokio::test]
async fn a_peer_that_is_held_back_does_not_think_that_nobody_is_there() {
    let impatient = |config: &mut EngineConfig| config.limits.idle_timeout = Duration::from_millis(1200);
    let mut seeder = Peer::start(None, impatient).await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(4 * CHUNK, 56)).await);
    let downloader = Peer::start(None, |config| {
        impatient(config);
        config.limits.download_rate = NonZeroU32::new(256 * 1024);
    })
    .await;
    downloader.fetch(link.clone()).await;
    // A chunk takes a second, and before a lost peer is dialled again half a second passes.
    downloader
        .until(|snapshot| {
            let transfer = snapshot.transfers.first()?;
            assert!(transfer.peers.iter().all(|peer| peer.connected), "{:?}", transfer.peers);
            (transfer.state == TransferState::Sharing).then_some(())
        })
        .await;
}

#[tokio::test]
async fn who_takes_nothing_keeps_nobody_from_being_served() {
    let mut seeder = Peer::start(None, |config| {
        config.limits.upload_slots = 1;
        config.limits.upload_turn = Duration::from_millis(200);
    })
    .await;
    let link = only_peer(&seeder.share_bytes("a.bin", &noise(64 * CHUNK, 57)).await);
    let addr = seeder.engine.snapshot().listen;
    let mut gluttons = Vec::new();
    for _ in 0..3 {
        gluttons.push(Glutton::start(addr, link.file_id, ChunkSize::DEFAULT, 64).await);
    }
    let start = Instant::now();
    let mut downloader = Peer::start(None, |_| {}).await;
    downloader.fetch(link.clone()).await;
    downloader.completed(&link).await;
    // A peer that accepts nothing is left after 30 seconds.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    drop(gluttons);
}

#[tokio::test]
async fn one_slot_serves_everybody() {
    let tracker = Tracker::start().await;
    let mut seeder = Peer::start(Some(&tracker), |config| config.limits.upload_slots = 1).await;
    let data = noise(16 * CHUNK, 58);
    let link = seeder.share_bytes("a.bin", &data).await;
    let mut downloaders = Vec::new();
    for _ in 0..4 {
        downloaders.push(Peer::start(Some(&tracker), |_| {}).await);
    }
    for downloader in &downloaders {
        downloader.fetch(link.clone()).await;
    }
    for downloader in &mut downloaders {
        let path = downloader.completed(&link).await;
        assert!(std::fs::read(path).unwrap() == data);
    }
}
