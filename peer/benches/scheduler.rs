//! Benchmark of the scheduler: cost of deciding which chunk is requested from which peer. One thread, simulated time.

use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use sprat_chunking::{Bitfield, ChunkSize, Layout};
use sprat_peer::scheduler::{PeerKey, Scheduler, SchedulerConfig};

/// Creates a scheduler of a whole file with `peers` peers that have all chunks, or about half of them (`leechers`).
fn scheduler(layout: Layout, peers: PeerKey, now: Instant, leechers: bool) -> Scheduler {
    let chunk_len = u64::from(layout.chunk_size().bytes());
    let timeout = (Duration::from_secs(2), Duration::from_secs(60));
    let config = SchedulerConfig { chunk_len, max_window: 32 * 1024 * 1024, timeout };
    let nothing = Bitfield::empty(layout.num_chunks());
    let mut scheduler = Scheduler::new(config, layout.indices(), &nothing, SmallRng::seed_from_u64(1));
    for key in 0..peers {
        let mut has = Bitfield::full(layout.num_chunks());
        let dropped = layout.indices().filter(|index| leechers && (u64::from(index.get()) + key) % 2 == 0);
        dropped.for_each(|index| {
            has.remove(index);
        });
        scheduler.peer_has(now, key, has);
    }
    scheduler
}

/// Runs a whole download: every chunk is requested, arrives a millisecond after the one before, and is stored.
fn download(scheduler: &mut Scheduler, peers: PeerKey, chunk_len: u64, mut now: Instant) {
    let mut asked = std::collections::VecDeque::new();
    while !scheduler.is_done() {
        for key in 0..peers {
            asked.extend(scheduler.requests(now, key).into_iter().map(|index| (key, index)));
        }
        let Some((key, index)) = asked.pop_front() else { unreachable!("somebody has what is missing") };
        now += Duration::from_millis(1);
        if scheduler.arrived(now, key, index, chunk_len) != sprat_peer::scheduler::Arrival::Superfluous {
            scheduler.stored(index);
        }
    }
}

fn whole_downloads(criterion: &mut Criterion) {
    let layout = Layout::new(1 << 30, ChunkSize::DEFAULT).expect("a short file");
    let chunk_len = u64::from(layout.chunk_size().bytes());
    let mut group = criterion.benchmark_group("a download of 4,096 chunks");
    group.throughput(Throughput::Elements(layout.num_chunks().into()));
    for (name, peers, leechers) in [("one seeder", 1, false), ("50 seeders", 50, false), ("50 leechers", 50, true)] {
        let now = Instant::now();
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || scheduler(layout, peers, now, leechers),
                |mut scheduler| download(&mut scheduler, peers, chunk_len, now),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, whole_downloads);
criterion_main!(benches);
