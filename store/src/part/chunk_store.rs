//! Chunks of one unfinished file, and the record of which of them are there.
//!
//! A chunk is verified in memory, then written. Now and then what was written is made durable, and only then the record says
//! so: a chunk that the record names is there, whatever crashed since. After a crash only the others are hashed again, after
//! an orderly end none.
//!
//! The record is two slots that are written in turns, so that one that was torn leaves the other: `u64 turn ‖ u64 size ‖ u64
//! stamp ‖ bits ‖ SHA-256 of the file ID and what stands before it`, integers big-endian. The size is the file's length as far
//! as it is known. The stamp, where it is not 0, is when the data was last written (nanoseconds since 1970) before an orderly
//! end: while that is still so, there is nothing to find besides the bits.

use std::io;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use sprat_chunking::{
    Bitfield, ChunkHashes, ChunkIndex, FileId, Hash, Layout, PutError, ReadAt, SplitError, put_chunk, verify,
};

use crate::disk::job::Job;
use crate::disk::stamp::FileStamp;
use crate::part::storage::Storage;

/// Length of the numbers at the head of a slot.
const HEAD_LEN: usize = 3 * 8;

/// Store of the chunks of one file, with a record of those that are there.
#[derive(Debug)]
pub struct ChunkStore<D, R> {
    data: D,
    record: R,
    /// Offset of the slots in `record`.
    slots_at: u64,
    hashes: ChunkHashes,
    /// Contents of the newest slot.
    recorded: Mutex<Recorded>,
}

#[derive(Clone, Debug)]
struct Recorded {
    turn: u64,
    layout: Layout,
    stamp: u64,
    has: Bitfield,
}

impl<D: Storage, R: Storage> ChunkStore<D, R> {
    /// Length in bytes of the record of this many chunks.
    pub fn record_len(num_chunks: u32) -> u64 {
        2 * slot_len(num_chunks) as u64
    }

    /// Opens the chunks in `data`, with the slots at `slots_at` in `record`. What these do not say is not known yet;
    /// [`ChunkStore::check`] finds out. `layout` counts where they say nothing.
    pub fn open(data: D, record: R, slots_at: u64, hashes: ChunkHashes, layout: Layout) -> Self {
        let slots = [0, 1].map(|slot| {
            let mut bytes = vec![0; slot_len(hashes.num_chunks())];
            let offset = slots_at + (slot * bytes.len()) as u64;
            record.read_exact_at(&mut bytes, offset).ok().and_then(|()| decode(&bytes, &hashes))
        });
        let newest = slots.into_iter().flatten().max_by_key(|slot| slot.turn);
        let nothing = Recorded { turn: 0, layout, stamp: 0, has: Bitfield::empty(hashes.num_chunks()) };
        Self { data, record, slots_at, hashes, recorded: Mutex::new(newest.unwrap_or(nothing)) }
    }

    /// Bytes of the file.
    pub fn data(&self) -> &D {
        &self.data
    }

    /// Chunk hashes of the file.
    pub fn hashes(&self) -> &ChunkHashes {
        &self.hashes
    }

    /// Layout of the file, as far as it was known when that was last recorded.
    pub fn layout(&self) -> Layout {
        self.recorded.lock().layout
    }

    /// Stops believing what is on record: everything is hashed.
    pub fn distrust(&self) {
        let mut recorded = self.recorded.lock();
        (recorded.stamp, recorded.has) = (0, Bitfield::empty(self.hashes.num_chunks()));
    }

    /// Returns the chunks that are there: those on record, and those that hash to what they should be, which is tried, on all
    /// cores, for whatever may have been written since; blocks. `job` is told the bytes that were looked at.
    ///
    /// # Errors
    /// What reading said.
    pub fn check(&self, job: &Job) -> io::Result<Bitfield> {
        let Recorded { layout, stamp, mut has, .. } = self.recorded.lock().clone();
        let now = self.data.stamp()?;
        if stamp != 0 && (now.len, nanos(now)) == (layout.len(), stamp) {
            return Ok(has);
        }
        // Where the file is too short for what is on record, somebody else was at it.
        let missing: Vec<ChunkIndex> = has.ones().filter(|index| layout.range(*index).end > now.len).collect();
        missing.into_iter().for_each(|index| {
            has.remove(index);
        });
        self.data.set_len(layout.len())?;
        let unsure: Vec<ChunkIndex> = layout
            .indices()
            .filter(|index| !has.has(*index))
            .filter(|index| !self.data.is_hole(layout.range(*index).start, layout.range(*index).end))
            .collect();
        job.expect(unsure.iter().map(|index| layout.chunk_len(*index) as u64).sum());
        let found = verify(&self.data, layout, &self.hashes, &unsure, |_, chunk| job.advance(chunk.len() as u64));
        match found {
            Ok(found) => found.ones().for_each(|index| {
                has.insert(index);
            }),
            Err(SplitError::Stopped) => {}
            Err(SplitError::Shorter) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(SplitError::Read(error)) => return Err(error),
        }
        Ok(has)
    }

