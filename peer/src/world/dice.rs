//! Randomness of an engine, drawn from one source, so that a simulation draws the same in every run.

use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::{SmallRng, StdRng};

/// Source of the randomness of one engine. Keys and nonces never come from it.
#[derive(Debug)]
pub(crate) struct Dice(Mutex<StdRng>);

impl Dice {
    /// Creates a source that is reproducible with a seed, and unpredictable without one.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(seed.map_or_else(rand::make_rng, StdRng::seed_from_u64)))
    }

    /// Returns a random number generator for the choices of one task.
    pub(crate) fn rng(&self) -> SmallRng {
        SmallRng::from_rng(&mut *self.0.lock())
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn a_seed_gives_the_same_each_time_and_each_task_something_else() {
        let draws = |dice: &Dice| [dice.rng().random::<u64>(), dice.rng().random::<u64>()];
        let [first, second] = draws(&Dice::new(Some(1)));
        assert_eq!(draws(&Dice::new(Some(1))), [first, second]);
        assert!(first != second && draws(&Dice::new(Some(2)))[0] != first);
    }
}
