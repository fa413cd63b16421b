//! File → chunks and their hashes, on all cores.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::bitfield::Bitfield;
use crate::chunk_hashes::ChunkHashes;
use crate::hash::{FileId, Hash};
use crate::layout::{ChunkIndex, Layout};
use crate::position::ReadAt;
use crate::tree;

/// Layout and chunk hashes of a file, which together are all that a seeder must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// Layout by which the file is cut.
    pub layout: Layout,
    /// The hash of every chunk.
    pub hashes: ChunkHashes,
}

impl FileDigest {
    /// The file's ID.
    pub fn file_id(&self) -> FileId {
        self.hashes.file_id()
    }
}

/// Cuts the first `layout.len()` bytes of `source` into chunks, hashes each, and shows it to `visit`, which may end the
/// work with `Break`.
///
/// Chunks are read and visited by as many threads as there are cores, in no order; memory is one chunk a thread.
///
/// # Errors
/// [`SplitError::Shorter`] where the source ends early, [`SplitError::Stopped`] where `visit` ended it, and what
/// reading said.
pub fn split<S: ReadAt + ?Sized>(
    source: &S,
    layout: Layout,
    visit: impl Fn(ChunkIndex, &[u8]) -> ControlFlow<()> + Sync,
) -> Result<FileDigest, SplitError> {
    let every: Vec<ChunkIndex> = layout.indices().collect();
    let mut hashed = hash_on_all_cores(source, layout, &every, &visit)?;
    hashed.sort_unstable_by_key(|(index, _)| *index);
    let hashes = hashed.into_iter().map(|(_, hash)| hash).collect();
    Ok(FileDigest { layout, hashes: ChunkHashes::from_hashes(layout.chunk_size(), hashes) })
}

/// Finds those of these chunks that are in `source` as `hashes` say; the others are not looked at. `visit` sees each, and
/// may end the work with `Break`.
///
/// # Errors
/// As [`split`].
pub fn verify<S: ReadAt + ?Sized>(
    source: &S,
    layout: Layout,
    hashes: &ChunkHashes,
    chunks: &[ChunkIndex],
    visit: impl Fn(ChunkIndex, &[u8]) -> ControlFlow<()> + Sync,
) -> Result<Bitfield, SplitError> {
    let mut right = Bitfield::empty(hashes.num_chunks());
    for (index, hash) in hash_on_all_cores(source, layout, chunks, &visit)? {
        if hashes.hash(index) == hash {
            right.insert(index);
        }
    }
    Ok(right)
}

/// Hashes these chunks, by as many threads as there are cores, in no order.
fn hash_on_all_cores<S: ReadAt + ?Sized>(
    source: &S,
    layout: Layout,
    chunks: &[ChunkIndex],
    visit: &(impl Fn(ChunkIndex, &[u8]) -> ControlFlow<()> + Sync),
) -> Result<Vec<(ChunkIndex, Hash)>, SplitError> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(chunks.len()).max(1);
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let work = || {
        let hashed = hash_chunks(source, layout, visit, || {
            if failed.load(Ordering::Relaxed) {
                None
            } else {
                chunks.get(next.fetch_add(1, Ordering::Relaxed)).copied()
            }
        });
        failed.fetch_or(hashed.is_err(), Ordering::Relaxed);
        hashed
    };
    if threads == 1 {
        return work();
    }
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let parts = workers.into_iter().map(|worker| worker.join().expect("hashing does not panic"));
        parts.collect::<Result<Vec<_>, _>>().map(|parts| parts.concat())
    })
}