    /// Verifies a chunk and writes it to its place; blocks. The last chunk may have another length than `layout` says: if it is
    /// the one it should be, the layout was wrong. Returns the layout as it is known since.
    pub fn put(&self, layout: Layout, index: ChunkIndex, chunk: &[u8]) -> Result<Layout, PutError> {
        let layout = if Some(index) == layout.last() && chunk.len() != layout.chunk_len(index) {
            let len = layout.range(index).start + chunk.len() as u64;
            let exact = Layout::new(len, layout.chunk_size()).ok();
            exact.filter(|exact| exact.num_chunks() == layout.num_chunks()).ok_or(PutError::Mismatch)?
        } else {
            layout
        };
        put_chunk(&self.data, layout, &self.hashes, index, chunk)?;
        if Some(index) == layout.last() {
            self.data.set_len(layout.len())?;
        }
        Ok(layout)
    }

    /// Makes durable what was written, then records that these chunks are there; blocks. All of `has` must have been put
    /// before. After the last write, `orderly` says that there will be none that is not on record.
    ///
    /// # Errors
    /// What writing or syncing said; what was recorded before still counts.
    pub fn checkpoint(&self, has: &Bitfield, layout: Layout, orderly: bool) -> io::Result<()> {
        let mut recorded = self.recorded.lock();
        self.data.sync()?;
        let stamp = if orderly { nanos(self.data.stamp()?) } else { 0 };
        let next = Recorded { turn: recorded.turn + 1, layout, stamp, has: has.clone() };
        let bytes = encode(&next, self.hashes.file_id());
        self.record.write_all_at(&bytes, self.slots_at + (next.turn % 2) * bytes.len() as u64)?;
        // The slot that is overwritten next time must not be the only one that got to the disk.
        self.record.sync()?;
        *recorded = next;
        Ok(())
    }
}

impl<D: Storage, R: Send + Sync> ReadAt for ChunkStore<D, R> {
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.data.read_exact_at(buf, offset)
    }
}

fn slot_len(num_chunks: u32) -> usize {
    HEAD_LEN + num_chunks.div_ceil(8) as usize + Hash::LEN
}

fn encode(slot: &Recorded, file_id: FileId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(slot_len(slot.has.len()));
    bytes.extend(slot.turn.to_be_bytes());
    bytes.extend(slot.layout.len().to_be_bytes());
    bytes.extend(slot.stamp.to_be_bytes());
    bytes.extend(slot.has.as_bytes());
    bytes.extend(checksum(file_id, &bytes));
    bytes
}

/// Reads or refuses a record with the right checksum, however strange. Returns true if it was read.
#[cfg(feature = "fuzz")]
pub fn read_record(said: &[u8], hashes: &ChunkHashes) -> bool {
    let bytes = [said, &checksum(hashes.file_id(), said)].concat();
    let slot = decode(&bytes, hashes);
    if let Some(slot) = &slot {
        assert_eq!(slot.has.len(), slot.layout.num_chunks());
    }
    slot.is_some()
}

fn decode(bytes: &[u8], hashes: &ChunkHashes) -> Option<Recorded> {
    let (said, sum) = bytes.split_last_chunk::<{ Hash::LEN }>()?;
    if *sum != checksum(hashes.file_id(), said) {
        return None;
    }
    let ([turn, size, stamp], bits) = said.split_first_chunk::<HEAD_LEN>().map(|(head, bits)| {
        let numbers = head.as_chunks::<8>().0;
        ([numbers[0], numbers[1], numbers[2]].map(u64::from_be_bytes), bits)
    })?;
    let layout = Layout::new(size, hashes.chunk_size()).ok()?;
    let has = Bitfield::from_bytes(bits, hashes.num_chunks()).ok()?;
    (layout.num_chunks() == hashes.num_chunks()).then_some(Recorded { turn, layout, stamp, has })
}

fn checksum(file_id: FileId, bytes: &[u8]) -> [u8; Hash::LEN] {
    Sha256::new().chain_update(file_id.as_bytes()).chain_update(bytes).finalize().into()
}

/// Returns the time of the last write, in nanoseconds since 1970; 0 where that is not known.
fn nanos(stamp: FileStamp) -> u64 {
    stamp.nanos().unwrap_or(0)
}

#[cfg(test)]
mod tests;
