//! Crashes and power cuts at every point of a download, on a disk that may lose whatever was not synced.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use sprat_chunking::{ChunkSize, WriteAt, split};

use super::*;

/// Number of power cuts, and of kills, that are tried; each has a seed of its own.
const SEEDS: u64 = 1000;

/// A disk that takes a number of operations until its power is cut.
#[derive(Clone, Debug)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    rng: SmallRng,
    /// Operations until the power is cut.
    left: u32,
    written: u64,
    files: [Vec<u8>; 2],
    /// Writes that are not durable yet: file, offset, bytes; without bytes a change of length.
    pending: Vec<(usize, u64, Option<Vec<u8>>)>,
}

/// One of its two files.
#[derive(Clone, Debug)]
struct DiskFile(Disk, usize);

impl Disk {
    fn new(seed: u64, files: [Vec<u8>; 2], left: u32) -> Self {
        let rng = SmallRng::seed_from_u64(seed);
        Self(Arc::new(Mutex::new(State { rng, left, written: 1, files, pending: Vec::new() })))
    }

    fn operate<T>(&self, operation: impl FnOnce(&mut State) -> T) -> io::Result<T> {
        let mut state = self.0.lock();
        state.left = state.left.checked_sub(1).ok_or_else(|| io::Error::other("the power is cut"))?;
        Ok(operation(&mut state))
    }

    /// Returns the bytes that are found after the cut: of what was not synced any part, torn anywhere; or all, if only the process ended.
    fn after(&self, power_loss: bool) -> [Vec<u8>; 2] {
        let state = &mut *self.0.lock();
        let mut files = state.files.clone();
        for (file, offset, bytes) in &state.pending {
            let kept = match bytes {
                _ if !power_loss => usize::MAX,
                _ if state.rng.random_bool(0.4) => continue,
                Some(bytes) => state.rng.random_range(0..=bytes.len()),
                None => usize::MAX,
            };
            apply(&mut files[*file], *offset, bytes.as_deref().map(|bytes| &bytes[..kept.min(bytes.len())]));
        }
        files
    }
}

fn apply(file: &mut Vec<u8>, offset: u64, bytes: Option<&[u8]>) {
    let Some(bytes) = bytes else { return file.resize(offset as usize, 0) };
    let end = offset as usize + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset as usize..end].copy_from_slice(bytes);
}

impl DiskFile {
    /// Bytes that a process sees: the durable ones with everything pending over them.
    fn seen(&self) -> Vec<u8> {
        self.0.after(false)[self.1].clone()
    }
}

impl ReadAt for DiskFile {
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.seen().as_slice().read_exact_at(buf, offset)
    }
}

impl WriteAt for DiskFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.operate(|state| {
            state.written += 1;
            state.pending.push((self.1, offset, Some(bytes.to_owned())));
        })
    }
}

impl Storage for DiskFile {
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.operate(|state| state.pending.push((self.1, len, None)))
    }

    fn sync(&self) -> io::Result<()> {
        self.0.operate(|state| {
            let mine = |(file, ..): &(usize, u64, Option<Vec<u8>>)| *file == self.1;
            let (synced, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut state.pending).into_iter().partition(mine);
            state.pending = rest;
            let file = &mut state.files[self.1];
            synced.iter().for_each(|(_, offset, bytes)| apply(file, *offset, bytes.as_deref()));
        })
    }

    fn stamp(&self) -> io::Result<FileStamp> {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.0.lock().written);
        Ok(FileStamp { len: self.seen().len() as u64, modified: Some(modified), changed: None })
    }
}

struct Download {
    data: Vec<u8>,
    hashes: ChunkHashes,
    layout: Layout,
}

type Store = ChunkStore<DiskFile, DiskFile>;

impl Download {
    fn new(rng: &mut SmallRng) -> Self {
        let data: Vec<u8> = (0..rng.random_range(1..150_000u32)).map(|i| (i / 3 + i * 7) as u8 | 1).collect();
        let layout = Layout::new(data.len() as u64, ChunkSize::MIN).unwrap();
        let hashes = split(data.as_slice(), layout, |_, _| ControlFlow::Continue(())).unwrap().hashes;
        Self { data, hashes, layout }
    }

    fn empty_disk(&self) -> [Vec<u8>; 2] {
        [vec![0; self.data.len()], vec![0; Store::record_len(self.layout.num_chunks()) as usize]]
    }

