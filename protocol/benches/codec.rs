//! Frames: what it takes to write and to read the messages of which there are most.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sprat_chunking::{ChunkSize, FileId};
use sprat_protocol::wire::{Message, decode, encode};

fn messages() -> [(&'static str, Message, usize); 3] {
    let (file_id, chunk_size) = (FileId::new([7; 32]), ChunkSize::DEFAULT);
    [
        ("CHUNK_REQUEST", Message::ChunkRequest { file_id, chunk_size, index: 4711, request: 4096 }, 0),
        ("HAVE of 32 chunks", Message::Have { file_id, chunks: (4000..4032).collect() }, 0),
        ("CHUNK header", Message::Chunk { request: 4096 }, chunk_size.bytes() as usize),
    ]
}

fn frames(criterion: &mut Criterion) {
    for (name, message, payload_len) in messages() {
        let mut group = criterion.benchmark_group(name);
        let mut frame = Vec::new();
        group.bench_function("encode", |bencher| {
            bencher.iter(|| {
                frame.clear();
                encode(black_box(&message), payload_len, &mut frame);
            });
        });
        frame.clear();
        encode(&message, payload_len, &mut frame);
        group.bench_function("decode", |bencher| bencher.iter(|| decode(black_box(&frame))));
        group.finish();
    }
}

criterion_group!(benches, frames);
criterion_main!(benches);
