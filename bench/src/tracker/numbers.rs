//! Figures made of many measurements: percentiles, medians, and popularity as people give it.

use rand::{Rng, RngExt};

/// The value that this share of all lies at or below (nearest rank); 0 where there are none. The values are sorted.
pub(crate) fn percentile(sorted: &[u32], share: f64) -> u32 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The middle one, the upper of two; not a number where there are none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Popularity by Zipf's law: the thing of rank `r`, counted from 1, is wanted `r` times less often than the first.
pub(crate) struct Zipf {
    /// The weight of each rank and all before it.
    sums: Vec<f64>,
}

impl Zipf {
    /// The law for so many things, at least one.
    pub(crate) fn new(things: usize) -> Self {
        let weights = (1..=things.max(1)).map(|rank| 1.0 / rank as f64);
        let sums = weights.scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    /// The index of a thing, that of the most popular being 0.
    pub(crate) fn sample(&self, rng: &mut impl Rng) -> usize {
        let total = self.sums.last().copied().unwrap_or_default();
        let point = rng.random_range(0.0..total);
        self.sums.partition_point(|sum| *sum <= point)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!([0.0, 0.001, 0.5, 0.99, 0.999, 1.0].map(|p| percentile(&hundred, p)), [1, 1, 50, 99, 100, 100]);
        assert_eq!([0.5, 0.99].map(|p| percentile(&[7], p)), [7, 7]);
        assert_eq!(percentile(&[], 0.5), 0);
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 3.0);
        assert!(median([]).is_nan());
    }

    #[test]
    fn the_second_is_wanted_half_as_often_as_the_first_and_the_last_now_and_then() {
        let (zipf, mut rng) = (Zipf::new(100), SmallRng::seed_from_u64(1));
        let mut counts = [0_u32; 100];
        let samples = 1_000_000;
        for _ in 0..samples {
            counts[zipf.sample(&mut rng)] += 1;
        }
        let harmonic: f64 = (1..=100).map(|rank| 1.0 / f64::from(rank)).sum();
        for rank in [1, 2, 10, 100] {
            let expected = f64::from(samples) / f64::from(rank) / harmonic;
            let off = f64::from(counts[rank as usize - 1]) / expected - 1.0;
            assert!(off.abs() < 0.1, "rank {rank}: {off}");
        }
    }

    #[test]
    fn one_thing_is_always_wanted() {
        assert_eq!(Zipf::new(1).sample(&mut SmallRng::seed_from_u64(1)), 0);
    }
}
