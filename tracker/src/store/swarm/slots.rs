//! Slots in which peers and swarms lie.

/// Values with a number each, which another value gets after the first one was removed.
///
/// They lie in blocks and never move: a vector that doubles copies everything, and with a million peers all others would
/// wait for a tenth of a second meanwhile.
pub(super) struct Slots<T> {
    blocks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

/// Number of values that lie together.
const BLOCK_LEN: usize = 256;

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { blocks: Vec::new(), free: Vec::new(), len: 0 }
    }
}

impl<T> Slots<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.blocks.get(number as usize / BLOCK_LEN)?.get(number as usize % BLOCK_LEN)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.slot_mut(number)?.as_mut()
    }

    /// Adds a value; returns its number. There are fewer than 2^32.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        if let Some(number) = self.free.pop()
            && let Some(slot) = self.slot_mut(number)
        {
            *slot = Some(value);
            return number;
        }
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK_LEN) {
            self.blocks.push(Vec::with_capacity(BLOCK_LEN));
        }
        let number = (self.blocks.len() - 1) * BLOCK_LEN + self.blocks.last().map_or(0, Vec::len);
        self.blocks.last_mut().expect("there is one").push(Some(value));
        number as u32
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let value = self.slot_mut(number)?.take()?;
        self.free.push(number);
        self.len -= 1;
        Some(value)
    }

    /// The values of one block; none after the last block.
    pub(super) fn block(&self, number: usize) -> Option<impl Iterator<Item = &T>> {
        Some(self.blocks.get(number)?.iter().flatten())
    }

    fn slot_mut(&mut self, number: u32) -> Option<&mut Option<T>> {
        self.blocks.get_mut(number as usize / BLOCK_LEN)?.get_mut(number as usize % BLOCK_LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_numbers_and_free_numbers_are_used_again() {
        let mut slots = Slots::default();
        let numbers: Vec<u32> = (0..1000).map(|value| slots.insert(value)).collect();
        assert_eq!(numbers, (0..1000).collect::<Vec<u32>>());
        assert_eq!((slots.remove(300), slots.remove(300), slots.remove(1000)), (Some(300), None, None));
        assert_eq!((slots.get(300), slots.get(299), slots.len()), (None, Some(&299), 999));
        assert_eq!((slots.insert(-1), slots.insert(-2)), (300, 1000));
        *slots.get_mut(300).unwrap() -= 10;
        assert_eq!((slots.get(300), slots.get(1000), slots.len()), (Some(&-11), Some(&-2), 1001));
        assert_eq!((slots.get(1001), slots.get(u32::MAX)), (None, None));
        assert_eq!(slots.get_mut(u32::MAX), None);
    }
}
