//! The missing chunks of a download, ordered by how many peers have them.
//!
//! One array, cut into buckets of equal availability, so that a change of one chunk's availability is one swap
//! (libtorrent's piece picker has the same idea). Seeders have every chunk alike and are not counted.

use rand::{Rng, RngExt};
use sprat_chunking::ChunkIndex;

/// Missing chunks in order of availability, and the availability of every chunk.
#[derive(Debug)]
pub(crate) struct Rarity {
    /// Number of counted peers that have each chunk.
    availability: Vec<u32>,
    /// The missing chunks, rarest first.
    order: Vec<ChunkIndex>,
    /// Position of each missing chunk in `order`.
    position: Vec<Option<u32>>,
    /// End of each bucket in `order`; the last one is `order.len()`.
    ends: Vec<usize>,
}

impl Rarity {
    /// Creates the order of `num_chunks` chunks that no peer has. None of them is missing yet: [`Rarity::insert`] makes
    /// them so.
    pub(crate) fn new(num_chunks: u32) -> Self {
        let num_chunks = num_chunks as usize;
        Self {
            availability: vec![0; num_chunks],
            order: Vec::with_capacity(num_chunks),
            position: vec![None; num_chunks],
            ends: vec![0],
        }
    }

    /// Returns whether no chunk is missing.
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Makes the chunk missing.
    pub(crate) fn insert(&mut self, index: ChunkIndex) {
        if self.position[index.as_usize()].is_some() {
            return;
        }
        // The chunk enters behind the last bucket. Each bucket above its own then moves its first chunk to its new end.
        let bucket = self.availability[index.as_usize()] as usize;
        self.order.push(index);
        let mut hole = self.order.len() - 1;
        for above in (bucket + 1..self.ends.len()).rev() {
            let first = self.ends[above - 1];
            // An empty bucket has no first chunk.
            if first != hole {
                self.put(hole, self.order[first]);
            }
            hole = first;
            self.ends[above] += 1;
        }
        self.put(hole, index);
        self.ends[bucket] += 1;
    }

    /// Makes the chunk no longer missing. Returns whether it was missing.
    pub(crate) fn remove(&mut self, index: ChunkIndex) -> bool {
        let Some(mut hole) = self.position[index.as_usize()].take().map(|position| position as usize) else {
            return false;
        };
        let bucket = self.availability[index.as_usize()] as usize;
        for bucket in bucket..self.ends.len() {
            let last = self.ends[bucket] - 1;
            if last != hole {
                self.put(hole, self.order[last]);
            }
            hole = last;
            self.ends[bucket] = last;
        }
        self.order.pop();
        true
    }

    /// Counts one more peer that has the chunk.
    pub(crate) fn gained(&mut self, index: ChunkIndex) {
        self.change(index, |availability| availability + 1);
    }

    /// Counts one peer fewer that has the chunk.
    pub(crate) fn lost(&mut self, index: ChunkIndex) {
        self.change(index, |availability| availability.saturating_sub(1));
    }

    /// Finds the rarest missing chunk that `wanted` accepts, at random among the equally rare.
    pub(crate) fn rarest(&self, rng: &mut impl Rng, wanted: impl Fn(ChunkIndex) -> bool) -> Option<ChunkIndex> {
        let mut start = 0;
        for end in self.ends.iter().copied() {
            let bucket = &self.order[start..end];
            if let Some(found) = first_from_random(bucket, rng, &wanted) {
                return Some(found);
            }
            start = end;
        }
        None
    }

    /// Finds any missing chunk that `wanted` accepts, at random.
    pub(crate) fn any(&self, rng: &mut impl Rng, wanted: impl Fn(ChunkIndex) -> bool) -> Option<ChunkIndex> {
        first_from_random(&self.order, rng, &wanted)
    }

    fn change(&mut self, index: ChunkIndex, to: impl Fn(u32) -> u32) {
        let missing = self.remove(index);
        let availability = to(self.availability[index.as_usize()]);
        self.availability[index.as_usize()] = availability;
        while self.ends.len() <= availability as usize {
            self.ends.push(self.order.len());
        }
        if missing {
            self.insert(index);
        }
    }

    fn put(&mut self, place: usize, index: ChunkIndex) {
        self.order[place] = index;
        self.position[index.as_usize()] = Some(place as u32);
    }
}

fn first_from_random(
    chunks: &[ChunkIndex],
    rng: &mut impl Rng,
    wanted: impl Fn(ChunkIndex) -> bool,
) -> Option<ChunkIndex> {
    if chunks.is_empty() {
        return None;
    }
    let (before, behind) = chunks.split_at(rng.random_range(0..chunks.len()));
    behind.iter().chain(before).copied().find(|index| wanted(*index))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use sprat_chunking::{ChunkSize, Layout};

    use super::*;

    fn index(n: u32) -> ChunkIndex {
        Layout::new(1 << 30, ChunkSize::DEFAULT).unwrap().index(n).unwrap()
    }

    #[test]
    fn the_rarest_wanted_chunk_comes_first() {
        let mut rarity = Rarity::new(4);
        for n in 0..4 {
            rarity.insert(index(n));
            (0..4 - n).for_each(|_| rarity.gained(index(n)));
        }
        let mut rng = SmallRng::seed_from_u64(1);
        assert_eq!(rarity.rarest(&mut rng, |_| true), Some(index(3)));
        assert_eq!(rarity.rarest(&mut rng, |i| i.get() < 2), Some(index(1)));
        assert!(rarity.remove(index(3)) && !rarity.remove(index(3)));
        assert_eq!(rarity.rarest(&mut rng, |_| true), Some(index(2)));
        assert_eq!(rarity.rarest(&mut rng, |_| false), None);
    }

    #[test]
    fn ties_are_broken_at_random() {
        let mut rarity = Rarity::new(64);
        (0..64).for_each(|n| rarity.insert(index(n)));
        let mut rng = SmallRng::seed_from_u64(7);
        let drawn: std::collections::HashSet<_> = (0..64).map(|_| rarity.rarest(&mut rng, |_| true)).collect();
        assert!(drawn.len() > 20, "{}", drawn.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Compares the order with a plain list that is sorted anew each time.
        #[test]
        fn it_keeps_the_order_of_a_sorted_list(steps in prop::collection::vec((0u8..4, 0u32..12), 0..200)) {
            let mut rarity = Rarity::new(12);
            let mut model = [(0i64, false); 12];
            for (step, n) in steps {
                let entry = &mut model[n as usize];
                match step {
                    0 => { rarity.insert(index(n)); entry.1 = true; }
                    1 => { prop_assert_eq!(rarity.remove(index(n)), entry.1); entry.1 = false; }
                    2 => { rarity.gained(index(n)); entry.0 += 1; }
                    _ => { rarity.lost(index(n)); entry.0 = (entry.0 - 1).max(0); }
                }
                let mut expected: Vec<i64> = model.iter().filter(|(_, missing)| *missing).map(|(count, _)| *count).collect();
                expected.sort_unstable();
                let actual: Vec<i64> = rarity.order.iter().map(|i| i64::from(rarity.availability[i.as_usize()])).collect();
                prop_assert_eq!(actual, expected);
                prop_assert_eq!(*rarity.ends.last().unwrap(), rarity.order.len());
                for (place, i) in rarity.order.iter().enumerate() {
                    prop_assert_eq!(rarity.position[i.as_usize()], Some(place as u32));
                    prop_assert!(model[i.as_usize()].1);
                }
            }
        }
    }
}
