//! Randomness of an engine, drawn from one source, so that a simulation draws the same each time.

use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::{SmallRng, StdRng};

/// The source of one engine. Keys and nonces never come from it.
#[derive(Debug)]
pub(crate) struct Dice(Mutex<StdRng>);

impl Dice {
    /// A source that gives the same for the same seed, and without one what nobody can tell.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(seed.map_or_else(rand::make_rng, StdRng::seed_from_u64)))
    }

    /// Randomness for the choices of one task.
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
