//! Set of the chunks that somebody has.

use crate::layout::ChunkIndex;

/// One bit a chunk, as it is sent: the first chunk is the highest bit of the first byte, and spare bits at the end are
/// zero (the order of BEP 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitfield {
    bytes: Vec<u8>,
    len: u32,
    ones: u32,
}

impl Bitfield {
    /// No chunk of `len`.
    pub fn empty(len: u32) -> Self {
        Self { bytes: vec![0; Self::byte_len(len)], len, ones: 0 }
    }

    /// Every chunk of `len`.
    pub fn full(len: u32) -> Self {
        let mut bytes = vec![0xff; Self::byte_len(len)];
        if let Some(last) = bytes.last_mut() {
            *last &= Self::last_mask(len);
        }
        Self { bytes, len, ones: len }
    }

    /// Reads what [`Bitfield::as_bytes`] wrote, for `len` chunks.
    ///
    /// # Errors
    /// [`BitfieldError`] if the length is not that of `len` bits, or a spare bit is set.
    pub fn from_bytes(bytes: &[u8], len: u32) -> Result<Self, BitfieldError> {
        if bytes.len() != Self::byte_len(len) {
            return Err(BitfieldError::Length { chunks: len, bytes: bytes.len() });
        }
        if bytes.last().is_some_and(|last| last & !Self::last_mask(len) != 0) {
            return Err(BitfieldError::SpareBits);
        }
        let ones = bytes.iter().map(|byte| byte.count_ones()).sum();
        Ok(Self { bytes: bytes.to_vec(), len, ones })
    }

    /// The bits as they are sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of chunks, had or not.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Returns true if there are no chunks at all, as in an empty file.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of chunks that are had.
    pub fn count(&self) -> u32 {
        self.ones
    }

    /// Returns true if every chunk is had.
    pub fn is_full(&self) -> bool {
        self.ones == self.len
    }

    /// Returns true if this chunk is had.
    pub fn has(&self, index: ChunkIndex) -> bool {
        self.bytes[index.as_usize() / 8] & Self::mask(index) != 0
    }

    /// Notes that this chunk is had. Returns whether that is news.
    pub fn insert(&mut self, index: ChunkIndex) -> bool {
        let byte = &mut self.bytes[index.as_usize() / 8];
        let is_new = *byte & Self::mask(index) == 0;
        *byte |= Self::mask(index);
        self.ones += u32::from(is_new);
        is_new
    }

    /// Notes that this chunk is not had after all. Returns whether that is news.
    pub fn remove(&mut self, index: ChunkIndex) -> bool {
        let had = self.has(index);
        self.bytes[index.as_usize() / 8] &= !Self::mask(index);
        self.ones -= u32::from(had);
        had
    }

    /// The chunks that are had, in order.
    pub fn ones(&self) -> impl Iterator<Item = ChunkIndex> + '_ {
        (0..self.len).map(ChunkIndex::unchecked).filter(|index| self.has(*index))
    }

    /// The chunks that are had here and not in `other`, a bitfield of the same length, in order.
    pub fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = ChunkIndex> + 'a {
        let fresh = self.bytes.iter().zip(&other.bytes).enumerate().filter(|(_, (mine, theirs))| *mine & !*theirs != 0);
        fresh.flat_map(move |(byte, (mine, theirs))| {
            let bits = mine & !theirs;
            (0..8)
                .filter(move |bit| bits & (0x80 >> bit) != 0)
                .map(move |bit| ChunkIndex::unchecked(byte as u32 * 8 + bit))
        })
    }

    fn mask(index: ChunkIndex) -> u8 {
        0x80 >> (index.get() % 8)
    }

    fn last_mask(len: u32) -> u8 {
        match len % 8 {
            0 => 0xff,
            used => !(0xff >> used),
        }
    }

    fn byte_len(len: u32) -> usize {
        len.div_ceil(8) as usize
    }
}

/// Bytes that are no bitfield of the length expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BitfieldError {
    /// The wrong number of bytes.
    #[error("{bytes} bytes are no bitfield of {chunks} chunks")]
    Length {
        /// Number of bits expected.
        chunks: u32,
        /// Number of bytes that came.
        bytes: usize,
    },
    /// A bit behind the last chunk is set.
    #[error("a bit behind the last chunk is set")]
    SpareBits,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layout::{ChunkSize, Layout};

    fn index(n: u32) -> ChunkIndex {
        Layout::new(1 << 34, ChunkSize::DEFAULT).unwrap().index(n).unwrap()
    }

    #[test]
    fn bits_are_sent_highest_first_with_zeros_behind() {
        let mut bits = Bitfield::empty(10);
        assert!(bits.insert(index(0)) && bits.insert(index(9)) && !bits.insert(index(9)));
        assert_eq!(bits.as_bytes(), [0b1000_0000, 0b0100_0000]);
        assert_eq!(bits.count(), 2);
        assert!(bits.remove(index(0)) && !bits.remove(index(0)) && bits.count() == 1 && !bits.has(index(0)));
        assert_eq!(Bitfield::full(10).as_bytes(), [0xff, 0b1100_0000]);
        assert_eq!(Bitfield::full(8).as_bytes(), [0xff]);
        assert!(Bitfield::full(0).is_full() && Bitfield::empty(0).is_full());
    }

    #[test]
    fn bytes_that_are_no_bitfield_are_refused() {
        assert_eq!(Bitfield::from_bytes(&[0, 0, 0], 10), Err(BitfieldError::Length { chunks: 10, bytes: 3 }));
        assert_eq!(Bitfield::from_bytes(&[0], 10), Err(BitfieldError::Length { chunks: 10, bytes: 1 }));
        assert_eq!(Bitfield::from_bytes(&[0, 0b0010_0000], 10), Err(BitfieldError::SpareBits));
        assert_eq!(Bitfield::from_bytes(&[0, 0b0100_0000], 10).unwrap().count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_a_set_of_chunks(len in 1u32..200, a in prop::collection::btree_set(0u32..200, 0..60), b in prop::collection::btree_set(0u32..200, 0..60)) {
            let set = |numbers: &std::collections::BTreeSet<u32>| {
                let mut bits = Bitfield::empty(len);
                for n in numbers.iter().filter(|n| **n < len) {
                    bits.insert(index(*n));
                }
                bits
            };
            let (x, y) = (set(&a), set(&b));
            prop_assert_eq!(Bitfield::from_bytes(x.as_bytes(), len), Ok(x.clone()));
            let expected: Vec<u32> = a.iter().copied().filter(|n| *n < len).collect();
            prop_assert_eq!(x.ones().map(ChunkIndex::get).collect::<Vec<_>>(), expected);
            let only_x: Vec<u32> = a.difference(&b).copied().filter(|n| *n < len).collect();
            prop_assert_eq!(x.difference(&y).map(ChunkIndex::get).collect::<Vec<_>>(), only_x);
        }
    }
}