/// One thread's share: whatever chunks `next` hands it.
fn hash_chunks<S: ReadAt + ?Sized>(
    source: &S,
    layout: Layout,
    visit: &impl Fn(ChunkIndex, &[u8]) -> ControlFlow<()>,
    next: impl Fn() -> Option<ChunkIndex>,
) -> Result<Vec<(ChunkIndex, Hash)>, SplitError> {
    let mut buffer = vec![0; layout.len().min(u64::from(layout.chunk_size().bytes())) as usize];
    let mut hashed = Vec::new();
    while let Some(index) = next() {
        let chunk = &mut buffer[..layout.chunk_len(index)];
        source.read_exact_at(chunk, layout.range(index).start)?;
        hashed.push((index, tree::chunk_hash(chunk)));
        if visit(index, chunk).is_break() {
            return Err(SplitError::Stopped);
        }
    }
    Ok(hashed)
}

/// Reason for which a file could not be split.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// The file has fewer bytes than the layout says.
    #[error("the file became shorter while it was read")]
    Shorter,
    /// The visitor ended it.
    #[error("stopped")]
    Stopped,
    /// The file could not be read.
    #[error(transparent)]
    Read(io::Error),
}

impl From<io::Error> for SplitError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Shorter,
            _ => Self::Read(error),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layout::{BLOCK_LEN, ChunkSize};
    use crate::leaves::leaf_hash;

    pub(crate) fn digest(data: &[u8], chunk_size: ChunkSize) -> FileDigest {
        let layout = Layout::new(data.len() as u64, chunk_size).unwrap();
        split(data, layout, |_, _| ControlFlow::Continue(())).unwrap()
    }

    #[test]
    fn the_empty_file_has_the_id_of_nothing() {
        let empty = digest(&[], ChunkSize::DEFAULT);
        assert_eq!(empty.file_id().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(empty.hashes.num_chunks(), 0);
    }

    #[test]
    fn every_chunk_is_shown_once_with_its_bytes() {
        let data: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
        let layout = Layout::new(data.len() as u64, ChunkSize::MIN).unwrap();
        let seen = std::sync::Mutex::new(vec![0; layout.num_chunks() as usize]);
        split(data.as_slice(), layout, |index, chunk| {
            let range = layout.range(index);
            assert_eq!(chunk, &data[range.start as usize..range.end as usize]);
            seen.lock().unwrap()[index.as_usize()] += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(seen.into_inner().unwrap().iter().all(|count| *count == 1));
    }

    #[test]
    fn only_the_chunks_asked_for_are_verified() {
        let mut data: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
        let FileDigest { layout, hashes } = digest(&data, ChunkSize::MIN);
        data[20_000] ^= 1;
        let asked: Vec<ChunkIndex> = layout.indices().filter(|index| index.get() < 5).collect();
        let right = verify(data.as_slice(), layout, &hashes, &asked, |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!(right.ones().map(ChunkIndex::get).collect::<Vec<_>>(), [0, 2, 3, 4]);
    }

    #[test]
    fn a_source_that_ends_early_is_an_error() {
        let layout = Layout::new(50_000, ChunkSize::MIN).unwrap();
        let cut = split(&[7u8; 49_999][..], layout, |_, _| ControlFlow::Continue(()));
        assert!(matches!(cut, Err(SplitError::Shorter)), "{cut:?}");
    }

    #[test]
    fn the_visitor_ends_the_work() {
        let layout = Layout::new(50_000, ChunkSize::MIN).unwrap();
        let stopped = split(&[7u8; 50_000][..], layout, |_, _| ControlFlow::Break(()));
        assert!(matches!(stopped, Err(SplitError::Stopped)), "{stopped:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_id_is_the_same_for_every_chunk_size(len in 0usize..700_000, seed: u8) {
            let data: Vec<u8> = (0..len).map(|i| (i / 3 + i * usize::from(seed)) as u8).collect();
            let expected = FileId::from(tree::root(data.chunks(BLOCK_LEN).map(leaf_hash)));
            for shift in 0..=10 {
                let chunk_size = ChunkSize::new(ChunkSize::MIN.bytes() << shift).unwrap();
                prop_assert_eq!(digest(&data, chunk_size).file_id(), expected);
            }
        }
    }
}