    fn chunk(&self, index: ChunkIndex) -> &[u8] {
        let range = self.layout.range(index);
        &self.data[range.start as usize..range.end as usize]
    }

    fn open(&self, disk: &Disk) -> Store {
        let (data, record) = (DiskFile(disk.clone(), 0), DiskFile(disk.clone(), 1));
        ChunkStore::open(data, record, 0, self.hashes.clone(), self.layout)
    }

    /// Downloads what is missing, in any order, until it is done or the power is cut. Returns what was put, and what was
    /// on record.
    fn run(&self, disk: &Disk, rng: &mut SmallRng) -> (BTreeSet<ChunkIndex>, Bitfield) {
        let store = self.open(disk);
        let mut recorded = store.recorded.lock().has.clone();
        let Ok(mut has) = store.check(&Job::default()) else { return (BTreeSet::new(), recorded) };
        for index in has.ones() {
            assert!(disk.after(false)[0][self.range(index)] == *self.chunk(index), "chunk {index} is believed");
        }
        let mut put: BTreeSet<ChunkIndex> = has.ones().collect();
        let mut missing: Vec<ChunkIndex> = self.layout.indices().filter(|index| !has.has(*index)).collect();
        while !missing.is_empty() {
            let index = missing.swap_remove(rng.random_range(0..missing.len()));
            if store.put(self.layout, index, self.chunk(index)).is_err() {
                break;
            }
            has.insert(index);
            put.insert(index);
            if rng.random_bool(0.2) {
                if store.checkpoint(&has, self.layout, rng.random_bool(0.2)).is_err() {
                    break;
                }
                recorded = has.clone();
            }
        }
        (put, recorded)
    }

    fn range(&self, index: ChunkIndex) -> std::ops::Range<usize> {
        let range = self.layout.range(index);
        range.start as usize..range.end as usize
    }
}

/// One download through a number of cuts, each at a random operation.
fn survives(seed: u64, power_loss: bool) {
    let mut rng = SmallRng::seed_from_u64(seed);
    let download = Download::new(&mut rng);
    let mut files = download.empty_disk();
    for cut in 0..4 {
        let disk = Disk::new(seed + cut, files, rng.random_range(0..40));
        let (put, recorded) = download.run(&disk, &mut rng);
        files = disk.after(power_loss);
        let store = download.open(&Disk::new(0, files.clone(), u32::MAX));
        let known = store.recorded.lock().has.clone();
        assert!(recorded.ones().all(|index| known.has(index)), "seed {seed}: what was recorded is hashed again");
        let found = store.check(&Job::default()).unwrap();
        for index in found.ones() {
            let there = files[0].get(download.range(index));
            assert!(there == Some(download.chunk(index)), "seed {seed}: chunk {index} is believed and not there");
        }
        assert!(known.ones().all(|index| found.has(index)), "seed {seed}: a recorded chunk was lost");
        if !power_loss {
            let lost = put.iter().filter(|index| !found.has(**index)).count();
            assert_eq!(lost, 0, "seed {seed}: chunks that were written are fetched again");
        }
    }
    let disk = Disk::new(seed, files, u32::MAX);
    download.run(&disk, &mut rng);
    assert!(disk.after(false)[0] == download.data, "seed {seed}: another file came of it");
}

#[test]
fn a_power_cut_at_any_point_leaves_nothing_believed_that_is_not_there() {
    (0..SEEDS).for_each(|seed| survives(seed, true));
}

#[test]
fn a_kill_at_any_point_costs_no_chunk_that_was_written() {
    (0..SEEDS).for_each(|seed| survives(seed, false));
}

#[test]
fn a_slot_is_refused_when_any_byte_of_it_is_wrong() {
    let download = Download::new(&mut SmallRng::seed_from_u64(3));
    let slot =
        Recorded { turn: 5, layout: download.layout, stamp: 9, has: Bitfield::full(download.layout.num_chunks()) };
    let bytes = encode(&slot, download.hashes.file_id());
    assert_eq!(decode(&bytes, &download.hashes).map(|slot| (slot.turn, slot.stamp)), Some((5, 9)));
    for at in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 4;
        assert!(decode(&wrong, &download.hashes).is_none(), "byte {at}");
        assert!(decode(&bytes[..at], &download.hashes).is_none(), "cut at {at}");
    }
}
