//! Hashing: what a seeder does with a file once, and a downloader with every chunk. One thread.

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sprat_chunking::tree::{chunk_hash, root};
use sprat_chunking::{ChunkHashes, ChunkSize, Layout, split};

const CHUNK: usize = 256 * 1024;

fn hash_a_file(criterion: &mut Criterion) {
    let file = vec![7; 16 * 1024 * 1024];
    let mut group = criterion.benchmark_group("tree");
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("file ID of 16 MiB", |bencher| {
        bencher.iter(|| root(black_box(&file).chunks(CHUNK).map(chunk_hash)));
    });
    group.throughput(Throughput::Bytes(CHUNK as u64));
    group.bench_function("chunk hash of 256 KiB", |bencher| bencher.iter(|| chunk_hash(black_box(&file[..CHUNK]))));
    group.finish();
}

/// The list of a file of 64 MiB in the smallest chunks, checked and folded to chunks twice as large.
fn use_a_list(criterion: &mut Criterion) {
    let file = vec![7; 64 * 1024 * 1024];
    let layout = Layout::new(file.len() as u64, ChunkSize::MIN).expect("a short file");
    let digest = split(file.as_slice(), layout, |_, _| ControlFlow::Continue(())).expect("it is in memory");
    let twice = ChunkSize::new(ChunkSize::MIN.bytes() * 2).expect("a power of two");
    let (file_id, bytes) = (digest.file_id(), digest.hashes.to_bytes());
    let mut group = criterion.benchmark_group("list of 4,096 chunk hashes");
    group.throughput(Throughput::Elements(layout.num_chunks().into()));
    group.bench_function("fold", |bencher| bencher.iter(|| black_box(&digest.hashes).fold(twice)));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| ChunkHashes::verify(file_id, ChunkSize::MIN, black_box(&bytes)));
    });
    group.finish();
}

criterion_group!(benches, hash_a_file, use_a_list);
criterion_main!(benches);
